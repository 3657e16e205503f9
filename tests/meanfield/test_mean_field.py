import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metastable as mst
from metastable.meanfield import MeanField
from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, Connection


def test_matrices_of_table_1():
    field = MeanField.of(mst.networks.rost_2018()).merge([0] * 20 + [1])
    np.testing.assert_allclose(field.mean, [[28.2843, -33.9411], [44.7214, -44.7214]], atol=5e-5)
    np.testing.assert_allclose(field.variance, [[0.8, 1.152], [0.5, 2.0]], rtol=1e-12)
    np.testing.assert_allclose(field.drive, [-0.151472, -0.321177], atol=5e-7)
    np.testing.assert_allclose(field.tau_ms, [10, 5])


@pytest.mark.parametrize(("j_e", "r_j"), [(2.9, 0.0), (4.0, 0.75), (13.0, 0.4)])
def test_all_groups_agree_with_the_equations_written_out(dense, j_e, r_j):
    field = MeanField.of(mst.networks.rost_2018(j_e_plus=j_e, r_j=r_j))
    other = dense(j_e, 1 + r_j * (j_e - 1), one_inhibitory=r_j == 0)
    np.testing.assert_allclose(field.mean, other.a, rtol=1e-12)
    np.testing.assert_allclose(field.variance, other.b, rtol=1e-12)
    m = np.random.default_rng(1).random(field.n_groups)
    np.testing.assert_allclose(field.derivative(m), other.derivative(m), rtol=1e-10, atol=1e-14)


@settings(max_examples=25)
@given(j=st.floats(1.1, 19.9), r_j=st.floats(0.01, 1), g=st.floats(0.7, 2), seed=st.integers(0, 1000))
def test_jacobian_is_the_derivative(j, r_j, g, seed):
    field = MeanField.of(mst.networks.rost_2018(j_e_plus=j, r_j=r_j, g=g, n_clusters=20, n_e=400))
    field = field.merge(np.tile([0] * 3 + [1] * 17, 2) + np.repeat([0, 2], 20))
    m = np.random.default_rng(seed).uniform(0.01, 0.9, 4)
    steps = 1e-6 * np.eye(4)
    differences = np.array([(field.derivative(m + d) - field.derivative(m - d)) / 2e-6 for d in steps]).T
    np.testing.assert_allclose(field.jacobian(m), differences, atol=2e-7 * max(1, np.abs(differences).max()))


def test_silence_is_absorbing_where_the_drive_is_below_threshold():
    silent = np.zeros(21)
    below, above = (MeanField.of(mst.networks.rost_2018(m_x=m_x)) for m_x in (0.03, 0.05))
    np.testing.assert_array_equal(below.response(silent), 0)
    np.testing.assert_array_equal(above.response(silent)[:20], 1)
    np.testing.assert_allclose(below.jacobian(silent), np.diag(-1 / below.tau_ms))


def test_groups_that_differ_are_not_merged():
    field = MeanField.of(mst.networks.rost_2018(j_e_plus=2))
    with pytest.raises(ValueError, match="groups of one class receive different input"):
        field.merge([0] * 21)


def test_overlapping_clusters_are_refused():
    layout = ClusterLayout.overlapping(40, 4, size=20)
    net = BinaryNetwork(
        populations=(BinaryPopulation(name="E", size=40, tau_ms=10, layout=layout),),
        connections=(Connection(post="E", pre="E", probability=0.2, weight=0.1),),
    )
    with pytest.raises(ValueError, match="clusters of E overlap"):
        MeanField.of(net)
