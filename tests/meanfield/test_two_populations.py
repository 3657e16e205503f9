"""Balanced rates, ratios of time constants and phase planes."""

import dataclasses

import numpy as np
import pytest

import metastable as mst
from metastable.meanfield import balanced_rates, flow, nullclines, stability_ratios, trajectory


def test_balanced_rates_of_the_paper():
    found = balanced_rates(mst.networks.rost_2018(j_e_plus=2))
    np.testing.assert_allclose(found.rates, [0.058926, 0.074105], atol=5e-7)
    assert found.g == pytest.approx(1.2)
    assert found.critical_ratio == pytest.approx(1.2 * np.sqrt(0.2 / 0.5))
    assert found.status.startswith("Condition 20 holds")


def test_balanced_rates_are_the_limit_of_large_networks():
    limit = []
    for n_e in (4_000, 40_000, 400_000):
        net = mst.networks.rost_2018(n_e=n_e, m_x=0.03 * np.sqrt(4000 / n_e))
        # The drive J_X m_X is then the same at all sizes, and the balanced rates fall as 1/sqrt(N).
        balanced = balanced_rates(net).rates
        actual = mst.meanfield.homogeneous_state(mst.networks.rost_2018(n_e=n_e)).population_rates
        limit.append(np.abs(actual / balanced_rates(mst.networks.rost_2018(n_e=n_e)).rates - 1).max())
        np.testing.assert_allclose(
            balanced, [0.058926 * np.sqrt(4000 / n_e), 0.074105 * np.sqrt(4000 / n_e)], rtol=1e-4
        )
    assert limit[2] < limit[1] < limit[0]
    assert limit[2] < 0.15


@pytest.mark.parametrize(
    ("kw", "sentence"),
    [
        ({"g": 0.8}, r"g = 0.8 < 1 but condition 19, J_EX/J_IX < g sqrt\(p_EE/p_IE\), fails \(1.25 against 0.506\)"),
        ({"g": 1.0}, "neither condition 19 .* nor condition 20"),
        ({"g": 2.5}, r"g = 2.5 > 1 but condition 20, .* fails \(1.25 against 1.581\)"),
        ({"m_x": 0.0}, "needs a positive drive of both populations, got 0 and 0"),
    ],
)
def test_no_balanced_state(kw, sentence):
    with pytest.raises(ValueError, match=sentence):
        balanced_rates(mst.networks.rost_2018(**kw))


def test_condition_19_gives_rates_that_are_not_stable():
    net = mst.networks.rost_2018(g=0.8)
    weak = dataclasses.replace(net.populations[0], drive=0.2 * net.populations[0].drive)
    net = dataclasses.replace(net, populations=(weak, net.populations[1]))
    found = balanced_rates(net)
    assert found.rates.min() > 0
    assert "Condition 19 holds" in found.status
    assert "not stable" in found.status


def test_other_populations_are_refused():
    with pytest.raises(ValueError, match="the network has 3 groups"):
        balanced_rates(mst.networks.rost_2018(j_e_plus=2, background=0.1))


def test_ratios_of_the_paper():
    found = stability_ratios(mst.networks.rost_2018())
    np.testing.assert_allclose([found.r1, found.r2, found.r3], [0.660, 1.501, 3.416], atol=5e-4)
    kinds = [found.kind_at(r) for r in (0.5, 1.0, 2.0, 4.0)]
    assert kinds == ["stable node", "stable focus", "unstable focus", "unstable node"]
    assert found.ratio == 0.5


def test_eigenvalues_change_at_the_ratios():
    found = stability_ratios(mst.networks.rost_2018())
    for r, what in ((found.r1, np.imag), (found.r2, np.real), (found.r3, np.imag)):
        below, above = what(found.eigenvalues([r - 1e-6, r + 1e-6]))
        assert (below[0] > 1e-12) != (above[0] > 1e-12)
    full = mst.meanfield.MeanField.of(mst.networks.rost_2018(tau_ratio=2.0))
    expected = np.linalg.eigvals(full.merge([0] * 20 + [1]).jacobian(found.rates))
    assert found.eigenvalues(2.0)[0, 0].real == pytest.approx(expected.real.max(), rel=1e-10)


def test_silence_has_no_ratios():
    with pytest.raises(ValueError, match="only silence is left"):
        stability_ratios(mst.networks.rost_2018(m_x=0.0, g=2))


@pytest.mark.parametrize("g", [0.8, 1.2])
def test_nullclines_are_where_a_rate_is_at_rest(g):
    net = mst.networks.rost_2018(g=g)
    lines = nullclines(net, n_points=300)
    for row, curve in enumerate((lines.excitatory, lines.inhibitory)):
        inside = np.isfinite(curve).all(axis=0)
        assert inside.sum() > 50
        for e, i in curve[:, inside].T:
            arrow = flow(net, m_e=[e], m_i=[i])
            assert abs((arrow.dm_e, arrow.dm_i)[row][0, 0]) < 1e-9


@pytest.mark.parametrize("g", [0.8, 1.2])
def test_nullclines_are_complete(g):
    net = mst.networks.rost_2018(g=g)
    lines = nullclines(net, n_points=100)
    other = np.linspace(0, 1, 2001)
    for row, curve in enumerate((lines.excitatory, lines.inhibitory)):
        for own, solved in curve[[row, 1 - row]].T:
            arrows = flow(net, m_e=[own], m_i=other) if row == 0 else flow(net, m_e=other, m_i=[own])
            change = (arrows.dm_e, arrows.dm_i)[row].ravel()
            crossing = np.flatnonzero(np.sign(change[1:]) * np.sign(change[:-1]) < 0)
            if crossing.size == 1:
                assert other[crossing[0]] - 1e-12 <= solved <= other[crossing[0] + 1] + 1e-12


def test_flow_is_the_derivative():
    net = mst.networks.rost_2018(j_e_plus=3)
    arrows = flow(net)
    assert arrows.m_e.shape == (20, 20)
    field = mst.meanfield.MeanField.of(net)
    m = np.array([arrows.m_e[3, 7]] * 20 + [arrows.m_i[3, 7]])
    assert arrows.dm_e[3, 7] == pytest.approx(field.derivative(m)[0], rel=1e-12)
    assert arrows.dm_i[3, 7] == pytest.approx(field.derivative(m)[-1], rel=1e-12)
    with pytest.raises(ValueError, match="between 0 and 1"):
        flow(net, m_e=[-0.1])


def test_trajectories_of_figure_1():
    to_rest = trajectory(mst.networks.rost_2018(), [0.1, 0.1], duration_ms=300)
    np.testing.assert_allclose(to_rest.rates[-1], [0.029536, 0.034100], atol=1e-6)
    runaway = trajectory(mst.networks.rost_2018(g=0.8), [0.05, 0.05], duration_ms=300)
    np.testing.assert_allclose(runaway.rates[-1], [1.000, 0.939], atol=5e-4)
    # With Table 1 the limit cycle of the paper does not appear: the rates fall silent. It needs a stronger drive.
    silent = trajectory(mst.networks.rost_2018(tau_ratio=2), [0.04, 0.04], duration_ms=1500)
    assert silent.rates[-1].max() < 1e-6
    cycle = trajectory(mst.networks.rost_2018(tau_ratio=2, m_x=0.0325), [0.04, 0.04], duration_ms=3000)
    late = cycle.rates[cycle.time_ms > 2000, 0]
    assert np.ptp(late) > 0.02


def test_a_trajectory_of_all_groups():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    m0 = np.full(40, 0.03)
    m0[[0, 20]] = 0.5
    path = trajectory(net, m0, duration_ms=400, dt_ms=1.0)
    assert path.rates.shape == (401, 40)
    assert path.labels[0] == "E0"
    assert path.rates[-1, 0] == pytest.approx(0.3974, abs=1e-3)
    with pytest.raises(ValueError, match=r"m0 must have 2 \(populations\) or 40 rates"):
        trajectory(net, [0.1] * 3)
    with pytest.raises(ValueError, match="between 0 and 1"):
        trajectory(net, [0.1, 1.1])
