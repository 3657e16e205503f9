"""One network on several threads: the same spikes for any number of them, and nobody waits for ever."""

import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest

from metastable import simulate
from metastable._parallel import available_cores
from metastable.networks import Stimulus, litwin_kumar_doiron_2012
from metastable.simulation import _lif_engine
from metastable.simulation._spin_barrier import leave_open, meet, new_gate
from metastable.simulation._thread_pace import ThreadPace

SHORT = {"duration_ms": 40, "seed": 3}


class Alternating:
    """In the place of `ThreadPace`: all threads, one for all, and so on."""

    def __init__(self, n_threads):
        self.choices = itertools.cycle([n_threads, 1])

    def next_chunk(self, n_steps):
        return next(self.choices), min(n_steps, 37)

    def took(self, n_threads, seconds_per_step):
        pass


@pytest.fixture
def in_parts(monkeypatch):
    """Divide a network among this many threads, on however few cores, and let one take over now and then."""

    def divide(n):
        monkeypatch.setattr(_lif_engine, "ThreadPace", Alternating)
        monkeypatch.setattr(_lif_engine, "_FEWEST_BLOCKS", 1)
        monkeypatch.setattr(_lif_engine, "available_cores", lambda: n)

    return divide


def networks(network_named, name, storage):
    net = network_named(name)
    if storage != "synapses":
        return net.wire(3, storage=storage)
    weights = net.wire(3).weight_matrix()
    rng = np.random.default_rng(1)
    weights.data *= rng.lognormal(sigma=0.3, size=weights.nnz)
    delays = weights.copy()
    delays.data = 0.1 * rng.integers(1, 30, delays.nnz)
    return net.wire(3).with_synapses(weights, delay_ms=delays)


@pytest.mark.parametrize("storage", ["bits", "lists", "synapses"])
@pytest.mark.parametrize("name", ["paper", "overlapping", "three populations", "delays", "no refractoriness"])
def test_parts_do_not_show(network_named, name, storage, in_parts, same_spikes):
    wired = networks(network_named, name, storage)
    stimulus = Stimulus.step(0.3, start_ms=10, population="E") + Stimulus.step(0.2, start_ms=20)
    one = simulate(wired, n_jobs=1, stimulus=stimulus, **SHORT)
    for n in (2, 3, 5):
        in_parts(n)
        same_spikes(simulate(wired, n_jobs=n, stimulus=stimulus, **SHORT), one)


def test_parts_and_trials(network_named, in_parts, same_spikes):
    net = network_named("paper")
    one = simulate(net, n_trials=2, n_jobs=1, **SHORT)
    in_parts(4)
    same_spikes(simulate(net, n_trials=2, n_jobs=4, **SHORT), one)


def test_parts_leave_together_when_one_is_full(network_named, in_parts, same_spikes, monkeypatch):
    net = network_named("no refractoriness")
    options = {"stimulus": Stimulus.step(40, start_ms=0, population="E"), "duration_ms": 60, "seed": 3}
    one = simulate(net, n_jobs=1, **options)
    ends = []
    compile_kernel = _lif_engine.lif_kernel

    def noting(*code):
        kernel = compile_kernel(*code)

        def run(*arguments):
            ends.append((arguments[0], kernel(*arguments)))
            return ends[-1][1]

        return run

    monkeypatch.setattr(_lif_engine, "lif_kernel", noting)
    in_parts(3)
    same_spikes(simulate(net, n_jobs=3, **options), one)
    reached = {}
    for first, (step, _) in ends:
        reached.setdefault(first, set()).add(step)
    assert len(reached) > 2
    assert all(len(steps) == 1 for steps in reached.values())


def test_how_many_threads_share_a_network(monkeypatch):
    asked = []
    monkeypatch.setattr(_lif_engine.NetworkArrays, "of", lambda plan, n_parts: asked.append(n_parts) or 1 / 0)
    monkeypatch.setattr(_lif_engine, "available_cores", lambda: 6)

    def parts(n_e, n_trials, n_jobs):
        net = litwin_kumar_doiron_2012(n_e=n_e, n_clusters=4, r_ee=1).wire(1)
        with pytest.raises(ZeroDivisionError):
            simulate(net, duration_ms=1, n_trials=n_trials, n_jobs=n_jobs)
        return asked[-1]

    assert parts(4000, 1, 4) == 1
    monkeypatch.setattr(_lif_engine, "_FEWEST_BLOCKS", 20)
    # 63 blocks of E and 16 of I.
    assert parts(4000, 1, 4) == 3
    assert parts(4000, 1, 2) == 2
    assert parts(4000, 1, None) == min(3, available_cores())
    assert parts(4000, 2, 4) == 2
    assert parts(4000, 3, 4) == 1
    assert parts(4000, 9, 4) == 1
    monkeypatch.setattr(_lif_engine, "available_cores", lambda: 2)
    assert parts(4000, 1, 4) == 2


# ------------------------------------------------------------------ nobody waits for ever


def test_an_error_in_one_part_ends_all(network_named, in_parts, monkeypatch):
    compile_kernel = _lif_engine.lif_kernel

    def failing(*code):
        kernel = compile_kernel(*code)

        def run(*arguments):
            if arguments[2] == 1:
                raise MemoryError("no room")
            return kernel(*arguments)

        return run

    monkeypatch.setattr(_lif_engine, "lif_kernel", failing)
    in_parts(3)
    before = set(threading.enumerate())
    with pytest.raises(MemoryError, match="no room"):
        simulate(network_named("paper"), n_jobs=3, **SHORT)
    assert set(threading.enumerate()) == before


def test_a_thread_that_cannot_start_ends_all(network_named, in_parts, monkeypatch):
    submit = _lif_engine.ThreadPoolExecutor.submit
    calls = []

    def second_fails(self, job, *arguments, **options):
        # The first submission is the trial itself.
        calls.append(job)
        if len(calls) == 3:
            raise RuntimeError("can't start new thread")
        return submit(self, job, *arguments, **options)

    monkeypatch.setattr(_lif_engine.ThreadPoolExecutor, "submit", second_fails)
    in_parts(3)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        simulate(network_named("paper"), n_jobs=3, **SHORT)


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_ends_all_parts_soon(network_named, in_parts):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    net = network_named("paper")
    in_parts(2)
    simulate(net, n_jobs=2, **SHORT)
    before = set(threading.enumerate())
    main = threading.main_thread().ident
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        simulate(net, duration_ms=2e6, seed=1, n_jobs=2)
    assert time.perf_counter() - begin < 10
    timer.join()
    assert set(threading.enumerate()) == before


def test_a_gate_left_open_lets_everybody_pass():
    gate = new_gate()
    leave_open(gate)
    meet(gate, 1000)


@pytest.mark.parametrize("n", [2, 5])
def test_nobody_passes_the_barrier_early(n):
    gate, passed = new_gate(), []

    def come():
        meet(gate, n)
        passed.append(None)

    threads = [threading.Thread(target=come) for _ in range(n)]
    for thread in threads[:-1]:
        thread.start()
    time.sleep(0.05)
    assert not passed
    threads[-1].start()
    for thread in threads:
        thread.join(10)
    assert len(passed) == n


def test_the_faster_way_is_taken_and_the_other_one_tried_now_and_then():
    pace = ThreadPace(4)
    chunks = []
    for k in range(25):
        chunks.append(pace.next_chunk(2000))
        n_threads, _ = chunks[-1]
        # From the 15th chunk on somebody else needs the cores.
        pace.took(n_threads, 5e-6 if n_threads == 1 else 2e-6 if k < 15 else 50e-6)
    assert chunks[:3] == [(1, 100), (4, 100), (4, 2000)]
    assert chunks.count((1, 100)) == 2
    assert chunks[-1] == (1, 2000)
    assert [ThreadPace(1).next_chunk(2000) for _ in range(3)] == [(1, 2000)] * 3
