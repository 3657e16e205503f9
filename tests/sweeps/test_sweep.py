import json
from pathlib import Path

import numpy as np
import pytest

import metastable as mst
from metastable.sweeps import Sweep
from metastable.sweeps._axes import axes_of

SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}


def sweep(**changes):
    given = {"network": SMALL, "measure": {"rate": {}}, "simulate": {"duration_ms": 20}} | changes
    return Sweep(**given)


def test_all_combinations_in_order_the_last_fastest():
    found = sweep(vary={"r_ee": [1, 2], "stimulus": {"amplitude": [0, 1, 2]}}, stimulus={"start_ms": 5}, n_networks=2)
    assert found.dims == ("r_ee", "stimulus_amplitude", "network")
    assert found.shape == (2, 3, 2)
    jobs = list(found.jobs())
    assert [job.index for job in jobs] == list(np.ndindex(2, 3, 2))
    assert len(jobs) == found.n_jobs == 12
    assert jobs[3].network["r_ee"] == 1
    assert jobs[3].stimulus["amplitude"] == 1
    assert jobs[3].network_index == 1
    # The tables of one job are not those of another.
    assert jobs[0].stimulus["amplitude"] == 0


def test_seeds_are_a_dimension_only_if_there_is_a_list():
    assert sweep(seed=3).dims == ("network",)
    several = sweep(seed=[3, 5])
    assert several.dims == ("seed", "network")
    assert [job.seed for job in several.jobs()] == [3, 5]


def test_lists_that_change_together_make_one_dimension():
    (axis,) = axes_of({"size": {"n_e": [80, 160], "simulate.dt_ms": [0.1, 0.2]}})
    assert axis.size == 2
    assert {name: values.tolist() for name, values in axis.coordinates().items()} == {
        "size": [0, 1],
        "n_e": [80, 160],
        "simulate_dt_ms": [0.1, 0.2],
    }


def test_ranges():
    (linear, logarithmic) = axes_of(
        {"a": {"start": 1, "stop": 3, "count": 5}, "b": {"start": 1, "stop": 100, "count": 3, "spacing": "log"}}
    )
    assert linear.coordinates()["a"].tolist() == [1, 1.5, 2, 2.5, 3]
    assert logarithmic.coordinates()["b"] == pytest.approx([1, 10, 100])


def test_dotted_names_are_the_same_as_tables():
    assert axes_of({"simulate.dt_ms": [1, 2]}) == axes_of({"simulate": {"dt_ms": [1, 2]}})
    (axis,) = axes_of({"stimulus": {"1": {"amplitude": [1]}}})
    assert axis.values == {("stimulus", "1", "amplitude"): [1]}
    assert axes_of({"network.r_ee": [1]})[0].name == "r_ee"


def test_values_that_are_no_numbers_become_text():
    (axis,) = axes_of({"drive": [[1, 2], [3, 4]]})
    assert axis.coordinates()["drive"].tolist() == ["[1, 2]", "[3, 4]"]


def test_one_of_several_stimuli_varies():
    found = sweep(
        stimulus=[{"start_ms": 5, "amplitude": 1}, {"start_ms": 9, "amplitude": 1}],
        vary={"stimulus.1.amplitude": [3, 4]},
    )
    assert [[part["amplitude"] for part in job.stimulus] for job in found.jobs()] == [[1, 3], [1, 4]]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": {"preset": "litwin"}}, "network.preset does not know 'litwin'; did you mean 'litwin_kumar"),
        ({"network": {"n_e": 80}}, r"\[network\] lacks preset; name one"),
        ({"network": SMALL | {"n_cluster": 2}}, "does not know 'n_cluster'; did you mean 'n_clusters'"),
        ({"network": SMALL | {"n_clusters": 7}}, "do not fit into 7 equal clusters"),
        ({"network": "rost_2018"}, "network must be a table of keys and values, got 'rost_2018'"),
        ({"vary": {"r_e": [1]}}, "does not know 'r_e'; did you mean 'r_ee'"),
        ({"vary": {"r_ee": []}}, "vary.r_ee is empty, so that there is nothing to run; give at least one value"),
        ({"vary": {"r_ee": 3}}, "vary.r_ee must be a list, got 3"),
        ({"vary": {"r_ee": [1, 1]}}, "vary.r_ee holds 1 twice"),
        ({"vary": {"r_ee": {"start": 1, "stop": 2}}}, "lacks count; a range has start, stop and count"),
        ({"vary": {"r_ee": {"start": 1, "stop": 2, "coun": 3}}}, "does not know 'coun'; did you mean 'count'"),
        ({"vary": {"r_ee": {"start": 0, "stop": 2, "count": 3, "spacing": "log"}}}, "must run between numbers above 0"),
        ({"vary": {"size": {}}}, "vary.size is empty"),
        ({"vary": {"size": {"n_e": [80], "n_i": [1, 2]}}}, "equally long, but n_e has 1, n_i has 2"),
        ({"vary": {"r_ee": [1], "network.r_ee": [2]}}, "vary names r_ee twice"),
        ({"vary": {"seed": [1, 2]}}, "vary.seed is not how seed varies; give a list beside the tables, seed = "),
        ({"vary": {"stimulus.amplitude": [1]}}, r"varies what \[stimulus\] does not hold; add it there"),
        ({"vary": {"network.sizes.E": [1]}}, r"vary.sizes.E varies what \[network\] does not hold"),
        ({"vary": {"stimulus.2.amplitude": [1]}, "stimulus": [{"amplitude": 1}]}, r"varies what \[stimulus\]"),
        ({"measure": {}}, "nothing is measured; name at least one measure"),
        ({"measure": {"fano": {}}}, "measure.fano does not know 'fano'; did you mean 'fano_factor'"),
        ({"measure": {"fano_factor": {"window": 3}}}, "does not know 'window'; did you mean 'window_ms'"),
        ({"measure": {"finished": {"function": "rate"}}}, "a measure cannot be called 'finished'"),
        ({"measure": {"communities": {"seed": 3}}}, "measure.communities is given seed by the sweep; leave it out"),
        ({"measure": {"mean_activity": {}}}, "is for binary and finite-size networks; take rate"),
        ({"measure": {"fixed_points": {}}}, "no measure needs a recording; leave .simulate. out"),
        ({"measure": {"rate": {"population": ["E"]}}}, "measure.rate.population must be one name"),
        ({"simulate": {}}, r"\[simulate\] lacks duration_ms"),
        ({"simulate": {"duration": 20}}, r"\[simulate\] does not know 'duration'; did you mean 'duration_ms'"),
        ({"simulate": {"duration_ms": 20, "record_spikes": True}}, r"\[simulate\] does not know 'record_spikes'"),
        ({"select": {"burn_in": 3}}, "did you mean 'burn_in_ms'"),
        ({"stimulus": {"amplitude": 1, "start": 3}}, "does not know 'start'; did you mean 'start_ms'"),
        ({"stimulus": {"start_ms": 3}}, r"\[stimulus\] lacks amplitude; add it"),
        (
            {"network": {"preset": "van_bussel_2011"}, "stimulus": {"amplitude": 1, "start_ms": 3}},
            r"a PulseNetwork takes no stimulus; leave \[stimulus\] out",
        ),
        ({"seed": [1, 1]}, "a list of different numbers"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"n_networks": 0}, "n_networks must be at least 1"),
        ({"measure": {"mine": {"function": "nowhere_at_all:f"}}}, "cannot be imported .ModuleNotFoundError"),
        ({"measure": {"mine": lambda spikes: 0}}, "define a function in a file"),
        (
            {"network": {"preset": "rost_2018", "n_e": 80, "n_clusters": 4}},
            r"needs spikes of a binary network; say record_spikes = true in \[simulate\]",
        ),
        (
            {"network": {"preset": "FiniteSizeNetwork", "weights": [[0, 1], [1, 0]]}},
            "measure.rate does not exist for finite-size networks; take mean_activity",
        ),
        (
            {
                "network": {"preset": "FiniteSizeNetwork", "weights": [[0, 1], [1, 0]]},
                "measure": {"mean_activity": {}},
                "n_networks": 2,
            },
            "given weight by weight is always the same",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(changes, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence) as raised:
        sweep(**changes)
    assert "\n" not in str(raised.value)


def test_points_that_cannot_be_are_left_to_their_jobs():
    assert sweep(vary={"n_clusters": [7, 2]}).n_jobs == 2


def test_a_file_names_the_same_sweep(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("""
        n_trials = 2
        [network]
        preset = "litwin_kumar_doiron_2012"
        n_e = 80
        n_clusters = 2
        [vary]
        r_ee = [1.0, 2.0]
        simulate.duration_ms = [20, 30]
        [simulate]
        duration_ms = 1
        [measure]
        rate = {}
    """)
    found = Sweep.read(file)
    expected = sweep(
        n_trials=2, vary={"r_ee": [1.0, 2.0], "simulate": {"duration_ms": [20, 30]}}, simulate={"duration_ms": 1}
    )
    assert found.to_dict() == expected.to_dict()
    assert found.results == tmp_path / "mine-results"
    file.write_text(file.read_text().replace("n_trials", "ntrials"))
    with pytest.raises(ValueError, match=r"mine.toml does not know 'ntrials'; did you mean 'n_trials'"):
        Sweep.read(file)
    file.write_text("x = ")
    with pytest.raises(ValueError, match=r"mine.toml is not TOML"):
        Sweep.read(file)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Sweep.read(tmp_path / "no.toml")


def test_every_preset_is_known_and_described():
    described = repr(sweep(vary={"preset": ["litwin_kumar_doiron_2012", "clustered_ei_lif"]}))
    assert described.splitlines()[0] == "Sweep of litwin_kumar_doiron_2012, clustered_ei_lif: 2 jobs"
    from metastable.sweeps._sweep import presets

    assert {name for name in mst.networks.__all__ if name.islower()} <= set(presets())


def test_a_job_of_other_parameters_has_another_identity():
    changes = [
        {},
        {"network": SMALL | {"r_ee": 2}},
        {"simulate": {"duration_ms": 30}},
        {"select": {"population": "E"}},
        {"stimulus": {"amplitude": 1, "start_ms": 3}},
        {"seed": 2},
        {"n_trials": 2},
        {"measure": {"rate": {"population": "E"}}},
        {"measure": {"cv2": {}}},
    ]
    identities = [next(sweep(**change).jobs()).identity() for change in changes]
    assert all(one != two for i, one in enumerate(identities) for two in identities[:i])
    one, two = sweep(n_networks=2).jobs()
    assert one.identity() != two.identity()
    # What else is in the sweep does not matter.
    assert next(sweep(vary={"r_ee": [2, 3]}).jobs()).identity() == next(sweep(vary={"r_ee": [2]}).jobs()).identity()


def test_a_number_is_the_same_job_as_an_integer_and_as_a_float():
    def key(threshold):
        measure = {"mine": {"function": "my_measures:burstiness", "threshold": threshold}}
        # As text: True is 1 for Python.
        return json.dumps(next(sweep(measure=measure, folder=Path(__file__).parent).jobs()).identity())

    assert key([1, {"a": 2}]) == key([1.0, {"a": 2.0}]) == key(np.array([1.0, {"a": 2}]))
    assert len({key(threshold) for threshold in (1, 1.5, "1", "1.0", True, [1], 2**60, 2**60 + 1)}) == 8
