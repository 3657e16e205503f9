"""Firing rates."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st


@pytest.mark.parametrize("seed", range(3))
def test_rates_count_spikes(random_spikes, seed):
    spikes = random_spikes(seed)
    expected = np.zeros((spikes.n_trials, spikes.n_neurons))
    for n, k in zip(spikes.neuron, spikes.trial, strict=True):
        expected[k, n] += 1 / 0.06
    np.testing.assert_allclose(st.firing_rates(spikes, per_trial=True), expected)
    np.testing.assert_allclose(st.firing_rates(spikes), expected.mean(axis=0))
    assert st.mean_rate(spikes) == pytest.approx(expected.mean())


def test_silent_recording_has_rate_zero():
    spikes = mst.SpikeData(time_ms=[], neuron=[], n_neurons=3, n_trials=2, t_stop_ms=10)
    assert st.firing_rates(spikes).tolist() == [0, 0, 0]
    assert st.mean_rate(spikes) == 0


def test_a_population_is_selected_by_the_caller(random_spikes):
    spikes = random_spikes(1).with_labels(population=["E"] * 6 + ["I"] * 3)
    assert st.mean_rate(spikes.select(population="I")) == pytest.approx(st.firing_rates(spikes)[6:].mean())


@pytest.mark.parametrize("function", [st.firing_rates, st.mean_rate])
def test_empty_recordings_get_a_sentence(empty_recordings, function):
    for spikes, message in empty_recordings:
        with pytest.raises(ValueError, match=message):
            function(spikes)


def test_an_array_is_not_spikes():
    with pytest.raises(TypeError, match="spikes must be SpikeData, got ndarray"):
        st.firing_rates(np.zeros(3))


def test_text_is_not_a_truth_value(random_spikes):
    with pytest.raises(TypeError, match="per_trial must be True or False, got 'no'"):
        st.firing_rates(random_spikes(1), per_trial="no")
