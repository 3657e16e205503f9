import threading
import time

import pytest

from metastable.sweeps._writer import Writer


def test_all_is_written_before_the_context_ends():
    written = []

    def write(item):
        time.sleep(0.005)
        written.append(item)

    with Writer(write) as writer:
        for item in range(100):
            writer.put(item)
    assert sorted(written) == list(range(100))
    assert threading.active_count() < 20


def test_an_error_ends_the_writing_and_is_raised():
    written = []

    def write(item):
        if item == 3:
            raise OSError("disk on fire")
        written.append(item)

    def put_many():
        with Writer(write) as writer:
            for item in range(1000):
                writer.put(item)
                time.sleep(0.001)

    with pytest.raises(OSError, match="disk on fire"):
        put_many()
    assert {0, 1, 2} <= set(written)
    assert len(written) < 500

    written.clear()
    with pytest.raises(OSError, match="disk on fire"), Writer(write) as writer:
        writer.put(3)


def test_what_was_handed_in_is_written_when_something_else_fails():
    written = []

    def interrupted():
        with Writer(written.append) as writer:
            for item in range(20):
                writer.put(item)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sorted(written) == list(range(20))
