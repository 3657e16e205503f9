"""Cluster states: traces with known intervals are read back, what was cut off counts as what it is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import metastable as mst
from metastable.statistics import StateDurations, cluster_states

LEVELS = np.array([2.0, 5.0, 8.0])


def rates_of(seed, *, n_trials=2, n_clusters=3, n_samples=60, levels=LEVELS):
    """Rates that jump between a few levels and stay there for a while."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, levels.size, (n_trials, n_clusters, n_samples))
    keep = rng.random(steps.shape) < 0.7
    keep[..., 0] = False
    last = np.maximum.accumulate(np.where(keep, 0, np.arange(n_samples)), axis=-1)
    return levels[np.take_along_axis(steps, last, axis=-1)]


def latch_plainly(trace, low, high):
    state = trace[0] >= (low + high) / 2
    states = []
    for value in trace:
        if value >= high:
            state = True
        elif value < low:
            state = False
        states.append(state)
    return states


def intervals_plainly(states):
    """(state, start, stop) of all runs of a sequence."""
    found, start = [], 0
    for i in range(1, len(states) + 1):
        if i == len(states) or states[i] != states[start]:
            found.append((bool(states[start]), start, i))
            start = i
    return found


@given(some.integers(0, 10**6), some.sampled_from([(5.0, 5.0), (2.5, 7.5), (5.0, 8.0), (2.0, 2.0), (9.0, 9.0)]))
def test_states_and_intervals_are_those_of_a_plain_loop(seed, threshold):
    rates = rates_of(seed)
    states = cluster_states(rates, sample_ms=4, threshold=threshold)
    n_active = np.zeros((2, 60), int)
    for kind, durations in ((True, states.up), (False, states.down)):
        rows = []
        for trial, cluster in np.ndindex(2, 3):
            plain = latch_plainly(rates[trial, cluster], *threshold)
            np.testing.assert_array_equal(states.active[trial, cluster], plain)
            n_active[trial] += np.array(plain) & kind
            rows += [
                (trial, cluster, 4.0 * start, 4.0 * (stop - start), start > 0, stop < 60)
                for state, start, stop in intervals_plainly(plain)
                if state == kind
            ]
        d = durations
        seen = zip(d.trial, d.cluster, d.start_ms, d.duration_ms, d.started, d.ended, strict=True)
        assert sorted(rows) == sorted(tuple(row) for row in seen)
    np.testing.assert_array_equal(states.n_active, n_active)
    np.testing.assert_allclose(states.occupancy, [(n_active == k).mean() for k in range(4)])
    assert states.mean_active == pytest.approx(n_active.mean())
    changes = np.zeros((4, 4), int)
    for row in n_active:
        for a, b in pairwise(row):
            changes[a, b] += a != b
    np.testing.assert_array_equal(states.transitions, changes)


@given(some.integers(0, 10**6), some.integers(1, 9))
def test_short_states_are_given_to_their_surroundings(seed, n_min):
    rates = rates_of(seed)
    states = cluster_states(rates, sample_ms=0.1, threshold=5, min_duration_ms=n_min * 0.1)
    for trial, cluster in np.ndindex(2, 3):
        plain = (rates[trial, cluster] >= 5).tolist()
        for kind in (False, True):
            for state, start, stop in intervals_plainly(plain):
                if state == kind and stop - start < n_min and start > 0 and stop < 60:
                    plain[start:stop] = [not kind] * (stop - start)
        np.testing.assert_array_equal(states.active[trial, cluster], plain)
    inner = states.up.duration_ms[states.up.complete]
    assert (inner > (n_min - 0.5) * 0.1).all()


def test_a_trial_that_begins_between_the_thresholds():
    rates = [[4.0, 4, 9, 4], [6.0, 6, 1, 6]]
    states = cluster_states(rates, sample_ms=1, threshold=(3, 7))
    np.testing.assert_array_equal(states.active[0], [[0, 0, 1, 1], [1, 1, 0, 0]])


def telegraph(rng, *, up_ms, down_ms, duration_ms):
    """One trace of a process that jumps between two states at constant rates, in its stationary state."""
    means = {True: up_ms, False: down_ms}
    state = rng.random() < up_ms / (up_ms + down_ms)
    trace, time = np.zeros(duration_ms), 0.0
    while time < duration_ms:
        stop = time + rng.exponential(means[state])
        trace[int(np.ceil(time)) : int(np.ceil(stop))] = state
        time, state = stop, not state
    return trace


def test_mean_is_right_where_most_states_are_cut_off():
    rng = np.random.default_rng(4)
    # Long against a sample, so that hardly a state falls between two of them.
    n_sets, up_ms, down_ms = 200, 300.0, 600.0
    means, complete, covered = [], [], 0
    for _ in range(n_sets):
        rates = [[telegraph(rng, up_ms=up_ms, down_ms=down_ms, duration_ms=800)] for _ in range(30)]
        up = cluster_states(rates, sample_ms=1, threshold=0.5).up
        means.append(up.total_ms / up.n_ended)
        complete.append(up.mean_complete_ms)
        low, high = up.interval_ms()
        covered += low <= up_ms <= high
        assert low < up.mean_ms < high
    rate = 1 / np.array(means)
    # The estimated rate is unbiased up to the samples' 1 ms; z of its mean.
    assert abs(rate.mean() - 1 / up_ms) < 4 * rate.std() / np.sqrt(n_sets) + 1e-5
    assert np.mean(complete) < 0.8 * up_ms
    # Garwood's interval is conservative: at least 95 %, with 3 standard deviations of chance.
    assert covered / n_sets > 0.95 - 3 * np.sqrt(0.95 * 0.05 / n_sets)
    assert covered / n_sets < 0.999


def test_interval_has_poisson_limits():
    from scipy.stats import poisson

    rates = np.tile(np.repeat([0.0, 1.0, 0.0], [30, 40, 30]), (1, 7, 1))
    up = cluster_states(rates, sample_ms=10, threshold=0.5).up
    for level in (0.5, 0.95):
        low, high = up.interval_ms(level)
        assert poisson.cdf(up.n_ended, up.total_ms / low) == pytest.approx((1 - level) / 2)
        assert poisson.sf(up.n_ended - 1, up.total_ms / high) == pytest.approx((1 - level) / 2)
    for level in (0.0, 1.0, 1.5):
        with pytest.raises(ValueError, match="level must be"):
            up.interval_ms(level)


def test_without_ends_or_states_nothing_is_said():
    states = cluster_states(np.ones((1, 2, 50)), sample_ms=2, threshold=0.5)
    assert np.isnan(states.up.mean_ms)
    low, high = states.up.interval_ms()
    assert (low, high) == (pytest.approx(200 / -np.log(0.025)), np.inf)
    assert states.down.n_states == 0
    assert np.isnan([states.down.mean_ms, states.down.mean_complete_ms, *states.down.interval_ms()]).all()
    assert repr(states.down) == "StateDurations(no states)"
    assert isinstance(states.down, StateDurations)


@pytest.mark.parametrize("unit", [1.0, 0.004, 300.0])
def test_default_finds_two_kinds_of_rates_in_any_unit(unit):
    rng = np.random.default_rng(7)
    truth = rng.random((3, 5, 400)) < 0.1
    rates = unit * np.where(truth, rng.normal(40, 2, truth.shape), rng.normal(5, 2, truth.shape))
    states = cluster_states(rates, sample_ms=1)
    assert states.found
    np.testing.assert_array_equal(states.active, truth)
    assert states.low / unit == pytest.approx(5 + 35 / 3, abs=1)
    assert states.high / unit == pytest.approx(5 + 70 / 3, abs=1)
    assert "from two classes that explain 0.9" in repr(states)


@pytest.mark.parametrize("kind", ["normal", "exponential", "uniform", "poisson"])
def test_default_finds_nothing_in_rates_of_one_kind(kind):
    rng = np.random.default_rng(8)
    rates = {
        "normal": rng.normal(5, 1, (2, 5, 4000)),
        "exponential": rng.exponential(5, (2, 5, 4000)),
        "uniform": rng.random((2, 5, 4000)) * 0.9 + 0.05 * rng.random((2, 5, 4000)),
        "poisson": rng.poisson(1.0, (2, 5, 4000)),
    }[kind]
    states = cluster_states(rates, sample_ms=1)
    assert not states.found
    assert not states.active.any()
    assert np.isnan([states.low, states.high, states.mean_active, states.up.mean_ms, states.down.mean_ms]).all()
    assert np.isnan(states.occupancy).all()
    assert states.transitions.sum() == 0
    assert "no threshold: two classes explain 0." in repr(states)


def test_states_are_chosen_by_mask_or_index():
    up = cluster_states(LEVELS[None].repeat(3, axis=0), sample_ms=1, threshold=4).up
    assert up.select(2).cluster.tolist() == up.select(up.cluster == 2).cluster.tolist() == [2]
    with pytest.raises(ValueError, match=r"chosen runs from 3 to 3 but must lie in 0\.\.2"):
        up.select([3])
    with pytest.raises(TypeError, match="chosen must hold integers, got None"):
        up.select(None)


def test_constant_rates_have_no_threshold():
    assert not cluster_states(np.full((1, 2, 10), 0.1) * 3, sample_ms=1).found


def test_spikes_and_binary_rates_alike():
    # Cluster 0 fires from 200 to 500 ms, cluster 1 never.
    time = np.arange(200.0, 500.0, 2)
    spikes = mst.SpikeData(
        time_ms=time, neuron=np.arange(time.size) % 4, n_neurons=8, t_stop_ms=1000, cluster=[0] * 4 + [1] * 4
    )
    rates = mst.statistics.cluster_rates(spikes, bin_ms=20)
    states = cluster_states(rates, sample_ms=20, threshold=60)
    assert states.up.duration_ms.tolist() == [300]
    assert states.up.start_ms.tolist() == [200]
    assert states.up.select(states.up.cluster == 1).n_states == 0
    net = mst.networks.rost_2018(n_e=400, n_clusters=4)
    activity = mst.simulate(net, duration_ms=50, n_trials=2, seed=1)
    states = cluster_states(activity.cluster_rates["E"], sample_ms=activity.sample_ms, threshold=0.05)
    np.testing.assert_array_equal(states.active, activity.cluster_rates["E"] >= 0.05)


def rates_plainly(spikes, *, bin_ms, smoothing_ms):
    """Rates of the clusters of one trial: each spike counted, each bin a sum over all bins under a Gaussian."""
    n_bins = int(spikes.duration_ms / bin_ms)
    rates = np.zeros((1, spikes.n_clusters, n_bins))
    for time, neuron in zip(spikes.time_ms, spikes.neuron, strict=True):
        if spikes.cluster[neuron] >= 0:
            rates[0, spikes.cluster[neuron], int((time - spikes.t_start_ms) / bin_ms + 1e-6)] += 1
    rates[0] /= (np.bincount(spikes.cluster[spikes.cluster >= 0]) * bin_ms / 1000)[:, None]
    distance = np.abs(np.subtract.outer(np.arange(n_bins), np.arange(n_bins))) * bin_ms / smoothing_ms
    weight = np.where(distance <= 4, np.exp(-(distance**2) / 2), 0)
    return rates @ (weight / weight.sum(axis=1, keepdims=True)).T


def thresholds_plainly(rates):
    """Thirds of the way between the means of the two classes, by all cuts between two values."""
    values = np.sort(rates.ravel())
    cuts = range(1, values.size)
    sums = np.cumsum(values)
    between = [
        k * (values.size - k) * (sums[k - 1] / k - (sums[-1] - sums[k - 1]) / (values.size - k)) ** 2 for k in cuts
    ]
    best = cuts[int(np.argmax(between))]
    first, second = values[:best].mean(), values[best:].mean()
    return first + (second - first) / 3, first + 2 * (second - first) / 3


def simulated(kind):
    if kind == "spikes":
        net = mst.networks.litwin_kumar_doiron_2012(n_e=1200, n_clusters=20)
        spikes = mst.simulate(net, duration_ms=2000, seed=2).select(time_ms=(500, 2000))
        rates = mst.statistics.cluster_rates(spikes, bin_ms=10, smoothing_ms=20)
        np.testing.assert_allclose(rates, rates_plainly(spikes, bin_ms=10, smoothing_ms=20), rtol=1e-9, atol=1e-9)
        return rates, 10.0
    net = mst.networks.rost_2018(n_e=800, n_clusters=8, j_e_plus=4, r_j=0.75)
    activity = mst.simulate(net, duration_ms=2000, n_trials=2, seed=1).discard(500)
    return activity.cluster_rates["E"], activity.sample_ms


@pytest.mark.parametrize("kind", ["spikes", "binary"])
def test_simulated_networks_against_plain_loops(kind):
    rates, sample_ms = simulated(kind)
    states = cluster_states(rates, sample_ms=sample_ms)
    # The thresholds come from a histogram of 1024 bins.
    np.testing.assert_allclose([states.low, states.high], thresholds_plainly(rates), atol=2 * np.ptp(rates) / 1024)
    n_trials, n_clusters, n_samples = rates.shape
    active = np.zeros(rates.shape, bool)
    ended, time_in = {True: 0, False: 0}, {True: 0.0, False: 0.0}
    changes = np.zeros((n_clusters + 1, n_clusters + 1), int)
    for trial in range(n_trials):
        for cluster in range(n_clusters):
            active[trial, cluster] = latch_plainly(rates[trial, cluster], states.low, states.high)
            for state, start, stop in intervals_plainly(active[trial, cluster]):
                ended[state] += stop < n_samples
                time_in[state] += sample_ms * (stop - start)
        for before, after in pairwise(active[trial].sum(axis=0)):
            changes[before, after] += before != after
    np.testing.assert_array_equal(states.active, active)
    np.testing.assert_array_equal(states.transitions, changes)
    assert (states.up.n_ended, states.down.n_ended) == (ended[True], ended[False])
    assert states.up.mean_ms == pytest.approx(time_in[True] / ended[True])
    assert states.down.mean_ms == pytest.approx(time_in[False] / ended[False])
    assert states.mean_active == pytest.approx(active.sum(axis=1).mean())
    # What the networks are for: a few clusters are active, and they change.
    assert 0.2 < states.mean_active < 5
    assert states.transitions.sum() >= 3


@pytest.mark.parametrize(
    ("rates", "options", "message"),
    [
        (np.zeros(5), {}, r"must have shape \(n_trials, n_clusters, n_samples\) without an empty axis, got \(5,\)"),
        (np.zeros((1, 0, 5)), {}, r"got \(1, 0, 5\)"),
        ([[[1.0, 2], [np.nan, 1]]], {}, "rates of cluster 1 are not all finite; leave clusters without neurons out"),
        (LEVELS[None], {"threshold": (4, 3)}, r"must be \(low, high\), got \(4, 3\); swap them"),
        (LEVELS[None], {"threshold": (4, 3, 2)}, "must be two numbers"),
        (LEVELS[None], {"threshold": np.nan}, "threshold must be finite"),
        ({"E": LEVELS}, {}, "rates must hold numbers, got {'E': array"),
        ([["a", "b"]], {}, "rates must hold numbers"),
        ([[1.0, 2], [3]], {}, "rates must not hold lists of different lengths"),
        (LEVELS[None], {"threshold": [[1], [2, 3]]}, "threshold must not hold lists of different lengths"),
        (LEVELS[None], {"sample_ms": 0}, "sample_ms must be above 0"),
        (LEVELS[None], {"min_duration_ms": -1}, "min_duration_ms must be at least 0"),
    ],
)
def test_bad_options(rates, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        cluster_states(rates, **{"sample_ms": 1, **options})
