import json

import numpy as np
import pytest

from metastable import SpikeData, simulate
from metastable._files import save_arrays
from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, rost_2018
from metastable.simulation import BinaryActivity

DAMAGED = "is damaged"
FOREIGN = "is an npz file but not one of binary activity written by metastable"


@pytest.fixture
def activity():
    net = rost_2018(n_e=400, n_clusters=4, j_e_plus=3, r_j=0.75, m_x=0.13)
    return simulate(net, duration_ms=50, seed=1, n_trials=2, record_spikes=True)


def assert_same(a, b):
    for kind in ("cluster_rates", "population_rates"):
        mine, theirs = getattr(a, kind), getattr(b, kind)
        assert list(mine) == list(theirs)
        for name, rates in mine.items():
            assert rates.dtype == theirs[name].dtype == np.float64
            np.testing.assert_array_equal(rates, theirs[name])
    np.testing.assert_array_equal(a.time_ms, b.time_ms)
    assert a.sample_ms == b.sample_ms
    assert json.dumps(a.meta) == json.dumps(b.meta)


def test_arrays_are_read_only_and_those_given_stay_as_they_were(activity):
    for array in (*activity.cluster_rates.values(), *activity.population_rates.values(), activity.discard(10).time_ms):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    given = np.zeros((1, 2))
    BinaryActivity(cluster_rates={}, population_rates={"E": given}, time_ms=np.arange(2.0), sample_ms=1)
    assert given.flags.writeable


# ------------------------------------------------------------------ rates are fractions of active units


def test_rates_of_clusters_and_populations():
    # Nothing drives the units: the initial state shrinks, and with sample times before any update it is still there.
    layout = ClusterLayout.from_membership([[1, 0], [1, 1], [0, 1], [0, 0], [1, 1]])
    net = BinaryNetwork(
        populations=(
            BinaryPopulation(name="A", size=5, tau_ms=1e6, layout=layout),
            BinaryPopulation(name="B", size=3, tau_ms=1e6),
        ),
        connections=(),
    )
    seen = set()
    for trial in range(20):
        activity = simulate(net, duration_ms=1, seed=4, first_trial=trial, initial_rate=0.5)
        rates = activity.cluster_rates["A"][0, :, 0]
        # Three units in each cluster, two of them in both; the population counts each unit once.
        np.testing.assert_array_equal(rates * 3 % 1, 0)
        total = activity.population_rates["A"][0, 0]
        assert set(activity.cluster_rates) == {"A"}
        assert set(activity.population_rates) == {"A", "B"}
        assert max(rates) * 3 <= total * 5 <= rates.sum() * 3 + 1
        seen.add((*np.round(rates * 3), round(total * 5), round(activity.population_rates["B"][0, 0] * 3)))
    assert len(seen) > 10


def test_rates_follow_from_onsets_alone():
    # From silence and above threshold nobody ever falls: the onsets so far are the active units.
    net = rost_2018(n_e=80, n_clusters=4, background=0.2, m_x=2)
    plain = BinaryNetwork(populations=net.populations, connections=())
    activity = simulate(plain, duration_ms=30, seed=2, n_trials=3, initial_rate=0, record_spikes=True)
    spikes = activity.spikes
    for trial in range(3):
        mine = spikes.select(trial=trial)
        for s, time in enumerate(activity.time_ms):
            on = np.zeros(100, bool)
            on[mine.neuron[mine.time_ms < time]] = True
            assert activity.population_rates["E"][trial, s] == on[:80].mean()
            assert activity.population_rates["I"][trial, s] == on[80:].mean()
            np.testing.assert_array_equal(activity.cluster_rates["E"][trial, :, s], on[:64].reshape(4, 16).mean(axis=1))
    assert 60 < spikes.n_spikes / 3 <= 100


def test_shapes(activity):
    assert activity.n_trials == 2
    assert {name: rates.shape for name, rates in activity.cluster_rates.items()} == {"E": (2, 4, 50), "I": (2, 4, 50)}
    assert {name: rates.shape for name, rates in activity.population_rates.items()} == {"E": (2, 50), "I": (2, 50)}
    np.testing.assert_array_equal(activity.time_ms, np.arange(1, 51))
    for name in "EI":
        np.testing.assert_allclose(activity.cluster_rates[name].mean(axis=1), activity.population_rates[name])


# ------------------------------------------------------------------ discard


def test_discard(activity):
    late = activity.discard(20)
    assert late.time_ms.tolist() == list(range(21, 51))
    for name in "EI":
        np.testing.assert_array_equal(late.cluster_rates[name], activity.cluster_rates[name][..., 20:])
        np.testing.assert_array_equal(late.population_rates[name], activity.population_rates[name][..., 20:])
    assert (late.spikes.t_start_ms, late.spikes.t_stop_ms) == (20, 50)
    assert late.spikes.n_spikes == (activity.spikes.time_ms >= 20).sum() > 0
    assert late.meta == activity.meta
    assert activity.time_ms.size == 50


def test_discard_less_than_was_discarded(activity):
    late = activity.discard(20)
    assert_same(late.discard(10), late)
    assert late.discard(10).spikes.t_start_ms == 20
    assert late.discard(30).spikes.t_start_ms == 30


@pytest.mark.parametrize(("burn_in", "left"), [(0, 50), (0.5, 50), (1, 49), (49, 1), (49.5, 1)])
def test_discard_on_and_beside_the_samples(activity, burn_in, left):
    assert activity.discard(burn_in).time_ms.size == left


def test_discard_where_samples_are_decimal_fractions():
    activity = simulate(rost_2018(n_e=40, n_clusters=4), duration_ms=1, sample_ms=0.1, seed=1)
    # 3 x 0.1 is a little more than 0.3.
    for k in range(10):
        assert activity.discard(k / 10).time_ms.size == 10 - k


def test_what_cannot_be_discarded(activity):
    with pytest.raises(ValueError, match="burn_in_ms=50 discards the whole simulation of 50 ms; lower it"):
        activity.discard(50)
    with pytest.raises(ValueError, match="burn_in_ms must be at least 0, got -1"):
        activity.discard(-1)
    for call in (activity.save, BinaryActivity.load):
        with pytest.raises(TypeError, match="path must be the path of a file, got None"):
            call(None)
    with pytest.raises(TypeError, match="burn_in_ms must be a number, got None"):
        activity.discard(None)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("as_text", [False, True])
def test_round_trip(tmp_path, activity, as_text):
    path = tmp_path / "a.npz"
    activity.save(str(path) if as_text else path)
    again = BinaryActivity.load(str(path) if as_text else path)
    assert_same(again, activity)
    # The spikes have files of their own.
    assert again.spikes is None
    assert activity.spikes.n_spikes


def test_round_trip_of_odd_names(tmp_path):
    layout = ClusterLayout.equal(4, 2)
    names = ("a/b", "time_ms", "größe", "header")
    populations = tuple(BinaryPopulation(name=name, size=4, tau_ms=1, layout=layout) for name in names)
    activity = simulate(BinaryNetwork(populations=populations, connections=()), duration_ms=3, seed=1, initial_rate=0.9)
    activity.save(tmp_path / "a.npz")
    assert_same(BinaryActivity.load(tmp_path / "a.npz"), activity)


def test_file_is_plain_arrays_and_json(tmp_path, activity):
    activity.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        header = json.loads(str(archive["header"]))
        assert not any(archive[name].dtype.hasobject for name in archive.files)
    assert header["format"] == "metastable-binary-activity"
    assert header["meta"]["provenance"]["call"] == "simulate"


def test_a_file_cut_anywhere(tmp_path, activity):
    path = tmp_path / "a.npz"
    activity.save(path)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 211), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=DAMAGED):
            BinaryActivity.load(path)


def try_to_load(path):
    try:
        return BinaryActivity.load(path), ""
    except ValueError as error:
        return None, str(error)


def test_a_changed_byte_is_noticed_or_harmless(tmp_path, activity):
    path = tmp_path / "a.npz"
    activity.save(path)
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    refused = 0
    for at in [*range(0, directory, 101), *range(directory, len(whole), 3)]:
        changed = bytes([whole[at] ^ (64 if at % 2 else 255)])
        path.write_bytes(whole[:at] + changed + whole[at + 1 :])
        loaded, said = try_to_load(path)
        if loaded is None:
            assert str(path) in said
            refused += 1
        else:
            assert_same(loaded, activity)
    assert refused > 50


def test_foreign_files(tmp_path, activity):
    np.savez(tmp_path / "plain.npz", a=np.arange(3))
    activity.spikes.save(tmp_path / "spikes.npz")
    (tmp_path / "text.npz").write_text("rates")
    save_arrays(tmp_path / "list.npz", {"format": ["metastable-binary-activity"]}, {})
    for name in ("plain", "spikes", "list"):
        with pytest.raises(ValueError, match=f"{name}.npz {FOREIGN}"):
            BinaryActivity.load(tmp_path / f"{name}.npz")
    with pytest.raises(ValueError, match=f"text.npz {DAMAGED} or not an npz file"):
        BinaryActivity.load(tmp_path / "text.npz")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nothing\.npz; check the path"):
        BinaryActivity.load(tmp_path / "nothing.npz")
    activity.save(tmp_path / "activity.npz")
    with pytest.raises(ValueError, match="not one of spikes written by metastable"):
        SpikeData.load(tmp_path / "activity.npz")


@pytest.mark.parametrize("missing", ["time_ms", "sample_ms", "meta"])
def test_files_that_lack_something(tmp_path, missing):
    header = {"format": "metastable-binary-activity", "sample_ms": 1.0, "meta": {}}
    arrays = {"population_rates/E": np.zeros((1, 3)), "time_ms": np.arange(3.0)}
    header.pop(missing, None)
    arrays.pop(missing, None)
    save_arrays(tmp_path / "a.npz", header, arrays)
    with pytest.raises(ValueError, match=f"a.npz is damaged: .*{missing}"):
        BinaryActivity.load(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["rates/E", "loose"])
def test_files_with_something_else(tmp_path, name):
    header = {"format": "metastable-binary-activity", "sample_ms": 1.0, "meta": {}}
    save_arrays(tmp_path / "a.npz", header, {name: np.zeros(3), "time_ms": np.arange(3.0)})
    with pytest.raises(ValueError, match=r"a\.npz is damaged: "):
        BinaryActivity.load(tmp_path / "a.npz")


def test_where_nothing_can_be_written(tmp_path, activity):
    with pytest.raises(FileNotFoundError, match=r"the folder .*none does not exist; make it first"):
        activity.save(tmp_path / "none" / "a.npz")
    with pytest.raises(IsADirectoryError, match="it is a folder; name a file in it"):
        activity.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ printing


def test_repr(activity):
    first, second = repr(activity).splitlines()
    assert first == (
        f"BinaryActivity: 2 trials, 50 samples every 1 ms up to 50 ms, {activity.spikes.n_spikes:,} onsets recorded"
    )
    means = ", ".join(f"{name} {activity.population_rates[name].mean():.4f}" for name in "EI")
    assert second == f"  mean rates {means}; clusters: 4 of E, 4 of I"


def test_repr_of_one_trial_without_clusters_and_onsets():
    net = BinaryNetwork(populations=(BinaryPopulation(name="X", size=4, tau_ms=1),), connections=())
    text = repr(simulate(net, duration_ms=2, sample_ms=0.5, seed=1, initial_rate=0))
    assert text == "BinaryActivity: 1 trial, 4 samples every 0.5 ms up to 2 ms\n  mean rates X 0.0000; clusters: none"
