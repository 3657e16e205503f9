"""Dwell times: passages against dense inverses, exact fractions, a simulated process; the jump process."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import metastable as mst
from metastable.meanfield import MeanField, dwell_times
from metastable.meanfield._focus_cluster import FocusCluster, focus_cluster


def random_cluster(seed, *, n_levels=5, n_phases=3):
    rng = np.random.default_rng(seed)
    up, down = rng.exponential(size=(2, n_levels, n_phases))
    up[-1], down[0] = 0, 0
    phase = rng.exponential(size=(n_levels, n_phases, n_phases))
    phase[:, np.arange(n_phases), np.arange(n_phases)] = 0
    return FocusCluster(up, down, phase)


def generator(cluster):
    n_levels, n_phases = cluster.up.shape
    full = np.zeros((n_levels, n_phases, n_levels, n_phases))
    for level in range(n_levels):
        full[level, :, level] = cluster.phase[level]
        for j in range(n_phases):
            if level + 1 < n_levels:
                full[level, j, level + 1, j] = cluster.up[level, j]
            if level:
                full[level, j, level - 1, j] = cluster.down[level, j]
    matrix = full.reshape(n_levels * n_phases, -1)
    return matrix - np.diag(matrix.sum(axis=1))


def passage_plainly(matrix, n_phases, levels, exit_level):
    """Mean time to leave a set of levels and phase of arrival, from one dense inverse."""
    inside = np.concatenate([np.arange(n_phases) + level * n_phases for level in levels])
    outside = np.arange(n_phases) + exit_level * n_phases
    inverse = -np.linalg.inv(matrix[np.ix_(inside, inside)])
    return inverse.sum(axis=1), inverse @ matrix[np.ix_(inside, outside)]


@given(some.integers(0, 10**6), some.integers(1, 4))
def test_passages_equal_dense_inverses(seed, n_phases):
    cluster = random_cluster(seed, n_phases=n_phases)
    matrix, (time, arrival) = generator(cluster), cluster.passage_up()
    for level in range(4):
        dense_time, dense_arrival = passage_plainly(matrix, n_phases, range(level + 1), level + 1)
        np.testing.assert_allclose(time[level], dense_time[-n_phases:], rtol=1e-9)
        np.testing.assert_allclose(arrival[level], dense_arrival[-n_phases:], rtol=1e-8, atol=1e-12)
    time, _ = cluster.passage_down()
    for level in range(4, 0, -1):
        dense_time, _ = passage_plainly(matrix, n_phases, range(level, 5), level - 1)
        np.testing.assert_allclose(time[4 - level], dense_time[:n_phases], rtol=1e-9)


@given(some.integers(0, 10**6), some.sampled_from([(1, 1), (1, 4), (2, 3), (4, 4)]))
def test_dwell_is_the_stationary_alternation_of_two_passages(seed, levels):
    low, high = levels
    cluster, n_phases = random_cluster(seed), 3
    matrix = generator(cluster)
    rise_time, rise = passage_plainly(matrix, n_phases, range(high), high)
    fall_time, fall = passage_plainly(matrix, n_phases, range(low, 5), low - 1)
    below = slice((low - 1) * n_phases, low * n_phases)
    above = slice((high - low) * n_phases, (high - low + 1) * n_phases)
    cycle = rise[below] @ fall[above]
    arrival = np.linalg.lstsq(
        np.vstack([cycle.T - np.eye(n_phases), np.ones(n_phases)]), np.eye(n_phases + 1)[-1], rcond=None
    )[0]
    inactive, active = cluster.dwell_ms(low, high)
    assert inactive == pytest.approx(arrival @ rise_time[below], rel=1e-8)
    assert active == pytest.approx(arrival @ rise[below] @ fall_time[above], rel=1e-8)


def test_dwell_equals_a_simulated_process():
    cluster, low, high = random_cluster(3), 2, 4
    matrix = generator(cluster)
    rng = np.random.default_rng(1)
    rates = matrix - np.diag(np.diag(matrix))
    total = rates.sum(axis=1)
    choice = np.cumsum(rates / total[:, None], axis=1)
    state, active, since, time = 0, False, 0.0, 0.0
    seen = {True: [], False: []}
    for wait, chance in zip(rng.exponential(size=150_000), rng.random(150_000), strict=True):
        time += wait / total[state]
        state = min(int(np.searchsorted(choice[state], chance)), 14)
        level = state // 3
        if active != (level >= high if not active else level >= low):
            seen[active].append(time - since)
            active, since = not active, time
    for kind, expected in zip((False, True), cluster.dwell_ms(low, high), strict=True):
        values = np.array(seen[kind][1:])
        assert values.size > 1000
        # Successive durations are nearly independent; 4.5 standard errors.
        assert abs(values.mean() - expected) < 4.5 * values.std() / np.sqrt(values.size)


def test_times_of_any_length_are_exact():
    # A birth-death process whose upper well is left after 1e55 ms; exact fractions are the judge.
    n = 40
    up = [Fraction(n - k) * (Fraction(1, 1000) if k < n // 2 else Fraction(999, 1000)) for k in range(n + 1)]
    down = [Fraction(k) * (Fraction(999, 1000) if k < n // 2 else Fraction(1, 1000)) for k in range(n + 1)]
    fall, total = Fraction(0), Fraction(0)
    for k in range(n, 0, -1):
        fall = (1 + up[k] * fall) / down[k]
        total += fall if k <= 30 else 0
    cluster = FocusCluster(np.array(up, float)[:, None], np.array(down, float)[:, None], np.zeros((n + 1, 1, 1)))
    assert total > 10**40
    assert cluster.dwell_ms(1, 30)[1] == pytest.approx(float(total), rel=1e-9)


@pytest.mark.parametrize("r_j", [0.0, 0.75])
def test_rates_of_the_focus_are_those_of_the_whole_network(r_j):
    net = mst.networks.rost_2018(j_e_plus=4 if r_j else 2.5, r_j=r_j, n_clusters=10)
    theory = MeanField.of(net)
    one = next(p for p in mst.meanfield.fixed_points(net) if p.stable and p.composition == (9, 1))
    down, up = one.class_rates
    names = ("E", "I") if r_j else ("E",)
    inactive = {(name, True): down[i] for i, name in enumerate(names)}
    inactive |= {} if r_j else {("I", False): one.shared_rates[0]}
    focus = focus_cluster(
        theory, population="E", n_active=1, active=dict(zip(names, up, strict=True)), inactive=inactive
    )
    assert focus.up.shape == ((401, 101) if r_j else (401, 1))
    for n_e, n_i in ((12, 3), (60, 20), (150, 30)):
        frozen = {("E", 0): n_e / 400, ("E", 1): up[0]}
        frozen |= {("I", 0): n_i / 100, ("I", 1): up[1]} if r_j else {}
        held = np.array([label in frozen for label in theory.labels])
        m = np.array([frozen.get(label, np.nan) for label in theory.labels])

        m[~held] = np.array([inactive.get((name, (name, True) in inactive)) for name, _ in theory.labels])[~held]
        # Everything that is not held relaxes, group by group, to what it is beside them.
        for _ in range(6000):
            m[~held] += 0.05 * (theory.response(m) - m)[~held]
        assert np.abs((theory.response(m) - m)[~held]).max() < 1e-11
        phi = theory.response(m)
        at = (n_e, n_i if r_j else 0)
        assert focus.up[at] == pytest.approx((400 - n_e) * phi[0] / 10, rel=1e-7)
        assert focus.down[at] == pytest.approx(n_e * (1 - phi[0]) / 10, rel=1e-7)
        if r_j:
            rise, fall = focus.phase[n_e, n_i, n_i + 1], focus.phase[n_e, n_i, n_i - 1]
            i = theory.labels.index(("I", 0))
            assert rise == pytest.approx((100 - n_i) * phi[i] / 5, rel=1e-7)
            assert fall == pytest.approx(n_i * (1 - phi[i]) / 5, rel=1e-7)
            assert np.count_nonzero(focus.phase[n_e, n_i]) == 2


def test_states_are_the_fixed_points():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    theory = dwell_times(net, threshold=(0.1, 0.15))
    points = {p.composition: p.class_rates for p in mst.meanfield.fixed_points(net) if p.stable}
    for k in (1, 2):
        down, up = points[20 - k, k]
        assert theory.active_rate[k] == pytest.approx(up[0], abs=1e-9)
        assert theory.inactive_rate[k] == pytest.approx(down[0], abs=1e-9)
    assert np.isnan(theory.active_rate[0])
    assert theory.inactive_rate[0] == pytest.approx(mst.meanfield.homogeneous_state(net).population_rates[0])


@pytest.fixture(scope="module")
def rost():
    return {j: dwell_times(mst.networks.rost_2018(j_e_plus=j, r_j=0.75)) for j in (3.5, 3.7, 4.0)}


def test_numbers_at_the_parameters_of_the_paper(rost):
    # Regression: mean active and inactive times in ms, thresholds by default.
    for j_e_plus, up, down in ((3.5, 126.4, 1465), (3.7, 148.0, 1378), (4.0, 227.3, 2135)):
        assert rost[j_e_plus].up_ms == pytest.approx(up, rel=2e-3)
        assert rost[j_e_plus].down_ms == pytest.approx(down, rel=2e-3)


def test_default_thresholds_lie_beside_the_unstable_state(rost):
    points = mst.meanfield.fixed_points(mst.networks.rost_2018(j_e_plus=3.5, r_j=0.75))
    ones = sorted((p for p in points if p.composition == (19, 1)), key=lambda p: p.up)
    unstable, stable = ones[-2:]
    assert stable.stable
    assert not unstable.stable
    assert rost[3.5].low == pytest.approx((stable.class_rates[0, 0] + unstable.up) / 2)
    assert rost[3.5].high == pytest.approx((stable.up + unstable.up) / 2)
    # Beyond the loss of the homogeneous state its rate takes the place of the unstable one.
    homogeneous = rost[4.0].inactive_rate[0]
    assert rost[4.0].low == pytest.approx((rost[4.0].inactive_rate[1] + homogeneous) / 2)
    assert rost[4.0].high == pytest.approx((rost[4.0].active_rate[1] + homogeneous) / 2)


def test_jump_process_is_stationary(rost):
    for theory in rost.values():
        n_states = theory.activation_ms.size
        k = np.arange(n_states + 1)
        rates = np.diag((20 - k[:-1]) / theory.activation_ms, 1) + np.diag(k[1:] / theory.deactivation_ms, -1)
        flow = rates - np.diag(rates.sum(axis=1))
        np.testing.assert_allclose(theory.occupancy @ flow, 0, atol=1e-15)
        assert theory.occupancy.sum() == pytest.approx(1)
        # Two ways to count: as many clusters become active per ms as inactive.
        begins = (theory.occupancy[:-1] * (20 - k[:-1]) / theory.activation_ms).sum()
        assert theory.up_ms * begins == pytest.approx(theory.mean_active)
        assert theory.down_ms * begins == pytest.approx(20 - theory.mean_active)


def test_one_cluster_in_all_is_a_plain_alternation():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    theory = dwell_times(net, max_active=1)
    assert theory.occupancy.size == 2
    assert theory.up_ms == pytest.approx(theory.deactivation_ms[0])


def test_wide_thresholds_make_long_times():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    narrow, wide = (dwell_times(net, threshold=t, max_active=1) for t in ((0.2, 0.22), (0.1, 0.3)))
    assert wide.activation_ms[0] > narrow.activation_ms[0]
    assert wide.deactivation_ms[0] > narrow.deactivation_ms[0]


def test_excitatory_clusters_alone_never_end():
    for j_e_plus in (2.0, 2.5, 2.9):
        theory = dwell_times(mst.networks.rost_2018(j_e_plus=j_e_plus))
        assert 1e15 < theory.up_ms < np.inf
        assert theory.deactivation_ms[0] > 1e15
    assert "e+" in repr(theory)


def test_without_active_states_there_is_nothing():
    for options, status in (
        ({"j_e_plus": 3.3, "r_j": 0.75}, "There is no state with one active cluster."),
        ({"j_e_plus": 1.0}, "There is no state with one active cluster."),
        (
            {"j_e_plus": 2.0, "m_x": 0.0},
            "There is no homogeneous state with activity, only silence is left: the balanced",
        ),
    ):
        theory = dwell_times(mst.networks.rost_2018(**options))
        assert repr(theory) == f"DwellTimes({theory.status})"
        assert theory.status.startswith(status)
        assert np.isnan([theory.up_ms, theory.down_ms, theory.mean_active, theory.high]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": (0.3, 0.2)}, r"0 < low <= high <= 1, got \(0.3, 0.2\) for 200 units"),
        ({"threshold": (0.0, 0.2)}, r"got \(0, 0.2\)"),
        ({"threshold": (0.1, 1.2)}, r"got \(0.1, 1.2\)"),
        ({"max_active": 0}, "max_active must be at least 1"),
        ({"max_active": 21}, "max_active must be at most 20"),
        ({"population": "X"}, "'X' has no clusters; choose a population that has"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        dwell_times(mst.networks.rost_2018(j_e_plus=4, r_j=0.75), **options)


def test_large_clusters_are_refused():
    net = mst.networks.rost_2018(j_e_plus=1.7, r_j=0.5, n_clusters=2)
    message = r"clusters of 2000 and 500 units are too large for their master equation \(2001 x 501 states\)"
    theory = MeanField.of(net)
    rates = {("E", True): 0.03, ("I", True): 0.03}
    with pytest.raises(ValueError, match=message):
        focus_cluster(theory, population="E", n_active=0, active={}, inactive=rates)


def test_times_beyond_all_numbers_stay_numbers():
    up, down = np.full((2000, 1), 1e-3), np.full((2000, 1), 1.0)
    up[-1], down[0] = 0, 0
    inactive, active = FocusCluster(up, down, np.zeros((2000, 1, 1))).dwell_ms(1, 1999)
    assert inactive >= 1e290
    assert active == pytest.approx(1999 / 0.999, rel=0.01)


@pytest.mark.parametrize(("j_e_plus", "waits"), [(6.04, True), (6.05, False), (8.0, False)])
def test_without_states_that_wait_for_fluctuations_there_are_no_times(j_e_plus, waits):
    """k = 1 is stable from 3.40 to 6.0454 only (`bifurcation_diagram`)."""
    found = dwell_times(mst.networks.rost_2018(j_e_plus=j_e_plus, r_j=0.75), max_active=2)
    assert ("the state with 1 active is unstable against differences between the inactive" in found.status) != waits
    numbers = [found.up_ms, found.down_ms, found.mean_active, *found.activation_ms, *found.deactivation_ms]
    assert (np.isfinite(numbers) == waits).all()
    assert (np.isfinite(found.occupancy) == waits).all()
    assert np.isfinite([found.low, found.high, found.active_rate[1], *found.inactive_rate]).all()
    assert repr(found).startswith("DwellTimes(active" if waits else "DwellTimes(No time can be given")


def test_without_the_state_of_the_thresholds_there_are_no_times():
    found = dwell_times(mst.networks.rost_2018(j_e_plus=8, r_j=0.75), max_active=1)
    assert np.isnan(found.up_ms)


def test_active_clusters_that_do_not_stay_equal_are_named(rost):
    """The homogeneous state is unstable at 4.0, too, and two active clusters differ by themselves at 3.7 only."""
    assert "with 2 active is unstable against differences between them" in rost[3.7].status
    assert "unstable" not in rost[3.5].status + rost[4.0].status
    net = mst.networks.rost_2018(j_e_plus=3.7, r_j=0.75)
    point = max((p for p in mst.meanfield.fixed_points(net) if p.composition == (18, 2)), key=lambda p: p.up)
    values, vectors = np.linalg.eig(MeanField.of(net).jacobian(point.rates))
    growing = vectors[:20, np.flatnonzero(values.real > 0)].real
    assert growing.shape[1] == 1
    # Only the two active clusters, the last ones, move, and against each other.
    assert np.abs(growing[:18]).max() < 1e-9
    assert growing[18, 0] == pytest.approx(-growing[19, 0])
