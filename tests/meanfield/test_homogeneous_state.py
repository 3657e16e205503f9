import numpy as np
import pytest

import metastable as mst
from metastable.meanfield import homogeneous_state


def test_rates_of_the_paper():
    state = homogeneous_state(mst.networks.rost_2018())
    np.testing.assert_allclose(state.population_rates, [0.029536, 0.034100], atol=5e-7)
    assert state.labels == ("E", "I")
    assert state.stable


def test_all_homogeneous_states_are_found(dense):
    net = mst.networks.rost_2018()
    state = homogeneous_state(net)
    silent, saddle = state.others
    assert silent.rates.max() == 0
    assert silent.stable
    assert not saddle.stable
    assert 0 < saddle.up < 0.005
    assert "silence is one of them, absorbing because the drive is below threshold" in state.status
    # Brute force: nothing else is found from 400 starts.
    known = np.array([[p.rates[0], p.rates[-1]] for p in (state.point, silent, saddle)])
    two = dense(q=1)
    for start in np.random.default_rng(0).random((400, 2)) ** 3:
        found = two.solve(start)
        if found is not None:
            assert np.abs(known - found).max(axis=1).min() < 1e-6


@pytest.mark.parametrize(
    ("j", "kw", "stable"),
    [
        (2.84, {}, True),
        (2.85, {}, False),
        (3.997, {"r_j": 0.75}, True),
        (3.998, {"r_j": 0.75}, False),
        (2.9, {"j_i_plus": 1.2}, False),
        (2.9, {"j_i_plus": 1.4}, True),
    ],
)
def test_homogeneous_state_is_lost_where_the_paper_says(j, kw, stable):
    assert homogeneous_state(mst.networks.rost_2018(j_e_plus=j, **kw)).stable is stable


def test_rates_without_balance_run_to_saturation():
    state = homogeneous_state(mst.networks.rost_2018(g=0.8))
    np.testing.assert_allclose(state.population_rates, [1.0, 0.939], atol=5e-4)


def test_only_silence_without_drive():
    state = homogeneous_state(mst.networks.rost_2018(m_x=0.0, g=2))
    assert state.population_rates.max() == 0
    assert state.status.startswith("Only silence is left")


def test_a_background_is_a_population_of_its_own():
    state = homogeneous_state(mst.networks.rost_2018(j_e_plus=2.5, background=0.1))
    assert state.labels == ("E", "E background", "I")
    assert state.population_rates[1] < state.population_rates[0]
    assert state.point.residual < 1e-12


def test_only_binary_networks():
    with pytest.raises(TypeError, match="must be a BinaryNetwork, got LIFNetwork"):
        homogeneous_state(mst.networks.litwin_kumar_doiron_2012(r_ee=2.5))
