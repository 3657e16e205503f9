"""Groups in real recordings, where a folder has them: Aplysia's pedal ganglion, and a set of Fellous et al. (2004)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from metastable import figures
from metastable.communities import maximise_modularity, similarity_matrix, sliding_windows
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.humphries_2011._protocol import from_spikes, from_windows, to_spikes, to_windows
from metastable.spikes import read

APLYSIA = ("Feb1312da06spks.mat", "Jan1312da04spks.mat", "Jan1912da02spks.mat")
FELLOUS = "fellous_test_data.mat"
# A recording is 80 to 90 s long; the programs of 2011 and later take widths of up to 1 s.
WIDTH_MS, STEP_MS = 30_000.0, 10_000.0
SIGMAS_MS = [200.0, 400.0, 600.0, 800.0, 1000.0]
# Largest Q/2m that any program reached: of which file, at which width.
BEST_KNOWN = {
    FELLOUS: ("cosine", {4.45: 0.497318, 8.81: 0.351342, 13.17: 0.247663}),
    "Jan1312da04spks.mat": ("correlation", {1000.0: 0.356420}),
}


def recording_of(*, seed: int, file: str, digest: str, n_starts: int) -> Numbers:
    """Find groups in windows that slide over a recording."""
    spikes = read(file)
    found = sliding_windows(
        spikes,
        width_ms=WIDTH_MS,
        step_ms=STEP_MS,
        sigmas_ms=SIGMAS_MS,
        kind="correlation",
        n_starts=n_starts,
        seed=seed,
        n_jobs=1,
        progress=False,
    )
    return {**from_windows(found), **{f"spikes_{key}": value for key, value in from_spikes(spikes).items()}}


def best_of(*, seed: int, file: str, digest: str, kind: str, sigmas_ms: list[float]) -> Numbers:
    """Search for the largest modularity of a whole recording."""
    spikes = read(file)
    found = [
        maximise_modularity(similarity_matrix(spikes, sigma_ms=sigma, kind=kind, n_jobs=1), seed=seed, n_jobs=1)
        for sigma in sigmas_ms
    ]
    return {"q": np.array([each.modularity for each in found]), "n_groups": np.array([each.n_groups for each in found])}


def _jobs(scale: Scale) -> list[Job]:
    folder = Path(scale.numbers["data"])
    here = {name: folder / name for name in (*APLYSIA, FELLOUS) if (folder / name).is_file()}
    if not here.keys() & set(APLYSIA):
        raise ValueError(f"{folder} holds none of the recordings {', '.join(APLYSIA)}; give their folder with --data.")
    jobs = []
    for name, path in here.items():
        # The numbers depend on the content, whatever the file is called.
        source = {"file": str(path), "digest": hashlib.sha256(path.read_bytes()).hexdigest()[:16]}
        if name in APLYSIA:
            jobs.append(Job(name, recording_of, {**source, "n_starts": scale.numbers["n_window_starts"]}))
        if name in BEST_KNOWN:
            kind, known = BEST_KNOWN[name]
            jobs.append(Job(f"best {name}", best_of, {**source, "kind": kind, "sigmas_ms": list(known)}))
    return jobs


def _names(results: Results) -> list[str]:
    return [name for name in results.groups() if name in APLYSIA]


def _draw(results: Results):
    names = _names(results)
    with figures.style():
        drawing = figures.new_figure(2.4 * len(names) if len(names) > 1 else 3.6, 7.4)
        axes = drawing.subplots(5, len(names), height_ratios=[2, 1, 1, 1.2, 2], squeeze=False)
        for column, name in zip(axes.T, names, strict=True):
            numbers = results.first(name)
            windows = to_windows(numbers)
            spikes = to_spikes({k.removeprefix("spikes_"): v for k, v in numbers.items() if k.startswith("spikes_")})
            labels = windows.tracks[windows.reference if windows.reference is not None else 0]
            figures.group_raster(spikes, labels, ax=column[0])
            column[0].set(ylabel="neuron, by group")
            figures.titled(
                column[0], name.removesuffix("spks.mat"), f"{spikes.n_neurons} neurons, groups of the ringed window"
            )
            figures.window_curve(windows, quantity="delta_q", ax=column[1])
            figures.window_curve(windows, quantity="sigma_ms", ax=column[2])
            figures.window_agreement(windows, ax=column[3])
            for text in column[3].texts:
                text.remove()
            figures.window_membership(windows, ax=column[4])
            for ax in column[1:4]:
                ax.set_xlabel("")
        for ax in axes[:, 1:].ravel():
            ax.set_ylabel("")
        drawing.align_ylabels(axes[:, 0])
    return drawing


def _claims(results: Results) -> list[Claim]:
    windows = [to_windows(results.first(name)) for name in _names(results)]
    claims = [
        Claim(
            "Share of windows with groups, Aplysia",
            "not in the paper",
            None,
            np.array([(each.n_groups > 0).mean() for each in windows]),
            note=(
                f"{WIDTH_MS / 1000:g} s windows every {STEP_MS / 1000:g} s, rectified correlation at 5 widths up to "
                "1 s, 20 controls (intervals shuffled), max-z at level .05."
            ),
            each="recording",
        ),
        Claim(
            "Share of windows that agree with the reference window beyond 95 % of random groups, Aplysia",
            "not in the paper",
            None,
            np.array([float(np.nanmean(each.agreement > each.chance_bound)) for each in windows]),
            each="recording",
        ),
    ]
    for name, (kind, known) in BEST_KNOWN.items():
        if f"best {name}" not in results.groups():
            continue
        numbers = results.first(f"best {name}")
        for (sigma, target), q, n_groups in zip(known.items(), numbers["q"], numbers["n_groups"], strict=True):
            claims.append(
                Claim(
                    f"Q/2m of {name.removesuffix('.mat')}, {kind}, sigma {sigma:g} ms",
                    f"{target:.6f} (best known)",
                    (target - 0.001, np.inf),
                    q[None],
                    exact=True,
                    note=(
                        f"{n_groups} groups, 20 Louvain starts. Not in the paper: the largest of several programs, on "
                        "trains sampled at 1 or 10 ms and a width given with two decimals, hence .001 is allowed."
                    ),
                )
            )
    return claims


FIGURE = Figure(
    name="recordings",
    title="Recordings of Aplysia's pedal ganglion (not in the paper; needs --data)",
    caption=(
        "The same analysis on public recordings of M. D. Humphries (MIT licence): windows of 30 s every 10 s, "
        "rectified correlation at five widths from 0.2 to 1 s, 20 controls. Ringed: the window that all are "
        "compared with, whose groups colour the raster."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
    needs_data=True,
)
