"""Figure 9: groups in a simulated network whose assemblies are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable import figures
from metastable.communities import Recurrence, detect, isi_timescales, normalized_mutual_information, recurrence
from metastable.networks import litwin_kumar_doiron_2012
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.humphries_2011._protocol import from_groups, from_spikes, to_groups, to_spikes
from metastable.simulation import simulate
from metastable.spikes import SpikeData, bin_counts

R_EE = 2.5
_BURN_IN_MS = 1000.0
# Three times the paper's 10 s: in these, few of the clusters are ever active.
DURATION_MS = 30_000.0
# A cluster counts as active if its rate in some bin is above this; at rest it is 2 to 5, in an active state 40 to 60.
_ACTIVE_RATE, _BIN_MS = 20.0, 200.0
_STATE_SIGMA_MS = 50.0


def _recording(seed: int, n_clusters: int, per_cluster: int, index: int) -> SpikeData:
    """Simulate one network and record some neurons of some of its clusters."""
    spikes = simulate(
        litwin_kumar_doiron_2012(r_ee=R_EE),
        duration_ms=_BURN_IN_MS + DURATION_MS,
        n_trials=1,
        seed=seed,
        network_index=index,
        n_jobs=1,
        progress=False,
    ).select(time_ms=(_BURN_IN_MS, _BURN_IN_MS + DURATION_MS), population="E", cluster=range(n_clusters))
    label = spikes.membership.argmax(axis=1)
    chosen = np.concatenate([np.flatnonzero(label == k)[:per_cluster] for k in range(n_clusters)])
    # More than one spike, as in the paper.
    chosen = chosen[spikes.spike_counts()[0, chosen] > 1]
    return spikes.select(neuron=np.sort(chosen))


def _highest_rates(spikes: SpikeData, cluster: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the highest rate of each cluster in any bin, spikes/s."""
    counts = bin_counts(spikes, bin_ms=_BIN_MS)[0]
    return np.array([counts[cluster == k].mean(axis=0).max() for k in np.unique(cluster)]) * 1000 / _BIN_MS


def network_of(*, seed: int, n_clusters: int, per_cluster: int, index: int, n_starts: int) -> Numbers:
    """Find groups among recorded neurons of one network, at five timescales, and compare them with its clusters."""
    spikes = _recording(seed, n_clusters, per_cluster, index)
    truth = spikes.membership.argmax(axis=1)
    sigmas = isi_timescales(spikes, n_timescales=5, percentiles=(10, 50))
    found = detect(spikes, sigmas_ms=sigmas, n_starts=n_starts, early_stop=False, seed=seed, n_jobs=1, progress=False)
    steps: dict[str, Any] = {"sigma_ms": _STATE_SIGMA_MS, "step_ms": 100.0}
    states = [recurrence(spikes, **steps)]
    states += [recurrence(spikes, found.labels, group=k, **steps) for k in range(min(found.n_groups, 2))]
    active = np.isin(truth, np.flatnonzero(_highest_rates(spikes, truth) > _ACTIVE_RATE))
    return {
        **from_groups(found),
        **from_spikes(spikes),
        "truth": truth,
        "n_groups": np.array(found.n_groups),
        "nmi": np.array(normalized_mutual_information(found.labels, truth)),
        "nmi_active": np.array(normalized_mutual_information(found.labels[active], truth[active])),
        "n_active": np.array(np.unique(truth[active]).size),
        "nmi_by_sigma": np.array([normalized_mutual_information(labels, truth) for labels in found.partitions]),
        "nmi_active_by_sigma": np.array(
            [normalized_mutual_information(labels[active], truth[active]) for labels in found.partitions]
        ),
        "first_to_last": np.array(normalized_mutual_information(found.partitions[0], found.partitions[-1])),
        "states": np.stack([each.similarity for each in states]),
        "state_ms": states[0].time_ms,
        "state_trains": np.array([each.n_trains for each in states]),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    shared = {
        "n_clusters": numbers["n_clusters"],
        "per_cluster": numbers["per_cluster"],
        "n_starts": numbers["n_network_starts"],
    }
    return [Job("network", network_of, {**shared, "index": index}) for index in range(numbers["n_networks"])]


def _draw(results: Results):
    numbers = results.first("network")
    spikes, groups, truth = to_spikes(numbers), to_groups(numbers), numbers["truth"]
    with figures.style():
        drawing = figures.new_figure(7.2, 7.2)
        grid = drawing.add_gridspec(3, 6, height_ratios=[1.5, 1, 1.1])
        ax = drawing.add_subplot(grid[0, :4])
        figures.group_raster(spikes, groups.labels, order_by=-truth, ax=ax)
        figures.titled(ax, "a  Spikes, sorted by the groups found", _sentence(numbers))
        _draw_confusion(drawing.add_subplot(grid[0, 4:]), groups.labels, truth)
        ax = drawing.add_subplot(grid[1, :3])
        figures.modularity_by_timescale(groups, ax=ax)
        for text in ax.texts:
            text.remove()
        figures.titled(ax, "c  Modularity", "data and controls (intervals shuffled)")
        ax = drawing.add_subplot(grid[1, 3:])
        for k, each in enumerate(results.every("network")):
            shown = (
                ("nmi_active_by_sigma", "inside", "clusters active at some time"),
                ("nmi_by_sigma", "outside", "all"),
            )
            for name, color, label in shown:
                label = None if k else label
                ax.plot(each["sigmas_ms"], each[name], marker="o", color=figures.COLORS[color], alpha=0.7, label=label)
        ax.legend(loc="center right")
        ax.set(xlabel="sigma (ms)", ylabel="NMI with the clusters", ylim=(0, 1.05))
        figures.titled(ax, "d  Agreement with the clusters", f"{len(results.every('network'))} networks")
        names = ("e  All trains", "f  Group 0", "g  Group 1")
        for k, similarity in enumerate(numbers["states"]):
            ax = drawing.add_subplot(grid[2, 2 * k : 2 * k + 2])
            states = Recurrence(
                time_ms=numbers["state_ms"],
                similarity=similarity,
                n_trains=int(numbers["state_trains"][k]),
                sigma_ms=_STATE_SIGMA_MS,
            )
            figures.recurrence_map(states, ax=ax)
            if k < len(numbers["states"]) - 1:
                bar = ax.images[0].colorbar
                assert bar is not None
                bar.remove()
            if k:
                ax.set_ylabel("")
            figures.titled(ax, names[k], f"{states.n_trains} trains, sigma {states.sigma_ms:.0f} ms")
    return drawing


def _sentence(numbers: Numbers) -> str:
    n_clusters = np.unique(numbers["truth"]).size
    return f"{int(numbers['n_groups'])} groups, {n_clusters} clusters, sigma {float(numbers['sigma_ms']):.1f} ms"


def _draw_confusion(ax, labels, truth) -> None:
    counts = np.zeros((labels.max() + 2, truth.max() + 1))
    np.add.at(counts, (labels + 1, truth), 1)
    shown = counts[1:] if not counts[0].any() else counts
    ax.imshow(shown, cmap="Reds", aspect="auto", origin="lower", interpolation="nearest", vmin=0)
    for (row, column), count in np.ndenumerate(shown):
        if count:
            dark = count > 0.6 * shown.max()
            ax.text(
                column, row, f"{count:.0f}", ha="center", va="center", fontsize=5, color="white" if dark else "black"
            )
    ax.set(xlabel="cluster", ylabel="group found")
    ax.set_yticks(
        range(len(shown)),
        labels=[*([] if len(shown) == len(counts) - 1 else ["none"]), *map(str, range(labels.max() + 1))],
    )
    ax.set_xticks(range(0, truth.max() + 1, 2))
    figures.titled(ax, "b  Groups and clusters", "number of neurons")


def _claims(results: Results) -> list[Claim]:
    every = results.every("network")
    n_clusters = np.unique(every[0]["truth"]).size
    rule = "5 widths from the 10th to the 50th percentile of the intervals, 20 controls, max-z at level .05."
    other = (
        "Not the paper's striatum (1344 neurons, other cells and synapses): E neurons of the network with R_EE = 2.5."
    )
    return [
        Claim(
            "Groups are found in the network",
            "yes (3 groups)",
            (1, 1),
            np.array([float(each["significant"]) for each in every]),
            note=f"{other} {rule}",
        ),
        Claim(
            f"Agreement (NMI) of the groups found with the network's {n_clusters} clusters",
            "not known in the paper",
            None,
            np.array([float(each["nmi"]) for each in every]),
            note=(
                f"Of all clusters: those that are at rest for all {DURATION_MS / 1000:g} s have nothing in common that "
                "could be found."
            ),
        ),
        Claim(
            "The same, of the clusters that are active at some time",
            "not known in the paper",
            (0.7, 1),
            np.array([float(each["nmi_active"]) for each in every]),
            note=(
                f"{', '.join(str(each['n_active']) for each in every)} of {n_clusters} clusters reach "
                f"{_ACTIVE_RATE:g} spikes/s in some {_BIN_MS:g} ms. Accepted is what a person would call the "
                "same groups."
            ),
        ),
        Claim(
            "Number of groups",
            f"3 in the paper's model; {n_clusters} clusters here",
            None,
            results.join("network", "n_groups").astype(float),
        ),
        Claim(
            "Agreement (NMI) of the groups at the smallest and the largest width",
            "0.022 (at 126 and 160 ms)",
            None,
            results.join("network", "first_to_last"),
            note="In the paper other neurons are grouped at another timescale; here clusters are the same at all.",
        ),
    ]


FIGURE_9 = Figure(
    name="network",
    title="Assemblies of a simulated network (Figure 9)",
    caption=(
        "Excitatory neurons of some clusters of the spiking network of Litwin-Kumar & Doiron (2012), 30 s; colours: "
        "groups found. Unlike in the paper's model of the striatum it is known here who belongs together. Bottom: "
        "similarity (cosine) of the population's states at all pairs of times, of all trains and of the two largest "
        "groups; blocks off the diagonal are states that return, yellow is silence."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
