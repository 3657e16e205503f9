import numpy as np
import pytest

from metastable.reconstruction import fewest_equations, quality, score

TRUTH = np.array([[0, 2.0, 0], [1.0, 0, 0], [0, -3.0, 0]])


def test_a_perfect_reconstruction():
    best = score(TRUTH, TRUTH)
    assert (best.max_error, best.q_alpha, best.auc, best.known) == (0.0, 1.0, 1.0, 1.0)
    assert best.weight_correlation == pytest.approx(1)


def test_quality_weighs_connections_and_their_absence_equally():
    found = TRUTH.copy()
    found[0, 1] *= 1.06  # misses at 0.95, hits at 0.9
    found[0, 2] = 0.11  # the mean size is 2: misses at 0.95, hits at 0.9
    assert quality(found, TRUTH, alpha=0.95) == pytest.approx(0.5 * 2 / 3 + 0.5 * 2 / 3)
    assert quality(found, TRUTH, alpha=0.9) == 1.0
    assert quality(found, TRUTH, alpha=0.95, scale=4.0) == pytest.approx(0.5 * 2 / 3 + 0.5)
    assert quality(found, TRUTH, alpha=0.95, weighting=1.0) == pytest.approx(2 / 3)
    assert quality(np.zeros((3, 3)), TRUTH) == 0.5


def test_what_is_unknown_is_missed_not_scored_as_absent():
    found = np.full((3, 3), np.nan)
    assert quality(found, TRUTH) == 0.0
    nothing = score(found, TRUTH)
    assert nothing.known == 0.0
    assert np.isnan([nothing.max_error, nothing.auc, nothing.weight_correlation]).all()
    found[0, 1] = 2.0
    assert score(found, TRUTH).known == pytest.approx(1 / 6)


def test_auc_counts_pairs_in_the_right_order_by_size():
    found = np.array([[9, 0.5, 0.7], [0.8, 9, 0.1], [0.7, -0.9, 9]])
    # Sizes of connected: 0.5, 0.8, 0.9; of unconnected: 0.7, 0.1, 0.7. The diagonal does not count.
    assert score(found, TRUTH).auc == pytest.approx(7 / 9)
    assert score(found, TRUTH, self_weights=True).auc < 7 / 9


def test_a_network_of_one_kind_has_no_auc():
    full = np.ones((2, 2))
    result = score(full, full)
    assert np.isnan(result.auc)
    assert result.q_alpha == 1.0


def test_fewest_equations():
    assert fewest_equations([5, 10, 20], [0.95, 0.96, 1.0]) == 5
    assert fewest_equations([5, 10, 20], [0.1, 0.5, 0.9], q=0.7) == pytest.approx(15)
    assert np.isnan(fewest_equations([5, 10], [0.1, 0.2]))


def test_refusals():
    with pytest.raises(
        ValueError, match=r"found and truth must have the same shape \(n, n\), got \(2, 2\) and \(3, 3\)"
    ):
        score(np.zeros((2, 2)), TRUTH)
    with pytest.raises(ValueError, match="truth holds NaN"):
        quality(TRUTH, np.full((3, 3), np.nan))
    with pytest.raises(ValueError, match="m must increase"):
        fewest_equations([2, 1], [0, 1])
    with pytest.raises(ValueError, match="alpha must be at most 1"):
        quality(TRUTH, TRUTH, alpha=2)
