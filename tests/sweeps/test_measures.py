import inspect
from pathlib import Path

import numpy as np
import pytest

import metastable as mst
from metastable.sweeps import Sweep
from metastable.sweeps._measures import NAMED

HERE = Path(__file__).parent
SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}


def measured(**changes):
    given = {"network": SMALL, "simulate": {"duration_ms": 400}, "n_trials": 3, "folder": HERE} | changes
    (job,) = Sweep(**given).jobs()
    return job.run().arrays


def test_statistics_are_those_of_the_room():
    options = {"fano_factor": {"window_ms": 50}, "count_correlations": {}, "cv": {}, "cv2": {}, "firing_rates": {}}
    found = measured(
        measure={"rate": {}, **options, "rate_i": {"function": "rate", "population": "I"}},
        select={"burn_in_ms": 100, "population": "E"},
        seed=5,
    )
    net = mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=2)
    spikes = mst.simulate(net, duration_ms=400, n_trials=3, seed=5).select(time_ms=(100, 400))
    excitatory = spikes.select(population="E")
    assert found["rate"] == mst.statistics.mean_rate(excitatory)
    assert found["rate_i"] == mst.statistics.mean_rate(spikes.select(population="I"))
    assert (found["firing_rates"] == mst.statistics.firing_rates(excitatory)).all()
    assert found["fano_factor"] == pytest.approx(
        np.nanmean(mst.statistics.fano_factor(excitatory, window_ms=50)), rel=1e-12
    )
    assert found["cv2"] == pytest.approx(np.nanmean(mst.statistics.interval_cv2(excitatory)), rel=1e-12)
    assert found["cv"] == pytest.approx(np.nanmean(mst.statistics.interval_cv(excitatory)), rel=1e-12)
    assert found["count_correlations_same_cluster"] == mst.statistics.count_correlations(excitatory).same_cluster.mean
    assert all(value.dtype == np.float64 for value in found.values())


def test_clusters_time_constants_and_groups_of_spikes():
    found = measured(
        measure={
            "cluster_states": {"smoothing_ms": 20, "threshold": 5.0},
            "cluster_rate_variance": {},
            "autocovariance_time": {"max_lag_ms": 100},
            "communities": {"sigmas_ms": [5.0], "n_controls": 0, "n_starts": 2, "clusters": [0, 1]},
        },
        select={"population": "E"},
    )
    spikes = mst.simulate(
        mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=2), duration_ms=400, n_trials=3, seed=1
    ).select(population="E")
    rates = mst.statistics.cluster_rates(spikes, bin_ms=10, smoothing_ms=20)
    states = mst.statistics.cluster_states(rates, sample_ms=10, threshold=5.0)
    assert found["cluster_states_mean_active"] == states.mean_active
    assert found["cluster_states_up_ms"] == pytest.approx(states.up.mean_ms, nan_ok=True)
    assert found["cluster_rate_variance"] > 0
    assert found["autocovariance_time"].shape == ()
    assert found["communities_n_groups"] >= 0


def test_the_network_index_is_another_wiring_and_the_seed_another_experiment():
    changes = {"measure": {"firing_rates": {}}, "network": SMALL, "simulate": {"duration_ms": 100}, "n_networks": 2}
    first, second = (job.run().arrays["firing_rates"] for job in Sweep(**changes).jobs())
    assert (first != second).any()
    net = mst.networks.litwin_kumar_doiron_2012(n_e=80, n_clusters=2)
    assert (second == mst.statistics.firing_rates(mst.simulate(net, duration_ms=100, seed=1, network_index=1))).all()


def test_a_stimulus_acts():
    changes = {"measure": {"rate": {"clusters": [0]}}, "simulate": {"duration_ms": 100}}
    stimulus = {"start_ms": 0, "amplitude": 2, "clusters": [0]}
    ramp = {"shape": "ramp", "start_ms": 0, "stop_ms": 50, "hold_until_ms": 100, "amplitude": 2}
    array = {"shape": "array", "values": [2, 2], "dt_ms": 50}
    plain = measured(**changes)["rate"]
    for given in (stimulus, ramp, array, [stimulus, ramp]):
        assert measured(**changes, stimulus=given)["rate"] > plain + 5


def test_binary_networks():
    binary = {"preset": "rost_2018", "n_e": 80, "n_clusters": 4, "j_e_plus": 3}
    found = measured(
        network=binary,
        simulate={"duration_ms": 60, "record_spikes": True},
        select={"burn_in_ms": 10, "population": "E"},
        measure={
            "mean_activity": {},
            "both": {"function": "mean_activity", "population": "I"},
            "cluster_states": {"threshold": 0.3},
            "first": {"function": "cluster_rate_variance", "clusters": [0]},
            "rate": {},
        },
    )
    net = mst.networks.rost_2018(n_e=80, n_clusters=4, j_e_plus=3)
    activity = mst.simulate(net, duration_ms=60, n_trials=3, seed=1, record_spikes=True).discard(10)
    assert found["mean_activity"] == activity.population_rates["E"].mean()
    assert found["both"] == activity.population_rates["I"].mean()
    assert found["first"] == activity.cluster_rates["E"][:, :1].var(axis=-1).mean()
    assert activity.spikes is not None
    assert found["rate"] == mst.statistics.mean_rate(activity.spikes.select(population="E"))


def test_one_measure_cannot_change_what_the_next_one_sees():
    (job,) = Sweep(
        network={"preset": "rost_2018", "n_e": 80, "n_clusters": 4},
        simulate={"duration_ms": 20},
        measure={"taking": "my_measures:taking", "mean_activity": {}},
        folder=HERE,
    ).jobs()
    assert {"mean_activity_E", "mean_activity_I"} <= job.run().arrays.keys()


@pytest.mark.parametrize("n_ended", [1, 4, 5])
def test_durations_of_few_states_are_not_known(n_ended):
    # A spike each ms, for 50 ms from 100 ms on, again each 200 ms.
    times = np.concatenate([np.arange(50.0) + 100 + 200 * k for k in range(n_ended)])
    spikes = mst.SpikeData(
        time_ms=times, neuron=np.zeros(times.size, int), n_neurons=2, t_stop_ms=2000, cluster=np.array([0, 1])
    )
    states = NAMED["cluster_states"].function
    found = states(spikes, threshold=500)
    assert found["n_up_ended"] == n_ended
    if n_ended < 5:
        assert np.isnan(found["up_ms"])
    else:
        assert found["up_ms"] == pytest.approx(50)
    assert states(spikes, threshold=500, min_ended=1)["up_ms"] == pytest.approx(50)
    with pytest.raises(ValueError, match="min_ended must be at least 1, got 0"):
        states(spikes, min_ended=0)


def test_mean_field_needs_no_simulation(monkeypatch):
    monkeypatch.setattr("metastable.sweeps._job.record", None)
    found = measured(
        network={"preset": "rost_2018", "j_e_plus": 4, "r_j": 0.75},
        simulate={},
        measure={"fixed_points": {}, "homogeneous_state": {}, "dwell_times": {}},
    )
    points = mst.meanfield.fixed_points(mst.networks.rost_2018(j_e_plus=4, r_j=0.75))
    assert found["fixed_points_n"] == len(points)
    assert found["fixed_points_n_stable"] == 3
    assert found["fixed_points_n_stable_active"] == 2
    assert found["homogeneous_state_stable"] in (0, 1)
    assert found["dwell_times_up_ms"] > 0


def test_pulse_networks():
    found = measured(
        network={"preset": "van_bussel_2011", "n_neurons": 10},
        simulate={"duration_ms": 200, "drive_spread": 0.05},
        measure={"rate": {}},
    )
    assert found["rate"] > 0


def test_finite_size_networks():
    given = {"preset": "FiniteSizeNetwork.homogeneous", "sizes": {"E": 3, "I": 2}, "coupling": [[8, -6], [7, -5]]}
    found = measured(
        network=given | {"sigma": 1.0},
        simulate={"duration_ms": 50},
        select={"burn_in_ms": 10},
        measure={"mean_activity": {}, "inhibitory": {"function": "mean_activity", "population": "I"}},
    )
    net = mst.networks.FiniteSizeNetwork.homogeneous({"E": 3, "I": 2}, coupling=[[8, -6], [7, -5]], sigma=1.0)
    activity = mst.simulate(net, duration_ms=50, n_trials=3, seed=1).activity[:, 10:]
    assert found["mean_activity"] == activity.mean()
    assert found["inhibitory"] == activity[..., 3:].mean()


def test_disordered_networks_are_wired_by_seed_and_number():
    disordered = {"preset": "DisorderedNetwork", "sizes": {"E": 4}, "mean": 1.0, "sd": 2.0, "threshold": 0.5}
    jobs = Sweep(
        network=disordered, simulate={"duration_ms": 20}, measure={"mean_activity": {}}, n_networks=2, n_trials=5
    ).jobs()
    spec = mst.networks.DisorderedNetwork(sizes={"E": 4}, mean=1.0, sd=2.0, threshold=0.5)
    for index, job in enumerate(jobs):
        expected = mst.simulate(spec.wire(1, network=index), duration_ms=20, n_trials=5, seed=1).activity.mean()
        assert job.run().arrays["mean_activity"] == expected


def test_functions_of_a_person():
    found = measured(
        network={"preset": "my_measures:network", "n_e": 80},
        measure={
            "bursts": {"function": "my_measures:burstiness", "threshold": 1.0},
            "several": "my_measures:several",
            "excess": {"function": "my_measures:in_excess", "of": 50},
        },
    )
    assert 0 <= found["bursts"] <= 1
    assert found["several_n"] == 100
    assert found["several_counts"].shape == (3, 100)
    assert found["excess"] == 50


def test_an_edited_function_makes_another_job(tmp_path):
    def identity():
        sweep = Sweep(network=SMALL, simulate={"duration_ms": 20}, measure={"mine": "edited:mine"}, folder=tmp_path)
        return next(sweep.jobs()).identity()

    (tmp_path / "edited.py").write_text("def mine(spikes):\n    return 1\n")
    first = identity()
    assert identity() == first
    (tmp_path / "edited.py").write_text("def mine(spikes):\n    return 2\n")
    assert identity() != first


@pytest.mark.parametrize(
    ("measure", "sentence"),
    [
        ("my_measures:bursts", "does not know 'bursts'; did you mean 'burstiness'"),
        ("my_measures:burstiness", "measure.mine lacks threshold; add it"),
        ({"function": "my_measures:burstiness", "treshold": 2}, "did you mean 'threshold'"),
    ],
)
def test_functions_that_cannot_be_called(measure, sentence):
    with pytest.raises(ValueError, match=sentence):
        measured(measure={"mine": measure})


def test_words_are_no_numbers():
    with pytest.raises(TypeError, match=r"measure.mine must return numbers, got 'many'"):
        measured(measure={"mine": "my_measures:words"})


def test_every_named_measure_is_described_in_one_line():
    for name, named in NAMED.items():
        assert named.function.__name__ == name
        assert "\n" not in (inspect.getdoc(named.function) or "\n")


def test_every_number_has_words_and_a_unit():
    found = measured(measure={name: {} for name in ("rate", "cluster_states", "count_correlations")})
    found |= measured(
        network={"preset": "rost_2018", "j_e_plus": 4, "r_j": 0.75},
        simulate={},
        measure={name: {} for name in ("fixed_points", "homogeneous_state", "dwell_times")},
    )
    assert len(found) >= 14
    words = {}
    for name in found:
        measure = next(each for each in NAMED if name == each or name.startswith(f"{each}_"))
        words[name], unit = NAMED[measure].words_of(name.removeprefix(measure).removeprefix("_"))
        assert unit == ("ms" if name.endswith("_ms") else "spikes/s" if name == "rate" else "1")
    assert words["cluster_states_up_ms"] == "mean duration of active states"
    assert words["homogeneous_state_rate_E"] == "homogeneous rate E"
    # Those of one measure differ.
    assert len({(name.partition("_")[0], text) for name, text in words.items()}) == len(words)
