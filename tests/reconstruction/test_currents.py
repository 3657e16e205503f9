"""Equations of neurons with synaptic currents, against literal simulations that share no code with them."""

import dataclasses

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq, nnls

import metastable as mst
from metastable.reconstruction import CurrentModel, Status, reconstruct, score
from metastable.reconstruction._current_equations import CurrentEquations
from metastable.reconstruction._current_prior import WeightPrior
from metastable.reconstruction._current_reference import reference_trace
from metastable.reconstruction._recording import Recording
from metastable.reconstruction._sign_constrained import sign_constrained

DT = 0.1


def equations_of(spikes, model, **options):
    return CurrentEquations(Recording.of(spikes, model), model, **options)


def random_model(n, rng, *, rise, dt_ms):
    return CurrentModel(
        bias=rng.uniform(1.3, 1.6, n),
        tau_ms=rng.choice([10.0, 15.0], n),
        tau_decay_ms=rng.choice([2.0, 4.0], n),
        tau_rise_ms=rise,
        threshold=rng.uniform(0.9, 1.1, n),
        reset=rng.uniform(-0.1, 0.1, n),
        refractory_ms=rng.choice([0.0, 2.0, 5.0], n),
        delay_ms=rng.choice([0.1, 0.3, 1.7], (n, n)),
        dt_ms=dt_ms,
    )


def simulate_by_euler(model, weights, n_steps, rng):
    """Return the spikes, and the potentials before the reset at the step of each spike and at the one before."""
    n = model.n
    steps = lambda values: np.rint(np.asarray(values) / DT).astype(int)  # noqa: E731
    delay, refractory = np.broadcast_to(steps(model.delay_ms), (n, n)), steps(model.refractory_ms)
    v = rng.uniform(0, 0.9, n)
    # One current per pair of neurons and exponential: each presynaptic neuron has its own time constants.
    decaying, rising = np.zeros((n, n)), np.zeros((n, n))
    has_rise = model.tau_rise_ms > 0
    last = np.full(n, -(10**6))
    fired = np.zeros((n_steps, n), bool)
    step, neuron, at, before = [], [], [], []
    for k in range(n_steps):
        arrives = np.zeros((n, n))
        for d in np.unique(delay):
            if k >= d:
                arrives += (delay == d) * fired[k - d]
        decaying = decaying * (1 - DT / model.tau_decay_ms) + arrives
        rising = rising * (1 - DT / np.where(has_rise, model.tau_rise_ms, 1)) + arrives * has_rise
        unit = (decaying - rising) / (model.tau_decay_ms - model.tau_rise_ms)
        free = k - last > refractory
        new = v + DT * ((model.bias - v) / model.tau_ms + (weights * unit).sum(axis=1))
        new = np.where(free, new, model.reset)
        fires = free & (new > model.threshold)
        for i in np.flatnonzero(fires):
            step.append(k)
            neuron.append(i)
            at.append(new[i])
            before.append(v[i])
        v = np.where(fires, model.reset, new)
        last[fires] = k
        fired[k] = fires
    spikes = mst.SpikeData(time_ms=np.array(step) * DT, neuron=neuron, n_neurons=n, t_stop_ms=n_steps * DT, dt_ms=DT)
    return spikes, np.array(at), np.array(before)


@pytest.mark.parametrize("rise", [0.0, 1.0], ids=["exponential", "biexponential"])
def test_weights_come_back_from_exact_potentials_on_the_grid(rise):
    rng = np.random.default_rng(3)
    n = 10
    model = random_model(n, rng, rise=rise, dt_ms=DT)
    weights = rng.normal(0, 0.15, (n, n)) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(weights, 0)
    spikes, at, before = simulate_by_euler(model, weights, 9000, rng)
    equations = equations_of(spikes, model)
    for i in range(n):
        intervals = equations.intervals(i)
        assert intervals.size > 15
        last = equations.recording.last[intervals]
        for potential, steps_before in ((at, 0), (before, 1)):
            matrix, right = equations.potential_rows(i, intervals, potential[last], before=steps_before)
            assert np.abs(matrix @ weights[i] - right).max() < 2e-14
        others = np.arange(n) != i
        matrix, right = equations.potential_rows(i, intervals, at[last])
        found = np.linalg.lstsq(matrix[:, others], right)[0]
        assert np.abs(found - weights[i, others]).max() < 1e-10
        # What is reconstructed from: the mean of both ends, with an error of less than half of the last step.
        rows = equations.rows(i, intervals)
        height = rows.last_step @ weights[i] - rows.last_right
        np.testing.assert_allclose(height, at[last] - before[last], atol=2e-14)
        error = (rows.matrix @ weights[i] - rows.right) / height
        assert np.abs(error).max() <= 0.5
        assert abs(error.mean()) < 0.2


def test_grid_convention_is_that_of_the_engine():
    network = mst.networks.litwin_kumar_doiron_2012(n_e=40, n_clusters=2)
    connections = tuple(
        dataclasses.replace(c, delay_ms=d) for c, d in zip(network.connections, (0.1, 0.5, 1.0, 0.3), strict=True)
    )
    wired = dataclasses.replace(network, connections=connections).wire(seed=1)
    weights = wired.weight_matrix().toarray()
    spikes = mst.simulate(wired, duration_ms=500, n_trials=2, seed=1, precision="double", progress=False)
    equations = equations_of(spikes, CurrentModel.of(wired, dt_ms=DT))
    n_tested = 0
    for i in range(50):
        rows = equations.rows(i, equations.intervals(i))
        height = rows.last_step @ weights[i] - rows.last_right
        assert np.all(np.abs(rows.matrix @ weights[i] - rows.right) <= height / 2 + 1e-12)
        n_tested += height.size
    assert n_tested > 500


def exact_spikes(model, weights, trains, duration):
    """Spikes of neuron 0, whose currents come from given trains: matrix exponentials and a search for the crossing."""
    sources = range(1, model.n)
    size = 2 + 2 * (model.n - 1)
    generator = np.zeros((size, size))
    # State: potential, the number 1, and two exponentials per source.
    generator[0, 0], generator[0, 1] = -1 / model.tau_ms[0], model.bias[0] / model.tau_ms[0]
    for j in sources:
        decay, rise = 2 * j, 2 * j + 1
        generator[decay, decay] = -1 / model.tau_decay_ms[j]
        norm = weights[j] / (model.tau_decay_ms[j] - model.tau_rise_ms[j])
        generator[0, decay] = norm
        if model.tau_rise_ms[j] > 0:
            generator[rise, rise] = -1 / model.tau_rise_ms[j]
            generator[0, rise] = -norm
    events = sorted((t + model.delay_ms[0, j], j) for j in sources for t in trains[j])
    state = np.zeros(size)
    state[1], state[0] = 1.0, model.reset[0]
    stride = 0.25
    stride_ahead = expm(generator * stride)
    now, free_at, spikes = 0.0, 0.0, []
    k = 0
    while now < duration:
        until = min(now + stride, duration)
        if k < len(events):
            until = min(until, events[k][0])
        if now < free_at:
            until = min(until, free_at)
        ahead = stride_ahead if until - now == stride else expm(generator * (until - now))
        new = ahead @ state
        if now < free_at:
            new[0] = model.reset[0]
        elif new[0] >= model.threshold[0]:
            start = state.copy()
            gap = lambda dt, start=start: (expm(generator * dt) @ start)[0] - model.threshold[0]  # noqa: E731
            dt = brentq(gap, 0, until - now, xtol=1e-14, rtol=1e-15)
            new = expm(generator * dt) @ state
            new[0] = model.reset[0]
            until = now + dt
            spikes.append(until)
            free_at = until + model.refractory_ms[0]
        state, now = new, until
        while k < len(events) and events[k][0] <= now:
            j = events[k][1]
            state[2 * j] += 1
            state[2 * j + 1] += model.tau_rise_ms[j] > 0
            k += 1
    return spikes


@pytest.mark.parametrize("rise", [0.0, 0.7], ids=["exponential", "biexponential"])
def test_weights_come_back_in_continuous_time(rise):
    rng = np.random.default_rng(5)
    n, duration = 6, 700.0
    model = random_model(n, rng, rise=rise, dt_ms=None)
    weights = np.array([0, 0.3, -0.2, 0.15, 0, 0.1])
    trains = [np.sort(rng.uniform(0, duration, 40)) for _ in range(n)]
    trains[0] = exact_spikes(model, weights, trains, duration)
    spikes = mst.SpikeData(
        time_ms=np.concatenate(trains),
        neuron=np.repeat(np.arange(n), [len(train) for train in trains]),
        n_neurons=n,
        t_stop_ms=duration,
    )
    model = dataclasses.replace(model, refractory_ms=np.where(np.arange(n) == 0, model.refractory_ms, 0.0))
    found = reconstruct(spikes, model=model, progress=False)
    assert found.method[0] == "least-squares"
    assert np.abs(found.weights[0] - weights).max() < 1e-10
    assert found.status[0] is Status.OK
    assert found.holdout_residual_mv[0] < 1e-11
    # The others fired at random.
    assert set(found.status[1:]) == {Status.MODEL_MISMATCH}
    unknown = dataclasses.replace(model, bias=model.bias - 0.1)
    shifted = reconstruct(spikes, model=unknown, bias=True, progress=False)
    assert np.abs(shifted.weights[0] - weights).max() < 1e-9
    assert shifted.bias_mv[0] == pytest.approx(0.1, abs=1e-9)
    assert reconstruct(spikes, model=unknown, progress=False).status[0] is Status.MODEL_MISMATCH


@pytest.mark.parametrize("dt_ms", [None, DT])
def test_kernel_is_the_reference(dt_ms):
    rng = np.random.default_rng(7)
    n = 5
    model = dataclasses.replace(random_model(n, rng, rise=1.0, dt_ms=dt_ms), tau_rise_ms=[1, 0, 0.5, 0, 1])
    steps = np.sort(rng.choice(20_000, 300, replace=False))
    time = steps * DT if dt_ms else np.sort(rng.uniform(0, 2000, 300))
    trial = rng.integers(0, 3, 300)
    spikes = mst.SpikeData(
        time_ms=time + 5, neuron=rng.integers(0, n, 300), trial=trial, n_neurons=n, n_trials=3, dt_ms=dt_ms,
        t_start_ms=5.0, t_stop_ms=2005.0,
    )  # fmt: skip
    equations = equations_of(spikes, dataclasses.replace(model, refractory_ms=0.0))
    for i in range(n):
        intervals = equations.intervals(i)
        first, last = equations.recording.first[intervals], equations.recording.last[intervals]
        matrix, _ = equations.potential_rows(i, intervals, np.zeros(intervals.size))
        a = np.exp(-1 / model.tau_ms[i]) if dt_ms is None else (1 - DT / model.tau_ms[i]) ** (1 / DT)
        for j in range(n):
            if j == i:
                assert not matrix[:, j].any()
                continue
            for row, k0, k1 in zip(matrix[:, j], first, last, strict=True):
                own = (spikes.neuron == j) & (spikes.trial == spikes.trial[k0])
                p0, p1 = reference_trace(
                    spikes.time_ms[own] + model.delay_ms[i, j],
                    spikes.time_ms[[k0, k1]],
                    tau_ms=model.tau_ms[i],
                    tau_decay_ms=model.tau_decay_ms[j],
                    tau_rise_ms=model.tau_rise_ms[j],
                    dt_ms=dt_ms,
                )
                gap = spikes.time_ms[k1] - spikes.time_ms[k0]
                assert row == pytest.approx(p1 - a**gap * p0, abs=3e-13)


@pytest.fixture(scope="module")
def recorded():
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=160, n_clusters=4).wire(seed=1)
    return wired, mst.simulate(wired, duration_ms=5000, seed=1, progress=False)


@pytest.fixture(scope="module")
def tiny():
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=40, n_clusters=2).wire(seed=1)
    return wired, mst.simulate(wired, duration_ms=3000, seed=1, progress=False)


@pytest.fixture(scope="module")
def small():
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=64, n_clusters=4).wire(seed=4)
    return wired, mst.simulate(wired, duration_ms=3000, seed=1, progress=False)


def clusters_of(weights):
    """Groups of excitatory neurons: modularity of what connects them in either direction."""
    strength = np.clip(np.nan_to_num(weights), 0, None)
    strength = strength + strength.T
    np.fill_diagonal(strength, 0)
    return mst.communities.maximise_modularity(strength, seed=0).labels


def test_connections_and_clusters_of_a_network_from_five_seconds(recorded):
    wired, spikes = recorded
    truth = wired.weight_matrix().toarray()
    found = reconstruct(spikes, model=wired, progress=False)
    assert set(found.method) <= {"spike-and-slab", "ridge", "none"}
    assert found.provenance["parameters"]["method"] == "auto"
    result = score(found.weights, truth)
    assert result.auc > 0.985
    assert result.weight_correlation > 0.96
    assert Status.MODEL_MISMATCH not in found.status
    e = slice(0, 160)
    assert mst.communities.adjusted_rand_index(wired.network.cluster[e], clusters_of(found.weights[e, e])) > 0.95
    # Standard errors are of the size of errors.
    z = (found.weights - truth)[found.standard_error > 0] / found.standard_error[found.standard_error > 0]
    assert 0.9 < np.sqrt(np.mean(z**2)) < 1.15


def test_silent_neurons_are_unknown(tiny):
    wired, spikes = tiny
    found = reconstruct(spikes, model=wired, method="least-squares", progress=False)
    counts = np.bincount(spikes.neuron, minlength=50)
    silent = np.flatnonzero(counts == 0)
    assert silent.size
    for i in silent:
        assert found.status[i] is Status.QUIESCENT
        assert np.isnan(np.delete(found.weights[i], i)).all()
        assert np.isnan(np.delete(found.weights[:, i], i)).all()
    few = found.with_status(Status.TOO_FEW_ACCEPTABLE)
    assert few.size
    assert (found.rank[few] <= found.n_rows[few]).all()
    assert np.isnan(found.weights[few]).any()
    known = found.with_status(Status.OK)
    assert score(found.weights, wired.weight_matrix().toarray()).auc > 0.95
    assert (found.n_rows[known] >= 50 - 1 - silent.size).all()


def test_signs_help_where_intervals_are_fewer_than_neurons(small):
    wired, _ = small
    truth = wired.weight_matrix().toarray()
    few = mst.simulate(wired, duration_ms=800, seed=1, progress=False)
    ridge = reconstruct(few, model=wired, method="ridge", progress=False)
    dale = reconstruct(few, model=wired, method="dale", progress=False)
    assert score(dale.weights, truth).weight_correlation > score(ridge.weights, truth).weight_correlation + 0.02
    excitatory = dale.weights[:, :64]
    assert (excitatory[np.isfinite(excitatory)] >= 0).mean() > (ridge.weights[:, :64] >= 0).mean() + 0.1
    assert set(dale.method) <= {"dale", "none"}


@pytest.mark.parametrize(
    "wrong", [{"refractory_ms": 4.5}, {"delay_ms": 0.6}, {"tau_decay_ms": 5.0}], ids=lambda change: next(iter(change))
)
def test_wrong_parameters_are_noticed(small, wrong):
    wired, spikes = small
    model = CurrentModel.of(wired, dt_ms=DT)
    mismatched = reconstruct(spikes, model=dataclasses.replace(model, **wrong), progress=False)
    assert mismatched.with_status(Status.MODEL_MISMATCH).size > 0.3 * (mismatched.n_isis > 80).sum()


def test_bias_is_found_with_the_weights(small):
    wired, spikes = small
    known = reconstruct(spikes, model=wired, progress=False)
    assert not known.with_status(Status.MODEL_MISMATCH).size
    found = reconstruct(spikes, model=wired.network, bias=True, progress=False)
    middle = np.repeat([1.15, 1.025], [64, 16])
    many = found.n_isis > 80
    assert many.sum() > 30
    error = (found.bias_mv + middle - wired.bias)[many]
    assert np.sqrt(np.mean(error**2)) < 0.05
    truth = wired.weight_matrix().toarray()
    assert score(found.weights, truth).auc > score(known.weights, truth).auc - 0.03


def test_threads_do_not_change_the_result(tiny):
    wired, spikes = tiny
    one, two = (reconstruct(spikes, model=wired, n_jobs=k, progress=False) for k in (1, 2))
    np.testing.assert_array_equal(one.weights, two.weights)
    assert one.status == two.status


def test_neurons_that_fire_together_share_a_sum():
    rng = np.random.default_rng(2)
    model = random_model(4, rng, rise=1.0, dt_ms=None)
    trains = [np.sort(rng.uniform(0, 900, 60)) for _ in range(3)]
    model = dataclasses.replace(model, refractory_ms=0.0, delay_ms=1.0, tau_decay_ms=3.0)
    trains.append(trains[2])
    spikes = mst.SpikeData(time_ms=np.concatenate(trains), neuron=np.repeat(range(4), 60), n_neurons=4, t_stop_ms=900)
    found = reconstruct(spikes, model=model, progress=False)
    assert found.together == ((2, 3),)
    assert np.isnan(found.weights[0, [2, 3]]).all()
    assert np.isfinite(found.together_sum[0, 0])


@pytest.mark.parametrize("method", ["ridge", "least-squares"])
def test_neurons_that_fire_together_hear_each_other(method):
    rng = np.random.default_rng(1)
    n = 5
    bias = rng.uniform(1.3, 1.6, n)
    bias[3] = bias[0]
    model = CurrentModel(bias=bias, tau_ms=15, tau_decay_ms=3, tau_rise_ms=1, refractory_ms=2, delay_ms=0.5, dt_ms=DT)
    weights = rng.normal(0.1, 0.2, (n, n))
    weights[3] = weights[0]
    weights[[0, 3], [3, 0]] = 0.3
    np.fill_diagonal(weights, 0)

    class SameStart:
        def uniform(self, low, high, size):
            start = rng.uniform(low, high, size)
            start[3] = start[0]
            return start

    spikes, _, _ = simulate_by_euler(model, weights, 40_000, SameStart())
    found = reconstruct(spikes, model=model, method=method, progress=False)
    assert found.together == ((0, 3),)
    assert set(found.status) == {Status.OK}
    # Each of the two hears the other one, and nobody can say which of them the others hear.
    np.testing.assert_allclose(found.weights[[0, 3]], weights[[0, 3]], atol=0.05)
    np.testing.assert_allclose(found.together_sum[[0, 3], 0], 0.3, atol=0.05)
    assert np.isnan(found.weights[np.ix_([1, 2, 4], [0, 3])]).all()


def test_as_many_inexact_equations_as_unknowns_prove_nothing(tiny):
    wired, spikes = tiny
    model = CurrentModel.of(wired, dt_ms=DT)
    equations = equations_of(spikes, model)
    found = reconstruct(spikes, model=wired, method="least-squares", n_holdout=0, progress=False)
    i = int(found.with_status(Status.OK)[0])
    # The recording up to where this neuron has one interval for each unknown.
    end = spikes.time_ms[equations.recording.last[equations.intervals(i)[equations.n_unknowns(i) - 1]]]
    part = spikes.select(time_ms=(0, float(end) + 1))
    few = reconstruct(part, model=wired, method="least-squares", n_holdout=0, progress=False)
    assert few.n_rows[i] == few.rank[i]
    assert few.status[i] is Status.TOO_FEW_ACCEPTABLE
    known = few.standard_error[i] > 0
    assert known.sum() > 30
    z = (few.weights - wired.weight_matrix().toarray())[i, known] / few.standard_error[i, known]
    assert np.abs(z).max() < 5


def test_signs_that_do_not_hold_are_noticed():
    rng = np.random.default_rng(3)
    n = 12
    model = random_model(n, rng, rise=1.0, dt_ms=DT)
    # Most outgoing weights of a neuron have one sign, some the other one.
    weights = np.where(rng.random((n, n)) < 0.9, 0.3, -0.5)
    np.fill_diagonal(weights, 0)
    weights[:, 6:] *= -1
    spikes, _, _ = simulate_by_euler(model, weights, 40_000, rng)
    ridge = reconstruct(spikes, model=model, method="ridge", progress=False)
    dale = reconstruct(spikes, model=model, method="dale", progress=False)
    error = np.abs(dale.weights - weights).max(axis=1)
    wrong = np.flatnonzero((error > 0.2) & (dale.standard_error.max(axis=1) < 0.05))
    assert wrong.size
    assert {dale.status[i] for i in wrong} == {Status.MODEL_MISMATCH}
    assert Status.MODEL_MISMATCH not in ridge.status


def test_sign_constraints_are_those_of_nnls():
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b = rng.normal(size=(30, 40)), rng.normal(size=30)
        stacked, right = np.vstack([a, 0.1 * np.eye(40)]), np.concatenate([b, np.zeros(40)])
        sign = rng.choice([-1.0, 1.0], 40)
        found = sign_constrained(stacked.T @ stacked, stacked.T @ right, sign)
        expected = sign * nnls(stacked * sign, right)[0]
        np.testing.assert_allclose(found, expected, atol=1e-9)
        free = sign.copy()
        free[:5] = 0
        found = sign_constrained(stacked.T @ stacked, stacked.T @ right, free)
        doubled = np.hstack([stacked * np.where(free == 0, 1, free), -stacked[:, :5]])
        expected = nnls(doubled, right)[0]
        expected = np.concatenate([expected[:5] - expected[40:], (free * expected[:40])[5:]])
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_prior_is_that_of_the_columns():
    rng = np.random.default_rng(1)
    n = 400
    mean, spread = rng.choice([-0.2, 0.0, 0.1], n), rng.uniform(0.05, 0.2, n)
    error = np.full((n, n), 0.05)
    # An estimate with its error is as far off as the posterior says: shrunken towards the mean.
    weights = mean + rng.normal(size=(n, n)) * np.sqrt(spread**2 - 0.05**2).clip(0)
    weights[:, 0] = np.nan
    prior = WeightPrior.of(weights, error, 1.0)
    assert np.abs(prior.mean - mean)[1:].max() < 0.05
    np.testing.assert_allclose(np.sqrt(prior.variance)[1:], spread[1:], rtol=0.2)
    assert np.isfinite(prior.variance).all()
    assert (prior.sign[1:] * mean[1:] >= 0).all()
    assert (prior.sign[1:][mean[1:] != 0] != 0).all()
    assert (prior.sign[1:][mean[1:] == 0] == 0).mean() > 0.9


def test_model_of_a_network():
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=8, n_clusters=2).wire(seed=1)
    model = CurrentModel.of(wired, dt_ms=DT)
    np.testing.assert_array_equal(model.bias, wired.bias)
    np.testing.assert_array_equal(model.tau_ms, [15] * 8 + [10] * 2)
    np.testing.assert_array_equal(model.tau_decay_ms, [3] * 8 + [2] * 2)
    assert model.delay_ms.ndim == 0
    with pytest.raises(ValueError, match=r"bias of E is drawn from 1.1 to 1.2 .* give the wired network"):
        CurrentModel.of(wired.network)
    np.testing.assert_array_equal(CurrentModel.of(wired.network, bias=1.2).bias, 1.2)
    with pytest.raises(TypeError, match="must be a LIFNetwork or a WiredLIFNetwork, got int"):
        CurrentModel.of(3)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"threshold": 0.0}, "threshold must lie above reset, but neuron 0 has 0 and 0; exchange"),
        ({"tau_rise_ms": 4.0}, "tau_decay_ms must lie above tau_rise_ms, but neuron 0 has 3 and 4; give 0"),
        ({"tau_decay_ms": 15.0}, "equals a tau_decay_ms of 15 ms, and two equal exponentials cannot"),
        ({"tau_ms": 0.0}, "tau_ms must be above 0, got 0"),
        ({"delay_ms": -1.0}, "delay_ms must be at least 0, got -1"),
        ({"dt_ms": 1.0}, "dt_ms=1 must be below the shortest time constant, 1 ms"),
        ({"dt_ms": 0.1, "refractory_ms": 0.25}, "refractory_ms=0.25 is not a multiple of dt_ms=0.1"),
        ({"dt_ms": 0.1, "delay_ms": 0.0}, "delay_ms=0 must be at least 1 step"),
        ({"bias": 1.0}, r"bias must have shape \(n,\)"),
        ({"bias": [np.nan, 1.0]}, "bias holds NaN"),
        ({"threshold": [1.0] * 3}, r"threshold must be a number or have shape \(2,\)"),
    ],
)
def test_impossible_models_are_refused(change, sentence):
    parameters = {"bias": [1.1, 1.2], "tau_ms": 15, "tau_decay_ms": 3, "tau_rise_ms": 1, **change}
    with pytest.raises(ValueError, match=sentence):
        CurrentModel(**parameters)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "phase-locked"}, "method for synaptic currents must be one of"),
        ({"rows": "min-scan"}, "every interval counts, so leave both out"),
        ({"n_rows": 5}, "every interval counts, so leave both out"),
        ({"tolerance_ms": 0.1}, "tolerance_ms=0.1 is for jittered arrivals of pulses"),
        ({"self_weights": True}, "self_weights are not sought"),
        ({"n_holdout": -1}, "n_holdout must be at least 0"),
    ],
)
def test_options_for_pulses_are_refused(small, options, sentence):
    wired, spikes = small
    with pytest.raises(ValueError, match=sentence):
        reconstruct(spikes, model=wired, progress=False, **options)


def test_recordings_that_do_not_fit_are_refused(small):
    wired, spikes = small
    model = CurrentModel.of(wired, dt_ms=DT)
    exact = dataclasses.replace(spikes, dt_ms=None)
    with pytest.raises(ValueError, match=r"the times lie on no grid but the model has one of 0\.1 ms"):
        reconstruct(exact, model=model)
    with pytest.raises(ValueError, match=r"a grid of 0\.1 ms but the model has continuous time"):
        reconstruct(spikes, model=CurrentModel.of(wired))
    with pytest.raises(ValueError, match='exact times have none; take method="least-squares"'):
        reconstruct(exact, model=CurrentModel.of(wired), method="ridge")
    with pytest.raises(ValueError, match="fires again within its refractory_ms of 20"):
        reconstruct(spikes, model=dataclasses.replace(model, refractory_ms=20.0))
    with pytest.raises(ValueError, match="the recording has 80 neurons but the model 10"):
        reconstruct(spikes, model=mst.networks.litwin_kumar_doiron_2012(n_e=8, n_clusters=2).wire(seed=1))
    with pytest.raises(ValueError, match="looks like seconds"):
        reconstruct(dataclasses.replace(exact, time_ms=exact.time_ms / 1e5), model=CurrentModel.of(wired))
