"""Figures 3 and 4: groups planted in trains with growing noise."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from metastable import figures
from metastable.communities import detect, normalized_mutual_information
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.humphries_2011._protocol import KINDS, from_spikes, to_spikes, within_two_errors
from metastable.spikes import fellous_2004

LEVELS = range(10)
GROUPS = (2, 3, 5)


def groups_of(*, seed: int, n_groups: int, noise_level: int, index: int, kind: str, method: str) -> Numbers:
    """Find groups in one set at each of seven timescales, and their agreement with the planted ones."""
    spikes, truth = fellous_2004(n_groups=n_groups, noise_level=noise_level, seed=seed, index=index)
    found = detect(spikes, kind=kind, method=method, n_controls=0, seed=seed, n_jobs=1, progress=False)
    return {
        "sigmas_ms": found.sigmas_ms,
        "modularity": found.modularities,
        "n_groups": found.partitions.max(axis=1) + 1,
        "nmi": np.array([normalized_mutual_information(labels, truth) for labels in found.partitions]),
        "partitions": found.partitions,
    }


def example_of(*, seed: int, n_groups: int, noise_level: int, index: int) -> Numbers:
    """Draw one set."""
    spikes, truth = fellous_2004(n_groups=n_groups, noise_level=noise_level, seed=seed, index=index)
    return {**from_spikes(spikes), "truth": truth}


def chance_of(*, seed: int, n_groups: int, n_random: int) -> Numbers:
    """Compare the planted groups with random ones of the same sizes."""
    _, truth = fellous_2004(n_groups=n_groups, noise_level=0, seed=seed)
    rng = np.random.default_rng([seed, n_groups])
    return {"nmi": np.array([normalized_mutual_information(rng.permutation(truth), truth) for _ in range(n_random)])}


_EXAMPLE = {"n_groups": 3, "noise_level": 1, "index": 0}


def _jobs_example(scale: Scale) -> list[Job]:
    jobs = [Job("spikes", example_of, _EXAMPLE)]
    jobs += [Job(name, groups_of, {**_EXAMPLE, "kind": kind, "method": "louvain"}) for name, kind in KINDS.items()]
    return jobs


_COLORS = {"binless": figures.COLORS["clustered"], "binned": figures.COLORS["outside"]}


def _draw_example(results: Results):
    spikes, truth = to_spikes(results.first("spikes")), results.first("spikes")["truth"]
    binless = results.first("binless")
    labels = binless["partitions"][binless["nmi"].argmax()]
    with figures.style():
        drawing = figures.new_figure(7.2, 4.6)
        grid = drawing.add_gridspec(2, 6, height_ratios=[1.5, 1])
        before, after = drawing.add_subplot(grid[0, :3]), drawing.add_subplot(grid[0, 3:])
        figures.group_raster(spikes, np.full(spikes.n_neurons, -1), order_by=-np.arange(spikes.n_neurons), ax=before)
        for line in before.lines:
            line.set_color("black")
        for text in before.texts:
            text.remove()
        before.set_ylabel("train, as recorded")
        figures.titled(before, "a  Before", "3 groups of 35 trains, jitter 1 ms, 2 extra spikes per train")
        figures.group_raster(spikes, labels, ax=after)
        best = float(binless["sigmas_ms"][binless["nmi"].argmax()])
        figures.titled(after, "b  Sorted by the groups found", f"binless, sigma {best:.3g} ms, Louvain, 20 starts")
        panels = (("modularity", "c  Modularity", "Q/2m"), ("n_groups", "d  Groups", "number of groups"))
        for column, (name, title, label) in enumerate(
            (*panels, ("nmi", "e  Agreement", "NMI with the planted groups"))
        ):
            ax = drawing.add_subplot(grid[1, 2 * column : 2 * column + 2])
            for kind, color in _COLORS.items():
                numbers = results.first(kind)
                ax.plot(numbers["sigmas_ms"], numbers[name], marker="o", color=color, label=kind, clip_on=False)
            if name == "n_groups":
                ax.axhline(len(np.unique(truth)), color="black", linewidth=0.8, linestyle="--", label="planted")
            ax.set(xlabel="sigma (ms); bins: x √12", ylabel=label)
            ax.set_ylim(0, {"nmi": 1.05, "n_groups": ax.get_ylim()[1] + 0.3}.get(name))
            figures.titled(ax, title)
            if name == "n_groups":
                ax.legend(loc="lower right")
    return drawing


def _claims_example(results: Results) -> list[Claim]:
    binless, binned = results.first("binless"), results.first("binned")
    shortest = min(float(binned["nmi"].min()), float(binless["nmi"].min()))
    return [
        Claim(
            "Largest agreement (NMI) with the planted groups over 7 timescales, binless",
            "1 (complete accuracy)",
            (0.9999, 1),
            binless["nmi"].max()[None],
            exact=True,
            note="One set, G = 3, noise level 1, Louvain with 20 starts, no controls.",
        ),
        Claim(
            "Agreement (NMI) averaged over the timescales, binless minus binned",
            "above 0 (binless degrades more gracefully)",
            (0, np.inf),
            np.array([binless["nmi"].mean() - binned["nmi"].mean()]),
            exact=True,
            note=f"The same set. Smallest agreement at any timescale: {shortest:.3f}.",
        ),
    ]


FIGURE_3 = Figure(
    name="example",
    title="One synthetic set (Figure 3)",
    caption=(
        "A set of Fellous et al. (2004): each group shares 4 to 6 events, of which each train misses 15 %. Seven "
        "timescales from the first percentile of the interspike intervals to their median; no controls, because "
        "here the groups are known."
    ),
    jobs=_jobs_example,
    draw=_draw_example,
    claims=_claims_example,
)


def _jobs_noise(scale: Scale) -> list[Job]:
    jobs, numbers = [], scale.numbers
    for n_groups in GROUPS:
        chance = {"n_groups": n_groups, "n_random": numbers["n_random"]}
        jobs.append(Job(f"chance {n_groups}", chance_of, chance))
    searches = [_jobs_of(method, numbers[f"n_{method}"]) for method in ("louvain", "kmeans")]
    # Evenly mixed: the numpy loops of K-means hold the interpreter, the compiled ones of Louvain run beside them.
    places = [((k + 0.5) / len(search), job) for search in searches for k, job in enumerate(search)]
    return jobs + [job for _, job in sorted(places, key=lambda place: place[0])]


def _jobs_of(method: str, n_sets: dict[str, int]) -> list[Job]:
    return [
        Job(
            f"{method} {name} {n_groups} {level}",
            groups_of,
            {"n_groups": n_groups, "noise_level": level, "index": index, "kind": kind, "method": method},
        )
        for n_groups in GROUPS
        for name, kind in KINDS.items()
        for level in LEVELS
        for index in range(n_sets.get(str(n_groups), 0))
    ]


def best_agreement(results: Results, method: str, kind: str, n_groups: int) -> NDArray[np.float64]:
    """Return the largest agreement over timescales of each set at each level, (n_sets, n_levels)."""
    return np.stack(
        [results.stack(f"{method} {kind} {n_groups} {level}", "nmi").max(axis=1) for level in LEVELS], axis=1
    )


# Mean NMI by noise level for G = 3, and of how many sets: measured with independent programs, not in the paper.
REFERENCE = {
    ("louvain", "binless"): ([1, 1, 0.985, 0.98, 0.76, 0.55, 0.30, 0.13, 0.07, 0.06], 20),
    ("louvain", "binned"): ([1, 0.99, 0.97, 0.93, 0.65, 0.39, 0.16, 0.08, 0.04, 0.04], 20),
    ("kmeans", "binless"): ([0.99, 1, 0.95, 0.79, 0.44, 0.24, 0.16, 0.09, 0.06, 0.06], 8),
    ("kmeans", "binned"): ([0.995, 1, 0.94, 0.875, 0.55, 0.20, 0.12, 0.07, 0.04, 0.03], 8),
}
CHANCE = {2: 0.011, 3: 0.018, 5: 0.029}
# One misplaced train of 105 costs .04 of the NMI, and a few sets that are all alike look as if nothing ever varied.
_LEAST_SPREAD = 0.02
_LITERAL = (
    " The reference's K-means is not known in detail. On the same matrices scikit-learn's, seeded by K-means++, "
    "reaches the modularity of this one. With the leading K - 1 eigenvectors (the paper's appendix) 8 binless sets "
    "gave .98, .97, .79, .56 at levels 2 to 5, with all of them .68, .53, .29, .20: the reference lies between "
    "the two readings."
)
_GROUP_COLORS = {n: figures.COLORS[name] for n, name in zip(GROUPS, ("inside", "clustered", "outside"), strict=True)}
_METHODS = {"louvain": "Louvain", "kmeans": "literal (K-means)"}


def _draw_noise(results: Results):
    with figures.style():
        drawing = figures.new_figure(7.2, 5.2)
        axes = drawing.subplots(2, 2, sharex=True)
        for ax, name, letter in zip(axes[0], KINDS, "ab", strict=True):
            for n_groups, color in _GROUP_COLORS.items():
                values = best_agreement(results, "louvain", name, n_groups)
                figures.curve_with_spread(
                    LEVELS, values, color=color, marker="o", label=f"G = {n_groups}, {len(values)} sets", ax=ax
                )
                ax.axhline(
                    results.first(f"chance {n_groups}")["nmi"].mean(), color=color, linewidth=0.8, linestyle="--"
                )
            figures.titled(ax, f"{letter}  Louvain, {name}", "mean, standard deviation between sets; dashed: chance")
            ax.set(ylabel="largest NMI over 7 timescales", ylim=(0, 1.03))
            ax.legend()
        for n_groups, color in _GROUP_COLORS.items():
            gain = best_agreement(results, "louvain", "binless", n_groups)
            gain = gain - best_agreement(results, "louvain", "binned", n_groups)
            figures.curve_with_spread(LEVELS, gain, color=color, marker="o", ax=axes[1, 0])
        axes[1, 0].axhline(0, color="#999999", linewidth=0.7)
        axes[1, 0].set(xlabel="noise level", ylabel="NMI, binless minus binned")
        figures.titled(axes[1, 0], "c  What bins lose", "Louvain; the same sets")
        _draw_methods(results, axes[1, 1])
    return drawing


def _draw_methods(results: Results, ax) -> None:
    handles = []
    for (method, name), (target, n_target) in REFERENCE.items():
        values = best_agreement(results, method, name, 3)
        line = "-" if method == "louvain" else ":"
        figures.curve_with_spread(LEVELS, values, color=_COLORS[name], linestyle=line, show_spread=False, ax=ax)
        mark = {"marker": "o" if method == "louvain" else "s", "markersize": 3.5, "markerfacecolor": "none"}
        ax.plot(LEVELS, target, color=_COLORS[name], linestyle="none", **mark)
        label = f"{_METHODS[method].split()[0]}, {name}: {len(values)} and {n_target} sets"
        handles.append(Line2D([], [], color=_COLORS[name], linestyle=line, label=label, **mark))
    ax.set(xlabel="noise level", ylabel="largest NMI over 7 timescales", ylim=(0, 1.03))
    ax.set_xticks(LEVELS)
    ax.legend(handles=handles, fontsize=5.5, loc="upper right", bbox_to_anchor=(1.02, 1.02))
    figures.titled(ax, "d  Two searches, G = 3", "lines: mean over sets here; open marks: reference programs")


def _claims_noise(results: Results) -> list[Claim]:
    claims = []
    for n_groups, target in CHANCE.items():
        values = results.first(f"chance {n_groups}")["nmi"]
        claims.append(
            Claim(
                f"Agreement (NMI) by chance, G = {n_groups}",
                f"{target:g}",
                within_two_errors(target, values, n_target=1000, rounding=0.0005),
                values,
                note="Planted groups of 35 trains against random groups of the same sizes.",
                each="draw",
            )
        )
    for (method, name), (targets, n_target) in REFERENCE.items():
        values = best_agreement(results, method, name, 3)
        claims += [
            Claim(
                f"Agreement (NMI) at noise level {level}, {_METHODS[method]}, {name}, G = 3",
                f"{target:g} (reference)",
                within_two_errors(target, values[:, level], n_target=n_target, least_spread=_LEAST_SPREAD),
                values[:, level],
                note=(
                    f"Largest over 7 timescales, mean over sets; accepted: two standard errors of both means, the "
                    f"reference's of {n_target} sets of the same spread (at least .02), and rounding. 40 such "
                    "claims: two or three outside are expected of sets drawn anew."
                    + (_LITERAL if method == "kmeans" else "")
                ),
                each="set",
            )
            for level, target in zip(LEVELS, targets, strict=True)
        ]
    for n_groups in GROUPS:
        binless, binned = (best_agreement(results, "louvain", name, n_groups) for name in KINDS)
        claims.append(
            Claim(
                f"Agreement (NMI) averaged over levels 3 to 7, binless minus binned, G = {n_groups}",
                "above 0 (consistently more accurate)",
                (0, np.inf),
                (binless - binned)[:, 3:8].mean(axis=1),
                note="Louvain; paired by set.",
                each="set",
            )
        )
    best, literal = (best_agreement(results, method, "binless", 3) for method in ("louvain", "kmeans"))
    n = min(len(best), len(literal))
    claims.append(
        Claim(
            "Agreement (NMI) averaged over levels 3 to 7, Louvain minus literal, binless, G = 3",
            "not in the paper",
            None,
            (best[:n] - literal[:n])[:, 3:8].mean(axis=1),
            note="K-means on unweighted eigenvectors reaches a smaller modularity; paired by set.",
            each="set",
        )
    )
    return claims


FIGURE_4 = Figure(
    name="noise",
    title="Known groups under noise (Figure 4)",
    caption=(
        "Each noise level has more jitter (0 to 50 ms) and more extra spikes (0 to 35 a train). Louvain is this "
        "package's search for the largest modularity (20 starts); literal is the paper's (K-means on all eigenvectors "
        "with positive eigenvalues, 20 repeats for each number of groups). Each set is scored by the largest "
        "normalised mutual information over seven timescales, as in the paper. The paper prints its curves without "
        "numbers: the reference numbers were measured with independent programs."
    ),
    jobs=_jobs_noise,
    draw=_draw_noise,
    claims=_claims_noise,
)
