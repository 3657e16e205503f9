import numpy as np
import pytest

from metastable import communities
from metastable.papers._paper import Results
from metastable.papers.loop import _detection, _protocol, _quenching, _states, _synapses
from metastable.spikes import SpikeData

SMALL = {
    "strengths": {"E": [1.0, 2.5], "E/I": [1.0, 8.0]},
    "n_detection": 2,
    "detection_ms": 2500.0,
    "detection_neurons": 100,
    "lengths_ms": [500.0, 1500.0],
    "sizes": [50, 100],
    "n_synapses": 2,
    "synapse_n_e": 40,
    "synapse_s": 1.0,
    "synapse_r_ee": [1.0, 2.5],
    "synapse_lengths_s": [0.5, 1.0],
    "n_states": 2,
    "states_ms": 3000.0,
    "passage_n_e": [3200, 4000],
    "exact_n_e": [8, 16],
    "n_quenching": 2,
    "quenching_trials": 2,
}
FIGURES = ["detection", "synapses", "states", "quenching"]


@pytest.fixture(scope="module")
def report(at_small_scale, tmp_path_factory):
    return at_small_scale("loop", SMALL, tmp_path_factory.mktemp("loop"), figures=FIGURES)


def test_figures_are_drawn(report):
    assert [figure.name for figure in report.figures] == FIGURES
    assert all(figure.png.stat().st_size > 10_000 for figure in report.figures)


def test_claims_that_a_small_scale_can_bear(report):
    claims = {claim.statement: claim for claim in report.claims}
    for statement in (
        "Agreement (ARI) in the uniform network, E clusters",
        "Agreement (ARI) of communities of the true weights, R_EE = 2.5",
        "Mean duration of an active state, first passage over annealed chain",
    ):
        assert claims[statement].verdict == "reproduced", statement
    # Two networks are too few for the sign of a change to be sure.
    assert (claims["Area under the ROC curve of pairs, E clusters, R_EE = 2.5"].values > 0.55).all()
    for kind in ("E", "E/I"):
        assert (claims[f"Change of the rate, stimulated clusters, {kind} clusters"].values > 0).all()


def test_every_claim_of_the_quick_scale_has_as_many_values_as_networks(report):
    assert {len(claim.values) for claim in report.claims if not claim.exact} == {2}


def taking_turns(n_per_cluster=12, *, seed=1):
    """Four clusters of which one at a time fires fast, for half a second each, and a silent neuron."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(4), n_per_cluster)
    time, neuron = [], []
    for k, own in enumerate(cluster):
        for turn in range(16):
            rate_hz = 40 if turn % 4 == own else 2
            n = rng.poisson(rate_hz / 2)
            time.append(rng.uniform(500 * turn, 500 * (turn + 1), n))
            neuron.append(np.full(n, k))
    return SpikeData(
        time_ms=np.concatenate(time),
        neuron=np.concatenate(neuron),
        n_neurons=cluster.size + 1,
        cluster=np.append(cluster, 0),
        t_stop_ms=8000,
    )


def test_clusters_that_take_turns_are_found_and_silent_neurons_do_not_count():
    spikes = taking_turns()
    matrix = _protocol.similarity(spikes)
    assert _protocol.agreement(spikes, matrix, seed=1) == 1
    wrong = spikes.with_labels(cluster=np.random.default_rng(2).permutation(spikes.cluster))
    assert abs(_protocol.agreement(wrong, matrix, seed=1)) < 0.1
    fired = spikes.select(neuron=np.arange(spikes.n_neurons - 1))
    assert _protocol.pair_separation(fired, _protocol.similarity(fired)) > 0.99
    assert _protocol.pair_separation(wrong, matrix) == pytest.approx(0.5, abs=0.05)


def test_many_small_clusters_need_the_finer_resolution():
    n_clusters, size = 40, 5
    cluster = np.repeat(np.arange(n_clusters), size)
    # Correlations of chance are as good as nothing to the sixth power; those of neighbouring clusters are not.
    near = np.abs(cluster[:, None] - cluster) <= 1
    matrix = np.where(cluster[:, None] == cluster, 0.5, 0.28 * near) * (1 - np.eye(cluster.size))
    spikes = SpikeData(
        time_ms=np.arange(cluster.size), neuron=np.arange(cluster.size), n_neurons=cluster.size, cluster=cluster,
        t_stop_ms=1000,
    )  # fmt: skip
    assert _protocol.agreement(spikes, matrix, seed=1, finer=True) == 1
    # Neighbours are joined, two of them at least: no more is found than of clusters joined in pairs.
    joined = communities.adjusted_rand_index(cluster, cluster // 2)
    assert _protocol.agreement(spikes, matrix, seed=1) <= joined


def test_silence_has_no_groups():
    spikes = SpikeData(time_ms=[], neuron=[], n_neurons=4, cluster=[0, 0, 1, 1], t_stop_ms=1000)
    assert _protocol.agreement(spikes, np.zeros((4, 4)), seed=1) == 0
    assert np.isnan(_protocol.mean_fano(spikes))


def test_timescale_of_clusters_that_take_turns_is_near_theirs():
    # A square wave on for 500 of 2000 ms: its covariance falls to 1/e at about half of 500 ms.
    assert 150 < _protocol.cluster_timescale(taking_turns()) < 450


def test_variability_within_clusters_is_that_of_exponentials_though_clusters_differ():
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(400), 6)
    durations = rng.exponential(rng.uniform(50, 1000, 400)[cluster])
    assert _states._cv_within(durations, cluster) == pytest.approx(1, abs=0.06)
    assert _states._cv(durations) > 1.1
    assert np.isnan(_states._cv_within(durations[:3], cluster[:3]))


def test_exact_durations_grow_with_the_clusters():
    small, large = (_states.exact_of(seed=1, n_e=n) for n in (16, 24))
    assert large["up_ms"] > 1.2 * small["up_ms"]
    assert small["cv"] == pytest.approx(0.838, abs=0.001)


def test_onsets_are_those_of_each_network():
    values = {"fano": [0.8, 0.8, 1.6], "rand": [0.0, 0.1, 0.3], "pairs": [0.5, 0.6, 0.8]}
    numbers = [
        {"strength": np.array(x), **{name: np.array(row[k]) for name, row in values.items()}}
        for k, x in enumerate((1.0, 2.0, 3.0))
    ]
    results = Results({"E": numbers})
    assert _detection._onsets(results, "E", "fano")[0] == pytest.approx(2.1)
    assert _detection._onsets(results, "E", "rand")[0] == pytest.approx(1.5)
    assert _detection._onsets(results, "E", "pairs")[0] == pytest.approx(1.5)


def test_similarity_of_clusters_leaves_a_neuron_with_itself_out():
    matrix = np.array([[0.0, 0.8, 0.1], [0.8, 0.0, 0.3], [0.1, 0.3, 0.0]])
    found = _quenching._by_cluster(matrix, np.array([0, 0, 1], np.int32))
    np.testing.assert_allclose(found, [[0.8, 0.2], [0.2, np.nan]])


def test_weights_tell_clusters_that_do_not_switch():
    numbers = _synapses.clusters_of(seed=1, n_e=40, r_ee=2.5, seconds=2.0, network_index=0)
    assert numbers["rand truth"] == 1
    assert numbers["rand found"] > 0.8
    assert numbers["auc"] > 0.9
