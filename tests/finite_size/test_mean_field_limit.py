"""The limit of infinitely many neurons, against the chain of large finite ones and the map itself."""

import numpy as np
import pytest
from scipy import stats

from metastable import simulate
from metastable.finite_size import critical_noise, lumped_chain, mean_field_states
from metastable.networks import FiniteSizeNetwork


def iterate(m, coupling, offset, sigma, n_steps):
    for _ in range(n_steps):
        m = stats.norm.cdf((np.array(coupling) @ m + offset) / sigma)
    return m


def test_regression_numbers(regression):
    state = mean_field_states(regression.t3(128, in_degree=128))
    assert len(state) == 1
    assert [round(m, 8) for m in state[0].rates] == [0.40668117, 0.45262892]
    critical = critical_noise(regression.t3(128, in_degree=128, sigma=1))
    assert critical.kind == "Neimark-Sacker"
    assert round(critical.factor, 4) == 0.8140
    assert critical.state.spectral_radius == pytest.approx(1, abs=1e-9)


def test_below_the_critical_noise_the_map_turns(regression):
    coupling, offset = [[4.5, -3.5], [4, -2]], np.array([-0.6, -0.9])
    critical = critical_noise(regression.t3(8, in_degree=8, sigma=2))
    assert critical.factor == pytest.approx(0.8140 / 2, abs=1e-4)
    for sigma, turning in ((0.83, False), (0.80, True)):
        m = iterate(np.array([0.3, 0.5]), coupling, offset, sigma, 3000)
        track = []
        for _ in range(400):
            m = iterate(m, coupling, offset, sigma, 1)
            track.append(m[0])
        assert (np.ptp(track) > 0.05) == turning
    # The track turns as often as the critical mode says.
    spectrum = np.abs(np.fft.rfft(np.array(track) - np.mean(track)))
    assert 400 / np.argmax(spectrum) == pytest.approx(critical.period, rel=0.05)


def test_finite_networks_come_to_it_with_their_size(regression):
    limit = mean_field_states(regression.t3(128, in_degree=128))[0]
    sizes = (32, 64, 128)
    found = [lumped_chain(regression.t3(n, in_degree=n)) for n in sizes]
    distance = np.array([np.abs(f.mean - limit.rates).max() for f in found])
    # Of order 1/N.
    assert (distance[:-1] / distance[1:] > 1.6).all()
    # Fluctuations: N times the covariance comes to that of the linear theory.
    errors = [
        np.abs(f.count_covariance * n / (limit.covariance * 128) - 1).max() for f, n in zip(found, sizes, strict=True)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.15


def test_fluctuations_of_a_large_simulation():
    net = FiniteSizeNetwork.homogeneous(
        {"E": 400, "I": 400}, coupling=[[3, -3], [3, -2]], in_degree=800, threshold=0.3, sigma=1.5, noise="logistic"
    )
    state = mean_field_states(net)[0]
    runs = simulate(net, duration_ms=400, n_trials=10, seed=2).activity[:, 50:]
    rates = runs.reshape(10, -1, 2, 400).mean(axis=3)
    each = np.array([np.cov(r.T) for r in rates])
    assert (np.abs(each.mean(axis=0) - state.covariance) < 4.5 * each.std(axis=0, ddof=1) / np.sqrt(10)).all()
    np.testing.assert_allclose(rates.mean(axis=(0, 1)), state.rates, atol=0.005)


def test_all_states_of_a_bistable_population():
    net = FiniteSizeNetwork.homogeneous({"A": 50}, coupling=[[4]], in_degree=50, threshold=2, sigma=1)
    states = mean_field_states(net)
    assert [s.stable for s in states] == [True, False, True]
    assert states[1].rates[0] == pytest.approx(0.5)
    assert states[1].spectral_radius == pytest.approx(4 * stats.norm.pdf(0))
    assert np.isnan(states[1].covariance).all()
    # Every fixed point of one population is a change of sign, which a fine grid sees.
    m = np.linspace(0, 1, 20_001)
    assert (np.diff(np.sign(stats.norm.cdf(4 * m - 2) - m + 1e-9)) != 0).sum() == 3


@pytest.mark.parametrize(
    ("coupling", "threshold", "kind", "slope"), [(4, 2.0, "saddle-node", 1.0), (-4, -2.0, "flip", -1.0)]
)
def test_kinds_of_instability(coupling, threshold, kind, slope):
    # At m = 1/2 the slope is coupling / (sigma sqrt(2 pi)).
    net = FiniteSizeNetwork.homogeneous({"A": 50}, coupling=[[coupling]], in_degree=50, threshold=threshold, sigma=1)
    critical = critical_noise(net)
    assert critical.kind == kind
    assert critical.factor == pytest.approx(4 / np.sqrt(2 * np.pi), rel=1e-6)
    assert critical.state.eigenvalues[0].real == pytest.approx(slope, abs=1e-5)


def test_a_state_that_stays_stable():
    net = FiniteSizeNetwork.homogeneous({"A": 50}, coupling=[[0.5]], threshold=3, sigma=1)
    assert critical_noise(net, factors=(0.5, 2)) is None


def test_it_prints_what_it_is(regression):
    assert repr(mean_field_states(regression.t3(128, in_degree=128))[0]).startswith("MeanFieldState(rates 0.406681")
    assert "period 2 steps" in repr(
        critical_noise(FiniteSizeNetwork.homogeneous({"A": 50}, coupling=[[-4]], in_degree=50, threshold=-2, sigma=1))
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0}, "sigma of a population is 0, and its rate jumps"),
        ({"sigma": 1, "correlation": 0.2}, "correlation=0.2 does not average out in large populations"),
    ],
)
def test_refusals(options, message):
    net = FiniteSizeNetwork.homogeneous({"A": 5}, coupling=[[1]], **options)
    with pytest.raises(ValueError, match=message):
        mean_field_states(net)


def test_other_refusals():
    with pytest.raises(ValueError, match="the mean field is that of populations of equal neurons"):
        mean_field_states(FiniteSizeNetwork(weights=[[0, 1], [2, 0]], sigma=1))
    six = dict.fromkeys("ABCDEF", 1)
    with pytest.raises(ValueError, match="of 6 populations would take 117,649 starts"):
        mean_field_states(FiniteSizeNetwork.homogeneous(six, coupling=np.zeros((6, 6)), sigma=1))
    net = FiniteSizeNetwork.homogeneous({"A": 5}, coupling=[[-30]], sigma=1, threshold=-15, in_degree=5)
    with pytest.raises(ValueError, match=r"factors must be above 0 and increase, got \(2, 1\)"):
        critical_noise(net, factors=(2, 1))
    with pytest.raises(ValueError, match="no state is stable at 2 times sigma"):
        critical_noise(net, factors=(1, 2))
