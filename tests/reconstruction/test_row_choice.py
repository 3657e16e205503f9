"""Which intervals make equations."""

from itertools import pairwise

import numpy as np
import pytest

from metastable.reconstruction import NeuronModel, Status, reconstruct
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._recording import Recording
from metastable.reconstruction._reference import reference_acceptable, reference_row
from metastable.reconstruction._row_choice import RowChoice, evenly, min_scan

N, TRIALS = 8, 10


@pytest.fixture(scope="module")
def case(literal):
    network = literal.random_network(N, seed=11, density=0.6)
    rng = np.random.default_rng(1)
    driven = literal.network(network.weights, drive_mv=network.drive_mv * rng.uniform(0.9, 1.1, (TRIALS, N)))
    return driven, literal.run(driven, duration_ms=300)


@pytest.fixture(scope="module")
def equations(case):
    network, spikes = case
    model = NeuronModel.of(network)
    return Equations(recording=Recording.of(spikes, model), model=model)


def scanned(equations, spikes, i, trial):
    """Walk through the intervals of one trial as the paper says, on the plain reference."""
    column, delay, tau = equations.columns(i), equations.delays(i), equations.model.tau_ms[i]
    time, neuron = spikes.time_ms[spikes.trial == trial], spikes.neuron[spikes.trial == trial]
    own = time[neuron == i]
    row, seen, looked = np.zeros(N), set(), 0
    for t0, t1 in pairwise(own.tolist()):
        if t0 < 2.0:
            continue
        looked += 1
        if not reference_acceptable(time, neuron, column, delay, t0, t1, 0.0):
            continue
        new = reference_row(time, neuron, column, delay, tau, t0, t1, N)
        if set(np.flatnonzero(new)) - seen:
            row += new
            seen |= set(np.flatnonzero(new))
        if len(seen) == N - 1:
            break
    return row, looked


def test_min_scan_adds_up_what_shows_a_new_neuron(equations, case):
    spikes = case[1]
    for i in range(N):
        marked = equations.acceptable(i, equations.intervals(i))
        theta, b, used, length = min_scan(equations, i, marked, n_segments=TRIALS)
        plain = [scanned(equations, spikes, i, trial) for trial in range(TRIALS)]
        expected = np.array([row for row, _ in plain if row.any()])
        np.testing.assert_allclose(theta, expected, rtol=1e-12)
        assert length == pytest.approx(np.mean([looked for _, looked in plain]))
        np.testing.assert_allclose(theta @ case[0].weights[i], b, atol=1e-11)
        rows, right = equations.rows(i, used)
        np.testing.assert_allclose(theta.sum(axis=0), rows.sum(axis=0), rtol=1e-12)
        assert b.sum() == pytest.approx(right.sum(), abs=1e-11)


def test_min_scan_of_one_run_divides_it(equations):
    marked = equations.acceptable(0, equations.intervals(0))
    theta, _, used, _ = min_scan(equations, 0, marked, n_segments=3 * TRIALS)
    assert TRIALS < len(theta) <= 3 * TRIALS
    assert len(theta) <= used.size


def test_min_scan_reconstructs(case, literal):
    network, spikes = case
    found = reconstruct(spikes, model=NeuronModel.of(network), rows="min-scan", progress=False)
    assert set(found.status) == {Status.OK}
    assert literal.error(found, network) < 1e-9
    assert (found.search_length >= 1).all()
    other = reconstruct(spikes, model=NeuronModel.of(network), progress=False)
    assert np.isnan(other.search_length).all()


@pytest.mark.parametrize(("rows", "n_rows", "expected"), [("one-per-trial", None, TRIALS), ("spread", 9, 9)])
def test_numbers_of_rows(case, literal, rows, n_rows, expected):
    network, spikes = case
    found = reconstruct(spikes, model=NeuronModel.of(network), rows=rows, n_rows=n_rows, progress=False)
    assert set(found.n_rows) == {expected}
    assert literal.error(found, network) < 1e-8


def test_one_per_trial_takes_the_last_acceptable(equations):
    intervals = equations.intervals(2)
    acceptable = intervals[equations.acceptable(2, intervals)]
    choice = RowChoice(rows="one-per-trial", n_rows=None, oversampling=1.15, n_holdout=0)
    used, _ = choice.split(equations, acceptable, N - 1)
    trial, _, end = equations.ends(used)
    all_trial, _, all_end = equations.ends(acceptable)
    assert trial.tolist() == np.unique(all_trial).tolist()
    assert end.tolist() == [all_end[all_trial == t].max() for t in trial]


def test_held_out_intervals_are_never_used(equations):
    intervals = equations.intervals(3)
    for size in (3, 7, 9, 40):
        acceptable = intervals[:size]
        for rows in ("spread", "all"):
            choice = RowChoice(rows=rows, n_rows=None, oversampling=1.15, n_holdout=8)
            used, held = choice.split(equations, acceptable, 7)
            assert not np.intersect1d(used, held).size
            assert used.size >= min(size, 7) - (size // 5 if size < 7 else 0)
            assert held.size <= 8
            if size == 40:
                assert held.size == 8
                assert used.size == (9 if rows == "spread" else 32)


def test_evenly():
    assert evenly(5, 9).tolist() == [0, 1, 2, 3, 4]
    assert evenly(10, 2).tolist() == [2, 7]
    assert evenly(7, 0).tolist() == []
