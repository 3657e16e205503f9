"""Compare the annealed chain of cluster counts with wired networks of the same size, with 95 % confidence intervals.

Run ``python verification/finite_size_chain.py [N_WIRINGS]`` (20 by default, at least 10; two minutes). Numbers of the
exact chain stand beside mean and interval over wirings of four simulations:

* units whose connections are drawn anew at every update, with the chain's noise: only that inputs are Gaussian is
  approximated by the chain;
* the same units with the connections of ``network.wire``, which stay: the wiring favours some clusters and units, pins
  the activity, and makes it vary and switch less than the chain says;
* `metastable.simulate`, which has no noise, beside the chain with little of it, and with a drive above threshold so
  that silence does not absorb: only the order of updates moves such a network, and many wirings freeze;
* `metastable.simulate` with all pairs connected, where there is no wiring to differ: chain and simulation must agree
  within the error of sampling.

Ends with status 1 if a number leaves its band. The bands of wired networks are the statement that is made of them.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from scipy.special import ndtr
from scipy.stats import t as student

import metastable as mst

COPIES = 20
# Per unit: discarded, and kept.
BURN_IN, UPDATES = 50, 400
NAMES = ("mean rate of E", "mean rate of I", "variance of cluster rates", "switches per 100 ms", "favour of a cluster")

# Number of E, of I, J_E+, m_X, s0.
NOISY = [(16, 8, 1.9, 0.3, 0.3), (32, 16, 1.9, 0.3, 0.3), (64, 16, 1.9, 0.3, 0.3)]
NOISELESS = [(16, 8, 1.5, 0.8, 0.05), (48, 24, 1.5, 0.5, 0.05)]
# Ratios of the chain to the mean over wirings: rates, variance, switches.
BANDS = {
    # Few inputs are not Gaussian: 14 % of the rate in the smallest network, less in larger ones.
    "redrawn": ((0.85, 1.2), (0.9, 1.15), (0.8, 1.25), (0.65, 1.35)),
    "wired": ((0.8, 1.25), (0.8, 1.25), (0.9, 8), (1.3, 12)),
    "noiseless": ((0.8, 1.25), (0.8, 1.25), (1, 8), (3, math.inf)),
}


def blocks_of(network) -> tuple[np.ndarray, np.ndarray]:
    """Return probability and weight of every possible synapse, (n_neurons, n_neurons) each."""
    probability, weight = np.zeros((2, network.n_neurons, network.n_neurons))
    half = network.population("E").size // 2
    for c in network.connections:
        block, where = network.block(c.post, c.pre), (network.neurons(c.post), network.neurons(c.pre))
        unit = np.arange(network.n_neurons)
        same = (unit[where[0]] // half)[:, None] == (unit[where[1]] // half)[None, :]
        inside = same if c.clustered else np.zeros_like(same)
        probability[where] = np.where(inside, block.p_in, block.p_out)
        weight[where] = np.where(inside, block.j_in, block.j_out)
    np.fill_diagonal(probability, 0)
    return probability, weight


def adjacency_of(wired) -> np.ndarray:
    """Return which synapses there are, (n_neurons, n_neurons)."""
    network = wired.network
    adjacency = np.zeros((network.n_neurons, network.n_neurons), bool)
    for c in network.connections:
        adjacency[network.neurons(c.post), network.neurons(c.pre)] = wired.adjacency(c.post, c.pre)
    return adjacency


def numbers(e_counts: np.ndarray, i_rate: np.ndarray, size: int, samples_per_ms: float) -> np.ndarray:
    """Return the numbers to compare from E counts in time, (2, n_trials, n_samples), averaged over trials."""
    rates = e_counts / size
    core = np.where(np.abs(rates[0] - rates[1]) >= 0.5, np.sign(rates[0] - rates[1]), 0)
    switches = 0
    for trial in core:
        visited = trial[trial != 0]
        switches += np.count_nonzero(visited[1:] != visited[:-1])
    per_100_ms = 100 * switches / (core.size / samples_per_ms)
    favour = abs(rates[0].mean() - rates[1].mean())
    return np.array([rates.mean(), i_rate.mean(), rates.var(axis=(1, 2)).mean(), per_100_ms, favour])


def from_chain(network, noise_sd: float) -> np.ndarray:
    chain = mst.finite_size.cluster_chain(network, noise_sd=noise_sd)
    size = int(chain.sizes[0])
    difference = (chain.count("E", 0) - chain.count("E", 1)) / size
    law, k = chain.count_law("E", 0), np.arange(size + 1) / size
    flux = chain.switching(difference >= 0.5, difference <= -0.5).flux
    variance = law @ k**2 - (law @ k) ** 2
    return np.array([chain.mean_rate("E"), chain.mean_rate("I"), variance, 200 * flux, 0.0])


def with_noise(network, noise_sd: float, wirings: range, *, redrawn: bool) -> np.ndarray:
    """Simulate all wirings at once, each in several copies; every update draws the noise of one unit."""
    probability, weight = blocks_of(network)
    wired = np.stack([adjacency_of(network.wire(seed=7, network_index=w)) for w in wirings])
    e, i = network.populations
    rng = np.random.default_rng(1)
    shape = len(wirings), COPIES
    wiring = np.arange(len(wirings))[:, None]
    drive = np.repeat([e.drive - e.threshold, i.drive - i.threshold], [e.size, i.size])
    per_ms = e.size / e.tau_ms + i.size / i.tau_ms
    state = (rng.random((*shape, network.n_neurons)) < 0.3).astype(np.float64)
    half, kept = e.size // 2, ([], [])
    for update in range((BURN_IN + UPDATES) * network.n_neurons):
        of_e = rng.random(shape) < e.size / e.tau_ms / per_ms
        unit = np.where(of_e, rng.integers(0, e.size, shape), e.size + rng.integers(0, i.size, shape))
        connected = rng.random(state.shape) < probability[unit] if redrawn else wired[wiring, unit]
        field = (weight[unit] * connected * state).sum(axis=-1) + drive[unit]
        active = rng.random(shape) < ndtr(field / noise_sd)
        np.put_along_axis(state, unit[..., None], active[..., None], axis=2)
        if update >= BURN_IN * network.n_neurons:
            kept[0].append(np.stack([state[..., :half].sum(-1), state[..., half : e.size].sum(-1)]).astype(np.int16))
            kept[1].append(state[..., e.size :].mean(-1).astype(np.float32))
    counts, rates = np.stack(kept[0], axis=-1), np.stack(kept[1], axis=-1)
    return np.array([numbers(counts[:, w], rates[w], half, per_ms) for w in range(len(wirings))])


def simulated(network, wirings: range, *, n_trials: int = 4, duration_ms: float = 5000) -> np.ndarray:
    found = []
    for w in wirings:
        activity = mst.simulate(
            network, duration_ms=duration_ms + 500, n_trials=n_trials, seed=7, network_index=w, sample_ms=0.5
        ).discard(500)
        counts = activity.cluster_rates["E"].swapaxes(0, 1)
        found.append(numbers(counts, activity.population_rates["I"], 1, 2.0))
    return np.array(found)


def all_connected():
    """Build a network without disorder; no sum of its weights comes nearer to threshold than .026."""
    connection = mst.networks.Connection
    layout = mst.networks.ClusterLayout.equal(8, 2)
    population = mst.networks.BinaryPopulation
    return mst.networks.BinaryNetwork(
        populations=(
            population(name="E", size=8, tau_ms=10, drive=1.55, layout=layout),
            population(name="I", size=4, tau_ms=5, drive=0.5),
        ),
        connections=(
            connection(post="E", pre="E", probability=1, weight=0.31, j_plus=1.6, j_minus=None),
            connection(post="I", pre="E", probability=1, weight=0.23),
            connection(post="E", pre="I", probability=1, weight=-0.97),
            connection(post="I", pre="I", probability=1, weight=-0.15),
        ),
    )


def compare(title: str, exact: np.ndarray, found: np.ndarray, bands, *, n_compared: int = 4) -> list[str]:
    n, failures = len(found), []
    print(f"\n{title}\n{'':28} {'chain':>9} {'mean':>9} {'95 % interval':>21} {'ratio':>6}   single wirings")
    half = student.ppf(0.975, n - 1) * found.std(axis=0, ddof=1) / math.sqrt(n)
    for k, name in enumerate(NAMES):
        mean = found[:, k].mean()
        ratio = exact[k] / mean if mean else math.inf
        print(
            f"  {name:26} {exact[k]:9.4f} {mean:9.4f} ({mean - half[k]:9.4f}, {mean + half[k]:8.4f}) {ratio:6.2f}   "
            f"{found[:, k].min():.4f} to {found[:, k].max():.4f}"
        )
        if k >= n_compared:
            continue
        if bands is None and abs(exact[k] - mean) > 2 * half[k]:
            failures.append(f"{title}: {name} is not that of the chain")
        if bands is not None and not bands[k][0] <= ratio <= bands[k][1]:
            failures.append(f"{title}: {name}, ratio {ratio:.2f}, expected {bands[k][0]:g} to {bands[k][1]:g}")
    return failures


def main() -> int:
    wirings = range(max(10, int(sys.argv[1])) if len(sys.argv) > 1 else 20)
    failures = []
    for n_e, n_i, j_e_plus, m_x, noise_sd in NOISY:
        network = mst.networks.rost_2018(n_e=n_e, n_i=n_i, n_clusters=2, j_e_plus=j_e_plus, m_x=m_x)
        exact = from_chain(network, noise_sd)
        for kind in ("redrawn", "wired"):
            what = "connections drawn anew at every update" if kind == "redrawn" else f"{len(wirings)} wirings"
            title = f"{n_e} E + {n_i} I, J_E+ {j_e_plus:g}, m_X {m_x:g}, noise {noise_sd:g}: {what}"
            found = with_noise(network, noise_sd, wirings, redrawn=kind == "redrawn")
            failures += compare(title, exact, found, BANDS[kind])
    for n_e, n_i, j_e_plus, m_x, noise_sd in NOISELESS:
        network = mst.networks.rost_2018(n_e=n_e, n_i=n_i, n_clusters=2, j_e_plus=j_e_plus, m_x=m_x)
        title = (
            f"{n_e} E + {n_i} I, J_E+ {j_e_plus:g}, m_X {m_x:g}: simulate, {len(wirings)} wirings without noise; chain "
            f"with {noise_sd:g}"
        )
        failures += compare(title, from_chain(network, noise_sd), simulated(network, wirings), BANDS["noiseless"])
    # Switches that begin and end between two samples go unseen, so that only the first three numbers are compared.
    title = "8 E + 4 I, all pairs connected: simulate without noise"
    network = all_connected()
    failures += compare(title, from_chain(network, 0.005), simulated(network, wirings), None, n_compared=3)
    print("\n" + ("\n".join(failures) or "everything as expected"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
