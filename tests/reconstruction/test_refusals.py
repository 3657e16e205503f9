"""What cannot be reconstructed is refused by one sentence that says what to do."""

import numpy as np
import pytest

import metastable as mst
from metastable.reconstruction import NeuronModel, delay_candidates, reconstruct, scan

PARAMETERS = {"tau_ms": 20.0, "drive_mv": np.full(4, 30.0), "threshold_mv": 20.0, "reset_mv": 0.0, "delay_ms": 2.0}


@pytest.fixture(scope="module")
def spikes(literal):
    return literal.run(literal.random_network(4, seed=1, density=1.0), duration_ms=400)


def test_times_that_are_no_times_never_reach_reconstruction():
    with pytest.raises(ValueError, match="time_ms"):
        mst.SpikeData(time_ms=[1.0, np.nan], neuron=[0, 1], n_neurons=2, t_stop_ms=10)
    with pytest.raises(ValueError, match="neuron"):
        mst.SpikeData(time_ms=[1.0, 2.0], neuron=[0, 2], n_neurons=2, t_stop_ms=10)
    # Unsorted times are sorted on entry: the order of events is that of their times.
    unsorted = mst.SpikeData(time_ms=[5.0, 1.0], neuron=[0, 1], n_neurons=2, t_stop_ms=10)
    assert unsorted.time_ms.tolist() == [1.0, 5.0]
    assert unsorted.neuron.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tau_ms": [20.0, 20.0]}, r"tau_ms must be a number or have shape \(4,\), got \(2,\)"),
        ({"drive_mv": 30.0}, r"drive_mv must have shape \(n,\) or \(n_trials, n\), got \(\)"),
        ({"delay_ms": np.ones(4)}, r"delay_ms must be a number or have shape \(4, 4\), got \(4,\)"),
        ({"tau_ms": 0.0}, "tau_ms must be above 0, got 0"),
        ({"delay_ms": -1.0}, "delay_ms must be at least 0, got -1"),
        ({"reset_mv": 20.0}, "threshold_mv must lie above reset_mv, but neuron 0 has 20 and 20 mV; exchange them"),
        ({"drive_mv": [30, np.inf, 30, 30]}, "drive_mv holds NaN or infinite values; give finite ones"),
    ],
)
def test_models(change, message):
    with pytest.raises(ValueError, match=message):
        NeuronModel(**PARAMETERS | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"drive_mv": np.full(5, 30.0)}, "the recording has 4 neurons but the model 5; give one model of all"),
        (
            {"drive_mv": np.full((2, 4), 30.0)},
            "the recording has 1 trials but drive_mv is for 2; give one row per trial",
        ),
        ({"tau_ms": 0.02}, "at a time constant of 0.02 ms: one of them looks like seconds; give both in ms"),
        ({"drive_mv": np.full(4, 19.0)}, "drive_mv of 19 does not exceed its threshold of 20 mV; correct drive_mv"),
    ],
)
def test_models_that_do_not_fit_the_recording(spikes, change, message):
    with pytest.raises(ValueError, match=message):
        reconstruct(spikes, model=NeuronModel(**PARAMETERS | change), progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tolerance_ms": 15.0},
            r"tolerance_ms=15 rejects all \d+ intervals, because spikes arrive every \S+ ms; take",
        ),
        ({"tolerance_ms": -1.0}, "tolerance_ms must be at least 0, got -1"),
        ({"bias": True, "self_weights": True}, "bias and self_weights cannot both be unknown"),
        ({"method": "guess"}, "method must be one of"),
        ({"rows": "some"}, "rows must be one of"),
        ({"n_rows": 0}, "n_rows must be at least 1, got 0"),
        ({"oversampling": 0.5}, "oversampling must be at least 1, got 0.5"),
        ({"n_holdout": -1}, "n_holdout must be at least 0, got -1"),
        ({"method": "phase-locked", "tolerance_ms": 0.1}, "needs exact times, a known drive and one tau_ms for all"),
        ({"method": "phase-locked", "bias": True}, "needs exact times, a known drive and one tau_ms for all"),
        ({"method": "periodic"}, "needs 4 differently driven trials that end in a volley of all neurons, and finds 0"),
    ],
)
def test_options(spikes, options, message):
    with pytest.raises(ValueError, match=message):
        reconstruct(spikes, model=NeuronModel(**PARAMETERS), progress=False, **options)


def test_spikes_in_seconds(spikes):
    seconds = mst.SpikeData(time_ms=spikes.time_ms / 1000, neuron=spikes.neuron, n_neurons=4, t_stop_ms=0.4)
    model = NeuronModel(**PARAMETERS | {"delay_ms": 0.002})
    with pytest.raises(ValueError, match=r"the mean interval is 0.0\d+ ms at a time constant of 20 ms: one of them"):
        reconstruct(seconds, model=model, progress=False)


def test_spikes_on_a_grid(spikes):
    grid = mst.SpikeData(
        time_ms=np.round(spikes.time_ms, 1), neuron=spikes.neuron, n_neurons=4, t_stop_ms=400, dt_ms=0.1
    )
    with pytest.raises(ValueError, match=r"the times lie on a grid of 0.1 ms and are not exact; give tolerance_ms=0.1"):
        reconstruct(grid, model=NeuronModel(**PARAMETERS), progress=False)


def test_doubled_spikes(spikes):
    double = mst.SpikeData(
        time_ms=np.append(spikes.time_ms, spikes.time_ms[10]),
        neuron=np.append(spikes.neuron, spikes.neuron[10]),
        n_neurons=4,
        t_stop_ms=400,
    )
    with pytest.raises(ValueError, match=rf"neuron {spikes.neuron[10]} has two spikes at .* ms of trial 0; remove dup"):
        reconstruct(double, model=NeuronModel(**PARAMETERS), progress=False)


def test_not_a_model_and_not_spikes(spikes):
    with pytest.raises(
        TypeError, match="model must be a NeuronModel or a pulse-coupled network, got str, which has no"
    ):
        reconstruct(spikes, model="lif")
    with pytest.raises(TypeError, match="spikes must be"):
        reconstruct([1, 2, 3], model=NeuronModel(**PARAMETERS))


def test_scans(spikes):
    model = NeuronModel(**PARAMETERS)
    with pytest.raises(ValueError, match="values must be given for tau_ms; take a range of plausible time constants"):
        scan(spikes, model=model, parameter="tau_ms")
    with pytest.raises(ValueError, match="parameter must be one of"):
        scan(spikes, model=model, parameter="drive_mv", values=[1.0])
    silent = mst.SpikeData(time_ms=[1.0, 60.0], neuron=[0, 1], n_neurons=4, t_stop_ms=400)
    with pytest.raises(ValueError, match=r"no difference of spike times up to 20 ms recurs .* give the values to try"):
        delay_candidates(silent)
