"""The engines against closed forms that share no code with them."""

import dataclasses

import numpy as np
import pytest

from metastable import simulate
from metastable.networks import Connection, LIFNetwork, Population, Stimulus, Synapse

ENGINES = ("metastable", "reference")
SYNAPSES = [Synapse(tau_decay_ms=3, tau_rise_ms=1), Synapse(tau_decay_ms=5), Synapse(tau_decay_ms=20, tau_rise_ms=0.4)]


def alone(**facts):
    own = {"size": 1, "tau_m_ms": 15, "synapse": SYNAPSES[0], "refractory_ms": 5, "initial_v": (0, 0)}
    return LIFNetwork(populations=(Population(name="E", **{**own, **facts}),), connections=())


def steps_to_threshold(bias, tau_m, dt, threshold=1.0, start=0.0):
    """Updates of V <- V + dt/tau (mu - V) from `start` until V > threshold: V_n = mu + (start - mu) a^n."""
    a = 1 - dt / tau_m
    return int(np.floor(np.log((bias - threshold) / (bias - start)) / np.log(a))) + 1


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("bias", [1.05, 1.2, 3.0, 40.0])
@pytest.mark.parametrize(("tau_m", "refractory", "dt"), [(15, 5, 0.1), (10, 0, 0.1), (20, 0.1, 0.1), (15, 2, 0.05)])
def test_interval_between_spikes(engine, bias, tau_m, refractory, dt):
    net = alone(bias=(bias, bias), tau_m_ms=tau_m, refractory_ms=refractory)
    spikes = simulate(net, duration_ms=300, seed=1, dt_ms=dt, engine=engine, precision="double")
    n = steps_to_threshold(bias, tau_m, dt)
    # The first update happens in step 0; after a spike V stays at reset for the refractory time, then needs n updates.
    first, interval = n - 1, n + round(refractory / dt)
    np.testing.assert_array_equal(spikes.steps, np.arange(first, round(300 / dt), interval))
    assert spikes.n_spikes > 1


@pytest.mark.parametrize("engine", ENGINES)
def test_threshold_and_reset_of_another_scale(engine):
    net = alone(bias=(20.0, 20.0), threshold=15.0, reset=-5.0, initial_v=(3.0, 3.0))
    spikes = simulate(net, duration_ms=300, seed=1, engine=engine, precision="double")
    first = steps_to_threshold(20, 15, 0.1, threshold=15, start=3) - 1
    interval = steps_to_threshold(20, 15, 0.1, threshold=15, start=-5) + 50
    np.testing.assert_array_equal(spikes.steps, np.arange(first, 3000, interval))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_drive_at_threshold_never_fires(engine):
    # V approaches 1 from below and must exceed it.
    net = alone(size=3, bias=(1.0, 1.0))
    assert simulate(net, duration_ms=500, seed=1, engine=engine).n_spikes == 0
    # Without leak, in single precision, V stays exactly where it began: at the threshold, not above.
    still = alone(size=3, bias=(0.0, 0.0), tau_m_ms=1e9, initial_v=(1.0, 1.0))
    assert simulate(still, duration_ms=10, seed=1, engine=engine).n_spikes == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_stimulus_acts_from_its_first_step(engine):
    # From V = 0.5 and bias 0.5, an amplitude that lifts V above 1 in a single step.
    net = alone(bias=(0.5, 0.5), initial_v=(0.5, 0.5), refractory_ms=1000)
    stimulus = Stimulus.step(0.51 * 150, start_ms=12.3, stop_ms=12.4)
    spikes = simulate(net, duration_ms=50, seed=1, stimulus=stimulus, engine=engine, precision="double")
    assert spikes.steps.tolist() == [123]


# ------------------------------------------------------------------ one spike


def one_spike(synapse, *, weight, delay_ms, n, tau_m, bias, initial_v):
    """A neuron that fires once, at a known step, and `n` targets that differ by bias or initial potential."""
    still = {"synapse": Synapse(tau_decay_ms=7), "refractory_ms": 10_000}
    source = Population(name="A", size=1, tau_m_ms=10, bias=(2, 2), **{**still, "synapse": synapse}, initial_v=(0, 0))
    target = Population(name="B", size=n, tau_m_ms=tau_m, bias=bias, initial_v=initial_v, **still)
    link = Connection(post="B", pre="A", probability=1, weight=weight, delay_ms=delay_ms)
    return LIFNetwork(populations=(source, target), connections=(link,)), steps_to_threshold(2, 10, 0.1) - 1


def geometric(a, r, k):
    """Sum over j = 0..k of a^(k - j) r^j."""
    return (a ** (k + 1) - r ** (k + 1)) / (a - r)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("synapse", SYNAPSES, ids=repr)
@pytest.mark.parametrize("delay", [1, 2, 37])
def test_postsynaptic_potential(engine, synapse, delay):
    # Each target sits at another distance from the threshold, so that together they trace the potential step by step.
    dt, tau_m, weight, n = 0.1, 15.0, 0.6, 300
    net, spike = one_spike(
        synapse, weight=weight, delay_ms=delay * dt, n=n, tau_m=tau_m, bias=(0.4, 0.99), initial_v=(0, 0)
    )
    wired = net.wire(2)
    spikes = simulate(wired, duration_ms=100, engine=engine, precision="double")
    assert spikes.select(neuron=0).steps.tolist() == [spike]

    a, decay = 1 - dt / tau_m, 1 - dt / synapse.tau_decay_ms
    step = np.arange(1000)
    # The spike arrives at step spike + delay, when the decay trace jumps by dt J/(tau_d - tau_r).
    since = step - spike - delay
    k = np.maximum(since, 0)
    if synapse.tau_rise_ms is None:
        course = geometric(a, decay, k) / synapse.tau_decay_ms
    else:
        rise = 1 - dt / synapse.tau_rise_ms
        course = (geometric(a, decay, k) - geometric(a, rise, k)) / (synapse.tau_decay_ms - synapse.tau_rise_ms)
    psp = np.where(since >= 0, weight * dt * course, 0)
    for j, bias in enumerate(wired.bias[1:], start=1):
        v = bias * (1 - a ** (step + 1)) + psp
        above = np.flatnonzero(v > 1)
        assert spikes.select(neuron=j).steps.tolist() == above[:1].tolist()
    assert n / 10 < spikes.n_spikes - 1 < n
    assert len(set(spikes.steps)) > 10


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("synapse", SYNAPSES, ids=repr)
def test_unit_area(engine, precision, synapse):
    # Without leak V moves by J in all, whatever the time course: those within J of the threshold fire, no others.
    weight, n = 0.3, 500
    net, _ = one_spike(synapse, weight=weight, delay_ms=0.1, n=n, tau_m=1e9, bias=(0, 0), initial_v=(0, 1))
    counts = simulate(net, duration_ms=400, seed=4, engine=engine, precision=precision).spike_counts()[0, 1:]
    from metastable._random import Purpose, stream

    draws = stream(4, Purpose.INITIAL_STATE, 0, 0)
    draws.uniform(0, 0, size=1)
    v = draws.uniform(0, 1, size=n)
    clear = np.abs(v - (1 - weight)) > 1e-4
    np.testing.assert_array_equal(counts[clear], (v > 1 - weight)[clear])
    assert clear.sum() > n - 3


@pytest.mark.parametrize("engine", ENGINES)
def test_kinetics_belong_to_the_presynaptic_neuron(engine):
    # The targets' own synapses are slow; the current they receive is fast because its source is.
    net, spike = one_spike(
        Synapse(tau_decay_ms=1), weight=2, delay_ms=0.1, n=1, tau_m=10, bias=(0.5, 0.5), initial_v=(0.5, 0.5)
    )
    fast = simulate(net, duration_ms=50, seed=1, engine=engine, precision="double").select(neuron=1).steps[0]
    slow = dataclasses.replace(net.populations[0], synapse=Synapse(tau_decay_ms=4))
    slow = dataclasses.replace(net, populations=(slow, net.populations[1]))
    later = simulate(slow, duration_ms=50, seed=1, engine=engine, precision="double").select(neuron=1).steps[0]
    target = dataclasses.replace(net.populations[1], synapse=Synapse(tau_decay_ms=1))
    other = dataclasses.replace(net, populations=(net.populations[0], target))
    same = simulate(other, duration_ms=50, seed=1, engine=engine, precision="double").select(neuron=1).steps[0]
    assert spike < fast == same < later


@pytest.mark.parametrize("engine", ENGINES)
def test_refractory_neurons_hear_nothing_but_their_synapses_go_on(engine):
    # A spike that arrives while the target is refractory moves the trace, and the trace moves V afterwards.
    synapse = Synapse(tau_decay_ms=20)
    source = Population(
        name="A", size=1, tau_m_ms=10, bias=(2, 2), synapse=synapse, refractory_ms=10_000, initial_v=(0, 0)
    )
    target = Population(
        name="B", size=1, tau_m_ms=10, bias=(0, 0), synapse=synapse, refractory_ms=10, initial_v=(1.5, 1.5)
    )
    link = Connection(post="B", pre="A", probability=1, weight=6)
    net = LIFNetwork(populations=(source, target), connections=(link,))
    spikes = simulate(net, duration_ms=60, seed=1, engine=engine, precision="double")
    arrival = steps_to_threshold(2, 10, 0.1)
    assert arrival < 100
    trace, v, expected, free_from = 0.0, 1.5, [], 0
    for step in range(600):
        trace = trace * (1 - 0.1 / 20) + (0.1 * 6 / 20 if step == arrival else 0)
        v = v * (1 - 0.1 / 10) + trace if step >= free_from else 0.0
        if v > 1:
            expected.append(step)
            v, free_from = 0.0, step + 101
    assert len(expected) >= 2
    assert spikes.select(neuron=1).steps.tolist() == expected


def test_stimulus_groups_add_up():
    # Three overlapping parts are one drive: their sum in a single part gives the same spikes.
    net = alone(size=5, bias=(1.1, 1.3))
    parts = (
        Stimulus.step(0.25, start_ms=10)
        + Stimulus.step(0.5, start_ms=20, stop_ms=50)
        + Stimulus.step(-0.125, start_ms=0)
    )
    whole = Stimulus.array([-0.125, 0.125, 0.625, 0.625, 0.625, *[0.125] * 15], dt_ms=10)
    one, other = (simulate(net, duration_ms=200, seed=1, stimulus=s) for s in (parts, whole))
    np.testing.assert_array_equal(one.time_ms, other.time_ms)
    assert one.n_spikes > simulate(net, duration_ms=200, seed=1).n_spikes
