from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metastable.sweeps import Sweep, run
from metastable.sweeps._deviations import deviations

pytest.importorskip("xarray", reason="labelled results need xarray (extra sweeps)")
pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")

UNEVEN = Sweep(
    network={"preset": "litwin_kumar_doiron_2012", "n_e": 80},
    vary={"n_clusters": [4, 2, 5, 8]},
    measure={"uneven": "my_measures:uneven", "count": {"function": "my_measures:in_excess"}},
    folder=Path(__file__).parent,
)


def test_a_job_of_another_dimension_fails_alone(tmp_path):
    done = run(UNEVEN, tmp_path, progress=False)
    (failure,) = done.failures
    assert failure.deviates
    assert str(failure) == (
        "n_clusters=4, seed 1, network 0: measure.uneven gives uneven with 2 dimensions of shape (2, 3), but with no "
        "dimension in 3 other jobs; let it give as many in all of them."
    )
    assert done.data.finished.values.ravel().tolist() == [0, 1, 1, 1]
    assert done.data.uneven.values[1:].ravel().tolist() == [2, 5, 8]
    assert np.isnan(done.data["count"].values.ravel()).tolist() == [True, False, False, False]
    assert "jobs whose numbers do not fit in with the others, and are left out: 1" in repr(done)
    assert "failed jobs" not in repr(done)
    assert done.to_dict()["failures"][0]["deviates"]


@pytest.mark.parametrize("first", [0, 1, 3])
def test_what_had_finished_before_does_not_matter(tmp_path, first):
    whole = run(UNEVEN, tmp_path / "whole", progress=False)
    place = tmp_path / "parts"
    # As if the sweep had been stopped after this job.
    run(replace(UNEVEN, vary={"n_clusters": UNEVEN.vary["n_clusters"][first : first + 1]}), place, progress=False)
    again = run(UNEVEN, place, extend=True, progress=False)
    assert (again.n_computed, again.n_reused) == (3, 1)
    assert list(map(str, again.failures)) == list(map(str, whole.failures))
    assert again.file.read_bytes() == whole.file.read_bytes()
    # Its numbers are kept, and it is not run again.
    assert run(UNEVEN, place, progress=False).n_computed == 0


def test_where_counts_are_equal_the_first_job_decides(tmp_path):
    two = replace(UNEVEN, vary={"n_clusters": [4, 2]})
    number, matrix = {"uneven": np.float64(1)}, {"uneven": np.ones((2, 3))}
    for found in ({(0, 0): matrix, (1, 0): number}, {(1, 0): number, (0, 0): matrix}):
        assert list(deviations(two, found)) == [(1, 0)]


def test_a_name_that_no_file_can_hold_fails_its_job(tmp_path):
    done = run(replace(UNEVEN, measure={"odd": "my_measures:odd_names"}), tmp_path, progress=False)
    assert len(done.failures) == 4
    assert "measure.odd gives a part: 'a/b' cannot be a name in results" in done.failures[0].error


def test_dimensions_make_way_for_measures_of_their_name(tmp_path):
    measure = {"some": "my_measures:pair", "some_0": {"function": "my_measures:in_excess"}}
    data = run(replace(UNEVEN, measure=measure), tmp_path, progress=False).data
    assert data.some.dims[-1] == "some_0_"
    assert data.some_0.dims == ("n_clusters", "network")


def test_trials_vary_and_arrays_of_trials_are_filled_up(tmp_path):
    sweep = Sweep(
        network={"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2},
        vary={"n_trials": [1, 3], "simulate.duration_ms": [20, 40]},
        simulate={"duration_ms": 20},
        measure={"counts": "my_measures:per_trial", "rate": {}},
        folder=Path(__file__).parent,
    )
    data = run(sweep, tmp_path, progress=False).data
    assert data.n_trials.values.tolist() == [1, 3]
    assert data.simulate_duration_ms.values.tolist() == [20, 40]
    counts = data.counts.isel(network=0).values
    assert counts.shape == (2, 2, 3)
    assert np.isnan(counts[0, :, 1:]).all()
    assert not np.isnan(counts[1]).any()
    # The trials of fewer are the first of more.
    assert (counts[0, :, 0] == counts[1, :, 0]).all()
