import os
import signal
import threading
import time

import pytest

from metastable._parallel import CancelledError, Monitor, available_cores, resolve_n_jobs, run_jobs


def run(job, arguments, n_jobs=2, **options):
    return run_jobs(job, arguments, n_jobs=n_jobs, total=1, label="test", **{"progress": False, **options})


@pytest.mark.parametrize("n_jobs", [1, 2, 5, None])
def test_results_keep_the_order_of_the_arguments(n_jobs):
    def job(argument, monitor):
        time.sleep(0.02 / (1 + argument))
        return argument**2

    assert run(job, range(6), n_jobs) == [0, 1, 4, 9, 16, 25]


def test_no_jobs_no_results():
    assert run(lambda argument, monitor: argument, []) == []


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_no_more_jobs_at_once_than_asked(n_jobs):
    lock, now, most = threading.Lock(), [0], [0]

    def job(argument, monitor):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.03)
        with lock:
            now[0] -= 1

    run(job, range(6), n_jobs)
    assert most[0] == n_jobs


def long_job(started):
    def job(argument, monitor):
        started.append(argument)
        # Long, yet not for ever: a job that nobody stops fails the test instead of hanging it.
        for _ in range(2000):
            time.sleep(0.005)
            monitor.advance(0)

    return job


def test_first_failure_stops_the_others():
    started = []
    wait = long_job(started)

    def job(argument, monitor):
        if argument == 1:
            time.sleep(0.05)
            raise OSError("disk on fire")
        wait(argument, monitor)

    before = threading.active_count()
    with pytest.raises(OSError, match="disk on fire"):
        run(job, range(8), 2)
    # The one that began while the failing one ran; a third may have begun before the failure was noticed.
    assert 0 in started
    assert len(started) <= 2
    assert threading.active_count() == before


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_stops_all_jobs_and_leaves_no_thread():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    started = []
    before = threading.active_count()
    main = threading.main_thread().ident
    timer = threading.Timer(0.1, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        run(long_job(started), range(8), 2)
    assert time.perf_counter() - begin < 5
    timer.join()
    assert sorted(started) == [0, 1]
    assert threading.active_count() == before


def test_monitor_ends_a_stopped_job():
    monitor = Monitor(None)
    monitor.advance(1)
    monitor.stop()
    with pytest.raises(CancelledError):
        monitor.advance(1)


def test_progress_is_shown_to_who_asks(capsys):
    def job(argument, monitor):
        monitor.advance(50)

    run_jobs(job, range(2), n_jobs=1, total=100, label="simulating", progress=True)
    shown = capsys.readouterr().err
    assert "simulating" in shown
    assert "ms" in shown


def test_no_progress_without_a_terminal(capsys):
    run(lambda argument, monitor: monitor.advance(1), range(2), progress=None)
    assert capsys.readouterr().err == ""


def test_number_of_threads():
    assert resolve_n_jobs(None) == available_cores() >= 1
    assert resolve_n_jobs(3) == 3
    with pytest.raises(ValueError, match="n_jobs must be at least 1, got 0"):
        resolve_n_jobs(0)
    with pytest.raises(TypeError, match=r"n_jobs must be an integer, got 1\.5"):
        resolve_n_jobs(1.5)


def test_jobs_within_a_job_end_with_it():
    started = []

    def outer(argument, monitor):
        if argument == "fails":
            while not started:
                time.sleep(0.002)
            raise OSError("disk on fire")
        # On a thread of its own, where only the outer monitor knows of the failure.
        return run(long_job(started), ["inner"], 1)

    begun = time.monotonic()
    with pytest.raises(OSError, match="disk on fire"):
        run(outer, ["runs", "fails"], 2)
    assert started == ["inner"]
    assert time.monotonic() - begun < 5
