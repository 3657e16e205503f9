import json
import math

import numpy as np
import pytest

from metastable.networks import PulseNetwork, WiredPulseNetwork, van_bussel_2011

PAIR = {
    "weights": [[0, -1], [2, 0]],
    "delay_ms": 1.5,
    "tau_ms": 20,
    "drive_mv": 30,
    "threshold_mv": 20,
    "reset_mv": 0,
}


def network(**changes):
    return PulseNetwork(**{"n_neurons": 60, "in_degree": 12, "weight_mv": -1.0, **changes})


# ------------------------------------------------------------------ what is drawn


def test_in_degree_and_no_self_connections():
    weights = network().wire(3).weights
    np.testing.assert_array_equal((weights != 0).sum(axis=1), 12)
    np.testing.assert_array_equal(np.diagonal(weights), 0)
    np.testing.assert_array_equal(weights[weights != 0], -1.0)
    # Presynaptic neurons are chosen evenly.
    assert 3 <= (weights != 0).sum(axis=0).min() <= (weights != 0).sum(axis=0).max() <= 24


def test_probability():
    connected = network(n_neurons=200, in_degree=None, probability=0.1).wire(3).weights != 0
    assert abs(connected.sum() / (200 * 199) - 0.1) < 0.006
    assert not connected.diagonal().any()
    assert len(set(connected.sum(axis=1))) > 5
    everybody = network(in_degree=None, probability=1.0).wire(3).weights != 0
    np.testing.assert_array_equal(everybody, ~np.eye(60, dtype=bool))


@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_sizes_have_mean_and_spread(distribution):
    net = network(n_neurons=300, in_degree=150, weight_distribution=distribution, weight_spread=0.3)
    sizes = net.wire(1).weights
    sizes = -sizes[sizes != 0]
    assert sizes.min() > 0
    assert abs(sizes.mean() - 1) < 0.01
    assert abs(sizes.std() - 0.3) < 0.01
    skew = np.mean(((sizes - sizes.mean()) / sizes.std()) ** 3)
    assert abs(skew) < 0.1 if distribution == "normal" else 0.8 < skew < 1.1


def test_no_weight_changes_sign():
    weights = network(weight_distribution="normal", weight_spread=2.0).wire(1).weights
    assert weights.max() == 0


def test_signs_are_flipped():
    plain, flipped = network().wire(4).weights, network(sign_flip=0.5).wire(4).weights
    np.testing.assert_array_equal(np.abs(flipped), np.abs(plain))
    assert abs((flipped > 0).sum() / (plain != 0).sum() - 0.5) < 0.06
    np.testing.assert_array_equal(network(sign_flip=1.0).wire(4).weights, -plain + 0.0)


def test_homogeneous_inhibition_has_equal_row_sums():
    wired = network(weight_mv=None, row_sum_mv=-7.5, weight_distribution="normal").wire(2)
    np.testing.assert_allclose(wired.weights.sum(axis=1), -7.5, rtol=1e-14)
    assert wired.weights.max() == 0
    assert network(weight_mv=None, row_sum_mv=-6).weight_mv == -0.5


@pytest.mark.parametrize("total", [0.0, 3.0, -3.0])
def test_rows_of_both_signs_get_their_sum(total):
    plain = network(sign_flip=0.5, weight_distribution="normal")
    wired = PulseNetwork(**{**plain.to_dict(), "row_sum_mv": total}).wire(2)
    np.testing.assert_allclose(wired.weights.sum(axis=1), total, atol=1e-13)
    before = plain.wire(2).weights
    np.testing.assert_allclose(np.abs(wired.weights).sum(axis=1), np.abs(before).sum(axis=1))
    np.testing.assert_array_equal(np.sign(wired.weights), np.sign(before))


def test_balance_of_rows_that_chance_gave_one_sign():
    wired = network(n_neurons=200, in_degree=2, sign_flip=0.5, row_sum_mv=0).wire(2)
    np.testing.assert_allclose(wired.weights.sum(axis=1), 0, atol=1e-14)
    np.testing.assert_array_equal((wired.weights != 0).sum(axis=1), 2)


def test_neurons_and_delays_of_their_own():
    spreads = {"tau_spread": 0.2, "drive_spread": 0.5, "threshold_spread": 0.1, "reset_spread": 0.05}
    wired = network(n_neurons=400, **spreads, delay_spread=0.5).wire(5)
    for values, middle, half in (
        (wired.tau_ms, 20, 4),
        (wired.drive_mv, 30, 15),
        (wired.threshold_mv, 20, 2),
        (wired.reset_mv, 0, 1),
        (wired.delay_ms, 2, 1),
    ):
        assert middle - half <= values.min() < middle - 0.95 * half
        assert middle + 0.95 * half < values.max() <= middle + half
    assert wired.delay_ms.shape == (400, 400)
    # Below threshold without input: no period.
    np.testing.assert_array_equal(np.isinf(wired.period_ms), wired.drive_mv <= wired.threshold_mv)
    assert np.isinf(wired.period_ms).any()


def test_one_number_is_exact_without_spread():
    wired = network(drive_mv=31.64, delay_ms=0.7).wire(5)
    assert set(wired.drive_mv) == {31.64}
    assert wired.delay_ms == 0.7
    assert isinstance(wired.delay_ms, float)


def test_streams_are_addressed():
    net = network(weight_distribution="normal", delay_spread=0.1)
    np.testing.assert_array_equal(net.wire(1).weights, net.wire(1).weights)
    assert (net.wire(1).weights != net.wire(2).weights).any()
    assert (net.wire(1).weights != net.wire(1, network_index=1).weights).any()
    # The connections do not depend on what else is drawn.
    other = network(weight_distribution="lognormal", sign_flip=0.3, tau_spread=0.1)
    np.testing.assert_array_equal(net.wire(1).weights != 0, other.wire(1).weights != 0)


def test_period_is_equation_4():
    assert van_bussel_2011().wire(1).period_ms == pytest.approx(31.64 * math.log(31.64 / 11.64))
    # The round numbers of the paper: RI = tau and V_T = .632 RI give a period of one time constant, nearly.
    assert van_bussel_2011().wire(1).period_ms[0] / 31.64 == pytest.approx(1, abs=1e-4)


# ------------------------------------------------------------------ presets


def test_van_bussel_parameters():
    one, four = van_bussel_2011(), van_bussel_2011(figure="4A", n_neurons=50, in_degree=12)
    assert (one.tau_ms, one.drive_mv, one.threshold_mv, one.reset_mv, one.delay_ms) == (31.64, 31.64, 20, 0, 5)
    assert (four.tau_ms, four.drive_mv / four.tau_ms, four.delay_ms) == (20, 1.5, 2)
    units = van_bussel_2011(figure="4B")
    assert (units.threshold_mv, units.delay_ms) == (1, 0.25)
    assert units.drive_mv / units.tau_ms == 1
    assert units.wire(1).period_ms == pytest.approx(1 / (1 - math.exp(-1)))
    assert van_bussel_2011(delay_ms=2).delay_ms == 2


def test_van_bussel_kinds():
    np.testing.assert_allclose(van_bussel_2011().wire(1).weights.sum(axis=1), -16)
    np.testing.assert_allclose(van_bussel_2011(kind="balanced").wire(1).weights.sum(axis=1), 0, atol=1e-13)
    mixed, inhibitory = van_bussel_2011(kind="mixed").wire(1).weights, van_bussel_2011().wire(1).weights
    np.testing.assert_array_equal(mixed != 0, inhibitory != 0)
    assert 0.3 < (mixed > 0).sum() / (mixed != 0).sum() < 0.7


def test_what_the_preset_refuses():
    with pytest.raises(ValueError, match="figure must be one of '1', '2B', '4A', '4B', got '3'"):
        van_bussel_2011(figure="3")
    with pytest.raises(ValueError, match="kind must be one of"):
        van_bussel_2011(kind="excitatory")
    with pytest.raises(ValueError, match="strength must be above 0, got 0"):
        van_bussel_2011(strength=0)


# ------------------------------------------------------------------ as data


def test_round_trips_by_json():
    spec = network(weight_distribution="normal", delay_spread=0.2)
    assert PulseNetwork.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    drawn = spec.wire(8, network_index=2)
    own = WiredPulseNetwork(
        weights=drawn.weights,
        delay_ms=drawn.delay_ms,
        **{name: getattr(drawn, name) for name in ("tau_ms", "drive_mv", "threshold_mv", "reset_mv")},
    )
    for wired in (drawn, own, WiredPulseNetwork(**PAIR)):
        again = WiredPulseNetwork.from_dict(json.loads(json.dumps(wired.to_dict())))
        for name in ("weights", "delay_ms", "tau_ms", "drive_mv", "threshold_mv", "reset_mv", "seed", "network_index"):
            np.testing.assert_array_equal(getattr(again, name), getattr(wired, name))
    assert own.seed is None
    assert repr(own) == "WiredPulseNetwork: 60 neurons, 720 synapses"


def test_arrays_are_copies_and_read_only():
    mine = np.array([[0.0, -1.0], [2.0, 0.0]])
    wired = WiredPulseNetwork(**{**PAIR, "weights": mine})
    mine[0, 1] = 7
    assert wired.weights[0, 1] == -1
    with pytest.raises(ValueError, match="read-only"):
        wired.weights[0, 1] = 3


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probability": 0.1}, "give either in_degree or probability"),
        ({"in_degree": None}, "give either in_degree or probability"),
        ({"in_degree": 60}, "in_degree=60 is more than the 59 other neurons"),
        ({"in_degree": None, "probability": 1.1}, "probability must be at most 1, got 1.1"),
        ({"weight_mv": None}, "weight_mv is missing"),
        ({"weight_mv": None, "row_sum_mv": 0}, "weight_mv is missing"),
        ({"weight_mv": 0}, "weight_mv must not be 0"),
        ({"weight_mv": math.nan}, "weight_mv must be finite, got nan"),
        ({"row_sum_mv": 5}, r"weights of one sign \(-\) cannot have the sum row_sum_mv=5"),
        ({"row_sum_mv": 0}, r"weights of one sign \(-\) cannot have the sum row_sum_mv=0"),
        ({"sign_flip": 1.5}, "sign_flip must be at most 1"),
        ({"weight_distribution": "gamma"}, "weight_distribution must be one of 'constant', 'normal', 'lognormal'"),
        ({"delay_ms": 0}, "delay_ms must be above 0, got 0"),
        ({"delay_spread": 1}, "delay_spread must be below 1, got 1"),
        ({"tau_spread": 1.5}, "tau_spread must be below 1"),
        ({"reset_mv": 20}, "reset_mv=20 must lie below threshold_mv=20"),
        ({"n_neurons": 0}, "n_neurons must be at least 1"),
    ],
)
def test_specifications_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        network(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row_sum_mv": 100.0, "sign_flip": 0.5}, "cannot have the sum row_sum_mv=100"),
        ({"in_degree": 1, "sign_flip": 0.5, "row_sum_mv": 0}, "the 1 weights onto neuron 0"),
        ({"in_degree": None, "probability": 0.02, "row_sum_mv": -1}, "the 0 weights onto neuron"),
        ({"weight_mv": 25}, "from reset to threshold, 20 mV apart, with one spike"),
        ({"threshold_spread": 0.9, "reset_spread": 0.9}, "must lie below its threshold_mv"),
    ],
)
def test_drawings_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        network(**changes).wire(1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": [[0, 1, 2], [1, 0, 2]]}, r"weights must have shape \(n_neurons, n_neurons\), .* got \(2, 3\)"),
        ({"weights": [[0, 1], [1, 0, 2]]}, "weights must not hold lists of different lengths"),
        ({"weights": np.zeros((0, 0))}, r"weights must have shape"),
        ({"weights": [[0, math.nan], [1, 0]]}, "weights holds NaN or infinite values; .* 0 for no synapse"),
        ({"weights": [[0, 1], [1, -3]]}, r"weights\[1, 1\] = -3 connects a neuron to itself; set the diagonal to 0"),
        ({"weights": [[0, 20], [1, 0]]}, r"weights\[0, 1\] = 20 mV takes neuron 0 from reset to threshold, 20 mV"),
        ({"delay_ms": 0}, "delay_ms must be above 0, got 0"),
        ({"delay_ms": [[1, 1], [-2, 1]]}, "delay_ms must be above 0, got -2"),
        ({"delay_ms": [1, 1]}, r"delay_ms must be one number or have shape \(2, 2\), .* got shape \(2,\)"),
        ({"delay_ms": math.inf}, "delay_ms holds NaN or infinite values"),
        ({"tau_ms": [20, 0]}, "tau_ms must be above 0, got 0 for neuron 1"),
        ({"drive_mv": [1, 2, 3]}, r"drive_mv must be one number or one per neuron, 2 by .* got shape \(3,\)"),
        ({"drive_mv": math.nan}, "drive_mv holds NaN"),
        ({"reset_mv": [0, 25]}, "reset_mv=25 of neuron 1 must lie below its threshold_mv=20"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_arrays_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        WiredPulseNetwork(**{**PAIR, **changes})


def test_types_refused():
    with pytest.raises(TypeError, match="weights must hold numbers"):
        WiredPulseNetwork(**{**PAIR, "weights": [["a", "b"], ["c", "d"]]})
    with pytest.raises(TypeError, match="network must be PulseNetwork, got int"):
        WiredPulseNetwork(**PAIR, network=3)


def test_delays_on_the_diagonal_do_not_matter():
    assert WiredPulseNetwork(**{**PAIR, "delay_ms": [[0, 1], [2, 0]]}).delay_ms.shape == (2, 2)
