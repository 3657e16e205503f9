import numpy as np
import pytest
from scipy.optimize import root

import metastable as mst
from metastable.meanfield import MeanField, bifurcation_diagram, continue_branch, fixed_points, up_state_map
from metastable.meanfield._continuation import StateEquations
from metastable.meanfield._equation_family import EquationFamily
from metastable.meanfield._homogeneous_state import homogeneous_roots


def e_only(j):
    return mst.networks.rost_2018(j_e_plus=j)


def with_inhibition(j):
    return mst.networks.rost_2018(j_e_plus=j, r_j=0.75)


@pytest.fixture(scope="module")
def e_diagram():
    return bifurcation_diagram(e_only, start=1, stop=4)


@pytest.fixture(scope="module")
def ei_diagram():
    return bifurcation_diagram(with_inhibition, start=1, stop=20)


def test_onsets_of_figure_4c(e_diagram):
    assert e_diagram.onset(1) == pytest.approx(1.867, abs=5e-4)
    assert e_diagram.loss(0) == pytest.approx(2.842, abs=5e-4)
    onsets = [e_diagram.onset(k) for k in (1, 2, 3, 4, 5)]
    assert onsets == sorted(onsets)
    assert e_diagram.onset(3) < 2.9 < e_diagram.onset(4)


def test_onsets_are_where_a_determinant_vanishes(e_diagram, dense):
    """A second way: MINPACK on rates and J_+ at once, for the equations written out and a vanishing determinant."""

    def matrix(rates, j, active):
        full = dense(j)
        m = np.array([rates[0]] * active + [rates[1]] * (20 - active) + [rates[2]])
        steps = 1e-6 * np.eye(21)
        return m, full, np.array([(full.response(m + d) - full.response(m - d)) / 2e-6 for d in steps]).T - np.eye(21)

    def at_the_fold(unknown):
        m, full, jacobian = matrix(unknown[:3], unknown[3], 1)
        classes = np.array([0] + [1] * 19 + [2])
        reduced = np.array([[jacobian[r, classes == c].sum() for c in range(3)] for r in (0, 1, 20)])
        return [*(full.response(m) - m)[[0, 1, 20]], np.linalg.det(reduced)]

    def at_the_loss(unknown):
        m, full, jacobian = matrix(unknown[[0, 0, 1]], unknown[2], 1)
        return [*(full.response(m) - m)[[0, 20]], jacobian[0, 0] - jacobian[0, 1]]

    found = root(at_the_fold, [0.5, 0.02, 0.04, 1.87], tol=1e-12)
    assert e_diagram.onset(1) == pytest.approx(found.x[3], abs=1e-6)
    found = root(at_the_loss, [0.033, 0.038, 2.8], tol=1e-12)
    assert e_diagram.loss(0) == pytest.approx(found.x[2], abs=1e-6)


def test_onsets_of_figure_7(ei_diagram):
    assert ei_diagram.onset(1) == pytest.approx(3.40, abs=5e-3)
    assert ei_diagram.loss(0) == pytest.approx(3.9975, abs=5e-5)
    assert sorted({r.n_active for r in ei_diagram.stable_ranges}) == list(range(10))
    # Rates stay near or below 0.72 all the way; the single active cluster is lost to a difference mode.
    top = max(branch.up[branch.stable].max(initial=0) for branch in ei_diagram.branches)
    assert top == pytest.approx(0.72, abs=5e-3)
    assert ei_diagram.loss(1) < 7


@pytest.mark.parametrize("name", ["e_diagram", "ei_diagram"])
def test_onset_and_loss_are_where_stability_changes(name, request):
    """The dense spectrum on both sides of each end, a millionth away; beyond a fold the state must not exist."""
    diagram = request.getfixturevalue(name)
    family = e_only if name == "e_diagram" else with_inhibition
    for r in diagram.stable_ranges:
        if r.n_active == 0:
            continue
        for value, event, inwards in ((r.start, r.start_event, 1), (r.stop, r.stop_event, -1)):
            if event == "end":
                continue

            def stable_states(v, k=r.n_active):
                field = MeanField.of(family(v))
                found = [p for p in diagram.at(v) if p.n_active == k]
                for p in found:
                    assert np.abs(field.response(p.rates) - p.rates).max() < 1e-12
                return [p for p in found if np.linalg.eigvals(field.jacobian(p.rates)).real.max() < 0]

            assert len(stable_states(value + inwards * 1e-6)) == 1
            assert len(stable_states(value - inwards * 1e-6)) == 0


@pytest.mark.parametrize(
    ("name", "family", "value"), [("e_diagram", e_only, 2.9), ("ei_diagram", with_inhibition, 9.0)]
)
def test_diagram_and_fixed_points_agree(name, family, value, request):
    on_branches = [p for p in request.getfixturevalue(name).at(value) if len(p.composition) == 2]
    mean = np.mean([p.rates.mean() for p in on_branches])
    searched = [p for p in fixed_points(family(value)) if len(p.composition) == 2 and p.rates.mean() > 0.1 * mean]
    assert len(on_branches) == len(searched)
    for p in searched:
        assert min(np.abs(p.rates - q.rates).max() for q in on_branches if q.composition == p.composition) < 1e-9


def test_all_branches_meet_the_homogeneous_state_at_its_loss(e_diagram):
    assert e_diagram.meetings == pytest.approx([e_diagram.loss(0)], abs=1e-9)
    assert len(e_diagram.branches) == 10
    for branch in e_diagram.branches:
        at = [k for k, event in enumerate(branch.event) if event == "homogeneous"]
        assert len(at) == 1
        assert branch.parameter[at[0]] == pytest.approx(e_diagram.loss(0), abs=1e-9)
        assert branch.up[at[0]] == pytest.approx(branch.down[at[0]], abs=1e-12)
        k, rest = sorted(branch.composition)
        assert set(branch.n_active) == {k, rest}  # it passes through and does not turn onto the homogeneous state


def test_points_of_a_branch_solve_the_equations(ei_diagram):
    for branch in ei_diagram.branches[::3]:
        for k in range(0, branch.parameter.size, 17):
            equations = branch.family.at(branch.parameter[k])
            m = np.concatenate([branch.class_rates[k].ravel(), branch.shared_rates[k]])
            reduced = equations.reduced(branch.composition)
            assert np.abs(reduced.response(m) - m).max() < 1e-11


@pytest.mark.parametrize("composition", [(20,), (17, 3), (16, 3, 1)])
def test_jacobian_of_the_continuation(composition):
    family = EquationFamily.of(with_inhibition, 2, 6)
    equations = StateEquations(family, composition)
    rng = np.random.default_rng(4)
    q = equations.unknowns(rng.uniform(0.02, 0.8, 2 * len(composition)))
    _, jacobian, slope = equations.evaluate(q, 3.7)
    size = 1e-6
    for k in range(q.size):
        d = size * (np.arange(q.size) == k)
        difference = equations.evaluate(q + d, 3.7)[0] - equations.evaluate(q - d, 3.7)[0]
        np.testing.assert_allclose(jacobian[:, k], difference / (2 * size), atol=1e-6 * (1 + np.abs(jacobian).max()))
    difference = equations.evaluate(q, 3.7 + size)[0] - equations.evaluate(q, 3.7 - size)[0]
    np.testing.assert_allclose(slope, difference / (2 * size), atol=1e-6 * (1 + np.abs(slope).max()))


def test_a_family_is_interpolated_to_rounding():
    def probability(j):
        return mst.networks.rost_2018(j_e_plus=j, clustering="probability")

    for make, start, stop in ((with_inhibition, 1, 20), (probability, 1, 6)):
        family = EquationFamily.of(make, start, stop)
        for value in (1.3, 4.4, 5.9):
            direct = mst.meanfield._cluster_equations.ClusterEquations.of(make(value))
            here, slope = family.at(value), family.slope(value)
            np.testing.assert_allclose(here.own, direct.own, atol=1e-11)
            np.testing.assert_allclose(here.common, direct.common, atol=1e-11)
            step = (family.at(value + 1e-5).own - family.at(value - 1e-5).own) / 2e-5
            np.testing.assert_allclose(slope.own, step, atol=1e-7)


def test_continuation_of_one_state():
    one = next(p for p in fixed_points(e_only(2.5)) if p.n_active == 1 and p.stable)
    branch = continue_branch(e_only, one, at=2.5, start=1.5, stop=3.2)
    assert branch.event.count("fold") == 1
    here = branch.at(2.5)
    assert min(np.abs(p.rates - one.rates).max() for p in here) < 1e-10
    three = next(p for p in fixed_points(e_only(2.9)) if len(p.composition) == 3)
    branch = continue_branch(e_only, three, at=2.9, start=2.0, stop=3.2)
    assert "fold" in branch.event
    assert not branch.stable.any()


def test_continuation_refuses_what_is_no_state():
    one = next(p for p in fixed_points(e_only(2.5)) if p.n_active == 1 and p.stable)
    with pytest.raises(ValueError, match=r"at=5 must lie within start=1 and stop=4"):
        continue_branch(e_only, one, at=5, start=1, stop=4)
    with pytest.raises(ValueError, match=r"the point does not solve the equations at 1\.2"):
        continue_branch(e_only, one, at=1.2, start=1, stop=4)
    with pytest.raises(ValueError, match="start must be below stop"):
        continue_branch(e_only, one, at=2.5, start=4, stop=1)
    with pytest.raises(ValueError, match="not a smooth function of the parameter"):
        continue_branch(lambda j: e_only(round(j, 1)), one, at=2.5, start=1, stop=4)


def test_sweep_of_inhibitory_clustering_of_figure_6b():
    def family(j_i):
        return mst.networks.rost_2018(j_e_plus=2.9, j_i_plus=j_i)

    diagram = bifurcation_diagram(family, start=1, stop=2.9, n_active=1)
    (stable_again,) = [r for r in diagram.stable_ranges if r.n_active == 0]
    assert 1.2 < stable_again.start < 1.4
    assert diagram.existence(1)[1] == pytest.approx(diagram.loss(1), abs=1e-9)  # vanishes in a fold
    assert 2 < diagram.loss(1) < 2.9
    ups = [max(p.up for p in diagram.at(v) if p.n_active == 1) for v in (1.0, 1.5, 2.0, 2.3)]
    assert ups == sorted(ups, reverse=True)
    assert ups[0] == pytest.approx(0.9990, abs=5e-5)


@pytest.mark.parametrize("g", [1.1, 1.4, 2.0])
def test_sweeps_of_g_of_figure_6a_saturate_where_the_homogeneous_state_is_lost(g):
    diagram = bifurcation_diagram(lambda j: mst.networks.rost_2018(j_e_plus=j, g=g), start=1, stop=6, n_active=1)
    lost = diagram.loss(0)
    assert max(p.up for p in diagram.at(lost)) > 0.98


def test_variants_of_figure_4():
    diagram = bifurcation_diagram(
        lambda j: mst.networks.rost_2018(j_e_plus=j, background=0.1), start=1, stop=4, n_active=[1, 2]
    )
    # With the mean weight kept over all pairs; the paper, whose rule is not told, draws 3.1.
    assert diagram.loss(0) == pytest.approx(2.94224, abs=1e-5)
    assert diagram.onset(1) == pytest.approx(1.94946, abs=1e-5)
    assert max(p.up for p in diagram.at(4.0)) > 0.999
    diagram = bifurcation_diagram(
        lambda j: mst.networks.rost_2018(j_e_plus=j, clustering="probability"), start=1, stop=6, n_active=1, n_anchors=1
    )
    assert diagram.onset(1) == pytest.approx(1.93963, abs=1e-5)
    assert diagram.loss(0) == pytest.approx(3.98579, abs=1e-5)


def test_numbers_of_active_clusters_are_checked():
    with pytest.raises(ValueError, match="n_active must be at most 19, got 20"):
        bifurcation_diagram(e_only, start=1, stop=3, n_active=20)


def test_map_of_figure_6f():
    found = up_state_map(
        lambda j, r: mst.networks.rost_2018(j_e_plus=j, r_j=r), x=np.linspace(2, 20, 10), y=[0.0, 0.75, 1.0]
    )
    assert found.onset[1] == pytest.approx(3.402782, abs=1e-6)
    assert found.loss[1] == pytest.approx(6.045376, abs=1e-6)
    np.testing.assert_array_equal(np.isfinite(found.up[1]), (found.x > 3.5) & (found.x < 6.04))
    assert found.up[1, 1] == pytest.approx(0.3974, abs=5e-5)
    assert np.isfinite(found.up[0]).all()
    assert np.isnan(found.up[2]).all()  # no up-state at R_J = 1
    with pytest.raises(ValueError, match="x must hold 2 or more values in ascending order"):
        up_state_map(lambda j, r: mst.networks.rost_2018(j_e_plus=j, r_j=r), x=[3, 2], y=[0])


def test_islands_of_activity_in_silence():
    """Beyond the paper: at strong clustering of inhibition one cluster can be active and all others silent."""

    def family(j, r):
        return mst.networks.rost_2018(j_e_plus=j, r_j=r)

    found = up_state_map(family, x=[10, 19], y=[1.0], others_silent=True)
    assert np.isnan(found.up[0, 0])
    assert found.up[0, 1] > 0.15
    states = [p for p in fixed_points(family(19, 1.0)) if p.stable and p.n_active == 1]
    assert [p.others_silent for p in states] == [True]
    assert states[0].up == pytest.approx(found.up[0, 1], abs=1e-9)


def test_homogeneous_branch_is_the_homogeneous_state(e_diagram):
    (here,) = e_diagram.homogeneous.at(2.0)
    rates = homogeneous_roots(e_diagram.homogeneous.family.at(2.0))
    assert min(abs(m[0] - here.up) for m in rates) < 1e-12
