import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metastable as mst
from metastable.meanfield import MeanField, spectrum


def _state(data, network, n_shared, p):
    """Draw a composition and rates; return all groups' rates in a random numbering of the clusters."""
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    n_classes = data.draw(st.integers(1, 4))
    of = rng.integers(0, n_classes, 20)
    rates = rng.uniform(0.005, 0.95, (n_classes, p))
    return np.concatenate([*(rates[of, k] for k in range(p))], axis=None), rng.uniform(0.01, 0.5, n_shared), rng


def _assert_same_spectrum(found, matrix):
    expected = np.linalg.eigvals(matrix)
    assert found.size == expected.size
    left = list(expected)
    # Degenerate eigenvalues of the dense matrix carry its rounding, a root of it where it is defective.
    for value in found:
        k = int(np.argmin(np.abs(np.array(left) - value)))
        assert abs(left.pop(k) - value) < 1e-12 * max(1.0, np.abs(matrix).max())


@settings(max_examples=60)
@given(data=st.data(), j=st.floats(1.2, 19.5), r_j=st.floats(0.05, 1), ratio=st.floats(0.2, 3), g=st.floats(0.8, 2))
def test_clusters_of_both_populations(data, j, r_j, ratio, g):
    net = mst.networks.rost_2018(j_e_plus=j, r_j=r_j, tau_ratio=ratio, g=g)
    m, _, _ = _state(data, net, 0, 2)
    _assert_same_spectrum(spectrum(net, m), MeanField.of(net).jacobian(m))


@settings(max_examples=40)
@given(data=st.data(), j=st.floats(1.2, 6), background=st.sampled_from([0.0, 0.1, 0.2]), which=st.booleans())
def test_excitatory_clusters_and_a_background(data, j, background, which):
    kw = {"clustering": "probability"} if which else {"background": background}
    net = mst.networks.rost_2018(j_e_plus=j, **kw)
    n_shared = 1 + (not which and background > 0)
    m, shared, _ = _state(data, net, n_shared, 1)
    m = np.concatenate([m, shared])
    _assert_same_spectrum(spectrum(net, m), MeanField.of(net).jacobian(m))


def test_one_inhibitory_population_suffices_without_inhibitory_clusters(dense):
    net = mst.networks.rost_2018(j_e_plus=2.5)
    m = np.array([0.9, *[0.02] * 19, 0.06])
    one = spectrum(net, m)
    full = dense(2.5, 1.0, one_inhibitory=False)
    copies = np.concatenate([m[:20], np.full(20, m[20])])
    steps = 1e-6 * np.eye(40)
    matrix = np.array([(full.derivative(copies + d) - full.derivative(copies - d)) / 2e-6 for d in steps]).T
    expected = np.sort(np.linalg.eigvals(matrix).real)
    np.testing.assert_allclose(np.sort([*one.real, *[-1 / 5.0] * 19]), expected, atol=1e-6)


def test_difference_modes_are_not_in_the_reduced_system():
    """Two active clusters just above their fold: stable together, not against each other."""
    net = mst.networks.rost_2018(j_e_plus=2.15)
    two = max((p for p in mst.meanfield.fixed_points(net) if p.composition == (18, 2)), key=lambda p: p.up)
    classes = np.array([0] * 18 + [1] * 2 + [2])
    reduced = MeanField.of(net).merge(classes)
    m = np.array([two.down, two.up, two.shared_rates[0]])
    assert np.linalg.eigvals(reduced.jacobian(m)).real.max() < 0
    assert not two.stable


def test_rates_of_a_wrong_length_are_refused():
    with pytest.raises(ValueError, match=r"rates must have shape \(21,\)"):
        spectrum(mst.networks.rost_2018(), np.zeros(40))
