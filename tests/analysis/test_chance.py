"""What is shared between neurons, and what is not, in recordings whose neurons have nothing to do with each other."""

import numpy as np
import pytest

import metastable as mst
from metastable.analysis._groups import find_groups, groups
from metastable.analysis._variability import correlations


def switching_alone(seed, n_neurons=40, duration_s=60.0, dwell_s=5.0):
    """Neurons that each switch between 20 and 1 spikes/s for themselves."""
    rng = np.random.default_rng(seed)
    time, neuron = [], []
    for k in range(n_neurons):
        begin, active = 0.0, rng.random() < 0.5
        while begin < duration_s:
            end = min(duration_s, begin + rng.exponential(dwell_s))
            n = rng.poisson((20 if active else 1) * (end - begin))
            time.append(1000 * rng.uniform(begin, end, n))
            neuron.append(np.full(n, k))
            begin, active = end, not active
    return mst.SpikeData(
        time_ms=np.concatenate(time), neuron=np.concatenate(neuron), n_neurons=n_neurons, t_stop_ms=1000 * duration_s
    )


def test_neurons_whose_rates_change_independently_are_no_groups():
    # Of 5 recordings at a level of .05, 3 or more have groups with a probability of .001; against shuffled intervals
    # 21 of 24 had.
    found = [find_groups(switching_alone(seed), seed, 2, False)[2] for seed in range(5)]
    assert sum(bool(each.n_groups) for each in found) <= 2


def test_the_controls_are_named_and_a_bound_is_said_to_be_one():
    spikes = switching_alone(2)
    _, part, found, missing = find_groups(spikes, 2, 2, False)
    section = groups(part, found, missing)
    labels = {number.name: number.label for number in section.numbers}
    assert labels["n_controls"] == "controls, each train shifted by a random time"
    assert labels["p_value"].endswith(", at least") == (len(found.control_statistic) < 20)
    assert "each shifted by a random time" in section.explanation


@pytest.mark.parametrize(("n_seconds", "most_bars"), [(10, 60), (400, 60)])
def test_bars_of_pairs_are_as_wide_as_their_spread_asks(n_seconds, most_bars):
    rng = np.random.default_rng(4)
    neuron = np.repeat(np.arange(40), rng.poisson(10 * n_seconds, 40))
    spikes = mst.SpikeData(
        time_ms=rng.uniform(0, 1000 * n_seconds, neuron.size), neuron=neuron, n_neurons=40, t_stop_ms=1000 * n_seconds
    )
    found = correlations(spikes, seed=1)
    steps = found.plot().axes[0].patches[-1].get_data()
    shown = np.flatnonzero(steps.values)
    assert 12 < shown[-1] - shown[0] < most_bars
    pairs = found.results["correlations"].all_pairs
    assert np.sum(steps.values * np.diff(steps.edges)) == pytest.approx(1)
    assert pairs.histogram.sum() == pairs.n_pairs


def test_few_pairs_are_not_drawn():
    found = correlations(switching_alone(1, n_neurons=3), seed=1)
    assert found.plot() is None
    assert "Fewer than 10 pairs are not drawn." in found.missing
