import json

import pytest
from click.testing import CliRunner

import metastable
from metastable.cli import main

TEXT = """
n_networks = 2
[network]
preset = "litwin_kumar_doiron_2012"
n_e = 80
[vary]
n_clusters = [2, 4]
[simulate]
duration_ms = 20
[measure]
rate = {}
"""


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert (result.exit_code == 0) == ok, result.output
    return result


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "clusters.toml"
    file.write_text(TEXT)
    return file


def test_dry_run_writes_nothing(file):
    output = run("sweep", file, "--dry-run", "--jobs", 2).output
    assert "Sweep of litwin_kumar_doiron_2012: 4 jobs" in output
    assert "s on 2 threads, by the " in output
    assert " s for n_clusters=" in output
    assert json.loads(run("sweep", file, "--dry-run", "--json").stdout)["n_jobs"] == 4
    assert [path.name for path in file.parent.iterdir()] == ["clusters.toml"]


def test_a_sweep_and_the_same_again(file):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    facts = json.loads(run("sweep", file, "--json").stdout)
    assert (facts["n_computed"], facts["dimensions"]) == (4, {"n_clusters": 2, "network": 2})
    assert (file.parent / "clusters-results" / "results.nc").exists()
    assert "0 jobs computed, 4 found from before" in run("sweep", file).output
    file.write_text(TEXT.replace("n_networks = 2", "n_networks = 3"))
    refused = run("sweep", file, ok=False)
    assert "n_networks was 2 and is 3. Give --extend to keep" in refused.stderr
    assert "2 jobs computed, 4 found" in run("sweep", file, "--extend").output
    assert "6 jobs computed, 0 found" in run("sweep", file, "--fresh").output


def test_what_functions_print_is_not_in_the_json(file):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    (file.parent / "loud.py").write_text("print('read')\ndef f(network):\n    print('called')\n    return 1\n")
    file.write_text(TEXT.replace("rate = {}", 'rate = {}\nf = "loud:f"'))
    for options in (["--dry-run"], []):
        done = run("sweep", file, "--json", *options)
        assert json.loads(done.stdout)
        assert {"read", "called"} <= set(done.stderr.split())


def test_the_end_says_how_to_draw(file):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    *_, last = run("sweep", file).stdout.splitlines()
    what, _, code = last.partition(": ")
    assert what == "draw them"
    axes = eval(code, {"metastable": metastable})
    assert axes.get_ylabel() == "mean firing rate (spikes/s)"


def test_failures_are_told_and_end_with_status_1(file):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    file.write_text(TEXT.replace("[2, 4]", "[2, 7]"))
    result = run("sweep", file, ok=False)
    assert result.exit_code == 1
    assert "failed jobs: 2; the same again tries them once more" in result.output
    assert "n_clusters=7, seed 1, network 1: ValueError" in result.output


def test_without_xarray_nothing_is_computed(file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5netcdf", None)
    refused = run("sweep", file, ok=False)
    assert "results of sweeps need h5netcdf" in refused.stderr
    assert "pip install 'metastable[sweeps]'" in refused.stderr
    assert not (file.parent / "clusters-results").exists()


def test_bad_files_are_one_sentence(file):
    file.write_text(TEXT.replace("n_e = 80", "n_ee = 80"))
    refused = run("sweep", file, ok=False)
    assert "does not know 'n_ee'; did you mean 'n_e'" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
