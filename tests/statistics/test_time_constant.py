"""Fitted time constants: exact curves are found again, undetermined ones are said to be."""

import numpy as np
import pytest

from metastable import statistics as st

LAG = np.arange(-200, 201, 2.0)


@pytest.mark.parametrize("tau", [5.0, 60.0, 150.0, 900.0])
@pytest.mark.parametrize("offset", ["none", "free"])
def test_exact_decay_is_found(tau, offset):
    c = -0.7 if offset == "free" else 0.0
    fit = st.fit_time_constant(LAG, 4 * np.exp(-np.abs(LAG) / tau) + c, offset=offset)
    assert fit.status == "converged"
    assert fit.tau_ms == pytest.approx(tau, rel=1e-4)
    assert fit.amplitude == pytest.approx(4, rel=1e-4)
    assert fit.offset == pytest.approx(c, abs=1e-4)
    assert fit.r_squared == pytest.approx(1)
    assert (fit.fit_from_ms, fit.fit_to_ms) == (10, 200)
    np.testing.assert_allclose(fit.fitted, 4 * np.exp(-fit.lag_ms / tau) + c, atol=1e-5)


@pytest.mark.parametrize("tau", [50.0, 160.0, 450.0])
@pytest.mark.parametrize("normalisation", ["biased", "unbiased"])
def test_finite_recording_undoes_the_subtracted_trial_mean(tau, normalisation):
    # The expected estimate is exact: E of the products of a process with covariance exp(-|t|/tau) minus its mean.
    n_bins, bin_ms = 750, 2.0
    t = bin_ms * np.arange(n_bins)
    centre = np.eye(n_bins) - 1 / n_bins
    expected = centre @ np.exp(-np.abs(t[:, None] - t) / tau) @ centre
    sums = np.array([np.trace(expected, offset=lag) for lag in range(101)])
    covariance = 7 * sums / (n_bins - np.arange(101) if normalisation == "unbiased" else n_bins)
    lag = bin_ms * np.arange(101)
    fit = st.fit_time_constant(
        lag, covariance, offset="finite_recording", duration_ms=1500, normalisation=normalisation
    )
    # The closed form is for continuous time; bins of 2 ms change it by (2/tau)^2.
    assert fit.tau_ms == pytest.approx(tau, rel=0.003)
    assert fit.amplitude == pytest.approx(7, rel=0.003)
    assert fit.offset < 0
    plain = st.fit_time_constant(lag, covariance)
    assert plain.tau_ms < 0.95 * tau


def test_peak_at_zero_is_left_out():
    curve = np.exp(-np.abs(LAG) / 120)
    curve[np.abs(LAG) < 10] += 5
    assert st.fit_time_constant(LAG, curve).tau_ms == pytest.approx(120, rel=1e-5)
    assert st.fit_time_constant(LAG, curve, fit_from_ms=0).tau_ms < 60


def test_undetermined_is_said():
    for curve in (np.ones_like(LAG), np.exp(np.abs(LAG) / 100)):
        fit = st.fit_time_constant(LAG, curve)
        assert np.isnan(fit.tau_ms)
        assert "do not determine a time constant" in repr(fit)
    assert st.fit_time_constant(LAG, 0 * LAG).status == "the covariance is 0 at every lag"
    fit = st.fit_time_constant(LAG, -np.exp(-np.abs(LAG) / 100))
    assert np.isnan(fit.tau_ms)
    assert fit.status == "the covariance does not decay from a positive value"


def test_fall_time():
    curve = 3 * np.exp(-np.abs(LAG) / 70)
    # Between lags the curve is taken as straight: off by at most (2 ms)^2 / (8 tau).
    assert st.fall_time(LAG, curve) == pytest.approx(70, abs=0.01)
    assert st.fall_time(LAG, curve, from_ms=20) == pytest.approx(70, abs=0.01)
    assert st.fall_time(LAG, curve, fraction=0.5) == pytest.approx(70 * np.log(2), abs=0.01)
    assert np.isnan(st.fall_time(LAG, np.ones_like(LAG)))
    assert np.isnan(st.fall_time(LAG, -curve))


def test_a_fit_that_explains_little_says_so():
    noise = np.random.default_rng(1).normal(0, 1, LAG.size)
    poor, good = (st.fit_time_constant(LAG, np.exp(-LAG / 60) + share * noise) for share in (2, 0.1))
    assert poor.status == good.status == "converged"
    assert poor.explains_little
    assert repr(poor).endswith("converged, but the curve explains less than half of the variance over these lags)")
    assert not good.explains_little
    assert repr(good).endswith(": converged)")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((LAG, LAG[1:]), {}, r"got shapes \(201,\) and \(200,\)"),
        ((LAG, np.full_like(LAG, np.nan)), {}, "holds NaN or infinite values"),
        ((LAG, LAG), {"fit_from_ms": 195}, "only 3 lags lie between 195 and 200 ms, 4 are needed"),
        ((LAG, LAG), {"fit_from_ms": -1}, "fit_from_ms must be at least 0"),
        ((LAG, LAG), {"offset": "yes"}, "offset must be one of 'finite_recording', 'free', 'none'"),
        ((LAG, LAG), {"offset": "finite_recording"}, "needs duration_ms"),
        ((LAG, LAG), {"offset": "finite_recording", "duration_ms": 200}, "duration_ms must be above 200"),
        ((LAG, LAG), {"normalisation": "yes"}, "normalisation must be one of"),
        ((LAG[::-1], LAG), {}, "lag_ms must increase"),
    ],
)
def test_bad_options(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        st.fit_time_constant(*arguments, **options)


def test_texts_are_no_covariances():
    with pytest.raises(TypeError, match=r"covariance must hold numbers, got \['a', 'b'\]"):
        st.fit_time_constant([0, 1], ["a", "b"])
    with pytest.raises(TypeError, match="duration_ms must be a number, got 'long'"):
        st.fit_time_constant(np.arange(20), np.ones(20), duration_ms="long")
