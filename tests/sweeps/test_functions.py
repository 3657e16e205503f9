"""What identifies a person's function: all that a change of could change its numbers."""

import functools
import subprocess
import sys

import numpy as np
import pytest

from metastable.sweeps import Sweep, run

SMALL = {"preset": "litwin_kumar_doiron_2012", "n_e": 80, "n_clusters": 2}


class Held:
    def __init__(self, value):
        self.value = value

    def of(self, network):
        return self.value

    def __call__(self, network):
        return self.value


def plain(network, value=1.0):
    return value


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (Held(1).of, "a bound method"),
        (Held(1), "an object of Held"),
        (functools.partial(plain, value=2.0), "an object of partial"),
    ],
)
def test_what_holds_something_is_refused(given, kind):
    with pytest.raises(
        ValueError, match=f"measure.f is {kind}, .* would go unnoticed; give a plain function of a file"
    ):
        Sweep(network=SMALL, measure={"f": given})
    assert Sweep(network=SMALL, measure={"f": plain}).n_jobs == 1


def number(folder, measure="mine:f"):
    sweep = Sweep(network=SMALL, measure={"f": measure}, folder=folder)
    (job,) = sweep.jobs()
    return job.run().arrays["f"].item(), job.identity()["measure"]["f"]["source"]


FORMS = {
    "at the top": ("import helper\ndef f(network):\n    return helper.g()\n", "helper.py"),
    "by name": ("from helper import g\ndef f(network):\n    return g()\n", "helper.py"),
    "of a package": ("from parts.helper import g\ndef f(network):\n    return g()\n", "parts/helper.py"),
    "relative": ("import parts\ndef f(network):\n    return parts.g()\n", "parts/helper.py"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_helper_that_has_changed_is_seen(tmp_path, form):
    text, place = FORMS[form]
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("from .helper import g\n")
    (tmp_path / "mine.py").write_text(text)
    helper, path = tmp_path / place, list(sys.path)
    helper.write_text("def g():\n    return 1\n")
    value, first = number(tmp_path)
    assert value == 1
    assert number(tmp_path) == (1, first)
    # As long as before, and within the second of its time stamp.
    helper.write_text("def g():\n    return 2\n")
    value, second = number(tmp_path)
    assert (value, second == first) == (2, False)
    assert sys.path == path
    assert not list(tmp_path.rglob("__pycache__"))


def test_helpers_of_helpers_count(tmp_path):
    (tmp_path / "mine.py").write_text("import one\ndef f(network):\n    return one.g()\n")
    (tmp_path / "one.py").write_text("import two\ndef g():\n    import math\n    return two.h()\n")
    (tmp_path / "other.py").write_text("x = 1\n")
    sources = []
    for text in ("def h():\n    return 1\n", "def h():\n    return 2\n"):
        (tmp_path / "two.py").write_text(text)
        sweep = Sweep(network=SMALL, measure={"f": "mine:f"}, folder=tmp_path)
        sources.append(sweep.measures[0].function)
    assert sources[0].source != sources[1].source
    assert sources[0].modules == ("mine", "one", "two")


@pytest.mark.parametrize("imported", ["import two", "from two import h", "from parts.deep import h"])
def test_helpers_imported_when_a_function_is_called_are_refused(tmp_path, imported):
    """A job runs when the folder is no longer searched, and might find another file of that name."""
    (tmp_path / "mine.py").write_text("import one\ndef f(network):\n    return one.g()\n")
    (tmp_path / "one.py").write_text(f"def g():\n    {imported}\n    return 1\n")
    (tmp_path / "two.py").write_text("def h():\n    return 1\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").touch()
    (tmp_path / "parts" / "deep.py").write_text("def h():\n    return 1\n")
    name = imported.split()[1].split(".")[0]
    with pytest.raises(ValueError, match=rf"g in one\.py imports {name} when it is called, .*; move that import"):
        Sweep(network=SMALL, measure={"f": "mine:f"}, folder=tmp_path)


def test_helpers_of_two_folders_under_one_name(tmp_path):
    for k in (1, 2):
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / "mine.py").write_text("import helper\ndef f(network):\n    return helper.VALUE\n")
        (folder / "helper.py").write_text(f"VALUE = {k}\n")
    assert [number(tmp_path / str(k))[0] for k in (1, 2, 1)] == [1, 2, 1]


def test_a_helper_of_a_function_given_as_itself(tmp_path):
    """As in a script, whose folder Python puts on its path."""
    (tmp_path / "script.py").write_text(
        "from helper import g\nfrom metastable.sweeps import Sweep\n"
        "def f(network):\n    return g()\n"
        f"print(Sweep(network={SMALL}, measure={{'f': f}}).measures[0].function.source)\n"
    )
    sources = []
    for value in (1, 22):
        (tmp_path / "helper.py").write_text(f"def g():\n    return {value}\n")
        done = subprocess.run(
            [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        sources.append(done.stdout)
    assert sources[0] != sources[1]


def test_helpers_go_with_a_job_to_processes_that_do_not_have_them(tmp_path):
    cloudpickle = pytest.importorskip("cloudpickle", reason="a cluster needs Dask (extra cluster)")
    from metastable.sweeps._cluster import _send_functions

    (tmp_path / "mine.py").write_text(
        "import helper\nfrom helper import g\ndef f(network):\n    return g() + helper.g()\n"
    )
    (tmp_path / "helper.py").write_text("import numpy as np\nX = np.ones(1)\ndef g():\n    return X[0]\n")
    jobs = list(Sweep(network=SMALL, measure={"f": "mine:f"}, folder=tmp_path).jobs())
    _send_functions(jobs)
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).run().arrays['f'])"
    done = subprocess.run(
        [sys.executable, "-c", code], input=cloudpickle.dumps(jobs[0]), capture_output=True, check=True
    )
    assert done.stdout.strip() == b"2.0"


def test_a_file_that_exits_is_one_sentence(tmp_path):
    (tmp_path / "mine.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(ValueError, match=r"cannot be imported \(SystemExit: 3\); mend mine.py"):
        number(tmp_path)


def leaving(network):
    if network.n_clusters == 4:
        sys.exit("enough")
    return 1.0


def test_a_measure_that_exits_fails_alone(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    sweep = Sweep(network=SMALL, vary={"n_clusters": [2, 4, 5]}, measure={"leaving": leaving})
    done = run(sweep, tmp_path, progress=False)
    assert [failure.error for failure in done.failures] == ["SystemExit in measure.leaving: enough"]
    assert done.n_computed == 2


def stopping(network):
    raise KeyboardInterrupt


def test_ctrl_c_in_a_measure_stops_the_sweep(tmp_path):
    pytest.importorskip("h5netcdf", reason="labelled results need h5netcdf (extra sweeps)")
    with pytest.raises(KeyboardInterrupt):
        run(Sweep(network=SMALL, measure={"stopping": stopping}), tmp_path, progress=False)


def masked(network):
    return {
        "floats": np.ma.array([1.0, 2.0], mask=[False, True]),
        "counts": np.ma.array([1, 2], mask=[True, False]),
        "one": np.ma.masked,
    }


def test_what_is_masked_is_nan():
    (job,) = Sweep(network=SMALL, measure={"m": masked}).jobs()
    found = job.run().arrays
    for name, expected in {"m_floats": [1, np.nan], "m_counts": [np.nan, 2], "m_one": np.nan}.items():
        np.testing.assert_array_equal(found[name], expected)
    assert not any(np.ma.isMaskedArray(values) for values in found.values())
