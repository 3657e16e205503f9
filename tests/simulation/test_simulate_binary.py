"""Asynchronous binary networks: their statistics, and what `simulate` promises."""

import inspect
import json
import os
import signal
import threading
import time

import numpy as np
import pytest
from scipy import stats

from metastable import simulate
from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, Connection, LIFNetwork, rost_2018
from metastable.simulation import BinaryActivity, rerun
from metastable.simulation._binary_engine import _NetworkArrays
from metastable.simulation._binary_kernel import choose_unit
from metastable.simulation._binary_plan import BinaryPlan

# Seeds are fixed: a bound of 4.5 standard deviations, or a probability of 1e-5, says how unlucky one would have to be.
Z, P = 4.5, 1e-5
SHORT = {"duration_ms": 40, "seed": 5}


@pytest.fixture
def net():
    return rost_2018(j_e_plus=2, n_e=400, n_clusters=4, m_x=0.13)


def assert_same(a, b):
    for kind in ("cluster_rates", "population_rates"):
        mine, theirs = getattr(a, kind), getattr(b, kind)
        assert list(mine) == list(theirs)
        for name, rates in mine.items():
            np.testing.assert_array_equal(rates, theirs[name])
            assert rates.std() > 0
    np.testing.assert_array_equal(a.time_ms, b.time_ms)
    assert (a.spikes is None) == (b.spikes is None)
    if a.spikes is not None:
        assert a.spikes.n_spikes > 0
        for name in ("time_ms", "neuron", "trial", "trial_id"):
            np.testing.assert_array_equal(getattr(a.spikes, name), getattr(b.spikes, name))


# ------------------------------------------------------------------ who is updated when


def updates_of(network, n):
    """Draw the populations and units of n updates as the kernel does."""
    plan = BinaryPlan(network.wire(1), 6, 10, 1, range(1), 0.1, False)
    arrays = _NetworkArrays.of(plan)
    words = plan.update_stream(0).integers(0, 2**64, size=n, dtype=np.uint64)
    chosen = np.array([choose_unit(w, arrays.threshold, arrays.first_position, arrays.size) for w in words])
    unit_at = np.full(arrays.bits.shape[0], -1)
    unit_at[arrays.position] = np.arange(network.n_neurons)
    return chosen[:, 0], unit_at[chosen[:, 1]]


@pytest.mark.parametrize("tau_ratio", [0.5, 0.3, 2])
def test_updates_are_independent_and_uniform(tau_ratio):
    net, n = rost_2018(n_e=40, n_clusters=4, tau_ratio=tau_ratio), 200_000
    population, unit = updates_of(net, n)
    p_e = 40 / (40 + 10 / tau_ratio)
    assert abs((population == 0).sum() - n * p_e) < Z * np.sqrt(n * p_e * (1 - p_e))
    counts = np.bincount(unit, minlength=50)
    p_unit = np.repeat([p_e / 40, (1 - p_e) / 10], [40, 10])
    assert stats.chisquare(counts, n * p_unit).pvalue > P
    # The next unit does not depend on this one.
    pairs = np.bincount(50 * unit[:-1] + unit[1:], minlength=2500)
    assert stats.chisquare(pairs, pairs.sum() * np.outer(p_unit, p_unit).ravel()).pvalue > P
    # Updates between two of the same unit: geometric.
    for i in (0, 17, 39, 40, 49):
        gaps = np.diff(np.flatnonzero(unit == i))
        edges = np.unique(stats.geom.ppf(np.linspace(0, 1, 21)[1:-1], p_unit[i]))
        observed = np.bincount(np.searchsorted(edges, gaps), minlength=edges.size + 1)
        expected = np.diff(np.concatenate([[0], stats.geom.cdf(edges, p_unit[i]), [1]]))
        assert stats.chisquare(observed, gaps.size * expected).pvalue > P


@pytest.mark.parametrize("tau_ratio", [0.5, 2])
def test_time_to_the_first_update(tau_ratio):
    # Uncoupled, above threshold, from silence: the onset of a unit is its first update, after tau ms on average.
    populations = (
        BinaryPopulation(name="E", size=300, tau_ms=10, drive=1.001),
        BinaryPopulation(name="I", size=100, tau_ms=10 * tau_ratio, drive=1.001),
    )
    net = BinaryNetwork(populations=populations, connections=())
    spikes = simulate(
        net, duration_ms=20 * 20 * tau_ratio, n_trials=50, seed=3, initial_rate=0, record_spikes=True
    ).spikes
    assert spikes.n_spikes == 50 * 400 - (spikes.spike_counts() == 0).sum()
    assert spikes.spike_counts().max() == 1
    per_ms = 300 / 10 + 100 / (10 * tau_ratio)
    for p in populations:
        times = spikes.select(population=p.name).time_ms
        assert abs(times.mean() + 1 / per_ms - p.tau_ms) < Z * p.tau_ms / np.sqrt(times.size) + 1e-3
        assert stats.kstest(times, "expon", args=(0, p.tau_ms)).pvalue > P


def test_below_threshold_all_fall_silent_at_their_first_update():
    # The threshold itself is not above the threshold.
    net = BinaryNetwork(
        populations=(
            BinaryPopulation(name="A", size=1000, tau_ms=10, drive=1.0),
            BinaryPopulation(name="B", size=1000, tau_ms=40, drive=-2.0),
        ),
        connections=(),
    )
    activity = simulate(net, duration_ms=60, n_trials=40, seed=3, initial_rate=0.6, record_spikes=True)
    assert activity.spikes.n_spikes == 0
    for name, tau in (("A", 10.0), ("B", 40.0)):
        rates = activity.population_rates[name]
        assert (np.diff(rates, axis=-1) <= 0).all()
        # An update of 1000/10 + 1000/40 in a ms leaves a unit alone with probability 1 - 1/(125 tau).
        p = 0.6 * (1 - 1 / (125 * tau)) ** (125 * activity.time_ms)
        error = np.sqrt(p * (1 - p) / (1000 * 40))
        z = (rates.mean(axis=0) - p) / error
        assert np.abs(z).max() < Z, name


def test_above_threshold_all_become_active():
    net = BinaryNetwork(
        populations=(BinaryPopulation(name="A", size=100, tau_ms=1, drive=1e-9, threshold=0.0),), connections=()
    )
    activity = simulate(net, duration_ms=30, seed=1, initial_rate=0)
    assert activity.population_rates["A"][0, 0] < 1
    assert activity.population_rates["A"][0, -1] == 1


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.73, 1.0])
def test_initial_state(rate):
    net = BinaryNetwork(populations=(BinaryPopulation(name="A", size=1000, tau_ms=1e9),), connections=())
    rates = simulate(net, duration_ms=1, n_trials=20, seed=1, initial_rate=rate).population_rates["A"][:, 0]
    assert abs(rates.mean() - rate) <= Z * np.sqrt(rate * (1 - rate) / 20_000)
    if 0 < rate < 1:
        # The trials differ by as much as independent units do.
        chi = 19 * rates.var(ddof=1) / (rate * (1 - rate) / 1000)
        assert P < stats.chi2.cdf(chi, 19) < 1 - P


def test_default_initial_state():
    net = BinaryNetwork(populations=(BinaryPopulation(name="A", size=20_000, tau_ms=1e9),), connections=())
    assert simulate(net, duration_ms=1, seed=1).population_rates["A"][0, 0] == pytest.approx(0.1, abs=0.01)


# ------------------------------------------------------------------ a network small enough to be solved exactly

# A, A', B, C; row: postsynaptic. A and A' are one population in two clusters. Found by a search for weights with which
# each of the 16 states leads to each other and all are visited.
WEIGHTS = np.array([[0, 0.3, 1.2, 0.5], [0.3, 0, 1.2, 0.5], [-1.3, -1.3, 0, 0], [-1.1, -1.1, 1.4, 0]])
FIELD = np.array([-0.9, -0.9, 0.7, 1.0])
RATE = np.array([1 / 10, 1 / 10, 1 / 4, 1 / 20])


def tiny_network():
    layout = ClusterLayout.equal(2, 2)
    populations = (
        BinaryPopulation(name="A", size=2, tau_ms=10, drive=0.1, layout=layout),
        BinaryPopulation(name="B", size=1, tau_ms=4, drive=1.7),
        BinaryPopulation(name="C", size=1, tau_ms=20, drive=1.0, threshold=0.0),
    )
    weights = {"AA": 0.3, "AB": 1.2, "AC": 0.5, "BA": -1.3, "CA": -1.1, "CB": 1.4}
    connections = tuple(Connection(post=a, pre=b, probability=1, weight=w) for (a, b), w in weights.items())
    return BinaryNetwork(populations=populations, connections=connections)


def transition_matrix():
    """Probabilities of going from one of the 16 states to another in one update; bit i of a state is unit i."""
    matrix = np.zeros((16, 16))
    for state in range(16):
        sigma = state >> np.arange(4) & 1
        for i, p in enumerate(RATE / RATE.sum()):
            on = WEIGHTS[i] @ sigma + FIELD[i] > 0
            matrix[state, (state & ~(1 << i)) | (int(on) << i)] += p
    return matrix


def states_of(activity):
    a = np.round(activity.cluster_rates["A"][0]).astype(int)
    b, c = (np.round(activity.population_rates[name][0]).astype(int) for name in "BC")
    return a[0] + 2 * a[1] + 4 * b + 8 * c


def compare_with_probabilities(counts, probabilities):
    """Chi-square over what is expected at least five times; what cannot happen must not."""
    assert not counts[probabilities == 0].any()
    expected = counts.sum() * probabilities
    often = expected >= 5
    assert often.sum() > 1
    observed = np.append(counts[often], counts[~often].sum())
    expected = np.append(expected[often], expected[~often].sum())
    keep = expected > 0
    assert stats.chisquare(observed[keep], expected[keep]).pvalue > P


def test_every_transition_of_a_tiny_network():
    # One update in each sampling interval: 0.5 updates a ms.
    assert RATE.sum() == pytest.approx(0.5)
    states = states_of(simulate(tiny_network(), duration_ms=200_000, sample_ms=2, seed=2, initial_rate=0.5))
    matrix = transition_matrix()
    counts = np.bincount(16 * states[:-1] + states[1:], minlength=256).reshape(16, 16)
    visited = counts.sum(axis=1) > 50
    assert visited.all()
    for state in range(16):
        compare_with_probabilities(counts[state], matrix[state])


def test_stationary_distribution_of_a_tiny_network():
    # Samples 200 updates apart: independent, for the correlation falls by the second eigenvalue with each update.
    matrix = transition_matrix()
    values, vectors = np.linalg.eig(matrix.T)
    order = np.argsort(-np.abs(values))
    assert np.abs(values[order[1]]) ** 200 < 1e-4
    stationary = np.real(vectors[:, order[0]])
    stationary /= stationary.sum()
    assert (stationary > 0.01).all()
    states = states_of(simulate(tiny_network(), duration_ms=4_000_000, sample_ms=400, seed=9, initial_rate=0.5))
    compare_with_probabilities(np.bincount(states[1:], minlength=16), stationary)


# ------------------------------------------------------------------ the network of the paper


def spread(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def test_rates_of_the_homogeneous_network():
    # Section 2: direct simulation gives (.0281, .0331), printed to half a unit of the last digit.
    runs = [simulate(rost_2018(), duration_ms=1200, seed=21, network_index=k).discard(200) for k in range(8)]
    for name, expected in (("E", 0.0281), ("I", 0.0331)):
        rates = [run.population_rates[name].mean() for run in runs]
        assert spread(rates) < 0.0007
        assert abs(np.mean(rates) - expected) < 3.5 * spread(rates) + 0.00005


def test_variance_of_cluster_rates():
    # Section 7: .00031 at J_E+ = 2, where every cluster still has the rate of the others.
    net = rost_2018(j_e_plus=2)
    runs = [simulate(net, duration_ms=1500, seed=22, network_index=k).discard(500) for k in range(8)]
    variances = [run.cluster_rates["E"].var(axis=-1).mean() for run in runs]
    assert spread(variances) < 0.00008
    assert abs(np.mean(variances) - 0.00031) < 3.5 * spread(variances) + 0.000005


def test_silence_is_absorbing():
    activity = simulate(rost_2018(), duration_ms=50, seed=1, initial_rate=0, record_spikes=True)
    assert activity.spikes.n_spikes == 0
    assert not activity.population_rates["E"].any()


# ------------------------------------------------------------------ same seed, same trajectory


@pytest.mark.parametrize("n_jobs", [2, 4, None])
def test_threads_do_not_show(net, n_jobs):
    one = simulate(net, n_trials=5, n_jobs=1, record_spikes=True, **SHORT)
    assert_same(simulate(net, n_trials=5, n_jobs=n_jobs, record_spikes=True, **SHORT), one)


def test_batches_and_their_order_do_not_show(net):
    whole = simulate(net, n_trials=5, record_spikes=True, **SHORT)
    last = simulate(net, n_trials=2, first_trial=3, record_spikes=True, **SHORT)
    first = simulate(net, n_trials=3, record_spikes=True, **SHORT)
    for part, trials in ((first, slice(0, 3)), (last, slice(3, 5))):
        for name in "EI":
            np.testing.assert_array_equal(part.population_rates[name], whole.population_rates[name][trials])
        np.testing.assert_array_equal(part.cluster_rates["E"], whole.cluster_rates["E"][trials])
        expected = whole.spikes.select(trial=np.arange(5)[trials])
        for name in ("time_ms", "neuron", "trial", "trial_id"):
            np.testing.assert_array_equal(getattr(part.spikes, name), getattr(expected, name))


def test_trials_and_networks_differ(net):
    rates = simulate(net, n_trials=3, **SHORT).cluster_rates["E"]
    assert (rates[0] != rates[1]).any()
    assert (rates[1] != rates[2]).any()
    other = simulate(net, network_index=1, **SHORT).cluster_rates["E"]
    assert (other[0] != rates[0]).any()
    assert (other[0] != rates[1]).any()


@pytest.mark.parametrize("index", [0, 2])
def test_wired_or_not(net, index):
    wired = net.wire(5, network_index=index)
    spec = simulate(net, network_index=index, **SHORT)
    assert_same(simulate(wired, **SHORT), spec)
    assert_same(simulate(wired, duration_ms=40), spec)
    assert_same(simulate(wired, network_index=index, **SHORT), spec)


def test_one_wiring_for_all_strengths(net):
    wired = net.wire(5)
    for options in ({"j_e_plus": 3}, {"j_e_plus": 3, "r_j": 0.75}, {"j_e_plus": 1}):
        other = rost_2018(n_e=400, n_clusters=4, m_x=0.13, **options)
        changed = simulate(wired.with_weights_of(other), **SHORT)
        assert_same(changed, simulate(other, **SHORT))
        assert (changed.population_rates["E"] != simulate(wired, **SHORT).population_rates["E"]).any()


def test_other_initial_states_on_the_same_wiring(net):
    wired = net.wire(5)
    one, other = simulate(wired, **SHORT), simulate(wired, duration_ms=40, seed=6)
    assert other.meta["provenance"]["parameters"]["wiring_seed"] == 5
    assert other.meta["provenance"]["parameters"]["seed"] == 6
    assert (one.population_rates["E"] != other.population_rates["E"]).any()
    # The updates are others as well, not only the initial states.
    one, other = (simulate(wired, duration_ms=40, seed=seed, initial_rate=1) for seed in (5, 6))
    assert (one.population_rates["E"] != other.population_rates["E"]).any()


def test_a_longer_run_begins_like_a_shorter_one(net):
    short, long = simulate(net, **SHORT), simulate(net, **{**SHORT, "duration_ms": 1500})
    np.testing.assert_array_equal(long.cluster_rates["E"][..., :40], short.cluster_rates["E"])


def test_no_seed_is_drawn_and_recorded(net):
    drawn = simulate(net, duration_ms=40)
    assert simulate(net, duration_ms=40).meta != drawn.meta
    assert_same(rerun(drawn), drawn)


# ------------------------------------------------------------------ what comes back


def test_onsets_carry_labels():
    net = rost_2018(j_e_plus=3, r_j=0.5, n_e=400, n_clusters=4, m_x=0.13)
    spikes = simulate(net, n_trials=2, first_trial=3, record_spikes=True, **SHORT).spikes
    assert (spikes.n_neurons, spikes.n_trials, spikes.dt_ms) == (500, 2, None)
    assert (spikes.t_start_ms, spikes.t_stop_ms) == (0, 40)
    assert spikes.trial_id.tolist() == [3, 4]
    np.testing.assert_array_equal(spikes.cluster, net.cluster)
    np.testing.assert_array_equal(spikes.population, net.population_names)
    # Update u happens at u divided by the 60 updates of a ms; no two at once.
    np.testing.assert_allclose(spikes.time_ms * 60 % 1, np.round(spikes.time_ms * 60 % 1), atol=1e-9)
    assert (np.diff(spikes.select(trial=0).time_ms) > 0).all()


def test_onsets_are_not_recorded_unless_asked_for(net):
    assert simulate(net, **SHORT).spikes is None


def test_provenance_is_whole_and_has_no_time(net):
    one = simulate(net, **SHORT).meta
    assert one == simulate(net, n_jobs=2, **SHORT).meta
    assert json.loads(json.dumps(one)) == json.loads(json.dumps(one, allow_nan=False))
    parameters = one["provenance"]["parameters"]
    assert BinaryNetwork.from_dict(parameters["network"]) == net
    assert set(parameters) == {
        *("kind", "network", "wiring_seed", "network_index", "seed", "duration_ms", "sample_ms", "n_trials"),
        *("first_trial", "initial_rate", "record_spikes", "engine"),
    }


# ------------------------------------------------------------------ run again


@pytest.mark.parametrize("engine", ["metastable", "reference"])
def test_run_again_from_the_file_alone(tmp_path, net, engine):
    # Connections of one network with the weights of another, all options other than their defaults.
    wired = net.wire(8, network_index=3)
    other = rost_2018(j_e_plus=np.float32(2.5), r_j=0.5, n_e=np.int64(400), n_clusters=4, m_x=0.13, tau_ratio=0.3)
    activity = simulate(
        wired.with_weights_of(other),
        duration_ms=np.float32(20),
        n_trials=np.int64(2),
        first_trial=4,
        seed=np.int64(9),
        sample_ms=0.5,
        initial_rate=0.2,
        record_spikes=True,
        engine=engine,
    )
    activity.save(tmp_path / "a.npz")
    again = rerun(BinaryActivity.load(tmp_path / "a.npz"))
    assert_same(again, activity)
    assert json.dumps(again.meta) == json.dumps(activity.meta)


def test_onsets_alone_cannot_be_run_again(net):
    activity = simulate(net, record_spikes=True, **SHORT)
    with pytest.raises(ValueError, match="this result carries no record of a simulation; only results of simulate can"):
        rerun(activity.spikes)


def test_a_part_is_run_whole(net):
    activity = simulate(net, record_spikes=True, **SHORT)
    assert_same(rerun(activity.discard(20)), activity)


@pytest.mark.parametrize("missing", ["network", "wiring_seed", "n_trials", "sample_ms", "seed"])
def test_an_incomplete_record(net, missing):
    activity = simulate(net, **SHORT)
    parameters = dict(activity.meta["provenance"]["parameters"])
    parameters.pop(missing)
    changed = {"provenance": {**activity.meta["provenance"], "parameters": parameters}}
    broken = BinaryActivity(
        cluster_rates={},
        population_rates=activity.population_rates,
        time_ms=activity.time_ms,
        sample_ms=1,
        meta=changed,
    )
    if missing == "sample_ms":
        # It has a default, which these results were made with.
        assert_same(rerun(broken), activity)
        return
    with pytest.raises(ValueError, match=f"the record of this simulation is incomplete: .*{missing}"):
        rerun(broken)


# ------------------------------------------------------------------ interruption


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("sample_ms", [10, 2e6])
def test_ctrl_c_ends_soon_and_leaves_no_thread(net, n_jobs, sample_ms):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    simulate(net, duration_ms=1, seed=1)
    before = set(threading.enumerate())
    main = threading.main_thread().ident
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        simulate(net, duration_ms=2e6, n_trials=4, seed=1, n_jobs=n_jobs, sample_ms=sample_ms)
    assert time.perf_counter() - begin < 5
    timer.join()
    assert set(threading.enumerate()) == before


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"duration_ms": 80.5}, ValueError, r"duration_ms=80\.5 is not a multiple of sample_ms=1; choose one that"),
        ({"duration_ms": 0.3}, ValueError, r"duration_ms=0\.3 is not a multiple of sample_ms=1"),
        ({"duration_ms": 0}, ValueError, "duration_ms must be above 0, got 0"),
        ({"duration_ms": -1}, ValueError, "duration_ms must be above 0, got -1"),
        ({"duration_ms": np.nan}, ValueError, "duration_ms must be finite"),
        ({"duration_ms": "80"}, TypeError, "duration_ms must be a number, got '80'"),
        ({"sample_ms": 0}, ValueError, "sample_ms must be above 0"),
        ({"sample_ms": 7}, ValueError, "duration_ms=40 is not a multiple of sample_ms=7"),
        ({"sample_ms": 80}, ValueError, "duration_ms=40 is not a multiple of sample_ms=80"),
        ({"sample_ms": True}, TypeError, "sample_ms must be a number, got True"),
        ({"initial_rate": 1.1}, ValueError, r"initial_rate must be at most 1, got 1\.1"),
        ({"initial_rate": -0.1}, ValueError, r"initial_rate must be at least 0, got -0\.1"),
        ({"initial_rate": None}, TypeError, "initial_rate must be a number, got None"),
        ({"record_spikes": "no"}, TypeError, "record_spikes must be True or False, got 'no'"),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1, got 0"),
        ({"n_trials": 2.0}, TypeError, r"n_trials must be an integer, got 2\.0"),
        ({"first_trial": -1}, ValueError, "first_trial must be at least 0"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"network_index": -1}, ValueError, "network_index must be at least 0"),
        ({"engine": "brian2"}, ValueError, "engine must be one of 'metastable', 'reference', got 'brian2'"),
        ({"dt_ms": 0.1}, TypeError, "simulate has no option 'dt_ms' for a BinaryNetwork; leave it out"),
        ({"precision": "double"}, TypeError, "no option 'precision' for a BinaryNetwork"),
        ({"stimulus": None}, TypeError, "no option 'stimulus' for a BinaryNetwork"),
        # What simulate hands to its engines is none of the caller's options.
        ({"trials": range(3)}, TypeError, "no option 'trials' for a BinaryNetwork; leave it out"),
        ({"wired": None}, TypeError, "no option 'wired' for a BinaryNetwork"),
    ],
)
def test_one_clear_sentence(net, options, error, said):
    with pytest.raises(error, match=said):
        simulate(net, **{**SHORT, **options})


@pytest.mark.parametrize("option", ["sample_ms", "initial_rate", "record_spikes"])
def test_options_of_the_other_kind(option):
    from metastable.networks import litwin_kumar_doiron_2012

    net = litwin_kumar_doiron_2012(n_e=100, n_clusters=4)
    with pytest.raises(TypeError, match=f"simulate has no option '{option}' for a LIFNetwork; leave it out"):
        simulate(net, **SHORT, **{option: 1})
    with pytest.raises(TypeError, match=f"simulate has no option '{option}' for a WiredLIFNetwork; leave it out"):
        simulate(net.wire(1), **SHORT, **{option: 1})
    assert isinstance(net, LIFNetwork)


def test_a_wired_network_has_its_own_index(net):
    with pytest.raises(ValueError, match="network_index belongs to the wiring of a specification; leave it out"):
        simulate(net.wire(5), network_index=1, **SHORT)


def test_options_follow_the_network_by_keyword(net):
    assert all(p.kind is p.KEYWORD_ONLY for p in [*inspect.signature(rost_2018).parameters.values()])
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        simulate(net, 80)
