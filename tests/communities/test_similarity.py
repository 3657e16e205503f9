"""Similarities against sums over pairs of spikes, erf, and definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

import metastable as mst
from metastable import communities


def recording(n_neurons=6, duration=300.0, n_trials=1, seed=0, n_spikes=60):
    rng = np.random.default_rng(seed)
    return mst.SpikeData(
        time_ms=np.concatenate([rng.uniform(0, duration, n_spikes - 2), [0.0, duration - 1e-9]]),
        neuron=np.concatenate([rng.integers(0, n_neurons, n_spikes - 2), [0, 1]]),
        trial=rng.integers(0, n_trials, n_spikes),
        n_neurons=n_neurons,
        n_trials=n_trials,
        t_stop_ms=duration,
    )


def trains_of(spikes, trial=0):
    return [spikes.time_ms[(spikes.neuron == k) & (spikes.trial == trial)] for k in range(spikes.n_neurons)]


def pair_sum(a, b, start, stop, sigma):
    """Integrate the product of two sums of Gaussians from start to stop, term by term."""
    total = 0.0
    for s in a:
        for t in b:
            middle, weight = (s + t) / 2, np.exp(-((s - t) ** 2) / (4 * sigma**2))
            total += (
                weight * sigma * np.sqrt(np.pi) / 2 * (erf((stop - middle) / sigma) - erf((start - middle) / sigma))
            )
    return total


def cosine_by_pairs(trains, start, stop, sigma):
    n = len(trains)
    g = np.array([[pair_sum(trains[i], trains[j], start, stop, sigma) for j in range(n)] for i in range(n)])
    norm = np.sqrt(np.diag(g))
    c = g / np.outer(norm, norm)
    np.fill_diagonal(c, 0)
    return c


@pytest.mark.parametrize("sigma", [0.3, 2.0, 11.0, 80.0, 250.0])
@pytest.mark.parametrize("edges", ["truncate", "infinite"])
def test_cosine_equals_the_sum_over_pairs(sigma, edges):
    spikes = recording()
    limits = (0, 300) if edges == "truncate" else (-1e5, 1e5)
    found = communities.similarity_matrix(spikes, sigma_ms=sigma, edges=edges)
    np.testing.assert_allclose(found, cosine_by_pairs(trains_of(spikes), *limits, sigma), rtol=0, atol=1e-12)


def test_pair_sum_equals_an_integral():
    a, b = np.array([3.0, 9.0]), np.array([1.0, 5.0])
    train = lambda times, x: np.exp(-((x - times) ** 2) / 8).sum()  # noqa: E731
    expected = quad(lambda x: train(a, x) * train(b, x), 0, 10, epsabs=1e-13)[0]
    assert pair_sum(a, b, 0, 10, 2) == pytest.approx(expected, rel=1e-12)


def test_long_recordings_are_done_in_blocks():
    rng = np.random.default_rng(3)
    spikes = mst.SpikeData(time_ms=rng.uniform(0, 1e5, 40), neuron=rng.integers(0, 4, 40), n_neurons=4, t_stop_ms=1e5)
    found = communities.similarity_matrix(spikes, sigma_ms=0.1)
    np.testing.assert_allclose(found, cosine_by_pairs(trains_of(spikes), 0, 1e5, 0.1), rtol=0, atol=1e-12)


def test_trials_add_their_overlaps():
    spikes = recording(n_trials=3, n_spikes=90)
    g = sum(
        np.array([[pair_sum(a, b, 0, 300, 7.0) for b in trains] for a in trains])
        for trains in (trains_of(spikes, trial) for trial in range(3))
    )
    norm = np.sqrt(np.diag(g))
    expected = g / np.outer(norm, norm)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(communities.similarity_matrix(spikes, sigma_ms=7), expected, atol=1e-12)


def test_trials_of_one_neuron_are_trains():
    spikes = recording(n_neurons=5)
    as_trials = mst.SpikeData(
        time_ms=spikes.time_ms,
        neuron=np.zeros_like(spikes.neuron),
        trial=spikes.neuron,
        n_neurons=1,
        n_trials=5,
        t_stop_ms=300,
    )
    for kind in ("cosine", "hamming", "victor_purpura", "van_rossum"):
        np.testing.assert_array_equal(
            communities.similarity_matrix(as_trials, sigma_ms=7, kind=kind, rows="trials"),
            communities.similarity_matrix(spikes, sigma_ms=7, kind=kind),
        )


def test_correlation_is_that_of_the_gaussian_trains():
    spikes, sigma = recording(), 12.0
    x = np.linspace(0, 300, 30_001)
    f = np.array([np.exp(-((x - t[:, None]) ** 2) / (2 * sigma**2)).sum(axis=0) for t in trains_of(spikes)])
    f = f - (np.trapezoid(f, x) / 300)[:, None]
    g = np.trapezoid(f[:, None] * f, x)
    expected = np.maximum(g / np.sqrt(np.outer(np.diag(g), np.diag(g))), 0)
    np.fill_diagonal(expected, 0)
    found = communities.similarity_matrix(spikes, sigma_ms=sigma, kind="correlation")
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_binned_kinds_follow_their_definitions():
    spikes = recording(duration=301.0)
    sigma = 20 / np.sqrt(12)
    counts = np.array([np.histogram(t, bins=np.append(np.arange(0, 301, 20), 301))[0] for t in trains_of(spikes)])
    hamming = np.array([[((a > 0) == (b > 0)).mean() for b in counts] for a in counts])
    cosine = np.array([[a @ b / np.sqrt((a @ a) * (b @ b)) for b in counts] for a in counts])
    correlation = np.maximum(np.corrcoef(counts), 0)
    for kind, expected in (("hamming", hamming), ("count_cosine", cosine), ("count_correlation", correlation)):
        np.fill_diagonal(expected, 0)
        found = communities.similarity_matrix(spikes, sigma_ms=sigma, kind=kind)
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=kind)


def test_van_rossum_distance_equals_an_integral():
    a, b, tau = np.array([2.0, 7.0]), np.array([4.0]), 3.0
    spikes = mst.SpikeData(time_ms=[2, 7, 4], neuron=[0, 0, 1], n_neurons=2, t_stop_ms=10)
    trace = lambda times, x: (np.exp(-(x - times) / tau) * (x >= times)).sum()  # noqa: E731
    square = quad(lambda x: (trace(a, x) - trace(b, x)) ** 2, 0, 150, points=[2, 4, 7], limit=500)[0]
    # The integral over one exponential squared is tau/2.
    expected = np.sqrt(square * 2 / tau)
    assert communities.van_rossum_distance(spikes, tau_ms=tau)[0, 1] == pytest.approx(expected, rel=1e-9)


def test_victor_purpura_distance_of_a_worked_example():
    # Move 10 to 12 (2 x .1), delete 50: 1.2; for dear moves delete and insert instead.
    spikes = mst.SpikeData(time_ms=[10, 50, 12], neuron=[0, 0, 1], n_neurons=2, t_stop_ms=60)
    assert communities.victor_purpura_distance(spikes, cost_per_ms=0.1)[0, 1] == pytest.approx(1.2)
    assert communities.victor_purpura_distance(spikes, cost_per_ms=10)[0, 1] == pytest.approx(3)


@pytest.mark.parametrize(
    "kind", ["cosine", "correlation", "hamming", "count_cosine", "count_correlation", "van_rossum", "victor_purpura"]
)
def test_every_kind_is_a_similarity(kind):
    spikes = recording(n_neurons=8)
    c = communities.similarity_matrix(spikes, sigma_ms=15, kind=kind)
    assert c.shape == (8, 8)
    np.testing.assert_array_equal(c, c.T)
    assert (np.diag(c) == 0).all()
    assert c.min() >= 0
    assert c.max() <= 1


@pytest.mark.parametrize("kind", ["cosine", "correlation", "count_cosine", "van_rossum", "victor_purpura"])
def test_silent_trains_are_similar_to_nothing_and_identical_ones_to_each_other(kind):
    spikes = mst.SpikeData(time_ms=[5, 30, 5, 30, 17], neuron=[0, 0, 1, 1, 3], n_neurons=4, t_stop_ms=40)
    c = communities.similarity_matrix(spikes, sigma_ms=2, kind=kind)
    assert c[0, 1] == pytest.approx(1)
    assert (c[2] == 0).all()


def test_errors_say_what_to_do():
    spikes = recording()
    with pytest.raises(ValueError, match="sigma_ms=300 is not shorter than the recording"):
        communities.similarity_matrix(spikes, sigma_ms=300)
    with pytest.raises(ValueError, match="kind must be one of 'cosine'"):
        communities.similarity_matrix(spikes, sigma_ms=3, kind="euclid")
    with pytest.raises(ValueError, match='edges="infinite" is for kind="cosine"'):
        communities.similarity_matrix(spikes, sigma_ms=3, kind="hamming", edges="infinite")
    with pytest.raises(ValueError, match=r"select one with spikes.select"):
        communities.similarity_matrix(spikes, sigma_ms=3, rows="trials")


def test_long_recordings_at_short_timescales_keep_their_precision():
    rng = np.random.default_rng(4)
    common = rng.uniform(0, 1e6, 30)
    time = np.concatenate([common + rng.normal(0, 0.2, 30) for _ in range(3)]).clip(0, 1e6 - 1)
    spikes = mst.SpikeData(time_ms=time, neuron=np.repeat(np.arange(3), 30), n_neurons=3, t_stop_ms=1e6)
    found = communities.similarity_matrix(spikes, sigma_ms=0.3)
    assert found[0, 1] > 0.3
    np.testing.assert_allclose(found, cosine_by_pairs(trains_of(spikes), 0, 1e6, 0.3), rtol=0, atol=1e-12)
