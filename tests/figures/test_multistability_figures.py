import matplotlib.pyplot as plt
import numpy as np
import pytest

import metastable as mst


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def diagram():
    net = mst.networks.FiniteSizeNetwork.homogeneous(
        {"E": 4, "I": 4}, coupling=[[80, -70], [70, -34]], in_degree=7, threshold=1
    )
    return mst.finite_size.bifurcation_diagram(net)


def test_map_colours_cells_by_degree_and_outlines_every_box(diagram):
    plane = diagram.plane()
    ax = mst.figures.multistability_map(plane)
    assert np.array_equal(np.asarray(ax.collections[0].get_array()).ravel(), plane.degree.ravel())
    assert len(ax.lines) == len(diagram.attractors)
    written = {text.get_text(): text.get_position() for text in ax.texts}
    x, y = written["19"]
    assert sum(a.multiplicity for a in diagram.at([x, y])) == 19
    bare = mst.figures.multistability_map(plane, show_boxes=False, show_numbers=False)
    assert not bare.lines
    assert not bare.texts


def test_numbers_lie_in_regions_of_that_degree(diagram):
    for text in mst.figures.multistability_map(diagram.plane()).texts:
        assert sum(a.multiplicity for a in diagram.at(text.get_position())) == int(text.get_text())


def test_regions_name_what_there_is_and_the_periods_of_cycles(diagram):
    ax = mst.figures.multistability_regions(diagram.plane())
    assert [t.get_text() for t in ax.get_legend().texts] == [
        "stationary only",
        "both",
        "oscillating only",
        "symmetry-broken states",
    ]
    for text in ax.texts:
        periods = {a.period for a in diagram.at(text.get_position())} - {1}
        assert text.get_text() == ", ".join(map(str, sorted(periods)))
    assert {text.get_text() for text in ax.texts} == {"2", "3", "4", "2, 4"}


def test_branches_begin_with_filled_and_end_with_open_points(diagram):
    cut = diagram.cut(vary="I", at={"E": 4})
    ax = mst.figures.multistability_branches(cut, population="I")
    begins = {
        line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() != "white"
    }
    ends = {
        line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white"
    }
    assert begins == {v for v in cut.start if np.isfinite(v)}
    assert ends == {v for v in cut.stop if np.isfinite(v)}
    assert len(ax.collections) == (cut.highest[:, 1] > cut.lowest[:, 1]).sum()
    with pytest.raises(ValueError, match="population must be one of E, I, got 'X'"):
        mst.figures.multistability_branches(cut, population="X")


def test_overview_cuts_where_most_attractors_meet(diagram):
    figure = mst.figures.multistability_overview(diagram)
    assert [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")] == [
        "Degree of multistability",
        "Regions",
        "Branches",
    ]
    notes = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert any(note.startswith("stimulus of E 4;") for note in notes)
    figure = mst.figures.multistability_overview(diagram, x="I", y="E", cut_at=-20)
    assert any("stimulus of I -20;" in text.get_text() for ax in figure.axes for text in ax.texts)
