"""The clocked LIF network in Brian2: the same wiring, bias, initial states and scheme, in another simulator.

Brian2 counts in double precision whatever `SimulationPlan.precision` says.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._parallel import CancelledError, Monitor, resolve_n_jobs, run_jobs
from metastable.simulation._brian2_model import Brian2Model
from metastable.simulation._plan import SimulationPlan

Spikes = tuple[NDArray[np.int64], NDArray[np.int32]]

# Compilation takes 10 to 15 s, a step of the numpy target about .15 ms with hundreds of neurons or thousands.
_STEPS_WORTH_COMPILING = 100_000
_SECONDS_BETWEEN_LOOKS = 0.02
_SECONDS_BETWEEN_REPORTS = 0.2


def simulate_trials(plan: SimulationPlan, *, n_jobs: int | None, progress: bool | None) -> list[Spikes]:
    """Simulate all trials of a plan in Brian2.

    With a C++ compiler and enough to do, one C++ program is built and run once for each trial; otherwise Brian2's
    numpy target runs the trials one after the other.

    Parameters
    ----------
    plan : SimulationPlan
        Its precision is ignored: Brian2 counts in double precision.
    n_jobs : int or None
        Number of compilers, then of C++ programs, that run at a time.
    progress : bool or None
        Whether to show a progress bar; None for "on a terminal". With C++ it moves when a trial is finished.

    Returns
    -------
    list of (step, neuron)
        For each trial the step and the neuron of each spike, sorted.

    Raises
    ------
    ImportError
        If Brian2 is missing or does not work with the numpy that is installed.
    RuntimeError
        If the program that calls this has a Brian2 device of its own active, or the C++ program fails.
    """
    plan = replace(plan, precision="double")
    total = plan.duration_ms * len(plan.trials)
    if _has_compiler() and plan.n_steps * len(plan.trials) >= _STEPS_WORTH_COMPILING:
        with standalone_program(plan, n_jobs=n_jobs) as program:

            def run(trial: int, monitor: Monitor) -> Spikes:
                spikes, _ = program.run(plan.initial_v(trial), monitor)
                monitor.advance(plan.duration_ms)
                return spikes

            return run_jobs(run, plan.trials, n_jobs=n_jobs, total=total, label="simulating", progress=progress)

    # Its default target, Cython, would compile as well.
    with _brian2_device("runtime", {"codegen.target": "numpy"}) as brian2:
        model = Brian2Model.of(plan, brian2)
        model.network.store()

        def run_here(trial: int, monitor: Monitor) -> Spikes:
            model.network.restore()
            for group, v in zip(model.groups, _by_population(plan, plan.initial_v(trial)), strict=True):
                group.v = v
            reported = 0.0

            def report(_elapsed: Any, completed: float, _start: Any, _duration: Any) -> None:
                nonlocal reported
                try:
                    monitor.advance(plan.duration_ms * (completed - reported))
                except CancelledError:
                    # An exception in its loop would leave Brian2 thinking that it still runs.
                    model.network.stop()
                reported = completed

            duration = plan.n_steps * plan.dt_ms * brian2.ms
            model.network.run(
                duration, namespace={}, report=report, report_period=_SECONDS_BETWEEN_REPORTS * brian2.second
            )
            monitor.advance(0)
            return _sorted(plan, [(m.t_[:], m.i[:]) for m in model.monitors])

        return run_jobs(run_here, plan.trials, n_jobs=1, total=total, label="simulating", progress=progress)


@dataclass(frozen=True)
class StandaloneProgram:
    """A compiled C++ program for one plan; Brian2 itself is no longer needed to run it.

    Brian2's own ``device.run`` changes the working directory and global state, so that it cannot run trials side by
    side; the program it built can, with the arguments that ``device.run(run_args=...)`` would give it.

    Parameters
    ----------
    plan : SimulationPlan
    directory : Path
        Where the program lies.
    v_names : tuple of str
        Command-line names of the populations' initial potentials.
    spike_files : tuple of (str, str)
        For each population the files of spike times and neurons in a results directory.
    """

    plan: SimulationPlan
    directory: Path
    v_names: tuple[str, ...]
    spike_files: tuple[tuple[str, str], ...]

    def run(self, initial_v: NDArray[np.floating], monitor: Monitor | None = None) -> tuple[Spikes, float]:
        """Run one trial.

        Parameters
        ----------
        initial_v : ndarray, (n_neurons,)
        monitor : Monitor, optional
            Asked now and then whether to stop.

        Returns
        -------
        spikes : (step, neuron)
        loop_seconds : float, s
            What Brian2 reports for the loop over time alone: processor time without building synapses and files.
        """
        with tempfile.TemporaryDirectory(dir=self.directory) as results:
            arguments = []
            for k, (name, v) in enumerate(zip(self.v_names, _by_population(self.plan, initial_v), strict=True)):
                file = Path(results, f"initial_v_{k}")
                v.tofile(file)
                arguments.append(f"{name}={file}")
            with Path(results, "output.txt").open("w+b") as output:
                process = subprocess.Popen(
                    ["./main", "--results_dir", f"{results}/", *arguments],
                    cwd=self.directory,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
                try:
                    _wait(process, monitor)
                finally:
                    process.kill()
                    process.wait()
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
            if process.returncode:
                raise RuntimeError(f"the C++ program made by Brian2 ended with code {process.returncode}: {said}")
            loop_seconds = float(Path(results, "last_run_info.txt").read_text().split()[0])
            recorded = [
                (np.fromfile(Path(results, time), np.float64), np.fromfile(Path(results, index), np.int32))
                for time, index in self.spike_files
            ]
        return _sorted(self.plan, recorded), loop_seconds


@contextmanager
def standalone_program(plan: SimulationPlan, *, n_jobs: int | None = None) -> Iterator[StandaloneProgram]:
    """Build the C++ program of a plan in a temporary directory, which is removed at the end.

    Parameters
    ----------
    plan : SimulationPlan
    n_jobs : int, optional
        Number of compilers that run at a time; all cores by default.

    Yields
    ------
    StandaloneProgram
    """
    plan = replace(plan, precision="double")
    with tempfile.TemporaryDirectory(prefix="metastable_brian2_") as directory:
        # By default as many compilers start as there are files, some 30; on few cores that is slower and takes memory.
        make = {"devices.cpp_standalone.extra_make_args_unix": [f"-j{resolve_n_jobs(n_jobs)}"]}
        with _brian2_device("cpp_standalone", make) as brian2:
            model = Brian2Model.of(plan, brian2)
            model.network.run(plan.n_steps * plan.dt_ms * brian2.ms, namespace={})
            device = brian2.get_device()
            device.build(directory=directory, run=False, with_output=False)
            v_names = tuple(f"{group.name}.v" for group in model.groups)
            spike_files = tuple(
                (device.get_array_filename(m.variables["t"]), device.get_array_filename(m.variables["i"]))
                for m in model.monitors
            )
        yield StandaloneProgram(plan, Path(directory), v_names, spike_files)


@contextmanager
def _brian2_device(name: str, preferences: dict[str, Any]) -> Iterator[Any]:
    """Import Brian2, make one of its devices the active one, and put everything back afterwards."""
    # Its import puts it between Python and every later error and every Ctrl-C of the whole process.
    excepthook, interrupt = sys.excepthook, signal.getsignal(signal.SIGINT)
    try:
        import brian2
        from brian2.devices.device import all_devices, get_device, reset_device, set_device
    except Exception as error:
        raise ImportError(
            "engine='brian2' needs Brian2 and a numpy that it can be imported with (below 2.4 for Brian2 2.9); "
            'install both with: pip install "metastable[brian2]".'
        ) from error
    finally:
        sys.excepthook = excepthook
        if signal.getsignal(signal.SIGINT) is not interrupt:
            signal.signal(signal.SIGINT, interrupt)

    if get_device() is not all_devices["runtime"]:
        raise RuntimeError(
            "a Brian2 device is active in this program and would lose its model; go back to the runtime device with "
            "brian2.set_device('runtime') before simulate(engine='brian2')."
        )
    preferences = {
        **preferences,
        "core.default_float_dtype": np.float64,
        # On Ctrl-C Brian2 would return what it has, as if it were all.
        "core.stop_on_keyboard_interrupt": False,
    }
    before = {key: brian2.prefs[key] for key in preferences}
    try:
        for key, value in preferences.items():
            brian2.prefs[key] = value
        all_devices[name].reinit()
        set_device(name, build_on_run=False)
        yield brian2
    finally:
        all_devices[name].reinit()
        reset_device()
        for key, value in before.items():
            brian2.prefs[key] = value


def _by_population(plan: SimulationPlan, values: NDArray) -> list[NDArray]:
    network = plan.wired.network
    return [values[network.neurons(p.name)] for p in network.populations]


def _sorted(plan: SimulationPlan, recorded: list[tuple[NDArray, NDArray]]) -> Spikes:
    """Merge the spikes (time in s, neuron) of the populations."""
    first = [plan.wired.network.neurons(p.name).start for p in plan.wired.network.populations]
    step = np.concatenate([np.rint(time * 1000 / plan.dt_ms).astype(np.int64) for time, _ in recorded])
    neuron = np.concatenate([i + start for (_, i), start in zip(recorded, first, strict=True)]).astype(np.int32)
    order = np.lexsort((neuron, step))
    return step[order], neuron[order]


def _has_compiler() -> bool:
    if sys.platform == "win32":
        return False
    return shutil.which("make") is not None and any(shutil.which(name) for name in ("c++", "g++", "clang++"))


def _wait(process: subprocess.Popen, monitor: Monitor | None) -> None:
    while True:
        try:
            process.wait(_SECONDS_BETWEEN_LOOKS)
            return
        except subprocess.TimeoutExpired:
            if monitor is not None:
                monitor.advance(0)
