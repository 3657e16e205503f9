"""Sparse solutions of too few equations, against all supports tried one by one, and in networks."""

from itertools import combinations

import numpy as np
import pytest

from metastable.reconstruction import NeuronModel, Status, basis_pursuit, orthogonal_matching_pursuit, reconstruct
from metastable.reconstruction._sparse import _least_squares_pursuit

EXACT = 1e-9


def smallest_sum(a, b):
    """Return the least sum of absolute values of all solutions with at most m entries, one of which is the least."""
    m, n = a.shape
    solutions = [np.linalg.solve(a[:, list(support)], b) for support in combinations(range(n), m)]
    return min(np.abs(x).sum() for x in solutions)


@pytest.mark.parametrize("seed", range(12))
def test_basis_pursuit_is_the_least_of_all_basic_solutions(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(4, 9)), rng.normal(size=4)
    x = basis_pursuit(a, b)
    np.testing.assert_allclose(a @ x, b, atol=1e-12)
    assert np.count_nonzero(x) <= 4
    assert np.abs(x).sum() == pytest.approx(smallest_sum(a, b), rel=1e-9)


def test_equations_without_a_solution():
    with pytest.raises(ValueError, match=r"the 2 equations have no solution \(.*\); drop inexact ones"):
        basis_pursuit([[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0])
    assert orthogonal_matching_pursuit([[1.0, 1.0], [1.0, 1.0], [0, 0]], [1.0, 2.0, 0]) is None


@pytest.mark.parametrize("solver", [basis_pursuit, orthogonal_matching_pursuit])
def test_no_input_no_connections(solver):
    assert (solver(np.ones((3, 5)), np.zeros(3)) == 0).all()
    with pytest.raises(ValueError, match=r"a must be \(m, n\) and b \(m,\), got \(3, 5\) and \(4,\)"):
        solver(np.ones((3, 5)), np.ones(4))


def decaying(rng, m, n):
    """Draw equations as of spikes: all entries positive, each row with a factor of its own."""
    return np.exp(-rng.uniform(0, 1, (m, n))) * np.exp(-rng.uniform(0, 3, (m, 1)))


def sparse(rng, n, k):
    x = np.zeros(n)
    x[rng.choice(n, k, replace=False)] = rng.normal(size=k)
    return x


def share_found(rng, m, n, k, sizes):
    hits = 0
    for _ in range(40):
        a, x = decaying(rng, m, n), sizes(sparse(rng, n, k))
        found = orthogonal_matching_pursuit(a, a @ x)
        hits += found is not None and np.abs(found - x).max() < 1e-9
    return hits


def test_matching_pursuit_finds_what_the_textbook_method_misses():
    # 40 of 40 in each of ten draws of 40; the textbook method finds 5 to 13 of them.
    assert share_found(np.random.default_rng(0), 40, 60, 12, np.abs) >= 39


def test_each_step_leaves_the_smallest_residual():
    rng = np.random.default_rng(4)
    compared = 0
    for _ in range(30):
        unit = decaying(rng, 12, 15)
        unit /= np.linalg.norm(unit, axis=0)
        right = unit @ sparse(rng, 15, 3)
        order = _least_squares_pursuit(unit, right, 5) or []
        for k in range(len(order)):
            left = [
                np.linalg.norm(right - a @ np.linalg.lstsq(a, right, rcond=None)[0])
                for a in (unit[:, [*order[:k], j]] for j in range(15))
            ]
            assert left[order[k]] <= min(left) + 1e-9
            compared += 1
    assert compared > 20


def test_exchanges_repair_early_errors():
    # 15 to 26 of 40 in ten draws of 40; without exchanges 0 to 8.
    assert share_found(np.random.default_rng(0), 60, 200, 18, np.sign) >= 12


def test_matching_pursuit_claims_nothing_that_it_cannot_prove():
    rng = np.random.default_rng(2)
    a = decaying(rng, 20, 50)
    # Half as many connections as equations or more: a solution exists, but it would not be the only one.
    assert orthogonal_matching_pursuit(a, a @ sparse(rng, 50, 10)) is None
    assert orthogonal_matching_pursuit(a, rng.normal(size=20)) is None
    # Dependent equations prove nothing together that they do not prove apart.
    twice = np.vstack([a, 2 * a])
    assert orthogonal_matching_pursuit(twice, twice @ sparse(rng, 50, 12)) is None
    x = sparse(rng, 50, 3)
    np.testing.assert_allclose(orthogonal_matching_pursuit(twice, twice @ x), x, atol=1e-11)


def test_silent_columns_stay_zero():
    rng = np.random.default_rng(3)
    a, x = decaying(rng, 20, 30), sparse(rng, 30, 4)
    a[:, x == 0] *= np.arange(26) % 2
    np.testing.assert_allclose(orthogonal_matching_pursuit(a, a @ x), x, atol=1e-11)


@pytest.fixture(scope="module")
def few(literal):
    """Fewer driving conditions than neurons, one equation each."""
    network = literal.inhibitory_network(40, n_drives=26, seed=3, per_neuron=5)
    return network, literal.run(network, duration_ms=250, initial=0.0)


@pytest.mark.parametrize(
    ("method", "used"),
    [("auto", "matching-pursuit"), ("matching-pursuit", "matching-pursuit"), ("basis-pursuit", "basis-pursuit")],
)
def test_networks_from_fewer_equations_than_neurons(few, literal, method, used):
    network, spikes = few
    model = NeuronModel.of(network)
    found = reconstruct(spikes, model=model, method=method, rows="one-per-trial", progress=False)
    assert set(found.method) == {used}
    assert set(found.n_rows) == {26}
    assert set(found.status) == {Status.OK}
    assert literal.error(found, network) < 1e-8
    assert found.holdout_residual_mv.max() < 1e-8


def test_what_is_not_sparse_is_unknown_or_a_guess(few, literal):
    network, spikes = few
    model = NeuronModel.of(network)
    options = {"model": model, "rows": "one-per-trial", "n_rows": 8, "progress": False}
    unknown = reconstruct(spikes, method="matching-pursuit", **options)
    assert set(unknown.status) == {Status.TOO_FEW_ACCEPTABLE}
    assert np.isnan(unknown.weights[~np.eye(40, dtype=bool)]).all()
    guess = reconstruct(spikes, method="basis-pursuit", **options)
    assert set(guess.status) == {Status.TOO_FEW_ACCEPTABLE}
    assert np.isfinite(guess.weights).all()
    assert guess.holdout_residual_mv.max() > 1e-3


@pytest.mark.parametrize("method", ["auto", "matching-pursuit"])
def test_no_connections_and_neurons_that_no_interval_shows(literal, method):
    network = literal.random_network(8, seed=1, density=0.15, drive=45.0)
    # Neuron 3 has no input; neuron 7 first fires when it is too late to arrive anywhere: of seven unknowns one is open.
    network.weights[[3, 7]] = 0
    network.drive_mv[7] = 20.0001
    spikes = literal.run(network, duration_ms=20 * np.log(20.0001 / 0.0001) + 1, initial=0.0)
    found = reconstruct(spikes, model=NeuronModel.of(network), method=method, progress=False)
    assert (found.n_rows[:7] >= 7).all()
    assert (found.rank[:7] == 6).all()
    assert set(found.method[:7]) == {"matching-pursuit"}
    assert found.with_status(Status.RANK_DEFICIENT).tolist() == list(range(7))
    assert np.isnan(found.weights[:7, 7]).all()
    assert np.abs((found.weights - network.weights)[:7, :7]).max() < EXACT
    assert (found.weights[3, :7] == 0).all()
