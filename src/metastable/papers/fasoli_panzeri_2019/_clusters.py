"""Two clusters as an asynchronous chain of counts: stationary law, relaxation, switching."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from metastable import figures
from metastable.finite_size import cluster_chain
from metastable.papers._claims import Claim
from metastable.papers._paper import Figure, Job, Numbers, Results, Scale
from metastable.papers.fasoli_panzeri_2019._protocol import (
    SAMPLE,
    exact_claim,
    sampled_claim,
    standard_error,
    two_clusters,
)
from metastable.simulation import simulate

_N_E, _N_I, _SIZE = 16, 8, 8
_NOISE, _CORE, _DRIVE = 0.3, 4, 0.3
_STRONG = 1.9
# Rates at which units are updated, per tau_E: those of I are twice as fast.
_UPDATES = _N_E / 1.0 + _N_I / 0.5
_ANNEALED = (
    "Connections are drawn anew at every update (annealed). In a wired network they are quenched, and clusters differ."
)


def chain_of(*, seed: int, j_e_plus: list[float]) -> Numbers:
    """Solve the chain for several strengths of the clusters."""
    relaxation, rates, dwells = [], [], []
    for strength in j_e_plus:
        chain = cluster_chain(two_clusters(strength), noise_sd=_NOISE)
        difference = chain.count("E", 0) - chain.count("E", 1)
        found = chain.switching(difference >= _CORE, difference <= -_CORE)
        relaxation.append(chain.relaxation_times_ms(2)[1])
        rates.append(found.rate_ab)
        dwells.append(found.dwell_a_ms)
    return {
        "j_e_plus": np.array(j_e_plus),
        "relaxation": np.array(relaxation),
        "rate": np.array(rates),
        "dwell": np.array(dwells),
    }


def law_of(*, seed: int) -> Numbers:
    """Solve the strongly clustered chain: law, committor, and the chain that tells inhibitory counts apart."""
    chain = cluster_chain(two_clusters(_STRONG), noise_sd=_NOISE)
    first, second = chain.count("E", 0), chain.count("E", 1)
    difference = first - second
    found = chain.switching(difference <= -_CORE, difference >= _CORE)
    law = np.zeros((_SIZE + 1, _SIZE + 1))
    np.add.at(law, (first, second), chain.stationary)
    by_difference = np.bincount(difference + _SIZE, chain.stationary, 2 * _SIZE + 1)
    committor = np.bincount(difference + _SIZE, chain.stationary * found.forward, 2 * _SIZE + 1) / by_difference
    larger = cluster_chain(two_clusters(_STRONG, inhibitory_clusters=True), noise_sd=_NOISE)
    apart = larger.count("E", 0) - larger.count("E", 1)
    tagged = cluster_chain(two_clusters(_STRONG), noise_sd=_NOISE, clusters="tagged")
    return {
        "law": law,
        "difference": by_difference,
        "committor": committor,
        "rate": np.array(chain.mean_rate()),
        "n_states": np.array(larger.n_states),
        "relaxation": np.array(larger.relaxation_times_ms(2)[1]),
        "switching": np.array(larger.switching(apart >= _CORE, apart <= -_CORE).rate_ab),
        "tagged": np.array(tagged.relaxation_times_ms(2)[1]),
    }


def updates_of(*, seed: int, index: int, j_e_plus: float, n_copies: int, n_updates: int) -> Numbers:
    """Simulate units one update after the other, without counts; weights are written anew from their scaling."""
    rng = np.random.default_rng([seed, 7, index])
    mean, variance, drive = _inputs(j_e_plus)
    state = (rng.random((n_copies, _N_E + _N_I)) < 0.3).astype(np.float64)
    row, last = np.arange(n_copies), np.zeros(n_copies)
    switches, held, history = 0, 0, np.zeros(2 * _SIZE + 1)
    shown = np.zeros((2, n_updates), np.int64)
    active, resident = 0.0, 0
    for update in range(n_updates):
        # E and I are chosen equally often: 16 at rate 1, 8 at rate 2.
        of_e = rng.random(n_copies) < 0.5
        chosen = np.where(of_e, rng.integers(0, _N_E, n_copies), rng.integers(_N_E, _N_E + _N_I, n_copies))
        mu = (mean[chosen] * state).sum(axis=1) + drive[chosen]
        s2 = (variance[chosen] * state).sum(axis=1) + _NOISE**2
        state[row, chosen] = rng.random(n_copies) < ndtr(mu / np.sqrt(s2))
        first, second = state[:, :_SIZE].sum(axis=1), state[:, _SIZE:_N_E].sum(axis=1)
        shown[:, update] = first[0], second[0]
        core = np.where(first - second >= _CORE, 1, np.where(second - first >= _CORE, -1, 0))
        if update >= n_updates // 4:
            switches += int((core * last == -1).sum())
            resident += int((last != 0).sum())
            history += np.bincount((first - second).astype(int) + _SIZE, minlength=2 * _SIZE + 1)
            active += (first + second).mean()
            held += 1
        last = np.where(core == 0, last, core)
    return {
        "rate": np.array(switches / (resident / _UPDATES)),
        "difference": history / history.sum(),
        "active": np.array(active / held / _N_E),
        "shown": shown,
    }


def _inputs(j_e_plus: float):
    """Return mean and variance of the weights between units, and the drive less the threshold."""
    j_ee, j_ie = 1 / math.sqrt(0.2 * _N_E), 1 / math.sqrt(0.5 * _N_E)
    j_ei, j_ii = -1.2 * j_ee * 0.2 * _N_E / (0.5 * _N_I), -j_ie * _N_E / _N_I
    j_ex = math.sqrt(0.2 * _N_E)
    unit = np.arange(_N_E + _N_I)
    to_e, from_e = (unit < _N_E)[:, None], (unit < _N_E)[None, :]
    same = (unit[:, None] // _SIZE == unit[None, :] // _SIZE) & to_e & from_e
    # Two clusters: what is gained within is lost between.
    factor = np.where(same, j_e_plus, 2 - j_e_plus)
    weight = np.where(to_e, np.where(from_e, j_ee * factor, j_ei), np.where(from_e, j_ie, j_ii))
    p = np.where(to_e & from_e, 0.2, 0.5)
    mean, variance = p * weight, p * (1 - p) * weight**2
    np.fill_diagonal(mean, 0)
    np.fill_diagonal(variance, 0)
    return mean, variance, np.where(unit < _N_E, 1.0, 0.8) * j_ex * _DRIVE - 1


def wired_of(*, seed: int, index: int) -> Numbers:
    """Simulate a wired network of the same size, whose connections are kept and whose units have no noise."""
    activity = simulate(
        two_clusters(_STRONG),
        seed=seed,
        network_index=index,
        duration_ms=400,
        n_trials=4,
        initial_rate=0.3,
        sample_ms=0.25,
        n_jobs=1,
        progress=False,
    ).discard(100)
    rates = activity.cluster_rates["E"]
    difference = np.rint(_SIZE * np.diff(rates, axis=0)[0]).astype(int).ravel() + _SIZE
    return {
        "difference": np.bincount(difference, minlength=2 * _SIZE + 1) / difference.size,
        "rate": np.array(rates.mean()),
    }


def _jobs(scale: Scale) -> list[Job]:
    numbers = scale.numbers
    strengths = np.linspace(1.0, 2.0, 11).tolist()
    jobs = [Job("law", law_of, {}), Job("chain", chain_of, {"j_e_plus": strengths})]
    jobs += [
        Job(
            f"updates {strength:g}",
            updates_of,
            {
                "index": index,
                "j_e_plus": strength,
                "n_copies": numbers["n_copies"],
                "n_updates": numbers["n_updates"],
            },
        )
        for strength in numbers["j_e_plus"]
        for index in range(numbers["n_runs"])
    ]
    return jobs + [Job("wired", wired_of, {"index": index}) for index in range(numbers["n_wired"])]


def _draw(results: Results):
    law, chain = results.first("law"), results.first("chain")
    strong = f"updates {_STRONG:g}"
    black, red, blue = "#1b2631", "#c0392b", "#2471a3"
    with figures.style():
        drawing = figures.new_figure(9.6, 5.6)
        (plane, trace), (difference, switching) = drawing.subplots(2, 2, width_ratios=[1, 1.25])
        at = np.arange(_SIZE + 1)
        mesh = plane.pcolormesh(at, at, law["law"].T, cmap="Blues", rasterized=True)
        drawing.colorbar(mesh, ax=plane, label="probability", aspect=30, pad=0.02)
        for sign in (1, -1):
            edge = np.array([max(0, sign * _CORE), min(_SIZE, _SIZE + sign * _CORE)])
            plane.plot(edge, edge - sign * _CORE, color=red, linewidth=1, linestyle="--")
        plane.set(xlabel="active units of E cluster 1", ylabel="active units of E cluster 2")
        plane.set(xticks=at[::2], yticks=at[::2])
        figures.titled(plane, "a  Stationary law", rf"8 E a cluster, 8 I, $J_{{E+}}$ = {_STRONG:g}; dashed: cores")
        shown = results.first(strong)["shown"]
        time = np.arange(shown.shape[1]) / _UPDATES
        until = min(time[-1], 100)
        for one, color, label in zip(shown, (red, blue), ("cluster 1", "cluster 2"), strict=True):
            trace.step(time, one, color=color, linewidth=0.8, where="post", label=label)
        trace.set(xlabel=r"time ($\tau_E$)", ylabel="active units of E", xlim=(0, until), ylim=(-0.2, _SIZE + 2))
        trace.set_yticks(range(0, _SIZE + 1, 2))
        trace.legend(loc="upper right", ncols=2)
        figures.titled(trace, "b  Switching", "units updated one by one, no counts")
        d = np.arange(-_SIZE, _SIZE + 1)
        difference.bar(d, law["difference"], color="#aeb6bf", label="exact")
        runs, wired = results.stack(strong, "difference"), results.stack("wired", "difference")
        difference.errorbar(
            d, runs.mean(axis=0), 2 * standard_error(runs), color=red, label="updates of units, 2 s.e.", **SAMPLE
        )
        difference.plot(d, wired.mean(axis=0), color=blue, linewidth=1, label=f"{len(wired)} wired networks, no noise")
        beside = difference.twinx()
        beside.plot(d, law["committor"], color="#1e8449", linewidth=1, linestyle="--")
        beside.set_ylabel("committor to cluster 1 (dashed)", color="#1e8449")
        beside.set_ylim(0, 1.55)
        beside.set_yticks([0, 0.5, 1])
        beside.spines["right"].set_visible(True)
        difference.set(xlabel="active units, cluster 1 less cluster 2", ylabel="probability", xticks=range(-8, 9, 4))
        difference.set_ylim(0, 1.55 * max(law["difference"].max(), wired.mean(axis=0).max()))
        difference.legend(loc="upper left")
        figures.titled(difference, "c  Difference of the clusters", "committor: probability to reach that core first")
        x = chain["j_e_plus"]
        switching.plot(x, 1 / chain["rate"], color=black, label="exact, time between switches")
        switching.plot(x, chain["relaxation"], color="#d68910", linestyle="--", label="exact, slowest relaxation")
        strengths = [float(group.split()[1]) for group in results.groups() if group.startswith("updates ")]
        sampled = 1 / np.stack([results.stack(f"updates {s:g}", "rate") for s in strengths])
        middle, error = sampled.mean(axis=1), 2 * standard_error(sampled, 1)
        switching.errorbar(strengths, middle, error, color=red, label="updates of units, 2 s.e.", **SAMPLE)
        switching.set(xlabel=r"strength of clusters $J_{E+}$", ylabel=r"time ($\tau_E$)", yscale="log")
        switching.set_yticks([2, 5, 10, 20, 40], ["2", "5", "10", "20", "40"])
        switching.minorticks_off()
        switching.legend(loc="center right")
        figures.titled(switching, "d  Switching and relaxation times", f"cores: difference of at least {_CORE} units")
    return drawing


def _claims(results: Results) -> list[Claim]:
    law, strong = results.first("law"), f"updates {_STRONG:g}"
    rate = float(law["switching"])
    return [
        exact_claim("States, 8 E + 4 I in each of two clusters", law["n_states"], 2025, digits=0),
        exact_claim("Second relaxation time", law["relaxation"], 3.7983, digits=4, unit="tau_E"),
        exact_claim("Rate of switching between the clusters", law["switching"], 0.050102, digits=6, unit="per tau_E"),
        exact_claim("Second relaxation time, one cluster tagged", law["tagged"], 3.7983, digits=4, unit="tau_E"),
        sampled_claim(
            "Rate of switching, updates of units",
            results.stack(strong, "rate"),
            rate,
            within=0.03 * rate,
            unit="per tau_E",
            note=_ANNEALED,
        ),
        sampled_claim(
            "Share of active E units, updates of units",
            results.stack(strong, "active"),
            float(law["rate"]),
            within=0.003,
            note=_ANNEALED,
        ),
        Claim(
            "Share of active E units, wired networks of the same size",
            f"{float(law['rate']):.3g} annealed, with noise",
            None,
            results.stack("wired", "rate"),
            note="Quenched connections and no noise: another network, which the chain approximates. " + _ANNEALED,
        ),
    ]


FIGURE_CLUSTERS = Figure(
    name="clusters",
    title="Towards clustered networks: the chain of cluster counts",
    caption=(
        "Two clusters of eight excitatory units with eight inhibitory ones, updated asynchronously. Numbers of active "
        "units are a Markov chain, solved exactly: where it stays, how it switches, and how slowly it forgets."
    ),
    jobs=_jobs,
    draw=_draw,
    claims=_claims,
)
