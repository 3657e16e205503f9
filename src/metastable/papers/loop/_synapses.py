"""Synapses from spikes, and clusters from synapses, from spikes, and from the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.networks import litwin_kumar_doiron_2012
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers._weight_communities import agreement_with_clusters
from metastable.papers.loop import _protocol as protocol
from metastable.reconstruction import reconstruct, score
from metastable.simulation import simulate

Array = NDArray[np.float64]

N_CLUSTERS = 4
_WORKING_POINT = 2.5
_SOURCES = {
    "truth": ("true weights", "paper", "s", ":"),
    "found": ("reconstructed weights", "clustered", "o", "-"),
    "spikes": ("spikes", "outside", "^", "-"),
}


def clusters_of(*, seed: int, n_e: int, r_ee: float, seconds: float, network_index: int) -> Numbers:
    """Reconstruct one network from a recording; compare clusters from its weights, spikes and true weights."""
    wired = litwin_kumar_doiron_2012(r_ee=r_ee, n_e=n_e, n_clusters=N_CLUSTERS).wire(seed, network_index=network_index)
    spikes = simulate(wired, duration_ms=1000 * seconds, n_jobs=1, progress=False)
    found = reconstruct(spikes, model=wired, n_jobs=1, progress=False)
    truth = wired.weight_matrix().toarray()
    excitatory = spikes.select(population="E")
    cluster = protocol.cluster_of(excitatory).astype(np.intp)
    n_spikes, linked = excitatory.spike_counts().sum(axis=0), found.n_isis[:n_e] > 0
    scored = score(found.weights, truth)
    similarity = protocol.similarity(excitatory)
    from_weights = agreement_with_clusters(found.weights, cluster, linked, n_spikes, seed)
    everyone = np.ones_like(linked)
    return {
        "r_ee": np.array(r_ee),
        "seconds": np.array(seconds),
        "n_e": np.array(n_e),
        "rand found": np.array(from_weights[1]),
        "rand found, all": np.array(from_weights[0]),
        "rand truth": np.array(agreement_with_clusters(truth, cluster, everyone, n_spikes, seed)[0]),
        "rand spikes": np.array(protocol.agreement(excitatory, similarity, seed)),
        "auc": np.array(scored.auc),
        "correlation": np.array(scored.weight_correlation),
        "rate": np.array(spikes.n_spikes / spikes.n_neurons / seconds),
        "linked": np.array(linked.mean()),
        "weights": found.weights[:n_e, :n_e].astype(np.float32),
        "true weights": truth[:n_e, :n_e].astype(np.float32),
        "similarity": similarity.astype(np.float32),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    at = [("clustering", r, numbers["synapse_s"]) for r in numbers["synapse_r_ee"]]
    at += [("length", _WORKING_POINT, seconds) for seconds in numbers["synapse_lengths_s"]]
    return [
        Job(
            group,
            clusters_of,
            {"n_e": numbers["synapse_n_e"], "r_ee": r_ee, "seconds": seconds, "network_index": index},
        )
        for group, r_ee, seconds in at
        for index in range(numbers["n_synapses"])
    ]


def _curve(results: Results, group: str, name: str) -> tuple[Array, Array]:
    """Return clustering or length, and a number of each network at each, (n_networks, n_points)."""
    points = results.join(group, "r_ee" if group == "clustering" else "seconds")
    values = results.join(group, name)
    unique = np.unique(points)
    return unique, np.stack([values[points == x] for x in unique], axis=1)


def _draw(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 4.9)
        axes: Any = drawing.subplots(2, 3, height_ratios=(0.72, 1))
        first = results.first("clustering")
        points = results.join("clustering", "r_ee")
        shown = results.every("clustering")[int(np.argmin(np.abs(points - _WORKING_POINT)))]
        limit = float(np.abs(shown["true weights"]).max())
        for ax, name, title, note in (
            (axes[0, 0], "true weights", "a  True weights", f"{N_CLUSTERS} clusters, $R_{{EE}}={_WORKING_POINT:g}$"),
            (axes[0, 1], "weights", "b  Reconstructed", f"from {shown['seconds']:g} s; hatched: not known"),
        ):
            figures.weight_matrix(shown[name], limit=limit, unit="threshold - reset", ax=ax)
            figures.titled(ax, title, note)
        image = axes[0, 2].imshow(shown["similarity"], cmap="Reds", vmin=0, vmax=1, interpolation="nearest")
        drawing.colorbar(image, ax=axes[0, 2], label="correlation")
        axes[0, 2].set(xlabel="neuron", ylabel="neuron")
        figures.titled(axes[0, 2], "c  Spikes", f"similarity, Gaussian of {protocol.SIGMA_MS:g} ms")
        for ax, group, title, note in (
            (axes[1, 0], "clustering", "d  Clusters found", f"{first['seconds']:g} s; neurons with an interval"),
            (axes[1, 1], "length", "e  Length", f"$R_{{EE}}={_WORKING_POINT:g}$; same neurons"),
        ):
            for source, (label, color, marker, line) in _SOURCES.items():
                x, values = _curve(results, group, f"rand {source}")
                figures.curve_with_spread(
                    x, values, color=figures.COLORS[color], marker=marker, linestyle=line, label=label, ax=ax
                )
            figures.titled(ax, title, note)
            ax.set(ylabel="agreement (ARI)", ylim=(-0.1, 1.08))
        axes[1, 0].set_xlabel("clustering $R_{EE}$")
        axes[1, 1].set_xlabel("length of the recording (s)")
        handles, labels = axes[1, 0].get_legend_handles_labels()
        for name, label, color, marker in (
            ("auc", "area (ROC)", "clustered", "o"),
            ("linked", "neurons", "uniform", "s"),
        ):
            x, values = _curve(results, "clustering", name)
            figures.curve_with_spread(
                x, values, color=figures.COLORS[color], marker=marker, linestyle="--", label=label, ax=axes[1, 2]
            )
        axes[1, 2].set(xlabel="clustering $R_{EE}$", ylabel="area; share of neurons", ylim=(0.5, 1.03))
        axes[1, 2].legend(loc="lower center", fontsize=6.5)
        figures.titled(axes[1, 2], "f  Synapses found", "connected or not, by found weight")
        drawing.legend(handles, labels, loc="outside lower center", ncols=3, title="clusters from (d, e)")
    return drawing


def _claims(results: Results) -> list[Claim]:
    points, found = _curve(results, "clustering", "rand found")
    _, spikes = _curve(results, "clustering", "rand spikes")
    _, truth = _curve(results, "clustering", "rand truth")
    at = int(np.argmin(np.abs(points - _WORKING_POINT)))
    numbers = results.first("clustering")
    setting = (
        f"{int(numbers['n_e'])} E neurons in {N_CLUSTERS} clusters and a quarter as many I neurons, "
        f"{numbers['seconds']:g} s, parameters of all neurons known. Weights: communities of squared positive weights; "
        f"spikes: {protocol.ESTIMATOR}."
    )
    claims = [
        Claim("Agreement (ARI) of communities of the true weights, R_EE = 2.5", "1: the wiring is clustered", (0.98, 1),
              truth[:, at], note=setting),
        Claim("Agreement (ARI) of communities of reconstructed weights, R_EE = 2.5, neurons with an interval",
              "not stated", None, found[:, at]),
        Claim("Agreement (ARI) of communities of reconstructed weights, R_EE = 2.5, all neurons", "not stated", None,
              _curve(results, "clustering", "rand found, all")[1][:, at]),
        Claim("Agreement (ARI) of communities of the spikes, R_EE = 2.5", "not stated", None, spikes[:, at]),
        Claim("Agreement of weights minus agreement of spikes, R_EE = 2.5", "above 0", (0, np.inf),
              (found - spikes)[:, at],
              note="Weights: neurons with an interval; spikes: neurons that fired, which are more. Weights are of "
              "synapses, whether clusters switch or not; the reconstruction knows the neurons' parameters, the "
              "grouping of spikes knows nothing."),
    ]  # fmt: skip
    if points[0] == 1:
        claims += [
            Claim(f"Agreement (ARI), uniform network, communities of {label}", "0: nothing to find", (-0.05, 0.05),
                  values[:, 0])
            for label, values in (("reconstructed weights", found), ("spikes", spikes))
        ]  # fmt: skip
    for name, what in (("auc", "Area under the ROC curve, connected or not"),
                       ("correlation", "Correlation of found and true weights")):  # fmt: skip
        claims.append(Claim(f"{what}, R_EE = 2.5", "not stated", None, _curve(results, "clustering", name)[1][:, at]))
    return claims


FIGURE = Figure(
    name="synapses",
    title="Clusters from reconstructed synapses, and from spikes",
    caption=(
        "A network small enough that its spikes determine its synapses: every interval between two spikes of a neuron "
        "is an equation for the weights onto it. Communities of the reconstructed weights are compared with those of "
        "the spikes of the same recording and with those of the true weights. Spikes show a cluster only by what its "
        "neurons do together; the reconstruction reads the synapses whatever the clusters do, but it knows the "
        "parameters of all neurons, and learns nothing about a neuron that stays silent. Bands: standard deviation "
        "between networks."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
