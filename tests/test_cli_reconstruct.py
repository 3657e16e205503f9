"""The command `metastable reconstruct`: files in, files out, refusals in one sentence."""

import csv
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

import metastable as mst
from metastable.cli import main

MODEL = """
kind = "pulse"
tau_ms = 31.64
threshold_mv = 20
reset_mv = 0
delay_ms = 5
"""


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, ["reconstruct", *map(str, arguments)])
    assert (result.exit_code == 0) == ok, result.output
    return result


@pytest.fixture(scope="module")
def wired():
    return mst.networks.van_bussel_2011(kind="mixed", n_neurons=10, in_degree=3).wire(seed=2)


@pytest.fixture(scope="module")
def spikes(wired):
    return mst.simulate(wired, duration_ms=900, n_trials=10, drive_spread=0.025, seed=2)


@pytest.fixture
def folder(tmp_path, spikes):
    """A recording of the simulator, the same as a table, and a model."""
    spikes.save(tmp_path / "spikes.npz")
    rows = zip(spikes.neuron.tolist(), spikes.time_ms.tolist(), spikes.trial.tolist(), strict=True)
    lines = "".join(f"{n},{t!r},{k}\n" for n, t, k in rows)
    (tmp_path / "table.csv").write_text("neuron,time_ms,trial\n" + lines)
    (tmp_path / "model.toml").write_text(MODEL)
    (tmp_path / "empty.csv").touch()
    np.savetxt(tmp_path / "drives.csv", spikes.meta["drives_mv"], delimiter=",", fmt="%.17g")
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_recording_of_the_simulator_needs_no_drives(folder, wired):
    before = names(folder)
    done = run(folder / "spikes.npz", "--model", folder / "model.toml")
    assert "Reconstruction(10 neurons" in done.output
    assert "30 connections" in done.output
    assert names(folder) - before == {
        "spikes-weights.npz",
        "spikes-edges.csv",
        "spikes-neurons.csv",
        "spikes-reconstruction.png",
        "spikes-reconstruction.pdf",
    }
    with np.load(folder / "spikes-weights.npz") as file:
        np.testing.assert_allclose(file["weights"], wired.weights, atol=1e-9)
        assert np.nanmax(file["standard_error"]) < 1e-9
        assert file["status"].tolist() == ["ok"] * 10
        header = json.loads(str(file["header"]))
    assert header["provenance"]["call"] == "reconstruction.reconstruct"
    assert header["provenance"]["parameters"]["model"]["tau_ms"] == 31.64
    assert header["input"]["file"] == "spikes.npz"
    edges = list(csv.DictReader((folder / "spikes-edges.csv").read_text().splitlines()))
    assert list(edges[0]) == ["pre", "post", "weight_mv", "standard_error_mv", "status"]
    found = np.zeros((10, 10))
    for edge in edges:
        found[int(edge["post"]), int(edge["pre"])] = float(edge["weight_mv"])
    np.testing.assert_allclose(found, wired.weights, atol=1e-9)
    assert ((found != 0) == (wired.weights != 0)).all()
    neurons = list(csv.DictReader((folder / "spikes-neurons.csv").read_text().splitlines()))
    assert [row["status"] for row in neurons] == ["ok"] * 10
    assert neurons[0]["explanation"] == "the incoming weights are known"
    assert float(neurons[3]["holdout_residual_mv"]) < 1e-9


def test_a_table_with_drives_in_a_file(folder, wired):
    (folder / "model.toml").write_text(MODEL + 'drive_mv = "drives.csv"\n')
    output = folder / "out"
    output.mkdir()
    facts = json.loads(run(folder / "table.csv", "--model", folder / "model.toml", "-o", output, "--json").stdout)
    assert (facts["n_edges"], facts["known"]) == (30, 1.0)
    with np.load(output / "table-weights.npz") as file:
        np.testing.assert_allclose(file["weights"], wired.weights, atol=1e-9)
    # Also as npy, and under a name of one's own.
    np.save(folder / "drives.npy", np.loadtxt(folder / "drives.csv", delimiter=","))
    (folder / "model.toml").write_text(MODEL + 'drive_mv = "drives.npy"\n')
    run(folder / "table.csv", "--model", folder / "model.toml", "-o", folder / "mine")
    assert (folder / "mine-edges.csv").read_text() == (output / "table-edges.csv").read_text()


def test_neurons_that_never_fire_keep_their_numbers(folder, spikes):
    kept = spikes.neuron != 4
    rows = zip(spikes.neuron[kept].tolist(), spikes.time_ms[kept].tolist(), spikes.trial[kept].tolist(), strict=True)
    lines = "".join(f"{n},{t!r},{k}\n" for n, t, k in rows)
    (folder / "part.csv").write_text("neuron,time_ms,trial\n" + lines)
    (folder / "model.toml").write_text(MODEL + "drive_mv = 31.64\nn_neurons = 10\n")
    facts = json.loads(run(folder / "part.csv", "--model", folder / "model.toml", "--json").stdout)
    assert facts["status"][4] == "quiescent"
    assert facts["n_isis"][9] > 0
    # Without the number of neurons, a list of drives says how many there are.
    (folder / "model.toml").write_text(MODEL + f"drive_mv = {[31.64] * 10}\n")
    again = json.loads(run(folder / "part.csv", "--model", folder / "model.toml", "--json").stdout)
    assert again["n_isis"] == facts["n_isis"]


def test_scan_finds_the_delay(folder, wired):
    (folder / "model.toml").write_text(MODEL.replace("delay_ms = 5", "delay_ms = 3"))
    done = run(folder / "spikes.npz", "--model", folder / "model.toml", "--scan", "delay_ms")
    assert "Scan(delay_ms 5" in done.output
    with np.load(folder / "spikes-weights.npz") as file:
        np.testing.assert_allclose(file["weights"], wired.weights, atol=1e-9)


def test_synapses_with_currents(tmp_path):
    wired = mst.networks.litwin_kumar_doiron_2012(n_e=40, n_clusters=2).wire(seed=1)
    spikes = mst.simulate(wired, duration_ms=600, seed=1)
    spikes.save(tmp_path / "spikes.npz")
    model = mst.reconstruction.CurrentModel.of(wired, dt_ms=spikes.dt_ms)
    keys = ("bias", "tau_ms", "tau_decay_ms", "tau_rise_ms", "threshold", "reset", "refractory_ms")
    lines = [f"{key} = {np.asarray(getattr(model, key)).tolist()}" for key in keys]
    lines += ['kind = "current"', "delay_ms = 0.1", f"dt_ms = {spikes.dt_ms}"]
    (tmp_path / "model.toml").write_text("\n".join(lines))
    facts = json.loads(run(tmp_path / "spikes.npz", "--model", tmp_path / "model.toml", "--json").stdout)
    direct = mst.reconstruction.reconstruct(spikes, model=model)
    assert facts["status"] == [status.name.lower() for status in direct.status]
    assert (tmp_path / "spikes-edges.csv").read_text().startswith("pre,post,weight,standard_error,status\n")
    # A table does not say on what grid its times are; the model does.
    rows = zip(spikes.neuron.tolist(), spikes.time_ms.tolist(), strict=True)
    (tmp_path / "table.csv").write_text("neuron,time_ms\n" + "".join(f"{n},{t!r}\n" for n, t in rows))
    (tmp_path / "model.toml").write_text("\ufeff" + "\n".join([*lines, f"n_neurons = {model.n}"]), encoding="utf-8")
    run(tmp_path / "table.csv", "--model", tmp_path / "model.toml")
    assert (tmp_path / "table-edges.csv").read_text() == (tmp_path / "spikes-edges.csv").read_text()
    refused = run(tmp_path / "spikes.npz", "--model", tmp_path / "model.toml", "--scan", "tau_ms", ok=False)
    assert '--scan needs a model of kind = "pulse"' in refused.output


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("tau_ms = 20", [], 'model.toml must say kind = "pulse" or kind = "current", got None'),
        ('kind = "lif"', [], "got 'lif'"),
        ("kind = pulse", [], r"model.toml is not TOML \(Invalid value"),
        (MODEL + "tau_s = 0.02", [], "has the key 'tau_s', which kind = 'pulse' does not know; it knows tau_ms, drive"),
        (MODEL.replace("tau_ms = 31.64", ""), [], "lacks tau_ms, which kind = 'pulse' needs"),
        ("[kind]", [], r'model.toml must say kind = "pulse" or kind = "current", got \{\}'),
        (MODEL + "drive_mv = []", [], r"drive_mv in model.toml must be a number, .* got \[\]"),
        (MODEL + 'drive_mv = "empty.csv"', [], "empty.csv, which drive_mv names, holds no numbers"),
        (MODEL + "drive_mv = " + str([[31.64] * 10] * 3), [], "has 10 trials but drive_mv is for 3; give one row per"),
        (
            'kind = "current"\nbias = 1.2\ntau_ms = 15\ntau_decay_ms = 3\ndt_ms = "drives.csv"',
            [],
            "dt_ms in model.*'driv",
        ),
        (
            'kind = "current"\nbias = 1.2\ntau_ms = 15\ntau_decay_ms = 3\ndt_ms = 0.1',
            [],
            "times are not multiples of dt",
        ),
        (MODEL + "drive_mv = true", [], "drive_mv in model.toml must be a number, a list of numbers or a file name"),
        (MODEL + "drive_mv = [[1], [2, 3]]", [], "drive_mv in model.toml must be a number"),
        (MODEL + "drive_mv = [1, 2, 3]", [], "describes 3 neurons and the recording has 10, with numbers up to 9"),
        (MODEL + "drive_mv = [1, 2]\nn_neurons = 10", [], "drive_mv in model.toml has 2 values for 10 neurons"),
        (MODEL + "n_neurons = 1.5", [], "n_neurons in model.toml must be a whole number above 0, got 1.5"),
        (MODEL + 'drive_mv = "none.csv"', [], "no file .*none.csv, which drive_mv names"),
        (MODEL + 'drive_mv = "table.csv"', [], "table.csv, which drive_mv names, holds no table of numbers"),
        (MODEL.replace("tau_ms = 31.64", "tau_ms = [20, 20]"), [], r"tau_ms must be a number or have shape \(10,\)"),
        (MODEL.replace("tau_ms = 31.64", "tau_ms = -1"), [], "model.toml: tau_ms must be above 0, got -1"),
        (MODEL, ["--method", "x"], "--method must be one of"),
        (MODEL, ["--tolerance-ms", "-1"], "--tolerance-ms must be at least 0"),
        (MODEL, ["--start", "2000"], r"\(--start, --stop\)"),
        (
            MODEL + "drive_mv = 19",
            [],
            "does not exceed its threshold of 20 mV; correct drive_mv or delay_ms, or give --bias",
        ),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(folder, model, options, said):
    (folder / "model.toml").write_text(model)
    before = names(folder)
    done = run(folder / "spikes.npz", "--model", folder / "model.toml", *options, ok=False)
    assert re.search(said, done.output), done.output
    assert len(done.output.strip().splitlines()) == 1
    assert names(folder) == before


def test_what_cannot_be_read_or_written_is_said_first(folder):
    refused = run(folder / "spikes.npz", "--model", folder / "no.toml", ok=False)
    assert "there is no file" in refused.output
    refused = run(folder / "spikes.npz", "--model", folder / "model.toml", "-o", folder / "no" / "x", ok=False)
    assert re.search("the folder .*no does not exist", refused.output)


def test_one_weight_without_any_certainty_hides_no_connection(folder, wired, monkeypatch):
    from metastable import reconstruction

    def uncertain(*arguments, **options):
        found = reconstruct(*arguments, **options)
        found.weights[absent], found.standard_error[absent] = 1e15, 1e15
        return found

    absent = 0, int(np.flatnonzero(wired.weights[0] == 0)[-1])
    reconstruct = reconstruction.reconstruct
    monkeypatch.setattr(reconstruction, "reconstruct", uncertain)
    assert "30 connections" in run(folder / "spikes.npz", "--model", folder / "model.toml").output
