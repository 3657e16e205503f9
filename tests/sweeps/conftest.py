"""Jobs that a test holds, so that what happens between two of them does not hang on how fast the machine is."""

import time

import pytest


class Gate:
    """Lets jobs go that `my_measures.held` measures: one for each ticket, or all."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._n_issued = 0

    @property
    def measure(self):
        return {"function": "my_measures:held", "folder": str(self.folder)}

    def let_go(self, n_jobs):
        for _ in range(n_jobs):
            self._n_issued += 1
            (self.folder / f"ticket-{self._n_issued}").touch()

    def take_back(self):
        for ticket in self.folder.glob("ticket-*"):
            ticket.unlink()

    def open(self):
        (self.folder / "open").touch()

    def held(self):
        """Return the processes whose jobs are held, or were when they died: one for each job."""
        return [int(mark.name.split("-")[1]) for mark in self.folder.glob("held-*")]

    @staticmethod
    def finished(place):
        """Return the number of jobs that a folder keeps."""
        return len(list((place / "jobs").glob("job-*.npz")))

    @staticmethod
    def wait_until(condition):
        until = time.monotonic() + 60
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError("what the test waits for has not happened")
            time.sleep(0.002)


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path / "gate")
