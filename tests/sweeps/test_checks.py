"""What no job could do is refused at once; what some could do is left to the others."""

from pathlib import Path

import numpy as np
import pytest

from metastable.sweeps import Sweep, run

SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}


def sweep(**changes):
    given = {"network": SMALL, "measure": {"rate": {}}, "simulate": {"duration_ms": 20}} | changes
    return Sweep(**given)


STEP = {"amplitude": 1, "start_ms": 3}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"simulate": {"duration_ms": -5}}, "simulate.duration_ms must be above 0, got -5"),
        ({"simulate": {"duration_ms": "5"}}, "simulate.duration_ms must be a number, got '5'"),
        ({"simulate": {"duration_ms": float("nan")}}, "simulate.duration_ms is nan, which is no value"),
        ({"simulate": {"duration_ms": 20, "dt_ms": 0.3}}, "not a multiple of dt_ms=0.3"),
        ({"simulate": {"duration_ms": 20, "engine": "neuron"}}, "engine must be one of 'metastable'"),
        ({"select": {"burn_in_ms": 20}}, "select.burn_in_ms=20 discards the whole simulation, which lasts 20 ms"),
        ({"select": {"burn_in_ms": -1}}, "select.burn_in_ms must be at least 0"),
        ({"select": {"burn_in_ms": 0.05}}, "^select.burn_in_ms=0.05 is not a multiple of dt_ms=0.1; choose one that"),
        (
            {"select": {"burn_in_ms": 0.3}, "simulate": {"duration_ms": 20, "dt_ms": 0.2}},
            "^select.burn_in_ms=0.3 is not a multiple of dt_ms=0.2",
        ),
        ({"select": {"population": "X"}}, "measure.rate selects population 'X', which the network does not have"),
        ({"measure": {"rate": {"population": "e"}}}, "selects population 'e', which the network does not have"),
        ({"select": {"clusters": [9]}}, r"the clusters of measure.rate runs from 9 to 9 but must lie in 0..1"),
        ({"select": {"clusters": []}}, "the clusters of measure.rate are an empty list"),
        ({"stimulus": STEP | {"clusters": [30]}}, "the stimulus names cluster 30 but the network has 2 clusters"),
        ({"stimulus": "strong"}, "stimulus must be a table, or a list of tables that add up, got 'strong'"),
        ({"measure": {"rate": {"x": 1}}}, "measure.rate takes nothing, and 'x' was given; leave it out"),
        ({"measure": {"fano_factor": {"window_ms": 5}}}, "measure.fano_factor: .* needs at least 2 trials, got 1"),
        (
            {"measure": {"fano_factor": {"window_ms": 5, "ddof": 30}}, "n_trials": 30},
            "measure.fano_factor: ddof=30 leaves no degree of freedom of 30 trials",
        ),
        (
            {"measure": {"fano_factor": {"window_ms": 5, "ddof": 120, "estimator": "pooled"}}, "n_trials": 30},
            "measure.fano_factor: ddof=120 leaves no degree of freedom of 120 counts",
        ),
        ({"measure": {"fano_factor": {"window_ms": -5}}, "n_trials": 2}, "measure.fano_factor: window_ms .* got -5"),
        (
            {"measure": {"communities": {"method": "foo"}}, "simulate": {"duration_ms": 300}},
            "measure.communities: method must be one of",
        ),
        ({"vary": {"r_ee": [True, False]}}, "r_ee must be a number, got True"),
        ({"vary": {"r_ee": [1, float("nan")]}}, "vary.r_ee is nan"),
        ({"vary": {"r_ee": [1, 1.0]}}, "vary.r_ee holds 1.0 twice"),
        ({"vary": {"drive": [[1, 2], [1.0, 2]]}}, r"vary.drive holds \[1.0, 2\] twice"),
        ({"vary": {"r_ee": {"start": 1, "stop": 1, "count": 3}}}, "vary.r_ee holds 1 twice"),
        ({"vary": {"r_ee": {"start": 1, "stop": 2, "count": 10**9}}}, "count must be at most 100,000, got 1,000"),
        ({"vary": {"r_ee": {"from": 1, "to": 2}}}, "vary.r_ee must be a list, or a range of start, stop and count"),
        ({"vary": {"duration_ms": [1, 2]}}, "vary.duration_ms names no parameter .*; write simulate.duration_ms"),
        ({"vary": {"amplitude": [1, 2]}}, "write stimulus.amplitude to vary that of .stimulus."),
        ({"vary": {"n_trials": [0, 1]}}, "vary.n_trials must be at least 1, got 0"),
        ({"vary": {"n_trials": [1.5]}}, "vary.n_trials must be an integer, got 1.5"),
        ({"vary": {"n_networks": [1, 2]}}, "networks are a dimension already, as many as n_networks = 3 says"),
        ({"vary": {"measure": {"fano_factor": {"window_ms": [5]}}}}, "vary.measure is not how measure varies; name a"),
        ({"vary": {"simulate": [1]}}, r"vary.simulate must name what of \[simulate\] varies"),
        ({"vary": {"stimulus": [0, 1]}}, "a finite-size network is vary.network.stimulus"),
        ({"vary": {"a/b": {"r_ee": [1, 2]}}}, "'a/b' cannot be a name in results"),
        ({"vary": {"rate_x": {"r_ee": [1, 2]}}}, "rate_x in vary and measure.rate would share names in results"),
        ({"measure": {"finished": {"function": "rate"}}}, "called 'finished', a name that results need"),
        ({"network": SMALL | {"n_i": {1, 2}}}, "made of numbers, words, lists and tables, and {1, 2} is none of them"),
        ({"network": {"preset": 3}}, "network.preset must be a name, module:function or a function, got 3"),
    ],
)  # fmt: skip
def test_what_no_job_could_do_is_one_sentence(changes, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence) as raised:
        sweep(**changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"vary": {"simulate.duration_ms": [-5, 20]}},
        {"vary": {"select.burn_in_ms": [30, 10]}},
        {"vary": {"select.population": ["X", "E"]}},
        {"vary": {"stimulus.start_ms": [30, 5]}, "stimulus": STEP | {"stop_ms": 20}},
        {"vary": {"select.burn_in_ms": [0.05, 10]}},
        # Neither axis alone decides.
        {"vary": {"simulate.duration_ms": [10, 20], "select.burn_in_ms": [20, 15]}},
        {"vary": {"n_trials": [1, 2]}, "measure": {"fano_factor": {"window_ms": 5}}},
        {"vary": {"n_clusters": [7, 2]}, "select": {"clusters": [1]}},
    ],
)
def test_what_some_jobs_can_do_is_left_to_them(changes):
    assert sweep(**changes).n_jobs >= 2


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": {"fano_factor": {"window_ms": 5, "ddof": 25}}, "n_trials": 30},
        {"measure": {"fano_factor": {"window_ms": 5, "ddof": 119, "estimator": "pooled"}}, "n_trials": 30},
        {"measure": {"cv": {"ddof": 1}}, "n_trials": 30},
        {"select": {"burn_in_ms": 0.3}},
        # Spikes of a pulse-coupled network lie on no grid.
        {"network": {"preset": "van_bussel_2011", "n_neurons": 10}, "select": {"burn_in_ms": 0.05}},
    ],
)
def test_what_all_jobs_can_do_is_not_refused(changes, tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    assert run(sweep(**changes), tmp_path, progress=False).failures == []


def test_a_burn_in_between_steps_is_told_of_by_its_job(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    (failure,) = run(sweep(vary={"select.burn_in_ms": [0.05, 10]}), tmp_path, progress=False).failures
    assert failure.error.startswith("ValueError: select.burn_in_ms=0.05 is not a multiple of dt_ms=0.1")


def test_a_point_that_cannot_be_is_a_job_that_fails(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    done = run(sweep(vary={"simulate.duration_ms": [-5, 20]}), tmp_path, progress=False)
    assert done.n_computed == 1
    assert "duration_ms=-5, seed 1, network 0: ValueError: simulate.duration_ms must be above 0" in repr(
        done.failures[0]
    )


def test_very_many_points_that_cannot_be_do_not_take_for_ever(monkeypatch):
    monkeypatch.setattr("metastable.sweeps._checks._LONGEST_S", 0.1)
    values = {"start": -2.0, "stop": -1.0, "count": 100_000}
    assert sweep(vary={"r_ee": values}).n_jobs == 100_000


def test_whole_numbers_in_a_range_stay_whole():
    (axis,) = sweep(vary={"n_e": {"start": 80, "stop": 160, "count": 3}}).axes
    assert [repr(value) for value in next(iter(axis.values.values()))] == ["80", "120", "160"]
    (axis,) = sweep(vary={"n_e": {"start": np.int64(80), "stop": np.int64(160), "count": 2}}).axes
    assert [repr(value) for value in next(iter(axis.values.values()))] == ["80", "160"]
    (axis,) = sweep(vary={"r_ee": {"start": 1.0, "stop": 2.0, "count": 2}}).axes
    assert [repr(value) for value in next(iter(axis.values.values()))] == ["1.0", "2.0"]


def test_the_measure_that_failed_is_named(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    measure = {"mine": "my_measures:complaining"}
    (failure,) = run(sweep(measure=measure, folder=Path(__file__).parent), tmp_path, progress=False).failures
    assert failure.error == "ValueError in measure.mine: no interval; give sigmas_ms."


def test_files_that_are_none(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder; name the TOML file in it"):
        Sweep.read(tmp_path)
    (tmp_path / "a.toml").write_bytes(b"seed = 1\nb = '\xff\xfe'\n")
    with pytest.raises(ValueError, match=r"a.toml is not UTF-8 text \(line 2\); save it as UTF-8"):
        Sweep.read(tmp_path / "a.toml")


@pytest.mark.parametrize(
    "text",
    [
        f"seed = {'[' * 100_000}",
        f"seed = {'[' * 60}{']' * 60}",
        f"network.{'a.' * 100_000}a = 1",
        f"seed.{'a.' * 100_000}a = 1",
        f"results.{'a.' * 100_000}a = 1",
    ],
    ids=["brackets", "lists", "network", "seed", "results"],
)
def test_files_nested_very_deep(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ValueError, match=r"a.toml (nests lists or tables|is not TOML)") as raised:
        Sweep.read(tmp_path / "a.toml")
    assert "\n" not in str(raised.value)


def test_tables_nested_very_deep():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for changes in ({"seed": deep}, {"network": {"n_e": deep}}, {"stimulus": deep}, {"n_trials": deep}):
        with pytest.raises(ValueError, match="nests lists or tables more than 32 deep; give plain lists"):
            sweep(**changes)


FINITE = {"preset": "DisorderedNetwork", "sizes": {"E": 4}, "mean": 1.0, "sd": 2.0, "threshold": 0.5}


def test_what_is_called_stimulus_in_a_finite_size_network_varies():
    given = {"network": FINITE, "measure": {"mean_activity": {}}}
    assert sweep(**given, vary={"network.stimulus": [0.0, 1.0]}).n_jobs == 2
    with pytest.raises(ValueError, match=r"leave \[stimulus\] out; give it stimulus in \[network\]"):
        sweep(**given, stimulus=STEP)


@pytest.mark.parametrize(
    ("network", "steps"),
    [(SMALL, "1e.301 steps of 0.1"), (FINITE, "1e.300 steps of 1"), ({"preset": "rost_2018"}, "1e.300 steps of 1")],
)
def test_simulations_that_never_end(network, steps):
    measure = {"rate" if network is SMALL else "mean_activity": {}}
    with pytest.raises(ValueError, match=rf"duration_ms=1e\+300 is {steps}.* ms, and a trial may have at most 1e"):
        sweep(network=network, measure=measure, simulate={"duration_ms": 1e300})


def test_a_folder_without_finished_jobs_is_used(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    assert len(run(sweep(vary={"simulate.duration_ms": [20]}, network=SMALL), tmp_path, progress=False).failures) == 0
    for file in (tmp_path / "jobs").iterdir():
        file.unlink()
    other = sweep(vary={"r_ee": [1.0, 2.0]})
    assert run(other, tmp_path, progress=False).n_computed == 2
    with pytest.raises(ValueError, match="holds the results of another sweep"):
        run(sweep(vary={"r_ee": [1.0, 3.0]}), tmp_path, progress=False)
