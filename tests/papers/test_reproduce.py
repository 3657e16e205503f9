import json
import threading
from importlib import metadata

import numpy as np
import pytest

from metastable import figures
from metastable.papers import Claim, Figure, Paper, available, load, reproduce
from metastable.papers._paper import Job, Scale
from metastable.papers._reproduce import reproduce_paper

CALLS = []
INTERRUPT_AT = None


def number_of(*, seed, index):
    if index == INTERRUPT_AT:
        raise KeyboardInterrupt
    CALLS.append(index)
    return {"value": np.array(float(seed + index))}


def draw(results):
    with figures.style():
        drawing = figures.new_figure(2, 2)
        drawing.add_subplot().plot(results.join("all", "value"))
    return drawing


def figure(name, n):
    return Figure(
        name=name,
        title=f"Figure {name} <of numbers>",
        caption="Numbers.",
        jobs=lambda scale: [Job("all", number_of, {"index": i}) for i in range(n * scale.numbers["factor"])],
        draw=draw,
        claims=lambda results: [Claim(f"mean of {name}", "about 2", (0, 5), results.join("all", "value"))],
    )


PAPER = Paper(
    key="numbers",
    citation="Nobody (2000) & sons",
    summary="Numbers.",
    scales={"quick": Scale("quick", "few", {"factor": 1}), "full": Scale("full", "more", {"factor": 2})},
    figures=(figure("first", 2), figure("second", 3)),
)


@pytest.fixture(autouse=True)
def fresh_calls(monkeypatch):
    CALLS.clear()
    monkeypatch.setitem(globals(), "INTERRUPT_AT", None)


def run(folder, **changes):
    said = []
    options = {"scale": "quick", "seed": 1, "figures": None, "n_jobs": 1, "fresh": False, "progress": False}
    report = reproduce_paper(PAPER, output=folder, say=said.append, **(options | changes))
    return report, said


def test_every_figure_is_drawn_and_claims_are_written(tmp_path):
    report, _ = run(tmp_path / "deep" / "folder")
    folder = tmp_path / "deep" / "folder"
    assert sorted(p.name for p in (folder / "figures").iterdir()) == [
        "first.pdf",
        "first.png",
        "second.pdf",
        "second.png",
    ]
    written = json.loads((folder / "report.json").read_text())
    assert written == report.to_dict()
    page = (folder / "report.html").read_text()
    assert "Nobody (2000) &amp; sons" in page
    assert "&lt;of numbers&gt;" in page
    assert page.count("data:image/png;base64,") == 2
    assert not list(folder.rglob("*.part"))


def test_shared_jobs_run_once_and_a_second_run_computes_nothing(tmp_path):
    first, _ = run(tmp_path)
    assert sorted(CALLS) == [0, 1, 2]
    CALLS.clear()
    second, said = run(tmp_path)
    assert CALLS == []
    assert (second.n_computed, second.n_reused) == (0, 3)
    assert "all results were there from before" in said[0]
    assert [c.mean for c in second.claims] == [c.mean for c in first.claims]


def test_full_scale_uses_what_quick_computed(tmp_path):
    run(tmp_path)
    CALLS.clear()
    run(tmp_path, scale="full")
    assert sorted(CALLS) == [3, 4, 5]


def test_other_seed_and_fresh_compute_again(tmp_path):
    run(tmp_path)
    CALLS.clear()
    report, _ = run(tmp_path, seed=7)
    assert sorted(CALLS) == [0, 1, 2]
    assert report.claims[0].mean == 7.5
    CALLS.clear()
    run(tmp_path, fresh=True)
    assert sorted(CALLS) == [0, 1, 2]


def test_interrupted_run_keeps_what_is_done_and_goes_on_there(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "INTERRUPT_AT", 2)
    n_threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path)
    assert (tmp_path / "figures" / "first.png").exists()
    assert not (tmp_path / "figures" / "second.png").exists()
    assert len(json.loads((tmp_path / "report.json").read_text())["figures"]) == 1
    assert "1 of 2 figures are here" in (tmp_path / "report.html").read_text()
    assert threading.active_count() == n_threads
    monkeypatch.setitem(globals(), "INTERRUPT_AT", None)
    CALLS.clear()
    report, _ = run(tmp_path)
    assert CALLS == [2]
    assert len(report.figures) == 2


def test_damaged_result_is_computed_again(tmp_path):
    run(tmp_path)
    damaged = next((tmp_path / "computed").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:40])
    CALLS.clear()
    run(tmp_path)
    assert len(CALLS) == 1


def test_result_of_another_job_is_computed_again(tmp_path):
    run(tmp_path)
    one, other, _ = (tmp_path / "computed").iterdir()
    other.write_bytes(one.read_bytes())
    CALLS.clear()
    report, _ = run(tmp_path)
    assert len(CALLS) == 1
    assert report.claims[1].values.tolist() == [1, 2, 3]


def test_other_versions_of_the_libraries_compute_again(tmp_path, monkeypatch):
    run(tmp_path)
    CALLS.clear()
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0" if name == "numba" else version(name))
    run(tmp_path)
    assert sorted(CALLS) == [0, 1, 2]


def test_bad_number_of_threads_makes_no_folder(tmp_path):
    with pytest.raises(ValueError, match="n_jobs must be at least 1"):
        run(tmp_path / "report", n_jobs=0)
    assert not (tmp_path / "report").exists()


def test_figures_are_chosen_by_name_or_number(tmp_path):
    report, _ = run(tmp_path, figures=["2"])
    assert [f.name for f in report.figures] == ["second"]
    with pytest.raises(ValueError, match="no figure 'third'; choose among 1 first, 2 second"):
        run(tmp_path, figures=["third"])


def test_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot write to .*file.*choose another folder"):
        run(tmp_path / "file")
    assert CALLS == []


def test_unknown_paper_and_scale():
    with pytest.raises(ValueError, match="no paper 'x'; choose among litwin"):
        load("x")
    with pytest.raises(ValueError, match="scale must be one of 'quick', 'full'"):
        reproduce(available()[0], scale="huge")


def test_repr_lists_claims(tmp_path):
    report, _ = run(tmp_path)
    assert "reproduced  mean of first: 1.500 ± 0.707 (2 networks), paper about 2" in repr(report)


def test_one_figure_keeps_the_others_that_are_complete(tmp_path):
    run(tmp_path)
    CALLS.clear()
    report, _ = run(tmp_path, figures=["second"], fresh=True)
    assert [f.name for f in report.figures] == ["first", "second"]
    assert sorted(CALLS) == [2]
    report, _ = run(tmp_path, figures=["second"], seed=5)
    assert [f.name for f in report.figures] == ["second"]
