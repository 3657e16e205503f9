"""Volleys: one factorisation for all neurons, its check, and what it falls back to."""

import numpy as np
import pytest

import metastable as mst
from metastable.reconstruction import NeuronModel, Status, reconstruct
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._phase_locked import find_volleys
from metastable.reconstruction._recording import Recording

N = 12


def volleys_of(spikes, model):
    return find_volleys(Equations(recording=Recording.of(spikes, model), model=model))


@pytest.fixture(scope="module", params=["one delay", "a delay each"])
def locked(request, literal):
    delay = 2.0 if request.param == "one delay" else np.random.default_rng(1).uniform(1.9, 2.1, (N, N)).round(3)
    network = literal.inhibitory_network(N, n_drives=N + 5, seed=2, per_neuron=4, delay_ms=delay)
    return network, literal.run(network, duration_ms=200, initial=0.0)


def test_exact_and_the_same_as_the_general_method(locked, literal):
    network, spikes = locked
    model = NeuronModel.of(network)
    special = reconstruct(spikes, model=model, progress=False)
    assert set(special.method) == {"phase-locked"}
    assert set(special.status) == {Status.OK}
    assert literal.error(special, network) < 1e-9
    assert special.holdout_residual_mv.max() < 1e-9
    assert (special.n_rows == N).all()
    assert np.isfinite(special.condition).all()
    general = reconstruct(spikes, model=model, method="least-squares", progress=False)
    assert set(general.method) == {"least-squares"}
    np.testing.assert_allclose(special.weights, general.weights, atol=1e-9)
    np.testing.assert_array_equal(special.n_acceptable, general.n_acceptable)


def test_without_spare_drives_earlier_volleys_are_the_test(literal):
    network = literal.inhibitory_network(N, n_drives=N, seed=2, per_neuron=4)
    spikes = literal.run(network, duration_ms=200, initial=0.0)
    found = reconstruct(spikes, model=NeuronModel.of(network), method="phase-locked", progress=False)
    assert literal.error(found, network) < 1e-9
    assert found.holdout_residual_mv.max() < 1e-9


def test_only_drives_with_volleys_are_used(literal):
    network = literal.inhibitory_network(N, n_drives=N + 3, seed=4, per_neuron=4)
    # In three trials drives differ so much that no volleys form.
    rng = np.random.default_rng(5)
    network.drive_mv[[0, 6, 9]] = 30 * (1 + 0.5 * rng.random((3, N)))
    model = NeuronModel.of(network)
    spikes = literal.run(network, duration_ms=200, initial=0.0)
    good = np.delete(np.arange(N + 3), [0, 6, 9])
    assert volleys_of(spikes, model).trial.tolist() == good.tolist()
    found = reconstruct(spikes, model=model, method="phase-locked", progress=False)
    assert literal.error(found, network) < 1e-9


def test_too_few_volleys_fall_back_or_are_refused(literal):
    network = literal.inhibitory_network(N, n_drives=N + 3, seed=4, per_neuron=4)
    rng = np.random.default_rng(5)
    network.drive_mv[:4] = 30 * (1 + 0.5 * rng.random((4, N)))
    model = NeuronModel.of(network)
    spikes = literal.run(network, duration_ms=200, initial=0.0)
    found = reconstruct(spikes, model=model, progress=False)
    assert set(found.method) == {"least-squares"}
    assert literal.error(found, network) < 1e-8
    with pytest.raises(ValueError, match=r"needs 12 differently driven trials .* finds 11; take method=") as refused:
        reconstruct(spikes, model=model, method="phase-locked", progress=False)
    assert "\n" not in str(refused.value)


def test_equal_drives_cannot_be_told_apart(literal):
    network = literal.inhibitory_network(N, n_drives=N, seed=4, per_neuron=4)
    network.drive_mv[1] = network.drive_mv[0]
    spikes = literal.run(network, duration_ms=200, initial=0.0)
    with pytest.raises(ValueError, match="record more driving conditions"):
        reconstruct(spikes, model=NeuronModel.of(network), method="phase-locked", progress=False)


def test_volleys_are_volleys(locked):
    """Between the last two spikes of each neuron every other arrives once, as the method assumes."""
    network, spikes = locked
    volleys = volleys_of(spikes, NeuronModel.of(network))
    assert volleys.trial.size == N + 5
    delay = np.broadcast_to(network.delay_ms, (N, N))
    for trial, before, last in zip(volleys.trial, volleys.before, volleys.last, strict=True):
        own = spikes.trial == trial
        time, neuron = spikes.time_ms[own], spikes.neuron[own]
        for i in range(N):
            mine = time[neuron == i]
            k = int(np.flatnonzero(mine == last[i])[0])
            assert mine[k - 1] == before[i]
            arrival = time + delay[i][neuron]
            inside = (arrival > before[i]) & (arrival < last[i])
            assert sorted(neuron[inside]) == list(range(N))
            np.testing.assert_array_equal(np.sort(time[inside]), np.sort(before))


def test_periodic_arrivals_are_as_exact_as_the_locking(literal):
    # Inhibition as strong as this locks; differences of periods shrink by a factor of ten in about 200 ms.
    network = literal.inhibitory_network(
        N, n_drives=N + 5, seed=2, per_neuron=4, total=-14.0, spread=0.005, drive=31.64, delay_ms=5.0
    )
    model = NeuronModel.of(network)
    errors = []
    for duration in (300, 1000, 2500):
        spikes = literal.run(network, duration_ms=duration, initial=0.0)
        found = reconstruct(spikes, model=model, method="periodic", progress=False)
        assert set(found.method) == {"periodic"}
        errors.append(literal.error(found, network))
        # The arrivals that were there give all of it at once.
        assert literal.error(reconstruct(spikes, model=model, progress=False), network) < 1e-9
    assert errors[0] > 1e-3
    assert 1e-7 < errors[1] < 1e-2 * errors[0]
    assert errors[2] < 1e-3 * errors[1]


def test_a_recording_of_one_drive_has_no_volleys_to_compare(literal):
    network = literal.inhibitory_network(4, n_drives=1, seed=1, per_neuron=3)
    spikes = literal.run(network, duration_ms=120, initial=0.0)
    model = NeuronModel.of(network)
    assert volleys_of(spikes, model).trial.tolist() == [0]
    short = mst.SpikeData(time_ms=spikes.time_ms[:8], neuron=spikes.neuron[:8], n_neurons=4, t_stop_ms=120)
    assert volleys_of(short, model).trial.size == 0


@pytest.mark.parametrize(
    ("times", "locked"),
    [
        ([[0, 10, 20], [1, 11, 21]], True),
        # Neuron 1's arrival of the volley before comes after neuron 0 has fired again.
        ([[0, 10, 20], [9, 11, 21]], False),
        # The volley lasts longer than the delay: arrivals of its first spike precede its last.
        ([[0, 10, 20], [1, 12.5, 21]], False),
        # The next volley begins before all of the last has arrived.
        ([[0, 10, 12.5], [1, 11, 13]], False),
    ],
)
def test_what_is_a_volley(times, locked):
    spikes = mst.SpikeData(time_ms=np.ravel(times), neuron=[0, 0, 0, 1, 1, 1], n_neurons=2, t_stop_ms=40)
    model = NeuronModel(tau_ms=20, drive_mv=[30, 30], threshold_mv=20, reset_mv=0, delay_ms=2)
    assert volleys_of(spikes, model).trial.tolist() == ([0] if locked else [])
