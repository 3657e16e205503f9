"""The command `metastable convert`: one line for what was written, one sentence for what could not be."""

import numpy as np
import pytest
from click.testing import CliRunner

import metastable as mst
from metastable.cli import main


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, ["convert", *map(str, arguments)])
    assert (result.exit_code == 0) == ok, result.output
    return result


@pytest.fixture
def spikes():
    exact = {"time_ms": [0.1, 1 / 3, np.pi, np.e], "trial": [0, 1, 2, 2], "n_trials": 3}
    return mst.SpikeData(**exact, neuron=[0, 1, 1, 3], n_neurons=5, t_stop_ms=10, population=list("EEIII"))


def test_what_was_written_and_lost_on_one_line(tmp_path, spikes):
    pytest.importorskip("pynwb")
    spikes.save(tmp_path / "a.npz")
    said = run(tmp_path / "a.npz", tmp_path / "b.csv").stdout
    assert said == f"4 spikes of 5 neurons in 3 trials as CSV written to {tmp_path / 'b.csv'}; nothing lost\n"
    said = run(tmp_path / "b.csv", tmp_path / "c.nwb").stdout
    assert "; lost: the last digits of exact times (rounded by up to " in said
    assert len(said.splitlines()) == 1
    back = mst.spikes.read(tmp_path / "c.nwb")
    np.testing.assert_allclose(back.time_ms, spikes.time_ms, atol=1e-10)
    np.testing.assert_array_equal(back.population, spikes.population)
    np.testing.assert_array_equal(back.spike_counts(), spikes.spike_counts())


def test_tables_of_other_programs(tmp_path):
    (tmp_path / "a.csv").write_text("neuron,time\n4,0.5\n4,0.5\n7,1\n")
    said = run(tmp_path / "a.csv", tmp_path / "b.npz", "--unit", "s", "--stop", 2000).stdout
    assert said.endswith("b.npz; nothing lost (1 spikes were listed twice in a.csv)\n")
    spikes = mst.spikes.read(tmp_path / "b.npz")
    assert (spikes.time_ms.tolist(), spikes.t_stop_ms) == ([500, 1000], 2000)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.npz", "b.xyz"], "b.xyz has the ending '.xyz', and what can be written is .npz"),
        (["a.npz", "none/b.csv"], "does not exist; make it first"),
        (["none.npz", "b.csv"], "there is no file"),
        (["a.npz", "b.csv", "--stop", "3"], "a.npz states its window"),
        (["a.npz", "b.csv", "--trials"], "--trials is for NWB files"),
        (["text.csv", "b.npz"], "it must have neuron, one of time"),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(tmp_path, spikes, arguments, sentence):
    spikes.save(tmp_path / "a.npz")
    (tmp_path / "text.csv").write_text("hello, world\n")
    result = run(tmp_path / arguments[0], tmp_path / arguments[1], *arguments[2:], ok=False)
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "text.csv"]


def test_advice_for_formats_that_live_in_memory(tmp_path, spikes):
    spikes.save(tmp_path / "a.npz")
    said = run(tmp_path / "a.npz", tmp_path / "b.nix", ok=False).stderr
    assert "open such files by Neo, whose objects metastable.spikes.from_neo takes and to_neo makes" in said
    (tmp_path / "a.csv.gz").write_bytes(b"")
    assert "unpack it first" in run(tmp_path / "a.csv.gz", tmp_path / "b.npz", ok=False).stderr
    (tmp_path / "a.xlsx").write_bytes(b"")
    assert "save its table as .csv" in run(tmp_path / "a.xlsx", tmp_path / "b.npz", ok=False).stderr
    assert "cannot read" in run(tmp_path, tmp_path / "b.npz", ok=False).stderr
    listed = " ".join(run("--help").stdout.split())
    assert "metastable.spikes.to_neo and to_pynapple make their objects" in listed


def test_a_library_that_is_missing_is_named_before_the_work(tmp_path, spikes, monkeypatch):
    spikes.save(tmp_path / "a.npz")
    monkeypatch.setattr("metastable.spikes._formats.find_spec", lambda name: None)
    monkeypatch.setattr("metastable.spikes.read", lambda *args, **options: pytest.fail("the file was read"))
    said = run(tmp_path / "a.npz", tmp_path / "b.nwb", ok=False).stderr
    assert "writing b.nwb needs pynwb: install metastable[nwb]" in said


def test_a_file_onto_itself(tmp_path, spikes):
    spikes.save(tmp_path / "a.npz")
    (tmp_path / "b.npz").symlink_to("a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    for other in ("a.npz", "b.npz"):
        said = run(tmp_path / "a.npz", tmp_path / other, ok=False).stderr
        assert "are the same file, whose other content would be lost; name another B" in said
    assert (tmp_path / "a.npz").read_bytes() == before
