"""How results print, what notebooks show of them, and which of them have a figure."""

import dataclasses
import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest

import metastable as mst
from metastable._display import Displayed, Drawn, described
from metastable.figures._plot import _DRAWINGS, drawing_of

ROOMS = ("communities", "finite_size", "meanfield", "networks", "reconstruction", "simulation", "spikes", "statistics")
# Parameters of a network print as the call that makes them; Status is an enumeration.
PLAIN = {
    *("Synapse", "Population", "BinaryPopulation", "Block", "Connection"),
    *("StableRange", "Status"),
}


def test_every_public_result_displays_itself():
    for room in ROOMS:
        module = importlib.import_module(f"metastable.{room}")
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind) and name not in PLAIN:
                assert issubclass(kind, Displayed), f"{room}.{name}"
                # One that dataclasses write prints all its arrays; a score is five numbers.
                assert not hasattr(kind.__repr__, "__wrapped__") or name == "Score", f"{room}.{name}"


def test_results_print_in_a_few_lines_and_as_html(every_result):
    for name, result in every_result.items():
        printed = repr(result)
        assert len(printed.splitlines()) <= 50, name
        assert max(map(len, printed.splitlines())) < 500, name
        assert "array(" not in printed, name
        assert " 0x" not in printed, name
        assert "<metastable" not in printed, name
        html = result._repr_html_()
        assert ("<table" in html) or ("<pre" in html), name
        assert "array(" not in html, name
        assert " at 0x" not in html, name


def test_rows_are_chosen_and_escaped(every_result):
    html = every_result["spikes", "SpikeData"]._repr_html_()
    assert "<b>SpikeData</b>" in html
    assert ">n_neurons<" in html
    assert "provenance" not in html


@pytest.mark.parametrize(
    "named",
    [
        mst.networks.FiniteSizeNetwork(weights=[[0.0]], name="<script>"),
        mst.networks.DisorderedNetwork(sizes={"E": 2}, mean=1, sd=1, name="<script>"),
        mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5).uniform(),
    ],
)
def test_names_cannot_write_html(named):
    named = dataclasses.replace(named, name="<script>")
    assert "<script>" not in named._repr_html_()
    assert "&lt;script&gt;" in named._repr_html_()


def test_only_what_has_a_figure_offers_one():
    for room in (*ROOMS, "papers"):
        module = importlib.import_module(f"metastable.{room}")
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind):
                assert hasattr(kind, "plot") == (drawing_of(kind) is not None), f"{room}.{name}"


def test_every_row_of_the_table_names_a_class():
    for room, name in _DRAWINGS:
        assert issubclass(getattr(importlib.import_module(f"metastable.{room}"), name), Drawn)


def test_long_values_are_described_in_a_line():
    assert described(np.zeros((30, 4))) == "30 x 4, all 0"
    assert described(np.array([1.0, np.nan] * 9)) == "18 values, all 1, 9 not defined"
    assert described(np.array([1.0, 2.5, -np.inf] * 9)) == "27 values, 1 to 2.5, 9 infinite"
    assert described(np.arange(20) > 4) == "15 of 20 true"
    assert described(np.array([1, 2.5, 1e6 / 3])) == "1, 2.5, 333,333"
    assert described(np.zeros(0)) == "none"
    assert described(True) == "yes"
    assert described(None) == "none"
    assert described(float("nan")) == "not defined"
    assert described(28050) == "28,050"
    assert described({"E": np.zeros(40)}) == "E: 40 values, all 0"
    assert described({("E", "lower"): ("a", "b")}) == "E, lower: a, b"
    assert described(("E", 1, 2.5)) == "E, 1, 2.5"
    assert described((("E", 0), ("E", 1))) == "2 entries"
    assert described(()) == "none"
    assert described([described, described]) == "2 function"
    assert len(described(list(range(1000)))) == 90


def test_a_notebook_says_what_a_terminal_does(every_result):
    found = every_result["statistics", "StateDurations"]
    html = found._repr_html_()
    assert html.startswith('<pre style="white-space: pre-wrap">StateDurations(')
    assert "<details><summary>values</summary><table>" in html
    # The few numbers that are worth a row, not the arrays they are made from.
    assert ">mean_ms<" in html
    assert ">started<" not in html
    assert every_result["communities", "SlidingWindows"]._repr_html_().startswith("<pre>SlidingWindows: 3 windows")


def test_results_import_no_figure():
    code = (
        "import sys, metastable as mst;"
        "s = mst.SpikeData(time_ms=[1], neuron=[0], n_neurons=1, t_stop_ms=2); repr(s); s._repr_html_();"
        "print('matplotlib' in sys.modules); s.plot(); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_seed_can_be_copied_into_a_program():
    wired = mst.networks.van_bussel_2011(kind="mixed", n_neurons=20).wire(seed=123456789)
    assert "123456789" in wired._repr_html_()
    assert "123,456,789" not in wired._repr_html_()


def test_numbers_of_numpy_in_a_sequence_are_said_one_by_one():
    assert described((np.int64(1), np.int64(2))) == "1, 2"
    assert described(np.array([1 + 1j])) == "1 value"
