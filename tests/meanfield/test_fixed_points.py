import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import metastable as mst
from metastable.meanfield import MeanField, fixed_points
from metastable.meanfield._closure import compositions
from metastable.meanfield._cluster_equations import ClusterEquations
from metastable.meanfield._local_roots import local_roots
from metastable.networks import ClusterLayout

E_29 = {"j_e_plus": 2.9}
EI_4 = {"j_e_plus": 4.0, "r_j": 0.75}
VARIANTS = [
    E_29,
    EI_4,
    {"j_e_plus": 2.0},
    {"j_e_plus": 2.9, "j_i_plus": 1.3},
    {"j_e_plus": 2.9, "background": 0.1},
    {"j_e_plus": 3.0, "clustering": "probability"},
    {"j_e_plus": 9.0, "r_j": 0.75},
    {"j_e_plus": 6.0, "r_j": 0.7, "n_clusters": 8},
]
_CACHE: dict[str, list] = {}


def points_of(kw):
    key = str(sorted(kw.items()))
    if key not in _CACHE:
        _CACHE[key] = fixed_points(mst.networks.rost_2018(**kw))
    return _CACHE[key]


def _ids(kw):
    return " ".join(f"{k}={v}" for k, v in kw.items())


def _is_known(rates, n_clusters, two, points):
    """Whether rates of all groups, in any numbering of the clusters, are one of the points."""

    def sort(m):
        e = m[:n_clusters]
        order = np.lexsort((m[n_clusters : 2 * n_clusters] if two else e, np.round(e, 7)))
        parts = [e[order]] + ([m[n_clusters : 2 * n_clusters][order]] if two else [m[n_clusters:]])
        return np.concatenate(parts)

    return min(np.abs(sort(rates) - sort(p.rates)).max() for p in points) < 1e-6


def test_states_at_2_9():
    points = points_of(E_29)
    assert sum(len(p.composition) > 1 for p in points) >= 19
    active = {p.n_active: p for p in points if p.stable and p.n_active}
    assert sorted(active) == [1, 2, 3]
    np.testing.assert_allclose([active[k].up for k in (1, 2, 3)], [0.9990, 0.9863, 0.9212], atol=5e-5)
    homogeneous = [p for p in points if p.n_active == 0]
    assert [p.stable for p in homogeneous] == [True, False, False]  # silence, the saddle beside it, the lost state


def test_states_at_4_with_inhibitory_clusters():
    active = {p.n_active: p for p in points_of(EI_4) if p.stable and p.n_active}
    assert sorted(active) == [1, 2]
    np.testing.assert_allclose([active[1].up, active[2].up], [0.397, 0.284], atol=5e-4)


@pytest.mark.parametrize("kw", VARIANTS, ids=_ids)
def test_points_solve_the_equations_of_all_groups(kw):
    net = mst.networks.rost_2018(**kw)
    field = MeanField.of(net)
    for point in points_of(kw):
        assert np.abs(field.response(point.rates) - point.rates).max() < 1e-12
        assert point.residual < 1e-12
        dense = np.linalg.eigvals(field.jacobian(point.rates))
        assert dense.real.max() == pytest.approx(point.eigenvalues[0].real, abs=1e-9)
        assert sum(point.composition) == net.n_clusters


@pytest.mark.parametrize("kw", VARIANTS, ids=_ids)
def test_points_are_distinct(kw):
    points = points_of(kw)
    for k, point in enumerate(points):
        for other in points[:k]:
            assert point.composition != other.composition or np.abs(point.rates - other.rates).max() > 1e-8


@pytest.mark.parametrize(("kw", "j_i"), [(E_29, None), (EI_4, 3.25), ({"j_e_plus": 9.0, "r_j": 0.75}, 7.0)], ids=str)
def test_nothing_new_is_found_from_starts_of_every_kind(dense, kw, j_i):
    """MINPACK on the equations written out, from fixed points that were perturbed and from random compositions."""
    points, two = points_of(kw), j_i is not None
    full = dense(kw["j_e_plus"], j_i or 1.0, one_inhibitory=not two)
    rng = np.random.default_rng(5)
    hits = set()
    for trial in range(150):
        if trial % 3:
            start = points[rng.integers(len(points))].rates * np.exp(rng.normal(0, 0.3, full.h.size))
        else:
            levels = rng.uniform(0, 1, 3) ** 2
            e = levels[np.searchsorted(np.sort(rng.integers(0, 21, 2)), np.arange(20), side="right")]
            start = np.concatenate([e, e if two else [e.mean()]])
        found = full.solve(np.clip(start, 1e-6, 1))
        if found is not None and found.min() > -1e-9:
            found = np.maximum(found, 0)
            assert _is_known(found, 20, two, points), found
            hits.add(round(float(found[:20].sum()), 4))
    assert len(hits) > 8  # the check has seen many of them


def test_random_starts_in_the_reduced_equations_find_nothing_new():
    """Newton from 12,000 random rates of two and three classes; unlike the closure it knows nothing of local roots."""
    from metastable.meanfield._states import distinct_states

    for kw in (E_29, EI_4):
        equations = ClusterEquations.of(mst.networks.rost_2018(**kw))
        rng = np.random.default_rng(3)
        p, s = equations.n_local, equations.n_shared
        for n_classes in (2, 3):
            ways = compositions(20, n_classes)
            ways = ways[(ways > 0).all(axis=1)]
            n = ways[rng.integers(len(ways), size=3000)]
            start = rng.random((3000, n_classes * p + s)) ** rng.uniform(1, 6, (3000, 1))
            for composition, rates in distinct_states(equations, n, start):
                known = [q for q in points_of(kw) if q.composition == composition]
                full = equations.expand(composition, rates)
                assert min((np.abs(full - q.rates).max() for q in known), default=1.0) < 1e-7, (composition, rates)


@pytest.mark.parametrize("kw", [E_29, EI_4], ids=_ids)
def test_a_finer_search_finds_the_same(kw):
    finer = fixed_points(mst.networks.rost_2018(**kw), resolution=1.25)
    assert [p.composition for p in finer] == [p.composition for p in points_of(kw)]


def test_close_to_the_onset_of_a_state_both_of_it_are_found():
    for j in (1.8667, 1.867, 1.88):
        ones = [p for p in fixed_points(mst.networks.rost_2018(j_e_plus=j)) if p.composition == (19, 1)]
        active = [p for p in ones if p.up > 0.1]
        assert sorted(p.stable for p in active) == [False, True]
    assert not [p for p in fixed_points(mst.networks.rost_2018(j_e_plus=1.866)) if p.n_active == 1 and p.up > 0.1]


def test_random_starts_reach_stable_states_only():
    net = mst.networks.rost_2018(**EI_4)
    found = fixed_points(net, method="random_starts", n_starts=60, seed=1)
    assert found
    assert all(p.stable for p in found)
    assert all(_is_known(p.rates, 20, True, points_of(EI_4)) for p in found)
    again = fixed_points(net, method="random_starts", n_starts=60, seed=1)
    assert [p.composition for p in again] == [p.composition for p in found]


def test_uniform_networks_have_homogeneous_states_only():
    assert [p.composition for p in fixed_points(mst.networks.rost_2018())] == [(20,)] * 3


def test_refusals():
    net = mst.networks.rost_2018(**EI_4)
    with pytest.raises(ValueError, match="method must be one of 'closure', 'random_starts', got 'newton'"):
        fixed_points(net, method="newton")
    swapped = dataclasses.replace(net, populations=net.populations[::-1])
    with pytest.raises(ValueError, match="needs I to be excitatory and E inhibitory, in this order"):
        fixed_points(swapped)
    e = net.populations[0]
    uneven = dataclasses.replace(e, layout=ClusterLayout.unequal([100] + [200] * 19, n_neurons=4000))
    single = mst.networks.rost_2018(j_e_plus=2)
    with pytest.raises(ValueError, match=r"the clusters of E differ .* needs 20 disjoint clusters of one size"):
        fixed_points(dataclasses.replace(single, populations=(uneven, single.populations[1])))


@pytest.mark.parametrize(
    ("kw", "sentence"),
    [
        ({"j_e_plus": 21}, "is above the number of clusters 20"),
        ({"n_clusters": 7}, "7"),
        ({"j_e_plus": 2, "r_j": 1.2}, "r_j must be at most 1"),
    ],
)
def test_networks_out_of_range_never_get_here(kw, sentence):
    with pytest.raises(ValueError, match=sentence):
        mst.networks.rost_2018(**kw)


@settings(max_examples=40)
@given(a=st.floats(-5, 12), b=st.floats(0.01, 1), u=st.floats(-6, 3), v=st.floats(0.001, 1))
def test_local_roots_of_one_population(a, b, u, v):
    roots = local_roots(np.array([[a]]), np.array([[b]]), np.array([[u]]), np.array([[v]]))[0, :, 0]
    roots = roots[np.isfinite(roots)]
    np.testing.assert_allclose(ndtr((a * roots + u) / np.sqrt(b * roots + v)), roots, atol=1e-9)
    assert roots.size % 2 == 1
    e = ndtr(np.linspace(-8, 8, 4001))
    signs = np.sign(ndtr((a * e + u) / np.sqrt(b * e + v)) - e)
    assert roots.size >= (np.diff(signs[signs != 0]) != 0).sum()


@settings(max_examples=25)
@given(j=st.floats(2, 20), r_j=st.floats(0.1, 1), s_e=st.floats(0.05, 12), tilt=st.floats(0.5, 2))
def test_local_roots_of_two_populations(j, r_j, s_e, tilt):
    equations = ClusterEquations.of(mst.networks.rost_2018(j_e_plus=j, r_j=r_j))
    s = np.array([[s_e, s_e * tilt]])
    around, noise = s @ equations.common[0].T + equations.drive, s @ equations.common[1].T
    own, own_noise = equations.own
    roots = local_roots(own, own_noise, around, noise)[0]
    roots = roots[np.isfinite(roots[:, 0])]
    response = ndtr((roots @ own.T + around) / np.sqrt(roots @ own_noise.T + noise))
    np.testing.assert_allclose(response, roots, atol=1e-8)
    assert len(roots) % 2 == 1


def test_points_print_what_they_are():
    text = repr(next(p for p in points_of(E_29) if p.stable and p.n_active == 1))
    assert text == "FixedPoint(stable: 19 x E 0.0067, 1 x E 0.9990, I 0.0626)"


def test_all_points_print_as_a_table():
    points = points_of({"j_e_plus": 2.0})
    lines = repr(points).splitlines()
    assert lines[1].split() == ["active", "state", "growth", "(1/ms)", "rates"]
    assert len(lines) == len(points) + 3
    assert lines[1 + len(points)] == "       1  stable         -0.05236  19 x E 0.0137, 1 x E 0.8690, I 0.0627"
    assert "3 of 15 fixed points are stable. Silence, m = 0, is one of them, absorbing" in points.status
    assert "the one sum over clusters" in points.status
    assert "the plane of both sums over clusters" in points_of(EI_4).status
    assert isinstance(points, mst.meanfield.FixedPoints)
    assert points[-1] in points
    assert list(points[:2]) == [points[0], points[1]]
    few = fixed_points(mst.networks.rost_2018(j_e_plus=2), method="random_starts", n_starts=5, seed=1)
    assert "reached from 5 of 5 random starts" in few.status


@pytest.mark.parametrize("j_e_plus", [2.8351, 2.8395, 2.8415, 2.8417, 2.8461])
def test_states_that_cross_the_homogeneous_one_are_found_beside_it(j_e_plus):
    # The classes of the state with one deviating cluster differ by 1e-4 to 1e-3 here.
    points = mst.meanfield.fixed_points(mst.networks.rost_2018(j_e_plus=j_e_plus))
    homogeneous = mst.meanfield.homogeneous_state(mst.networks.rost_2018(j_e_plus=j_e_plus)).population_rates[0]
    near = [p for p in points if len(p.composition) == 2 and np.abs(p.class_rates[:, 0] - homogeneous).max() < 0.004]
    found = {p.composition for p in near}
    # Below the loss (2.84155) the deviating cluster is the more active one, above it the less active one.
    assert ((19, 1) if j_e_plus < 2.8415455 else (1, 19)) in found
    for point in near:
        assert np.ptp(point.class_rates[:, 0]) > 1e-6


def test_random_starts_settle_where_rates_answer_fast():
    points = mst.meanfield.fixed_points(
        mst.networks.rost_2018(j_e_plus=2, m_x=0.1), method="random_starts", n_starts=20, seed=1
    )
    assert [p.stable for p in points] == [True]
    assert "reached from 20 of 20 random starts" in points.status
