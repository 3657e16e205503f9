"""Count correlations against loops over pairs, trials and windows."""

import numpy as np
import pytest

import metastable as mst
from metastable import statistics as st
from metastable.statistics import _correlation_matrix

SILENT = ["zero", "exclude_both_silent", "exclude_either_silent"]
COMBINATIONS = [(e, s) for e in ("trialwise", "across_trials") for s in SILENT]
COMBINATIONS += [("pooled", "zero"), ("concatenated", "zero")]


def _pearson(x, y):
    x, y = x - x.mean(), y - y.mean()
    return (x @ y) / np.sqrt((x @ x) * (y @ y))


def _brute_force(counts, i, j, estimator, silent):
    """Return one correlation from the counts, (n_trials, n_neurons, n_windows)."""
    x, y = counts[:, i].astype(float), counts[:, j].astype(float)
    if estimator == "concatenated":
        return _pearson(x.ravel(), y.ravel()) if x.std() and y.std() else np.nan
    if estimator == "pooled":
        a, b = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()) if a.any() and b.any() else np.nan
    if estimator == "across_trials":
        x, y = x.T, y.T
    if not any(row.std() for row in x) or not any(row.std() for row in y):
        return np.nan
    values = []
    for a, b in zip(x, y, strict=True):
        still = [a.std() == 0, b.std() == 0]
        if not any(still):
            values.append(_pearson(a, b))
        elif silent == "zero" or (silent == "exclude_both_silent" and not all(still)):
            values.append(0.0)
    return np.mean(values) if values else np.nan


def _matrix(spikes, window_ms, estimator, silent):
    counts = mst.spikes.bin_counts(spikes, bin_ms=window_ms)
    n = spikes.n_neurons
    return np.array([[_brute_force(counts, i, j, estimator, silent) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize(("estimator", "silent"), COMBINATIONS)
def test_matrix_matches_loops(random_spikes, estimator, silent):
    for seed in range(3):
        spikes = random_spikes(seed, n_spikes=120)
        expected = _matrix(spikes, 6, estimator, silent)
        defined = ~np.isnan(np.diag(expected))
        expected[defined, defined] = 1
        result = st.correlation_matrix(spikes, window_ms=6, estimator=estimator, silent=silent)
        np.testing.assert_allclose(result, expected, atol=1e-13)
        assert np.isnan(result[0]).all()


@pytest.mark.parametrize("clusters", ["overlapping", "labels", None])
@pytest.mark.parametrize(("estimator", "silent"), COMBINATIONS)
def test_kinds_of_pairs_match_loops(random_spikes, estimator, silent, clusters):
    spikes = random_spikes(11, n_spikes=90, clusters=clusters)
    result = st.count_correlations(spikes, window_ms=5, estimator=estimator, silent=silent, n_bins=40)
    matrix = _matrix(spikes, 5, estimator, silent)
    member = spikes.membership
    kinds = {"all_pairs": [], "same_cluster": [], "different_cluster": []}
    for i in range(9):
        for j in range(i):
            if np.isnan(matrix[i, j]):
                continue
            kinds["all_pairs"].append(matrix[i, j])
            if (member[i] & member[j]).any():
                kinds["same_cluster"].append(matrix[i, j])
            elif member[i].any() and member[j].any():
                kinds["different_cluster"].append(matrix[i, j])
    for name, values in kinds.items():
        found = getattr(result, name)
        assert found.n_pairs == len(values)
        assert found.histogram.sum() == len(values)
        if values:
            assert found.mean == pytest.approx(np.mean(values), abs=1e-13)
            assert found.sd == pytest.approx(np.std(values), abs=1e-7)
            # The middle of the histogram's bins is within half a bin of each value.
            middle = (found.edges[1:] + found.edges[:-1]) / 2
            assert found.histogram @ middle / len(values) == pytest.approx(np.mean(values), abs=0.025)
            assert (found.density * np.diff(found.edges)).sum() == pytest.approx(1)
        else:
            assert np.isnan(found.mean)
            assert "no pairs" in repr(result)
    assert result.n_silent == np.isnan(matrix).all(axis=0).sum()


def test_panels_and_blocks_change_nothing(random_spikes, monkeypatch):
    spikes = random_spikes(4)
    whole = st.correlation_matrix(spikes, window_ms=5)
    monkeypatch.setattr(_correlation_matrix, "_PANEL_BYTES", 8 * 9 * 4)
    monkeypatch.setattr(_correlation_matrix, "_COLUMNS_PER_PRODUCT", 15)
    source = _correlation_matrix.StandardisedCounts.of(spikes, 5, "trialwise", "zero")
    assert [start for start, _ in source.iterate_blocks(rows=3)] == [0, 3, 4, 7, 8]
    np.testing.assert_allclose(st.correlation_matrix(spikes, window_ms=5), whole, atol=1e-14)


def test_a_constant_count_is_not_a_correlation():
    # Neuron 1 fires once in each window: its variance is exactly 0 and must not become 0/0 or rounding noise.
    spikes = mst.SpikeData(time_ms=[1, 1, 11, 21, 31, 12, 22], neuron=[0, 1, 1, 1, 1, 2, 0], n_neurons=3, t_stop_ms=40)
    matrix = st.correlation_matrix(spikes, window_ms=10)
    assert np.isnan(matrix[1]).all()
    assert np.isfinite(matrix[0, 2])


def test_independent_poisson_neurons_do_not_correlate(poisson_spikes):
    cluster = np.repeat(np.arange(10), 20)
    spikes = poisson_spikes(2, n_neurons=200, n_trials=10, duration_ms=1500, rate=15, cluster=cluster)
    for estimator in ("trialwise", "across_trials", "pooled", "concatenated"):
        result = st.count_correlations(spikes, estimator=estimator)
        # 300 counts in all: one pair has a spread of about 1/sqrt(300), and for independent neurons pairs are
        # uncorrelated with each other, so the mean over n pairs has 1/sqrt(n) of it.
        assert 0.04 < result.all_pairs.sd < 0.08
        for part in (result.all_pairs, result.same_cluster, result.different_cluster):
            assert abs(part.mean) < 5 * part.sd / part.n_pairs**0.5


def test_estimator_is_shown(random_spikes):
    assert "trialwise, silent exclude_both_silent, 5 ms windows, 4 trials" in repr(
        st.count_correlations(random_spikes(0), window_ms=5, silent="exclude_both_silent")
    )
    assert "concatenated, 5 ms" in repr(st.count_correlations(random_spikes(0), window_ms=5, estimator="concatenated"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "pearson"}, "estimator must be one of 'trialwise'"),
        ({"silent": "nan"}, "silent must be one of 'zero'"),
        ({"estimator": "pooled", "silent": "exclude_both_silent"}, "has no meaning for estimator='pooled'"),
        ({"window_ms": 60}, "window_ms=60 gives one window in 60 ms, a correlation needs two"),
        ({"window_ms": 0}, "window_ms must be above 0"),
        ({"window_ms": 80}, "window_ms=80 is longer than the recording"),
    ],
)
def test_bad_options(random_spikes, options, message):
    for call in (st.count_correlations, st.correlation_matrix):
        with pytest.raises(ValueError, match=message):
            call(random_spikes(0), **options)


def test_nothing_to_correlate(random_spikes, empty_recordings):
    spikes = random_spikes(0)
    with pytest.raises(ValueError, match="a correlation across trials needs at least 2 trials, got 1"):
        st.count_correlations(spikes.select(trial=0), estimator="across_trials")
    with pytest.raises(ValueError, match="fewer than two neurons have spike counts that vary"):
        st.count_correlations(spikes.select(neuron=[0, 3]), window_ms=5)
    with pytest.raises(ValueError, match="n_bins must be at least 1"):
        st.count_correlations(spikes, window_ms=5, n_bins=0)
    for empty, message in empty_recordings:
        with pytest.raises(ValueError, match=message):
            st.count_correlations(empty)
