import numpy as np
import pytest

import metastable as mst
from metastable.reconstruction import NeuronModel
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._recording import Recording
from metastable.reconstruction._reference import reference_acceptable, reference_row


def equations_of(spikes, model, **options):
    return Equations(recording=Recording.of(spikes, model), model=model, **options)


@pytest.fixture(scope="module", params=["one delay", "many delays, several trials"])
def case(request, literal):
    rng = np.random.default_rng(3)
    n = 12
    if request.param == "one delay":
        network = literal.random_network(n, seed=5)
    else:
        network = literal.random_network(
            n, seed=5, tau_ms=rng.uniform(15, 30, n), delay_ms=np.round(rng.uniform(1, 6, (n, n)), 3)
        )
        drives = network.drive_mv * rng.uniform(0.9, 1.1, (3, n))
        network = literal.network(
            network.weights, drive_mv=drives, tau_ms=network.tau_ms, delay_ms=network.delay_ms, reset_mv=-1.5
        )
    return network, literal.run(network, duration_ms=600)


@pytest.mark.parametrize("tolerance", [0.0, 0.05])
@pytest.mark.parametrize("self_weights", [False, True])
def test_kernels_are_the_reference(case, tolerance, self_weights):
    network, spikes = case
    model = NeuronModel.of(network)
    equations = equations_of(spikes, model, tolerance_ms=tolerance, self_weights=self_weights)
    for i in range(model.n):
        intervals = equations.intervals(i)
        marks = equations.acceptable(i, intervals)
        theta, _ = equations.rows(i, intervals)
        column, delay = equations.columns(i), equations.delays(i)
        for k, (trial, t0, t1) in enumerate(zip(*equations.ends(intervals), strict=True)):
            own = spikes.trial == trial
            time, neuron = spikes.time_ms[own], spikes.neuron[own]
            assert marks[k] == reference_acceptable(time, neuron, column, delay, t0, t1, tolerance)
            row = reference_row(time, neuron, column, delay, model.tau_ms[i], t0, t1, equations.n_columns)
            np.testing.assert_allclose(theta[k], row, rtol=1e-13, atol=1e-18)
    assert marks.any()


def test_true_weights_solve_the_equations_of_acceptable_intervals_alone(case):
    network, spikes = case
    equations = equations_of(spikes, NeuronModel.of(network))
    rejected = []
    for i in range(len(network.weights)):
        intervals = equations.intervals(i)
        marks = equations.acceptable(i, intervals)
        theta, b = equations.rows(i, intervals)
        miss = np.abs(theta @ network.weights[i] - b)
        assert miss[marks].max(initial=0) < 1e-11
        rejected.extend(miss[~marks])
    assert len(rejected) > 10
    # The arrival that fires the neuron is not in its equation, and what it exceeds the threshold by is not known.
    assert np.median(rejected) > 0.1


def by_hand(times, neurons, *, start=0.0):
    return mst.SpikeData(time_ms=times, neuron=neurons, n_neurons=2, t_start_ms=start, t_stop_ms=100)


PAIR = {"tau_ms": 10, "drive_mv": [30, 30], "threshold_mv": 20, "reset_mv": 0, "delay_ms": 2}


def test_an_arrival_at_the_beginning_is_wiped_out_and_one_at_the_end_makes_it_unacceptable():
    spikes = by_hand([10, 8, 20, 18, 15, 30], [0, 1, 0, 1, 1, 0])
    equations = equations_of(spikes, NeuronModel(**PAIR))
    intervals = equations.intervals(0)
    assert equations.acceptable(0, intervals).tolist() == [False, True]
    theta, b = equations.rows(0, intervals)
    # Arrivals at 10, 17 and 20: of the first interval only that at 17 counts, of the second none.
    np.testing.assert_allclose(theta, [[0, np.exp(-0.3)], [0, 0]], rtol=1e-14)
    np.testing.assert_allclose(b, 20 - 30 * (1 - np.exp(-1)), rtol=1e-14)


def test_a_tolerance_also_protects_the_beginning():
    spikes = by_hand([10, 8.1, 20, 40], [0, 1, 0, 0])
    equations = equations_of(spikes, NeuronModel(**PAIR), tolerance_ms=0.2)
    assert equations.acceptable(0, equations.intervals(0)).tolist() == [False, True]
    assert equations_of(spikes, equations.model, tolerance_ms=0.05).acceptable(0, np.arange(2)).all()


def test_intervals_that_may_hold_arrivals_from_before_the_recording_are_left_out():
    spikes = by_hand([11.9, 20, 30, 12, 25], [0, 0, 0, 1, 1], start=10.0)
    recording = Recording.of(spikes, NeuronModel(**PAIR))
    assert recording.n_isis.tolist() == [2, 1]
    assert np.diff(recording.offsets).tolist() == [1, 1]
    assert spikes.time_ms[recording.first].tolist() == [20.0, 12.0]


def test_neurons_that_fire_together_share_a_column():
    spikes = mst.SpikeData(time_ms=[5, 5, 9, 30, 30, 33], neuron=[0, 1, 2, 0, 1, 2], n_neurons=4, t_stop_ms=50)
    model = NeuronModel(tau_ms=10, drive_mv=[30] * 4, threshold_mv=20, reset_mv=0, delay_ms=2)
    equations = equations_of(spikes, model)
    assert equations.recording.together == ((0, 1),)
    assert equations.columns(2).tolist() == [0, 0, -1, 3]
    assert equations.columns(0).tolist() == [-1, 1, 2, 3]
    assert equations.n_unknowns(2) == 1
    # Between 9 and 33 ms: one arrival of the two, at 32 ms.
    np.testing.assert_allclose(equations.rows(2, equations.intervals(2))[0], [[np.exp(-0.1), 0, 0, 0]], rtol=1e-14)
    delay = np.full((4, 4), 2.0)
    delay[2, 1] = 3.0
    apart = NeuronModel(tau_ms=10, drive_mv=[30] * 4, threshold_mv=20, reset_mv=0, delay_ms=delay)
    assert equations_of(spikes, apart).columns(2).tolist() == [0, 1, -1, 3]
