import json
import os
import signal
import threading
import time

import numpy as np
import pytest

from metastable import SpikeData, simulate
from metastable.networks import ClusterLayout, LIFNetwork, Stimulus, litwin_kumar_doiron_2012
from metastable.simulation import rerun

SHORT = {"duration_ms": 80, "seed": 5}


@pytest.fixture
def net():
    return litwin_kumar_doiron_2012(r_ee=2.5, n_e=120, n_clusters=4)


# ------------------------------------------------------------------ same seed, same spikes


@pytest.mark.parametrize("n_jobs", [2, 5, None])
def test_threads_do_not_show(net, n_jobs, same_spikes):
    one = simulate(net, n_trials=6, n_jobs=1, **SHORT)
    same_spikes(simulate(net, n_trials=6, n_jobs=n_jobs, **SHORT), one)


def test_batches_and_their_order_do_not_show(net):
    whole = simulate(net, n_trials=6, **SHORT)
    last = simulate(net, n_trials=2, first_trial=4, **SHORT)
    first = simulate(net, n_trials=4, **SHORT)
    for part, trials in ((first, range(4)), (last, range(4, 6))):
        expected = whole.select(trial=list(trials))
        for name in ("time_ms", "neuron", "trial", "trial_id"):
            np.testing.assert_array_equal(getattr(part, name), getattr(expected, name))


def test_trials_differ_and_share_the_wiring(net):
    spikes = simulate(net, n_trials=3, **SHORT)
    counts = spikes.spike_counts()
    assert (counts[0] != counts[1]).any()
    assert (counts[1] != counts[2]).any()
    # Trial and network have addresses of their own: trial 1 of network 0 is not trial 0 of network 1.
    other = simulate(net, network_index=1, **SHORT)
    assert (other.spike_counts()[0] != counts[1]).any()


@pytest.mark.parametrize("index", [0, 2])
def test_wired_or_not(net, index, same_spikes):
    wired = net.wire(5, network_index=index)
    spec = simulate(net, network_index=index, **SHORT)
    same_spikes(simulate(wired, **SHORT), spec)
    same_spikes(simulate(wired, duration_ms=80), spec)
    same_spikes(simulate(wired, network_index=index, **SHORT), spec)


def test_other_initial_states_on_the_same_wiring(net):
    wired = net.wire(5)
    one, other = simulate(wired, **SHORT), simulate(wired, duration_ms=80, seed=6)
    assert other.meta["provenance"]["parameters"]["wiring_seed"] == 5
    assert other.meta["provenance"]["parameters"]["seed"] == 6
    assert one.n_spikes != other.n_spikes or (one.time_ms != other.time_ms).any()


def test_a_longer_run_begins_like_a_shorter_one(net, same_spikes):
    short = simulate(net, n_trials=2, **SHORT)
    long = simulate(net, n_trials=2, **{**SHORT, "duration_ms": 200.0})
    same_spikes(long.select(time_ms=(0, 80)), short)


def test_no_seed_is_drawn_and_recorded(net, same_spikes):
    drawn = simulate(net, duration_ms=80)
    assert simulate(net, duration_ms=80).meta != drawn.meta
    same_spikes(rerun(drawn), drawn)


# ------------------------------------------------------------------ what comes back


def test_result_carries_labels_and_grid():
    layout = ClusterLayout.overlapping(100, 3, size=40)
    net = litwin_kumar_doiron_2012(r_ee=2, n_e=100, layout=layout)
    spikes = simulate(net, n_trials=2, first_trial=3, dt_ms=0.05, **SHORT)
    assert (spikes.n_neurons, spikes.n_trials, spikes.dt_ms) == (125, 2, 0.05)
    assert (spikes.t_start_ms, spikes.t_stop_ms) == (0, 1600 * 0.05)
    assert spikes.trial_id.tolist() == [3, 4]
    np.testing.assert_array_equal(spikes.membership[:100], layout.membership)
    assert not spikes.membership[100:].any()
    assert spikes.population.tolist() == ["E"] * 100 + ["I"] * 25
    np.testing.assert_array_equal(spikes.time_ms, spikes.steps * 0.05)


def test_provenance_is_whole_and_has_no_time(net):
    stimulus = Stimulus.step(0.1, start_ms=20, clusters=1)
    one = simulate(net, stimulus=stimulus, **SHORT).meta
    assert one == simulate(net, stimulus=stimulus, n_jobs=2, **SHORT).meta
    assert json.loads(json.dumps(one)) == json.loads(json.dumps(one, allow_nan=False))
    parameters = one["provenance"]["parameters"]
    assert LIFNetwork.from_dict(parameters["network"]) == net
    assert Stimulus.from_dict(parameters["stimulus"]) == stimulus
    assert set(parameters) == {
        *("network", "wiring_seed", "network_index", "seed", "duration_ms", "dt_ms", "n_trials", "first_trial"),
        *("stimulus", "engine", "precision"),
    }


def test_a_silent_network(net):
    spikes = simulate(net, stimulus=Stimulus.step(-5, start_ms=0), n_trials=2, **SHORT)
    late = spikes.select(time_ms=(20, 80))
    assert late.n_spikes == 0
    assert late.spike_counts().shape == (2, 150)


# ------------------------------------------------------------------ run again


@pytest.mark.parametrize("engine", ["metastable", "reference"])
def test_run_again_from_the_file_alone(tmp_path, engine, same_spikes):
    net = litwin_kumar_doiron_2012(
        clustering="weight",
        j_plus=np.float32(2.3),
        n_e=np.int64(100),
        layout=ClusterLayout.unequal([20, 30], n_neurons=100),
    )
    stimulus = Stimulus.step(np.float32(0.3), start_ms=10, clusters=1) + Stimulus.array([1, 0, 1], dt_ms=0.1)
    spikes = simulate(
        net.wire(8, network_index=3),
        duration_ms=np.float32(50),
        n_trials=np.int64(2),
        first_trial=4,
        seed=np.int64(9),
        dt_ms=0.05,
        stimulus=stimulus,
        precision="double",
        engine=engine,
    )
    spikes.save(tmp_path / "a.npz")
    again = rerun(SpikeData.load(tmp_path / "a.npz"))
    same_spikes(again, spikes)
    # As JSON, in which tuples and lists are the same.
    assert json.dumps(again.meta) == json.dumps(spikes.meta)


def test_a_selection_is_run_whole(net, same_spikes):
    spikes = simulate(net, n_trials=3, **SHORT)
    same_spikes(rerun(spikes.select(trial=[2], time_ms=(10, 20), neuron=[3])), spikes)


def test_what_cannot_be_run_again(net):
    spikes = SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=1)
    with pytest.raises(ValueError, match="this result carries no record of a simulation; only results of simulate can"):
        rerun(spikes)
    with pytest.raises(ValueError, match="this result carries no record of a simulation"):
        rerun(SpikeData(time_ms=[], neuron=[], n_neurons=1, t_stop_ms=1, meta={"provenance": "by hand"}))
    with pytest.raises(TypeError, match="result must be SpikeData, BinaryActivity or FiniteSizeActivity, got str"):
        rerun("spikes.npz")


# ------------------------------------------------------------------ interruption


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_soon_and_leaves_no_thread(net, n_jobs):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    simulate(net, duration_ms=1, seed=1)
    before = set(threading.enumerate())
    main = threading.main_thread().ident
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        simulate(net, duration_ms=2e6, n_trials=4, seed=1, n_jobs=n_jobs)
    assert time.perf_counter() - begin < 5
    timer.join()
    assert set(threading.enumerate()) == before


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (
            {"duration_ms": 80.05},
            ValueError,
            r"duration_ms=80\.05 is not a multiple of dt_ms=0\.1; choose one that dt_ms",
        ),
        ({"duration_ms": 0}, ValueError, r"duration_ms=0 must be at least 1 step\(s\) of dt_ms=0\.1"),
        ({"duration_ms": -1}, ValueError, "duration_ms must be at least 0, got -1"),
        ({"duration_ms": np.nan}, ValueError, "duration_ms must be finite"),
        ({"duration_ms": None}, TypeError, "duration_ms must be a number, got None"),
        ({"duration_ms": "80"}, TypeError, "duration_ms must be a number, got '80'"),
        ({"duration_ms": True}, TypeError, "duration_ms must be a number, got True"),
        ({"dt_ms": 0}, ValueError, "dt_ms must be above 0"),
        ({"dt_ms": -0.1}, ValueError, "dt_ms must be above 0"),
        ({"dt_ms": "0.1"}, TypeError, "dt_ms must be a number"),
        ({"dt_ms": 0.3, "duration_ms": 81}, ValueError, r"refractory_ms of E=5 is not a multiple of dt_ms=0\.3"),
        ({"dt_ms": 0.2}, ValueError, r"delay_ms of E->E=0\.1 is not a multiple of dt_ms=0\.2"),
        (
            {"dt_ms": 1},
            ValueError,
            r"dt_ms=1 must be below the shortest time constant of E, 1 ms; choose a smaller step",
        ),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1, got 0"),
        ({"n_trials": True}, TypeError, "n_trials must be an integer, got True"),
        ({"n_trials": 2.0}, TypeError, r"n_trials must be an integer, got 2\.0"),
        ({"first_trial": -1}, ValueError, "first_trial must be at least 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be at least 1"),
        ({"n_jobs": 0, "engine": "reference"}, ValueError, "n_jobs must be at least 1"),
        ({"n_jobs": True}, TypeError, "n_jobs must be an integer"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": 1.0}, TypeError, "seed must be an integer"),
        ({"network_index": -1}, ValueError, "network_index must be at least 0"),
        ({"progress": "no"}, TypeError, "progress must be True or False, got 'no'"),
        ({"engine": ["nest"]}, ValueError, r"engine must be one of 'metastable', .*, got \['nest'\]"),
        (
            {"engine": "genn"},
            ValueError,
            "engine must be one of 'metastable', 'reference', 'brian2', 'nest', got 'genn'",
        ),
        ({"precision": "half"}, ValueError, "precision must be one of 'single', 'double', got 'half'"),
        ({"stimulus": 0.07}, TypeError, "stimulus must be a Stimulus, got float; see Stimulus.step"),
        (
            {"stimulus": Stimulus.step(1, start_ms=0, clusters=4)},
            ValueError,
            "names cluster 4 but the network has 4 clusters",
        ),
        ({"stimulus": Stimulus.step(1, start_ms=0, population="X")}, ValueError, "there is no population 'X'"),
    ],
)
def test_one_clear_sentence(net, options, error, said):
    with pytest.raises(error, match=said):
        simulate(net, **{**SHORT, **options})


def test_other_things_that_are_refused(net):
    with pytest.raises(
        TypeError, match=r"network must be a LIFNetwork, a BinaryNetwork, .*a FiniteSizeNetwork, got dict"
    ):
        simulate(net.to_dict(), **SHORT)
    with pytest.raises(ValueError, match="network_index belongs to the wiring of a specification; leave it out"):
        simulate(net.wire(5), network_index=1, **SHORT)
    with pytest.raises(TypeError, match="network_index must be an integer"):
        simulate(net.wire(5), network_index=None, **SHORT)
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        simulate(net, 80)
