import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable.networks import ClusterLayout, LIFNetwork, Population, Stimulus, Synapse


def network(layout=None, i_layout=None):
    facts = {"tau_m_ms": 10, "synapse": Synapse(tau_decay_ms=2), "bias": (1, 1)}
    return LIFNetwork(
        populations=(
            Population(name="E", size=8, layout=layout, **facts),
            Population(name="I", size=4, layout=i_layout, **facts),
        ),
        connections=(),
    )


def just(time):
    return [np.nextafter(time, -np.inf) - 1e-6, time, time + 1e-6]


def test_step_is_half_open():
    stimulus = Stimulus.step(0.07, start_ms=1500, stop_ms=2000)
    assert stimulus.values([*just(1500), 1700, *just(2000)]).tolist() == [[0, 0.07, 0.07, 0.07, 0.07, 0, 0]]
    assert Stimulus.step(-1, start_ms=3).values([0, 2.9, 3, 1e12]).tolist() == [[0, 0, -1, -1]]


def test_ramp():
    stimulus = Stimulus.ramp(0.2, start_ms=100, stop_ms=200)
    np.testing.assert_allclose(stimulus.values([99, 100, 150, 199, 200, 201])[0], [0, 0, 0.1, 0.198, 0, 0])
    held = Stimulus.ramp(0.2, start_ms=100, stop_ms=200, hold_until_ms=300)
    np.testing.assert_allclose(held.values([99, 100, 125, 200, 299, 300])[0], [0, 0, 0.05, 0.2, 0.2, 0])
    same = Stimulus.ramp(0.2, start_ms=100, stop_ms=200, hold_until_ms=200)
    assert same.values([200]).tolist() == [[0]]


def test_array_is_constant_within_its_steps():
    stimulus = Stimulus.array([1, 3, 2], dt_ms=10, start_ms=5)
    assert stimulus.values([4.9, 5, 14.9, 15, 24.9, 25, 34.9, 35, 99]).tolist() == [[0, 1, 1, 3, 3, 2, 2, 0, 0]]


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("start", [0, 1, 12])
def test_a_value_for_each_step_of_the_grid(dt, start):
    # 3 * 0.1 > 0.3 in floats: each step must get its own value, written either way.
    values = np.arange(1, 501)
    stimulus = Stimulus.array(values, dt_ms=dt, start_ms=start * dt)
    for times in ((start + np.arange(500)) * dt, np.round((start + np.arange(500)) * dt, 9)):
        np.testing.assert_array_equal(stimulus.values(times)[0], values)


@given(step=st.integers(0, 20_000_000), dt=st.sampled_from([0.1, 0.05, 0.025, 0.3]))
def test_an_onset_hits_its_step(step, dt):
    for onset in (step * dt, round(step * dt, 9)):
        stimulus = Stimulus.step(1, start_ms=onset)
        assert stimulus.values(np.array([step - 1, step, step + 1]) * dt).tolist() == [[0, 1, 1]]


@given(
    parts=st.lists(
        st.tuples(st.floats(-1, 1), st.integers(0, 50), st.integers(1, 50), st.sampled_from(["step", "ramp"])),
        max_size=4,
    )
)
def test_sums_keep_their_parts(parts):
    total = Stimulus()
    for amplitude, start, length, kind in parts:
        total = total + getattr(Stimulus, kind)(amplitude, start_ms=start, stop_ms=start + length)
    time = np.arange(0, 110, 0.5)
    values = total.values(time)
    assert values.shape == (len(parts), time.size)
    for row, (amplitude, start, length, kind) in zip(values, parts, strict=True):
        inside = (time >= start) & (time < start + length)
        course = amplitude if kind == "step" else amplitude * (time - start) / length
        np.testing.assert_allclose(row, np.where(inside, course, 0), atol=1e-12)


# ------------------------------------------------------------------ targets


def test_targets_of_clusters_and_populations():
    net = network(ClusterLayout.overlapping(8, 2, size=5), ClusterLayout.unequal([1, 1], n_neurons=4))
    reach = {
        (clusters, population): np.flatnonzero(
            Stimulus.step(1, start_ms=0, clusters=clusters, population=population).targets(net)[0]
        ).tolist()
        for clusters in (None, 0, 1, (0, 1), ())
        for population in (None, "E", "I")
    }
    assert reach == {
        (None, None): list(range(12)),
        (None, "E"): list(range(8)),
        (None, "I"): [8, 9, 10, 11],
        (0, None): [0, 1, 2, 3, 4, 8],
        (0, "E"): [0, 1, 2, 3, 4],
        (0, "I"): [8],
        (1, None): [0, 4, 5, 6, 7, 9],
        (1, "E"): [0, 4, 5, 6, 7],
        (1, "I"): [9],
        ((0, 1), None): [*range(8), 8, 9],
        ((0, 1), "E"): list(range(8)),
        ((0, 1), "I"): [8, 9],
        ((), None): [],
        ((), "E"): [],
        ((), "I"): [],
    }


def test_targets_of_sums():
    net = network(ClusterLayout.equal(8, 4))
    total = Stimulus.step(1, start_ms=0, clusters=[0, 1]) + Stimulus.ramp(
        1, start_ms=0, stop_ms=9, clusters=np.int64(1)
    )
    assert total.targets(net).sum(axis=1).tolist() == [4, 2]
    assert Stimulus().targets(net).shape == (0, 12)
    assert Stimulus().values([1, 2]).shape == (0, 2)


@pytest.mark.parametrize(("layout", "n"), [(None, 0), (ClusterLayout.equal(8, 4), 4)])
def test_clusters_the_network_does_not_have(layout, n):
    with pytest.raises(
        ValueError, match=f"the stimulus names cluster 4 but the network has {n} clusters; choose among"
    ):
        Stimulus.step(1, start_ms=0, clusters=[4]).targets(network(layout))


def test_populations_the_network_does_not_have():
    with pytest.raises(ValueError, match=r"there is no population 'X'; known are \['E', 'I'\]"):
        Stimulus.step(1, start_ms=0, population="X").targets(network())


# ------------------------------------------------------------------ JSON and printing


def test_dict_through_json():
    total = (
        Stimulus.step(0.07, start_ms=1500, clusters=[0, 3])
        + Stimulus.step(np.float32(0.5), start_ms=np.int64(3), stop_ms=4, population="I")
        + Stimulus.ramp(0.2, start_ms=1, stop_ms=2, hold_until_ms=5, clusters=np.arange(2))
        + Stimulus.array(np.float32([0.1, 0.2]), dt_ms=0.1)
    )
    text = json.dumps(total.to_dict(), allow_nan=False)
    assert Stimulus.from_dict(json.loads(text)) == total
    assert Stimulus.from_dict(json.loads(json.dumps(Stimulus().to_dict()))) == Stimulus()


@pytest.mark.parametrize(
    ("stimulus", "text"),
    [
        (Stimulus(), "Stimulus: none"),
        (Stimulus.step(0.07, start_ms=1500, clusters=3), "Stimulus: 0.07 from 1500 ms on in clusters 3"),
        (
            Stimulus.step(0.07, start_ms=1, stop_ms=2, clusters=[0], population="E"),
            "Stimulus: 0.07 from 1 to 2 ms in clusters 0 of population E",
        ),
        (Stimulus.ramp(1, start_ms=1, stop_ms=2, population="I"), "Stimulus: 0 to 1 from 1 to 2 ms in population I"),
        (Stimulus.array([1, 2, 3], dt_ms=1), "Stimulus: 3 values from 0 to 3 ms in all neurons"),
    ],
)
def test_repr(stimulus, text):
    assert repr(stimulus) == text


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("build", "error", "said"),
    [
        (
            lambda: Stimulus.step(1, start_ms=5, stop_ms=5),
            ValueError,
            "a stimulus must end after it begins, got 5 to 5 ms",
        ),
        (lambda: Stimulus.step(1, start_ms=5, stop_ms=4), ValueError, "a stimulus must end after it begins"),
        (lambda: Stimulus.step(np.nan, start_ms=5), ValueError, "amplitude must be finite"),
        (lambda: Stimulus.step("1", start_ms=5), TypeError, "amplitude must be a number, got '1'"),
        (lambda: Stimulus.step(1, start_ms=None), TypeError, "start_ms must be a number, got None"),
        (lambda: Stimulus.step(1, start_ms=0, stop_ms=np.inf), ValueError, "stop_ms must be finite"),
        (lambda: Stimulus.step(1, start_ms=0, clusters=-1), ValueError, "clusters must be at least 0, got -1"),
        (lambda: Stimulus.step(1, start_ms=0, clusters=[0.0]), TypeError, r"clusters must be an integer, got 0\.0"),
        (lambda: Stimulus.step(1, start_ms=0, clusters=True), TypeError, "clusters must be an integer, got True"),
        (lambda: Stimulus.ramp(1, start_ms=5, stop_ms=5), ValueError, "a stimulus must end after it begins"),
        (
            lambda: Stimulus.ramp(1, start_ms=1, stop_ms=5, hold_until_ms=4),
            ValueError,
            "end after it begins, got 5 to 4",
        ),
        (lambda: Stimulus.array([], dt_ms=1), ValueError, r"one-dimensional array of finite numbers, got shape \(0,\)"),
        (lambda: Stimulus.array([[1]], dt_ms=1), ValueError, r"got shape \(1, 1\)"),
        (lambda: Stimulus.array([1, np.inf], dt_ms=1), ValueError, "must be a one-dimensional array of finite numbers"),
        (lambda: Stimulus.array([1], dt_ms=0), ValueError, "dt_ms must be above 0"),
    ],
)
def test_what_is_refused(build, error, said):
    with pytest.raises(error, match=said):
        build()
