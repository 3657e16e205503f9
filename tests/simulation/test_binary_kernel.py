"""The compiled binary engine gives the trajectory of the plain reference, to the last bit."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from metastable import simulate
from metastable.networks import BinaryNetwork, BinaryPopulation, ClusterLayout, Connection, rost_2018
from metastable.simulation import _binary_engine
from metastable.simulation._aligned import aligned_zeros
from metastable.simulation._binary_engine import _NetworkArrays
from metastable.simulation._binary_kernel import WIDTH, choose_unit, count_active, count_active_within
from metastable.simulation._binary_plan import BinaryPlan


def same(a, b):
    """Compare two activities; both must have moved, or the comparison shows nothing."""
    for kind in ("cluster_rates", "population_rates"):
        mine, theirs = getattr(a, kind), getattr(b, kind)
        assert list(mine) == list(theirs)
        for name in mine:
            np.testing.assert_array_equal(mine[name], theirs[name], err_msg=f"{kind} of {name}")
            assert mine[name].std() > 0, f"{kind} of {name} never change"
    np.testing.assert_array_equal(a.time_ms, b.time_ms)
    assert (a.spikes is None) == (b.spikes is None)
    if a.spikes is not None:
        assert a.spikes.n_spikes > 20
        for name in ("time_ms", "neuron", "trial"):
            np.testing.assert_array_equal(getattr(a.spikes, name), getattr(b.spikes, name), err_msg=name)


def both(network, **options):
    options = {"duration_ms": 60, "seed": 3, "n_jobs": 1, "record_spikes": True, **options}
    return simulate(network, **options), simulate(network, engine="reference", **options)


def make_network(layouts, *, sizes=None, connections=None, taus=None, drives=None):
    """Populations with these layouts, all connected; those that begin with I inhibit. Facts override by name."""
    sizes = sizes or {name: layout.n_neurons for name, layout in layouts.items()}
    populations = [
        BinaryPopulation(
            name=name,
            size=size,
            tau_ms=(taus or {}).get(name, 10.0),
            drive=(drives or {}).get(name, 1.07),
            layout=layouts.get(name),
        )
        for name, size in sizes.items()
    ]
    # The mean input is near the threshold, where units switch often; weights are no binary fractions.
    weights = {name: (-1.31 if name.startswith("I") else 1.0) / size for name, size in sizes.items()}
    links = [
        Connection(
            post=post,
            pre=pre,
            **{"probability": 0.4, "weight": weights[pre], **(connections or {}).get((post, pre), {})},
        )
        for post in sizes
        for pre in sizes
    ]
    return BinaryNetwork(populations=tuple(populations), connections=tuple(links))


def three_populations():
    layouts = {"E": ClusterLayout.equal(66, 3), "S": ClusterLayout.unequal([2, 5, 1], n_neurons=17)}
    connections = {
        ("E", "E"): {"j_plus": 2.0},
        ("E", "S"): {"probability_ratio": 2.0, "weight": -0.05},
        ("S", "E"): {"j_plus": 1.5, "j_minus": 0.5},
        ("S", "S"): {"probability": 0.0},
    }
    sizes, taus = {"E": 66, "I": 520, "S": 17}, {"E": 7.3, "I": 3.1, "S": 40.0}
    return make_network(layouts, sizes=sizes, connections=connections, taus=taus)


def of_layouts(e, i=None, **clustering):
    layouts = {"E": e} | ({"I": i} if i else {})
    pairs = {(a, b): clustering for a in layouts for b in layouts}
    sizes = {"E": e.n_neurons, "I": i.n_neurons if i else 70}
    return make_network(layouts, sizes=sizes, connections=pairs)


BALANCED = {"m_x": 0.13, "n_e": 400, "n_clusters": 4}
NETWORKS = {
    "E clusters": lambda: rost_2018(j_e_plus=2, **BALANCED),
    "E and I clusters": lambda: rost_2018(j_e_plus=3, r_j=0.75, **BALANCED),
    "I clusters only": lambda: rost_2018(j_i_plus=1.5, **BALANCED),
    "unclustered": lambda: rost_2018(**BALANCED),
    "decoupled": lambda: rost_2018(j_e_plus=4, r_j=1, **BALANCED),
    "background": lambda: rost_2018(j_e_plus=2, background=0.1, m_x=0.13, n_e=400, n_clusters=3),
    "probability": lambda: rost_2018(j_e_plus=2, clustering="probability", **BALANCED),
    "not whole words": lambda: rost_2018(m_x=0.13, n_e=567, n_i=133, n_clusters=7, j_e_plus=3, r_j=0.5),
    "more than a vector": lambda: rost_2018(m_x=0.13, n_e=1100, n_i=513, n_clusters=11, j_e_plus=2),
    "exactly a vector": lambda: rost_2018(m_x=0.13, n_e=512, n_i=64, n_clusters=8, j_e_plus=3, r_j=1),
    "fast inhibition": lambda: rost_2018(tau_ratio=0.3, j_e_plus=2, **BALANCED),
    "slow inhibition": lambda: rost_2018(tau_ratio=2, j_e_plus=2, **BALANCED),
    "unequal": lambda: of_layouts(ClusterLayout.unequal([7, 64, 10, 30]), j_plus=2.2, j_minus=None),
    "overlapping": lambda: of_layouts(
        ClusterLayout.overlapping(130, 5, size=50), ClusterLayout.overlapping(40, 5, size=11), j_plus=1.6, j_minus=None
    ),
    "both kinds of clustering": lambda: of_layouts(
        ClusterLayout.equal(1200, 3), ClusterLayout.equal(90, 3), probability_ratio=1.4, j_plus=1.5, j_minus=0.8
    ),
    "three populations": three_populations,
    "single units": lambda: make_network(
        {},
        sizes={"E": 1, "I": 1},
        connections={(a, b): {"probability": 1.0} for a in "EI" for b in "EI"},
        drives={"I": 0.5},
    ),
    # Weights and threshold are multiples of 1/10: the field is often 0 but for rounding, which must be the same.
    "threshold met exactly": lambda: rost_2018(n_e=500, n_clusters=5, j_e_plus=1.6, m_x=0.13),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_same_trajectory_as_the_reference(name):
    same(*both(NETWORKS[name](), n_trials=2, duration_ms=300 if name == "single units" else 60))


def test_same_trajectory_where_threshold_is_met_exactly():
    # In silence and with few active units, where a sum of 0.1 in another order is 0 or 1e-17.
    net = rost_2018(n_e=500, n_clusters=5)
    for seed in range(4):
        same(*both(net, seed=seed, duration_ms=100, initial_rate=0.03, record_spikes=False))


@pytest.mark.parametrize(("sample_ms", "duration_ms"), [(0.5, 40.0), (5, 60), (0.1, 7.3), (1 / 3, 20), (0.001, 0.3)])
@pytest.mark.parametrize("tau_ratio", [0.37, 0.5])
def test_same_trajectory_at_other_samples(sample_ms, duration_ms, tau_ratio):
    # 67.03 updates a ms with tau_I/tau_E = 0.37; the shortest intervals hold no update or one.
    net = rost_2018(tau_ratio=tau_ratio, j_e_plus=2, n_e=400, n_i=100, n_clusters=4, m_x=0.13)
    fast, plain = both(net, sample_ms=sample_ms, duration_ms=duration_ms, record_spikes=duration_ms > 1)
    same(fast, plain)
    np.testing.assert_allclose(fast.time_ms, sample_ms * np.arange(1, round(duration_ms / sample_ms) + 1), rtol=1e-12)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_same_trajectory_from_silence_and_from_saturation(rate):
    same(*both(NETWORKS["E clusters"](), initial_rate=rate))


def test_sampling_does_not_change_the_trajectory():
    net = NETWORKS["E and I clusters"]()
    options = {"duration_ms": 60, "seed": 3, "record_spikes": True}
    one, other = simulate(net, sample_ms=1, **options), simulate(net, sample_ms=5, **options)
    for name in "EI":
        np.testing.assert_array_equal(one.cluster_rates[name][..., 4::5], other.cluster_rates[name])
    np.testing.assert_array_equal(one.spikes.time_ms, other.spikes.time_ms)
    quiet = simulate(net, duration_ms=60, seed=3)
    np.testing.assert_array_equal(quiet.cluster_rates["E"], one.cluster_rates["E"])


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
@pytest.mark.parametrize("sample_ms", [0.01, 1, 20])
def test_chunks_do_not_show(monkeypatch, size, sample_ms):
    # Chunks end within sampling intervals, and one chunk may hold many of them or none.
    net, options = NETWORKS["three populations"](), {"duration_ms": 20, "seed": 3, "record_spikes": True}
    whole = simulate(net, sample_ms=sample_ms, **options)
    monkeypatch.setattr(_binary_engine, "_UPDATES_PER_CHUNK", size)
    parts = simulate(net, sample_ms=sample_ms, **options)
    for name, rates in whole.population_rates.items():
        np.testing.assert_array_equal(parts.population_rates[name], rates)
    np.testing.assert_array_equal(parts.spikes.time_ms, whole.spikes.time_ms)
    np.testing.assert_array_equal(parts.spikes.neuron, whole.spikes.neuron)


# ------------------------------------------------------------------ the pieces of the kernel


@njit
def _counts(bits, row, state, masks, mask, start, stop):
    return count_active(bits, row, state, start, stop), count_active_within(bits, row, state, masks, mask, start, stop)


def test_counts_of_bits():
    rng = np.random.default_rng(1)
    bits, masks, state = (aligned_zeros(shape, np.uint64) for shape in ((5, 4 * WIDTH), (3, 4 * WIDTH), (4 * WIDTH,)))
    for array in (bits, masks, state):
        array[:] = rng.integers(0, 2**64, size=array.shape, dtype=np.uint64)
    state[3] = np.iinfo(np.uint64).max
    for row, mask, start, stop in ((0, 0, 0, 4), (4, 2, 1, 3), (2, 1, 3, 4), (1, 0, 2, 2)):
        words = slice(WIDTH * start, WIDTH * stop)
        both_set = bits[row, words] & state[words]
        expected = np.bitwise_count(both_set).sum(), np.bitwise_count(both_set & masks[mask, words]).sum()
        assert _counts(bits, row, state, masks, mask, start, stop) == expected


def plan_of(network, **options):
    wired = network.wire(1)
    facts = {"seed": 1, "duration_ms": 10, "sample_ms": 1, "trials": range(1), "initial_rate": 0.1}
    return BinaryPlan(wired=wired, record_spikes=False, **{**facts, **options})


def test_a_word_chooses_a_population_and_a_unit():
    plan = plan_of(NETWORKS["three populations"]())
    arrays = _NetworkArrays.of(plan)
    rates = np.array([66 / 7.3, 520 / 3.1, 17 / 40.0])
    edges = np.cumsum(rates) / rates.sum()
    unit_at = {position: unit for unit, position in enumerate(arrays.position)}
    for upper in (0.0, edges[0] - 1e-9, edges[0] + 1e-9, edges[1] - 1e-9, edges[1] + 1e-9, 1 - 1e-9):
        for lower in (0.0, 0.25, 0.5, 1 - 1e-9):
            word = np.uint64((int(upper * 2**32) << 32) | int(lower * 2**32))
            p, position = choose_unit(word, arrays.threshold, arrays.first_position, arrays.size)
            assert p == (upper > edges[:2]).sum()
            first, size = [(0, 66), (66, 520), (586, 17)][p]
            assert unit_at[position] == first + int(lower * size)


def test_arrays_begin_on_cache_lines():
    arrays = _NetworkArrays.of(plan_of(NETWORKS["more than a vector"]()))
    for array in (arrays.bits, arrays.masks):
        assert array.ctypes.data % 64 == 0
        assert array.strides[0] % 64 == 0
        assert array.any()
    # The bits moved, but they are those of the wiring.
    assert np.bitwise_count(arrays.bits).sum() == NETWORKS["more than a vector"]().wire(1).n_synapses


# ------------------------------------------------------------------ other processors

ON_ANOTHER_PROCESSOR = """
import hashlib
import metastable as mst
for options in ({"j_e_plus": 2}, {"j_e_plus": 3, "r_j": 0.75}):
    net = mst.networks.rost_2018(n_e=720, n_i=180, n_clusters=4, m_x=0.13, **options)
    activity = mst.simulate(net, duration_ms=300, seed=1, n_jobs=1, record_spikes=True)
    arrays = [*activity.cluster_rates.values(), *activity.population_rates.values()]
    arrays += [activity.spikes.time_ms, activity.spikes.neuron]
    print(hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest())
"""


def test_same_trajectory_on_the_plainest_processor(tmp_path):
    # No vector registers beyond the oldest, no instruction that counts bits, no fused multiply-add.
    def run(**environment):
        done = subprocess.run(
            [sys.executable, "-c", ON_ANOTHER_PROCESSOR],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    plain = run(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="", NUMBA_CACHE_DIR=str(tmp_path))
    assert any(tmp_path.rglob("*.nbc"))
    assert plain == run()
    assert len(set(plain)) == 2
