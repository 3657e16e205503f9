import numpy as np
import pytest

from metastable.finite_size import attractors, bifurcation_diagram, cycles, multistability_cut, multistability_plane
from metastable.networks import FiniteSizeNetwork

INF = np.inf
LABELS = {(1, 1): "limit-point-like", (1, 2): "Hopf-like", (2, 1): "Hopf-like", (2, 2): "cycle to cycle"}


def t4():
    return FiniteSizeNetwork.homogeneous({"E": 2, "I": 1}, coupling=[[8, -6], [7, 0]], in_degree=2, threshold=1)


def t6():
    return FiniteSizeNetwork.homogeneous({"E": 4, "I": 4}, coupling=[[80, -70], [70, -34]], in_degree=7, threshold=1)


def irregular(seed=3, n=6):
    rng = np.random.default_rng(seed)
    return FiniteSizeNetwork(
        weights=rng.integers(-3, 4, (n, n)), threshold=rng.integers(-1, 2, n), sizes={"E": 3, "I": 3}
    )


def period_reached(net, state, stimulus):
    given, path = stimulus[net.population], [tuple(state)]
    while True:
        after = tuple((net.weights @ path[-1] + given >= net.threshold).astype(int).tolist())
        if after in path:
            return len(path) - path.index(after)
        path.append(after)


@pytest.mark.parametrize("net", [t4(), t6(), irregular(), irregular(5)])
def test_degree_counts_the_attractors_at_every_stimulus(net):
    found = attractors(net)
    plane = multistability_plane(found)
    rng = np.random.default_rng(1)
    for _ in range(200):
        stimulus = rng.uniform([plane.x[0], plane.y[0]], [plane.x[-1], plane.y[-1]])
        j, i = (np.searchsorted(e, v, side="right") - 1 for e, v in zip((plane.x, plane.y), stimulus, strict=True))
        here = found.at(stimulus)
        assert plane.stationary[i, j] == sum(a.multiplicity for a in here if a.period == 1)
        assert plane.oscillating[i, j] == sum(a.multiplicity for a in here if a.period > 1)
        assert plane.broken[i, j] == sum(a.multiplicity for a in here if a.broken.any())
    assert (plane.degree >= 1).all()


def test_edges_of_cells_are_those_of_boxes():
    plane = multistability_plane(attractors(t4()))
    assert plane.x[1:-1].tolist() == [-3, 0, 1, 4]
    assert plane.y[1:-1].tolist() == [-6, -2.5, 1]
    assert plane.names == ("E", "I")
    turned = multistability_plane(attractors(t4()), x="I", y="E")
    assert np.array_equal(turned.degree, plane.degree.T)
    inside = multistability_plane(attractors(t4()), x_window=(-1, 2), y_window=(-4, 0))
    assert inside.x.tolist() == [-1, 0, 1, 2]
    assert inside.degree.tolist() == plane.degree[1:3, 1:4].tolist()


def test_kinds_count_once():
    found = attractors(t6())
    one_by_one = attractors(t6(), method="depth-first")
    assert np.array_equal(multistability_plane(found).degree, multistability_plane(one_by_one).degree)
    assert multistability_plane(found).degree.max() == 19
    kinds = multistability_plane(found, count="kinds")
    x, y = kinds.x[:-1] + np.diff(kinds.x) / 2, kinds.y[:-1] + np.diff(kinds.y) / 2
    assert kinds.degree.tolist() == [[len(found.at([u, v])) for u in x] for v in y]


def test_one_attractor_counts_beside_very_many():
    net = FiniteSizeNetwork.homogeneous({"E": 70, "I": 70}, coupling=[[80, -70], [70, -34]], threshold=1)
    found = attractors(net)
    plane = multistability_plane(found)
    assert plane.degree.max() > 1e30
    rng = np.random.default_rng(4)
    for _ in range(40):
        j, i = rng.integers(0, plane.x.size - 1), rng.integers(0, plane.y.size - 1)
        here = found.at([plane.x[j : j + 2].mean(), plane.y[i : i + 2].mean()])
        assert plane.degree[i, j] == float(sum(a.multiplicity for a in here))


def test_other_populations_are_held():
    rng = np.random.default_rng(2)
    net = FiniteSizeNetwork(weights=rng.integers(-3, 4, (5, 5)), sizes={"a": 2, "b": 2, "c": 1})
    found = attractors(net)
    plane = multistability_plane(found, x="a", y="c", at={"b": 0.5})
    x, y = plane.x[:-1] + np.diff(plane.x) / 2, plane.y[:-1] + np.diff(plane.y) / 2
    expected = [[len(found.at([u, 0.5, v])) for u in x] for v in y]
    assert plane.degree.tolist() == expected
    cut = multistability_cut(found, vary="b", at={"a": 0.5, "c": 0.5})
    for level in np.arange(-5.75, 6):
        n = int(((cut.start <= level) & (level < cut.stop)).sum())
        assert n == len(found.at([0.5, level, 0.5]))
    with pytest.raises(ValueError, match="at must hold the stimulus of 'b', got none; the others vary"):
        multistability_plane(found, x="a", y="c")
    with pytest.raises(ValueError, match="at must hold the stimulus of 'a', 'c', got 'a', 'b'"):
        multistability_cut(found, vary="b", at={"a": 1, "b": 2})


def test_unfit_planes_are_refused():
    found = attractors(t4())
    with pytest.raises(ValueError, match="x must be one of 'E', 'I', got 'F'"):
        multistability_plane(found, x="F")
    with pytest.raises(ValueError, match="x and y must be two populations, got 'E' twice"):
        multistability_plane(found, x="E", y="E")
    with pytest.raises(ValueError, match="window must go from lower to higher"):
        multistability_plane(found, x_window=(1, 1))
    with pytest.raises(ValueError, match="a plane needs two populations"):
        multistability_plane(attractors(FiniteSizeNetwork(weights=[[0]])))


def test_cut_shows_hysteresis_and_a_staircase():
    cut = bifurcation_diagram(t4()).cut(vary="E", at={"I": -8})
    # I is silent: the excitatory neurons are both off, both on, or take turns, all between -3 and 1.
    assert sorted(zip(cut.start, cut.stop, cut.activity[:, 0], cut.period, cut.broken, strict=True)) == [
        (-INF, 1, 0, 1, False),
        (-3, 1, 0.5, 2, True),
        (-3, INF, 1, 1, False),
    ]
    cut = bifurcation_diagram(FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)).cut()
    assert cut.activity[:, 0].tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 0.5])
    assert cut.lowest[-1, 0] == 0
    assert cut.highest[-1, 0] == 1
    assert cut.multiplicity == (1, 5, 10, 10, 5, 1, 1)


def test_labels_of_two_excitatory_neurons_and_an_inhibitory_one():
    labels = {a.description: a.labels for a in bifurcation_diagram(t4()).attractors}
    assert labels["000"] == {
        # At I_E = 1 the silent and the swapping neurons end together.
        ("E", "upper"): ("symmetry breaking", "limit-point-like"),
        ("I", "upper"): ("limit-point-like",),
    }
    assert labels["100 > 010"] == {
        ("E", "lower"): ("symmetry breaking", "Hopf-like"),
        ("E", "upper"): ("symmetry breaking", "Hopf-like"),
        # From I_I = -2.5 on, the inhibitory neuron is active: the swap goes on with it only if I_E is at least 0.
        ("I", "upper"): ("Hopf-like", "cycle to cycle"),
    }


@pytest.mark.parametrize("net", [t4(), t6(), irregular(), irregular(7)])
def test_labels_say_what_is_reached_beyond_an_edge(net):
    rng = np.random.default_rng(3)
    names, complete = ("E", "I"), []
    for a in bifurcation_diagram(net).attractors[:40]:
        low, high = np.maximum(a.lower, -90), np.minimum(a.upper, 90)
        for (name, side), labels in a.labels.items():
            b = names.index(name)
            reached = set()
            for _ in range(25):
                stimulus = rng.uniform(low, high)
                stimulus[b] = a.upper[b] if side == "upper" else a.lower[b] - 1e-6
                for state in a.states:
                    period = period_reached(net, state.tolist(), stimulus)
                    reached.add(LABELS[min(a.period, 2), min(period, 2)])
            flow = set(labels) - {"symmetry breaking"}
            assert reached <= flow
            # A random point may miss a small part of an edge, and hardly ever does.
            complete.append(reached == flow)
        assert set(a.labels) == {
            (n, s) for b, n in enumerate(names) for s in ("lower", "upper") if np.isfinite(getattr(a, s)[b])
        }
    assert np.mean(complete) > 0.8


def test_nothing_is_listed_where_there_is_nothing():
    none = cycles(FiniteSizeNetwork(weights=np.zeros((2, 2)), sizes={"a": 1, "b": 1}))
    assert len(none) == none.total == 0
    assert none.status in repr(none)
    assert not multistability_plane(none).degree.any()
    assert multistability_cut(none, vary="a", at={"b": 0}).start.size == 0


def test_only_equal_neurons_can_break_symmetry():
    number = bifurcation_diagram(irregular()).number_by_label
    assert number
    assert "symmetry breaking" not in number
    assert bifurcation_diagram(t6()).number_by_label["symmetry breaking"] > 0


def test_diagram_prints_its_periods():
    text = repr(bifurcation_diagram(t6()))
    assert text.startswith("BifurcationDiagram(32 of period 1, 50 of period 2, 2 of period 3, 1 of period 4)")
    assert "85 attractors, 32 of them stationary" in text
