import numpy as np
import pytest

import metastable as mst
from metastable.meanfield import MeanField, effective_response


def test_fixed_points_of_the_paper():
    found = effective_response(mst.networks.rost_2018(j_e_plus=2))
    np.testing.assert_allclose(found.focus_rates, [0.0305, 0.2212, 0.8690], atol=5e-5)
    assert [p.stable for p in found.fixed_points] == [True, False, True]
    assert [p.n_active for p in found.fixed_points] == [0, 1, 1]
    assert max(p.residual for p in found.fixed_points) < 1e-12


def test_the_others_are_at_rest_and_the_response_is_that_of_the_focus():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    found = effective_response(net, n_points=60)
    field = MeanField.of(net)
    assert found.labels == ("I focus", "E others", "I others")
    assert np.isfinite(found.rate_out).all()
    for m, out, (i, e_rest, i_rest) in zip(found.rate_in, found.rate_out, found.other_rates, strict=True):
        full = np.array([m, *[e_rest] * 19, i, *[i_rest] * 19])
        response = field.response(full)
        assert response[0] == pytest.approx(out, abs=1e-12)
        np.testing.assert_allclose(response[1:], full[1:], atol=1e-11)


def test_the_grid_is_dense_near_0_and_1():
    rates = effective_response(mst.networks.rost_2018(j_e_plus=2)).rate_in
    assert rates[0] == 0
    assert rates[-1] == 1
    assert (rates < 0.01).sum() > 40
    assert (rates > 0.99).sum() > 40


@pytest.mark.parametrize(
    ("focus", "kw"),
    [("I", {}), ("I", {"r_j": 0.5}), ("E background", {"background": 0.1})],
)
def test_any_population_can_be_the_focus(focus, kw):
    found = effective_response(mst.networks.rost_2018(j_e_plus=2, **kw), focus=focus)
    homogeneous = mst.meanfield.homogeneous_state(mst.networks.rost_2018(j_e_plus=2, **kw))
    expected = homogeneous.population_rates[homogeneous.labels.index(focus)]
    assert np.abs(found.focus_rates - expected).min() < 1e-10


def test_several_clusters_can_move_together():
    found = effective_response(mst.networks.rost_2018(j_e_plus=2.9), n_active=3)
    assert found.focus_rates[-1] == pytest.approx(0.9212, abs=5e-5)
    assert found.fixed_points[-1].composition == (17, 3)


def test_close_to_the_homogeneous_state_both_fixed_points_are_found():
    found = effective_response(mst.networks.rost_2018(j_e_plus=4, r_j=0.75))
    np.testing.assert_allclose(found.focus_rates, [0.0356, 0.0357, 0.3974], atol=1e-4)
    assert found.focus_rates[1] - found.focus_rates[0] < 2e-4


def test_refusals():
    with pytest.raises(ValueError, match="there is no population 'X' here"):
        effective_response(mst.networks.rost_2018(j_e_plus=2), focus="X")
    with pytest.raises(ValueError, match="only silence is left"):
        effective_response(mst.networks.rost_2018(j_e_plus=2, m_x=0.0, g=2))
