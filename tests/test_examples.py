"""Every script in examples/ runs as it stands, in an empty folder, and the README lists it."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What an extra installs.
NEEDED = {"recordings_in_nwb": "pynwb"}
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example_runs_and_says_something(script, tmp_path, monkeypatch, capsys):
    pytest.importorskip(NEEDED.get(script.stem, "numpy"))
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()
    for picture in tmp_path.glob("*.png"):
        assert picture.stat().st_size > 3000


def test_readme_lists_every_example_and_no_other():
    text = (ROOT / "README.md").read_text()
    assert {f"examples/{script.name}" for script in SCRIPTS} == {
        part.split(")")[0] for part in text.split("](")[1:] if part.startswith("examples/")
    }


def test_examples_are_short():
    for script in SCRIPTS:
        lines = [line for line in script.read_text().splitlines() if line.strip()]
        assert len(lines) <= 18, script
