import numpy as np
import pytest

from metastable.reconstruction._lapack import invert_lower
from metastable.reconstruction._least_squares import least_squares, row_rank


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_solution_and_spread_are_those_of_lapack(rng):
    a, b = rng.normal(size=(60, 40)) * rng.uniform(1e-3, 1e3, 40), rng.normal(size=60)
    fit = least_squares(a, b)
    np.testing.assert_allclose(fit.x, np.linalg.lstsq(a, b, rcond=None)[0], rtol=1e-10)
    np.testing.assert_allclose(fit.spread, np.sqrt(np.diag(np.linalg.inv(a.T @ a))), rtol=1e-8)
    unit = a / np.linalg.norm(a, axis=0)
    demmel = np.linalg.norm(unit) * np.linalg.norm(np.linalg.pinv(unit))
    assert fit.condition == pytest.approx(demmel, rel=1e-8)
    assert fit.rank == 40
    assert fit.determined.all()


def test_one_refinement_returns_the_digits_that_squaring_takes(rng):
    # Condition 1e5: the normal equations alone would keep about six digits.
    u, v = np.linalg.qr(rng.normal(size=(80, 60)))[0], np.linalg.qr(rng.normal(size=(60, 60)))[0]
    a = u * np.geomspace(1, 1e-5, 60) @ v
    x = rng.normal(size=60)
    assert np.abs(least_squares(a, a @ x).x - x).max() < 1e-9


def test_columns_of_zeros_are_open_and_the_rest_is_solved(rng):
    a = rng.normal(size=(20, 6))
    a[:, 2] = 0
    x = np.arange(6.0)
    fit = least_squares(a, a @ x)
    assert fit.rank == 5
    assert fit.determined.tolist() == [True, True, False, True, True, True]
    np.testing.assert_allclose(fit.x[fit.determined], x[fit.determined], atol=1e-12)


def test_dependent_columns_are_open_and_the_rest_is_solved(rng):
    a = rng.normal(size=(30, 8))
    a[:, 5] = a[:, 1] - 2 * a[:, 3]
    x = np.arange(8.0)
    fit = least_squares(a, a @ x)
    assert fit.rank == 7
    assert np.isinf(fit.condition)
    assert np.flatnonzero(~fit.determined).tolist() == [1, 3, 5]
    np.testing.assert_allclose(fit.x[fit.determined], x[fit.determined], atol=1e-11)


def test_fewer_equations_than_unknowns_fix_what_they_fix(rng):
    a = np.zeros((4, 6))
    a[:2, :2] = rng.normal(size=(2, 2))
    a[2:, 2:] = rng.normal(size=(2, 4))
    x = np.arange(1.0, 7.0)
    fit = least_squares(a, a @ x)
    assert fit.determined.tolist() == [True, True, False, False, False, False]
    np.testing.assert_allclose(fit.x[:2], x[:2], atol=1e-11)


def test_nothing_is_known_from_nothing():
    fit = least_squares(np.zeros((3, 2)), np.zeros(3))
    assert fit.rank == 0
    assert not fit.determined.any()


@pytest.mark.parametrize("n", [1, 96, 97, 333])
def test_inverse_of_a_triangle(rng, n):
    triangle = np.tril(rng.normal(size=(n, n))) + 10 * np.sqrt(n) * np.eye(n)
    np.testing.assert_allclose(invert_lower(triangle) @ triangle, np.eye(n), atol=1e-12)


@pytest.mark.parametrize(("shape", "rank"), [((5, 9), 5), ((9, 5), 5), ((6, 9), 3)])
def test_row_rank(rng, shape, rank):
    a = rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))
    assert row_rank(a) == rank


def test_a_column_lost_in_rounding_is_open(rng):
    a = rng.normal(size=(20, 4))
    a[:, 2] *= 1e-15
    fit = least_squares(a, a @ np.arange(4.0))
    assert fit.determined.tolist() == [True, True, False, True]
    np.testing.assert_allclose(fit.x, [0, 1, 0, 3], atol=1e-12)


def test_what_only_noise_tells_apart_is_open(rng):
    a = rng.normal(size=(40, 6))
    a[:, 4] = 2 * a[:, 1]
    x = np.arange(1.0, 7.0)
    noisy = a * (1 + 1e-5 * rng.uniform(-1, 1, a.shape))
    fit = least_squares(noisy, a @ x, noise=2e-5)
    assert fit.rank == 5
    assert np.flatnonzero(~fit.determined).tolist() == [1, 4]
    np.testing.assert_allclose(fit.x[fit.determined], x[fit.determined], atol=1e-3)
    assert least_squares(noisy, a @ x).determined.all()
