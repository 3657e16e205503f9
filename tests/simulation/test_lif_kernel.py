"""The compiled engine gives the spikes of the plain reference, to the last bit."""

import os
import subprocess
import sys

import numpy as np
import pytest

from metastable import simulate
from metastable.networks import Stimulus
from metastable.simulation import _lif_arrays, _lif_engine
from metastable.simulation._lif_vector import Kinetics

PRECISIONS = ("single", "double")


def both(network, **options):
    options = {"duration_ms": 60, "seed": 3, "n_jobs": 1, **options}
    return simulate(network, **options), simulate(network, engine="reference", **options)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_same_spikes_as_the_reference(network, precision, same_spikes):
    fast, plain = both(network, precision=precision, n_trials=2)
    same_spikes(fast, plain)
    for name in (p.name for p in network.populations):
        assert fast.select(population=name).n_spikes, f"{name} is silent, the test shows nothing about it"


def drives():
    course = np.sin(np.arange(700) / 20)
    return (
        Stimulus.step(0.3, start_ms=10, clusters=[0, 2])
        + Stimulus.ramp(0.4, start_ms=5, stop_ms=25, hold_until_ms=40, clusters=[1, 2])
        + Stimulus.array(course, dt_ms=0.1, start_ms=0.3, population="I")
        + Stimulus.step(-0.2, start_ms=20, stop_ms=20.1)
        + Stimulus.array([0.1, 0.2, 0.4], dt_ms=7.7, clusters=0, population="E")
    )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["overlapping", "inhibitory clusters", "three populations"])
def test_same_spikes_under_stimuli(network_named, name, precision, same_spikes):
    net = network_named(name)
    fast, plain = both(net, precision=precision, stimulus=drives())
    same_spikes(fast, plain)
    assert fast.n_spikes != both(net, precision=precision)[0].n_spikes


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("dt", [0.025, 0.05])
def test_same_spikes_at_other_steps(network_named, precision, dt, same_spikes):
    same_spikes(*both(network_named("paper"), dt_ms=dt, precision=precision))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["paper", "four traces", "no drive"])
def test_same_spikes_after_a_silence(network_named, name, precision, same_spikes, monkeypatch):
    # Long enough for all traces to become denormal, and be set to 0 in the many chunks, before spikes arrive again.
    monkeypatch.setattr(_lif_engine, "_STEPS_PER_CHUNK", 70)
    stop = 400 if precision == "single" else 2300
    stimulus = Stimulus.step(2, start_ms=0, stop_ms=20) + Stimulus.step(2, start_ms=stop)
    if name != "no drive":
        stimulus += Stimulus.step(-5, start_ms=20, stop_ms=stop)
    fast, plain = both(network_named(name), duration_ms=stop + 40, precision=precision, stimulus=stimulus)
    same_spikes(fast, plain)
    for window, fires in (((0, 20), True), ((30, stop), False), ((stop, stop + 40), True)):
        assert bool(fast.select(time_ms=window).n_spikes) == fires


def test_denormal_traces_are_kept_where_they_could_fire(network_named, same_spikes, monkeypatch):
    # At a threshold of 0 a potential in rest at 0 is moved across it by the smallest number there is.
    monkeypatch.setattr(_lif_engine, "_STEPS_PER_CHUNK", 70)
    stimulus = Stimulus.step(1, start_ms=0, stop_ms=20)
    fast, plain = both(network_named("threshold at rest"), duration_ms=2500, stimulus=stimulus)
    same_spikes(fast, plain)
    assert not fast.select(time_ms=(30, 1000)).n_spikes
    assert fast.select(time_ms=(1000, 2500)).n_spikes


def test_many_spikes_arrive_in_one_step(network_named):
    # What the network is for: more than half of the neurons in one step, and counts beyond 255.
    spikes, _ = both(network_named("all at once"))
    assert np.bincount(spikes.steps).max() >= 400


@pytest.mark.parametrize("precision", PRECISIONS)
def test_more_spikes_than_the_buffer_holds(network_named, precision, same_spikes, monkeypatch):
    net = network_named("no refractoriness")
    options = {
        "stimulus": Stimulus.step(40, start_ms=0) + Stimulus.ramp(9, start_ms=20, stop_ms=150),
        "duration_ms": 160,
    }
    calls = []
    compile_kernel = _lif_engine.lif_kernel

    def counting(*code):
        kernel = compile_kernel(*code)

        def run(*arguments):
            calls.append(arguments[:2])
            return kernel(*arguments)

        return run

    monkeypatch.setattr(_lif_engine, "lif_kernel", counting)
    fast, plain = both(net, precision=precision, **options)
    # 1600 steps fit into one chunk: it was left and entered again because the buffer was full.
    assert len(calls) > 2
    same_spikes(fast, plain)


def test_chunks_do_not_show(network_named, same_spikes, monkeypatch):
    net, options = network_named("three populations"), {"duration_ms": 60, "seed": 3, "stimulus": drives()}
    whole = simulate(net, **options)
    monkeypatch.setattr(_lif_engine, "_STEPS_PER_CHUNK", 7)
    same_spikes(simulate(net, **options), whole)


def test_precisions_differ(network_named):
    # Otherwise one of them is not what it says.
    net = network_named("paper")
    single, double = (simulate(net, duration_ms=300, seed=3, precision=p) for p in PRECISIONS)
    assert single.n_spikes != double.n_spikes or (single.neuron != double.neuron).any()


def test_too_many_neurons_for_one_count(network_named, monkeypatch):
    monkeypatch.setattr(_lif_arrays, "_LARGEST_COUNT", 99)
    with pytest.raises(
        ValueError, match=r"population E has 100 neurons but at most 99 spikes .*; divide it into several"
    ):
        simulate(network_named("unclustered"), duration_ms=1, seed=1)


ON_ANOTHER_PROCESSOR = """
import hashlib, sys
import metastable as mst
net = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5, n_e=200, n_clusters=4)
wired = net.wire(1)
own = wired.with_synapses(wired.weight_matrix(), delay_ms=0.2)
for network, precision in ((wired, "single"), (wired, "double"), (own, "single")):
    spikes = mst.simulate(network, duration_ms=200, seed=1, n_jobs=1, precision=precision)
    print(hashlib.sha256(spikes.time_ms.tobytes() + spikes.neuron.tobytes()).hexdigest())
"""


def test_same_spikes_on_the_plainest_processor(tmp_path):
    # No vector registers beyond the oldest, no fused multiply-add: what the code computes must not depend on them.
    def run(**environment):
        done = subprocess.run(
            [sys.executable, "-c", ON_ANOTHER_PROCESSOR],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    plain = run(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="", NUMBA_CACHE_DIR=str(tmp_path))
    assert any(tmp_path.rglob("*.nbc"))
    assert plain == run()
    assert len(set(plain)) == 3


# ------------------------------------------------------------------ kinetics as a string


@pytest.mark.parametrize(
    ("signs", "sources"),
    [
        (((-1, -1), (0, 1), (1, 0)), (0, 0, 1)),
        (((1,),), (0,)),
        (((1, 0), (0, 1)), (0, 1, 1)),
        (((-1, 1, 0), (1, 0, -1), (0, 0, 1)), (0, 0, 1, 2, 2)),
    ],
)
def test_kinetics_survive_as_a_string(signs, sources):
    kinetics = Kinetics(signs, sources)
    assert Kinetics.from_code(kinetics.code) == kinetics


def test_kinetics_name_the_code_that_reads_them(tmp_path):
    # numba's files on disk know the kernel's source, not that of the vector operations it is made of.
    edited = "import metastable.simulation._lif_vector as v, importlib.util as u, pathlib, sys\n" + (
        "copy = pathlib.Path(sys.argv[1]) / 'copy.py'\n"
        "copy.write_text(pathlib.Path(v.__file__).read_text() + '# changed')\n"
        "spec = u.spec_from_file_location('copy', copy); m = u.module_from_spec(spec); spec.loader.exec_module(m)\n"
        "print(v.Kinetics(((1,),), (0,)).code != m.Kinetics(((1,),), (0,)).code)\n"
    )
    done = subprocess.run([sys.executable, "-c", edited, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
