"""Linear finite-size noise: against other solutions of the same equations, a simulated process, and the chain."""

import numpy as np
import pytest
from scipy.linalg import expm

import metastable as mst
from metastable.meanfield import MeanField, cluster_chain, linear_noise


def slope_by_differences(theory, m, step=1e-6):
    columns = [(theory.derivative(m + d) - theory.derivative(m - d)) / (2 * step) for d in step * np.eye(m.size)]
    return np.stack(columns, axis=1)


def diffusion_of(theory, m):
    phi = theory.response(m)
    return np.diag(((1 - m) * phi + m * (1 - phi)) / (theory.size * theory.tau_ms))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"j_e_plus": 1.5}, 2.016e-4),
        ({"j_e_plus": 2}, 3.1125e-4),
        ({"j_e_plus": 3.5, "r_j": 0.75}, 1.9611e-3),
    ],
)
def test_numbers_of_the_specification(options, expected):
    noise = linear_noise(mst.networks.rost_2018(**options))
    assert noise.cluster_mean("E") == pytest.approx(expected, rel=1e-3)
    assert noise.variance[0] == pytest.approx(noise.cluster_mean("E"), rel=1e-9)


@pytest.mark.parametrize(
    "options", [{"j_e_plus": 1.3}, {"j_e_plus": 1.6, "r_j": 0.6}, {"j_e_plus": 1.3, "background": 0.2}]
)
def test_equals_the_dense_linear_system(options):
    net = mst.networks.rost_2018(n_e=800, n_clusters=4, m_x=0.1, **options)
    theory, noise = MeanField.of(net), linear_noise(net)
    assert np.isfinite(noise.covariance).all()
    slope = slope_by_differences(theory, noise.rates)
    one = np.eye(theory.n_groups)
    system = np.kron(slope, one) + np.kron(one, slope)
    dense = np.linalg.solve(system, -diffusion_of(theory, noise.rates).ravel()).reshape(slope.shape)
    np.testing.assert_allclose(noise.covariance, dense, rtol=1e-5, atol=1e-9)
    assert noise.slowest_ms == pytest.approx(-1 / np.linalg.eigvals(slope).real.max(), rel=1e-5)


def test_equals_a_simulated_process():
    net = mst.networks.rost_2018(n_e=400, n_clusters=2, j_e_plus=1.1, m_x=0.1)
    theory, noise = MeanField.of(net), linear_noise(net)
    slope, diffusion = theory.jacobian(noise.rates), diffusion_of(theory, noise.rates)
    # Euler-Maruyama, 4000 independent processes, 10 decay times; the step makes an error of dt/tau/2, below 1 %.
    rng, dt = np.random.default_rng(1), 0.05
    x = np.zeros((4000, 3))
    kick = np.sqrt(np.diag(diffusion) * dt)
    for _ in range(int(10 * noise.slowest_ms / dt)):
        x += dt * x @ slope.T + kick * rng.standard_normal(x.shape)
    # A variance from n samples has a standard error of sqrt(2/n): 2.2 %.
    np.testing.assert_allclose(x.var(axis=0), noise.variance, rtol=4 * np.sqrt(2 / 4000) + 0.01)
    correlation = noise.covariance[0, 1] / noise.variance[0]
    assert np.corrcoef(x.T)[0, 1] == pytest.approx(correlation, abs=4 / np.sqrt(4000))


@pytest.mark.parametrize("duration_ms", [30.0, 400.0, 5000.0])
def test_duration_takes_the_variance_of_the_mean_away(duration_ms):
    net = mst.networks.rost_2018(j_e_plus=1.6, r_j=0.6, n_e=800, n_clusters=4, m_x=0.1)
    theory, whole = MeanField.of(net), linear_noise(net)
    part = linear_noise(net, duration_ms=duration_ms)
    assert np.isfinite(part.covariance).all()
    # The mean over time as a double sum over the covariances at all pairs of n times, in their middles.
    n = 4000
    lag = duration_ms / n * np.arange(n)
    step = expm(theory.jacobian(whole.rates) * lag[1])
    of_mean, at_lag = np.zeros(whole.covariance.shape), whole.covariance
    for k in range(n):
        of_mean += (n - k) * (at_lag + at_lag.T) * (0.5 if k == 0 else 1)
        at_lag = step @ at_lag
    np.testing.assert_allclose(part.covariance, whole.covariance - of_mean / n**2, rtol=2e-3, atol=1e-7)
    assert f"within {duration_ms:g} ms" in repr(part)


def test_long_recording_has_the_whole_variance():
    net = mst.networks.rost_2018(j_e_plus=2)
    assert linear_noise(net, duration_ms=1e7).cluster_mean() == pytest.approx(
        linear_noise(net).cluster_mean(), rel=1e-4
    )


def test_agrees_with_the_chain_without_clusters():
    net = mst.networks.rost_2018(m_x=0.1)
    duration = 3000.0
    chain = cluster_chain(net, duration_ms=duration + 100, burn_in_ms=100, n_trials=6, seed=5)
    noise = linear_noise(net, duration_ms=duration)
    for name in "EI":
        values = chain.rate_variance(name)
        error = values.std(ddof=1) / np.sqrt(values.size)
        # Beyond the linear order the difference is of order 1 / N_c = 1/200, times a few.
        assert abs(values.mean() - noise.cluster_mean(name)) < 4 * error + 0.03 * noise.cluster_mean(name)


def test_diverges_at_the_loss_of_the_homogeneous_state():
    variances, decays = [], []
    for j_e_plus in (3.98, 3.99, 3.995):
        noise = linear_noise(mst.networks.rost_2018(j_e_plus=j_e_plus, r_j=0.75))
        variances.append(noise.cluster_mean())
        decays.append(noise.slowest_ms)
    # Close to it one mode holds all the variance, which is proportional to its time constant.
    np.testing.assert_allclose(np.array(variances) / variances[0], np.array(decays) / decays[0], rtol=0.02)
    beyond = linear_noise(mst.networks.rost_2018(j_e_plus=4.01, r_j=0.75))
    assert np.isnan(beyond.cluster_mean())
    assert beyond.slowest_ms == np.inf
    assert "not stable: a perturbation grows with a time constant of" in repr(beyond)


def test_around_a_given_state():
    net = mst.networks.rost_2018(j_e_plus=4, r_j=0.75)
    one = next(p for p in mst.meanfield.fixed_points(net) if p.stable and 1 in p.composition)
    noise = linear_noise(net, rates=one.rates)
    assert noise.status.startswith("The state is stable")
    # The active cluster is the one that fluctuates most.
    assert noise.variance[:20].argmax() == one.rates[:20].argmax()
    two = linear_noise(net, rates=one.rates, duration_ms=500)
    assert (two.variance < noise.variance).all()


def test_without_activity_there_is_nothing():
    noise = linear_noise(mst.networks.rost_2018(j_e_plus=2, m_x=0))
    assert np.isnan(noise.variance).all()
    assert noise.status.startswith("There is no homogeneous state with activity, only silence is left: the balanced")


def test_nothing_fluctuates_in_silence():
    noise = linear_noise(mst.networks.rost_2018(), rates=np.zeros(21))
    assert not noise.covariance.any()
    assert "absorbing, as the drive is below threshold" in noise.status


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rates": [0.1, 0.2]}, r"must have shape \(21,\), one for each group, got \(2,\)"),
        ({"rates": np.full(21, 0.2)}, "must be a fixed point of the mean field; they miss it by"),
        ({"rates": np.full(21, np.nan)}, "must be a fixed point"),
        ({"duration_ms": 0}, "duration_ms must be above 0"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        linear_noise(mst.networks.rost_2018(), **options)


def test_unknown_population_and_network():
    with pytest.raises(ValueError, match=r"no population 'X'; known are \['E', 'I'\]"):
        linear_noise(mst.networks.rost_2018()).cluster_mean("X")
    with pytest.raises(TypeError, match="network must be a BinaryNetwork, got str"):
        linear_noise("rost")
