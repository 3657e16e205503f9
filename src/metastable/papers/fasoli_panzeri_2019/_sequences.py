"""Patterns and sequences stored in the weights, and played back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from metastable import figures
from metastable.finite_size import Storage, store_transitions
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import SAMPLE, run, sampled_claim, standard_error

_N, _PERIOD = 12, 5
_MARGINS = (1.0, 1.5, 2.0, 2.5, 3.0)
_SHOWN_MARGINS = (1.5, 2.5)
_PLAYED = 2.5
_SHOWN_STEPS = 80
# Patterns in 30 neurons, for the capacity of both methods.
_N_CAPACITY = 30
_STORED_LABEL = "state is stored"


def cycle(seed: int) -> NDArray[np.int64]:
    """Draw different states with half of the neurons active each, (period, n)."""
    rng = np.random.default_rng([seed, 1])
    states = np.zeros((0, _N), int)
    while len(states) < _PERIOD:
        state = np.zeros(_N, int)
        state[rng.permutation(_N)[: _N // 2]] = 1
        if not (states == state).all(axis=1).any():
            states = np.vstack([states, state])
    return states


def stored_cycle(seed: int, margin: float) -> Storage:
    """Store the cycle by the pseudoinverse."""
    states = cycle(seed)
    return store_transitions(states, np.roll(states, -1, axis=0), margin=margin, sigma=1, method="pseudoinverse")


def stored_patterns(seed: int, margin: float) -> Storage:
    """Store the states of the cycle as patterns of their own."""
    return store_transitions(cycle(seed), margin=margin, sigma=1, method="pseudoinverse")


def storage_of(*, seed: int, margin: list[float]) -> Numbers:
    """Compute retention, dwell times, and eigenvalues of the stored cycle at several margins."""
    cycles, patterns = ([make(seed, m) for m in margin] for make in (stored_cycle, stored_patterns))
    shown = [stored_cycle(seed, m) for m in _SHOWN_MARGINS]
    return {
        "margin": np.array(margin),
        "retention": np.array([one.retention for one in cycles]),
        "residual": np.array([one.residual for one in cycles + patterns]),
        "dwell": np.array([one.dwell_steps for one in patterns]),
        "mass": np.array([one.stationary_mass for one in shown]),
        "eigenvalues": np.array([one.eigenvalues(_PERIOD + 4) for one in shown]),
        "accidental": np.array(len(shown[-1].accidental)),
        "basin": np.array(shown[-1].stored_basin),
    }


def playback_of(*, seed: int, index: int, n_steps: int) -> Numbers:
    """Play the cycle back from its first state."""
    states = cycle(seed)
    found = run(stored_cycle(seed, _PLAYED).network, seed=seed, index=index, n_steps=n_steps, initial_state=states[0])
    activity = found.activity[0]
    number = _which(activity, states)
    stored = number[:-1] >= 0
    follows = number[1:] == (number[:-1] + 1) % _PERIOD
    return {
        "activity": activity[: _SHOWN_STEPS + 1],
        "number": number[: _SHOWN_STEPS + 1],
        "mass": np.array(stored.mean()),
        "follows": np.array(follows[stored].mean()),
    }


def retention_of(*, seed: int, index: int, margin: float, n_trials: int) -> Numbers:
    """Take one step from a stored state many times, and many steps from a stored pattern."""
    states = cycle(seed)
    k = index % _PERIOD
    once = run(
        stored_cycle(seed, margin).network,
        seed=seed,
        index=index,
        n_steps=1,
        n_trials=n_trials,
        initial_state=states[k],
    )
    kept = (once.activity[:, 1] == states[(k + 1) % _PERIOD]).all(axis=1).mean()
    patterns = run(
        stored_patterns(seed, margin).network,
        seed=seed,
        index=index,
        n_steps=100 * n_trials,
        initial_state=states[k],
    )
    there = _which(patterns.activity[0], states) == k
    # Visits end where the state is left; the last one is cut off by the end.
    left = there[:-1] & ~there[1:]
    return {"kept": np.array(kept), "dwell": np.array(there[:-1].sum() / max(left.sum(), 1))}


def capacity_of(*, seed: int, index: int, n_patterns: list[int]) -> Numbers:
    """Try to store more and more random transitions by both methods."""
    rng = np.random.default_rng([seed, 2, index])
    before, after = rng.integers(0, 2, (2, max(n_patterns), _N_CAPACITY))
    stored = np.zeros((2, len(n_patterns)))
    for m, method in enumerate(("pseudoinverse", "maximum-margin")):
        for k, n in enumerate(n_patterns):
            try:
                store_transitions(before[:n], after[:n], margin=1, sigma=1, threshold=1, method=method)
            except ValueError as refused:
                if "stored in" not in str(refused) and "no weights with exactly" not in str(refused):
                    raise
            else:
                stored[m, k] = 1
    return {"n_patterns": np.array(n_patterns), "stored": stored}


def _which(activity: NDArray, states: NDArray) -> NDArray[np.int64]:
    """Return the number of the stored state at each step, -1 for others."""
    same = (activity[:, None] == states[None]).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    jobs = [Job("exact", storage_of, {"margin": np.linspace(0.5, 3.5, 25).tolist()})]
    jobs += [
        Job("playback", playback_of, {"index": index, "n_steps": numbers["n_playback"]})
        for index in range(numbers["n_runs"])
    ]
    jobs += [
        Job(f"margin {margin:g}", retention_of, {"index": index, "margin": margin, "n_trials": numbers["n_retention"]})
        for margin in _MARGINS
        for index in range(numbers["n_runs"])
    ]
    return jobs + [
        Job("capacity", capacity_of, {"index": index, "n_patterns": [*range(25, 56, 2), 30]})
        for index in range(numbers["n_sets"])
    ]


def _draw(results: Results):
    exact, shown = results.first("exact"), results.first("playback")
    with figures.style():
        drawing = figures.new_figure(9.6, 5.6)
        grid = drawing.add_gridspec(2, 3, height_ratios=[1, 1.1])
        raster = drawing.add_subplot(grid[0, :2])
        circle, kept, dwell, capacity = (
            drawing.add_subplot(cell) for cell in (grid[0, 2], grid[1, 0], grid[1, 1], grid[1, 2])
        )
        step, neuron = np.nonzero(shown["activity"])
        stored = shown["number"][step] >= 0
        for chosen, color, label in (
            (stored, "#1b2631", _STORED_LABEL),
            (~stored, "#c0392b", "state is not stored"),
        ):
            raster.plot(
                step[chosen], neuron[chosen], linestyle="none", marker="s", markersize=3, color=color, label=label
            )
        raster.set(xlabel="step", ylabel="neuron", xlim=(-1, _SHOWN_STEPS + 1), ylim=(_N - 0.5, -0.5))
        raster.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, markerscale=1.3)
        figures.titled(
            raster, "a  A sequence played back", f"{_PERIOD} states, {_N} neurons, margin K = {_PLAYED:g}, simulated"
        )
        turn = np.linspace(0, 2 * np.pi, 200)
        circle.plot(np.cos(turn), np.sin(turn), color="#cccccc", linewidth=0.8)
        root = np.exp(2j * np.pi * np.arange(_PERIOD) / _PERIOD)
        circle.plot(
            np.real(root), np.imag(root), linestyle="none", marker="+", color="#1b2631", markersize=8,
            label=r"$e^{2\pi i k/5}$",
        )  # fmt: skip
        for values, margin, color in zip(exact["eigenvalues"], _SHOWN_MARGINS, ("#d68910", "#2471a3"), strict=True):
            circle.plot(np.real(values), np.imag(values), **{**SAMPLE, "color": color}, label=f"K = {margin:g}")
        circle.set(xlabel="real part", ylabel="imaginary part", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
        circle.set_aspect("equal")
        circle.legend(loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0.2)
        figures.titled(circle, "b  Eigenvalues", "of the transition matrix, the largest 9")
        groups = [f"margin {margin:g}" for margin in _MARGINS]
        sampled = np.stack([results.stack(group, "kept") for group in groups])
        kept.plot(exact["margin"], exact["retention"].mean(axis=1), color="#1b2631", label=r"exact, $\Phi(K)^N$")
        kept.errorbar(
            _MARGINS, sampled.mean(axis=1), 2 * standard_error(sampled, 1), color="#c0392b",
            label="Monte Carlo, 2 s.e.", **SAMPLE,
        )  # fmt: skip
        kept.set(xlabel="margin K (units of noise)", ylabel="probability of the stored step", ylim=(0, 1.03))
        kept.legend(loc="lower right")
        figures.titled(kept, "c  Retention in one step", f"{_PERIOD} stored transitions of {_N} neurons")
        sampled = np.stack([results.stack(group, "dwell") for group in groups])
        dwell.plot(exact["margin"], exact["dwell"].mean(axis=1), color="#1b2631", label="exact, 1/(1 - P(X|X))")
        dwell.errorbar(
            _MARGINS, sampled.mean(axis=1), 2 * standard_error(sampled, 1), color="#c0392b",
            label="Monte Carlo, 2 s.e.", **SAMPLE,
        )  # fmt: skip
        dwell.set(xlabel="margin K (units of noise)", ylabel="dwell time (steps)", yscale="log")
        dwell.legend(loc="upper left")
        figures.titled(dwell, "d  Dwell time in a pattern", f"{_PERIOD} patterns of {_N} neurons")
        n = results.first("capacity")["n_patterns"]
        order, share = np.argsort(n), results.stack("capacity", "stored").mean(axis=0)
        for each, label, color in zip(share, ("pseudoinverse", "maximum margin"), ("#5d6d7e", "#1e8449"), strict=True):
            capacity.plot(n[order], each[order], marker="o", color=color, label=label)
        capacity.axvline(_N_CAPACITY - 1, color="#999999", linewidth=0.8, linestyle="--")
        capacity.annotate(
            "N - 1",
            (_N_CAPACITY - 1, 0.5),
            (-4, 0),
            textcoords="offset points",
            ha="right",
            fontsize=6,
            color="#666666",
        )
        capacity.set(
            xlabel="number of stored transitions", ylabel="share of sets that can be stored", ylim=(-0.03, 1.3)
        )
        capacity.set_yticks([0, 0.5, 1])
        capacity.legend(loc="upper right")
        figures.titled(capacity, "e  Capacity", f"{_N_CAPACITY} neurons, {len(results.every('capacity'))} random sets")
    return drawing


def _claims(results: Results) -> list[Claim]:
    exact = results.first("exact")
    expected = ndtr(exact["margin"]) ** _N
    values, angle = exact["eigenvalues"][-1][:_PERIOD], 2 * np.pi / _PERIOD
    root = np.exp(1j * angle * np.arange(_PERIOD))
    distance = max(np.abs(values - one).min() for one in root)
    k = int(np.flatnonzero(np.isclose(exact["margin"], 2.0))[0])
    dwell = float(exact["dwell"][k].mean())
    n, stored = results.first("capacity")["n_patterns"].tolist(), results.stack("capacity", "stored")
    found = [
        Claim(
            "Largest distance of the retention of stored transitions from Phi(K)^N",
            "0",
            (0, 1e-9),
            np.array([np.abs(exact["retention"] - expected[:, None]).max()]),
            note=f"Pseudoinverse, {len(expected)} margins; largest residual {exact['residual'].max():.1e}.",
            exact=True,
        ),
        sampled_claim(
            f"Retention at margin {_PLAYED:g}, steps of the sequence played back",
            results.stack("playback", "follows"),
            float(ndtr(_PLAYED) ** _N),
            within=0.006,
        ),
        sampled_claim(
            f"Share of steps in stored states at margin {_PLAYED:g}, Monte Carlo",
            results.stack("playback", "mass"),
            float(exact["mass"][-1]),
            within=0.01,
        ),
        sampled_claim(
            "Dwell time in a stored pattern at margin 2, Monte Carlo",
            results.stack("margin 2", "dwell"),
            dwell,
            within=0.05 * dwell,
            unit="steps",
        ),
        Claim(
            f"Largest distance of eigenvalues from exp(2 pi i k/{_PERIOD}), stored {_PERIOD}-cycle, margin {_PLAYED:g}",
            "small",
            (0, 0.1),
            np.array([distance]),
            note=f"1 - Phi(K)^N is {1 - ndtr(_PLAYED) ** _N:.3g}.",
            exact=True,
        ),
        Claim(
            "Attractors that nobody stored, without noise",
            "some",
            None,
            np.array([exact["accidental"]]),
            note=f"Share of all states that lead into the stored cycle: {exact['basin']:.3f}. Depends on the states.",
            exact=True,
        ),
    ]
    for name, m, count, interval, paper in (
        ("pseudoinverse", 0, 29, (0.99, 1.0), "1: generic up to N - 1"),
        ("pseudoinverse", 0, 31, (0.0, 0.01), "0"),
        ("maximum margin", 1, 35, (0.9, 1.0), "35 work (one set)"),
        ("maximum margin", 1, 45, None, "45 do not (one set)"),
        ("maximum margin", 1, 55, (0.0, 0.1), "0"),
    ):
        found.append(
            Claim(
                f"Share of random sets of {count} transitions of {_N_CAPACITY} neurons stored by {name}",
                paper,
                interval,
                stored[:, m, n.index(count)],
                each="set",
                note="The set of the specification cannot be stored; of random ones about a half can."
                if count == 45
                else "",
            )
        )
    return found


FIGURE_SEQUENCES = Figure(
    name="sequences",
    title="Stored sequences and patterns",
    caption=(
        "Weights that make given states follow each other. With the pseudoinverse every neuron is K standard "
        "deviations of its noise on the right side of its threshold, and every stored step happens with "
        "probability Phi(K)^N."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
