"""What the tests of the exact statistics share: random networks, and a transition matrix written out in loops."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate, stats

from metastable.networks import FiniteSizeNetwork


def all_states(n):
    """Neuron 0 changes fastest."""
    return [tuple(reversed(state)) for state in itertools.product((0, 1), repeat=n)]


def mean_potential(net, state, i, step=0):
    stimulus = net.stimulus if net.stimulus.ndim == 1 else net.stimulus[min(step, len(net.stimulus) - 1)]
    return sum(net.weights[i, j] for j in range(len(state)) if state[j]) + stimulus[i]


def brute_force_matrix(net, step=0):
    """The formula of the paper, one factor at a time; T[s', s]."""
    states = all_states(net.n_neurons)
    matrix = np.ones((len(states), len(states)))
    name, *shapes = (net.noise,) if isinstance(net.noise, str) else net.noise
    law = None if name == "gaussian" else getattr(stats, name)(*shapes)
    for s, before in enumerate(states):
        for i in range(net.n_neurons):
            distance = mean_potential(net, before, i, step) - net.threshold[i]
            sigma = net.sigma[i]
            for t, after in enumerate(states):
                if sigma == 0:
                    matrix[t, s] *= after[i] == (distance >= 0)
                elif law is None:
                    matrix[t, s] *= 0.5 * (1 + (-1) ** after[i] * math.erf(-distance / (math.sqrt(2) * sigma)))
                else:
                    point = -distance / sigma * law.std() + law.mean()
                    matrix[t, s] *= law.sf(point) if after[i] else law.cdf(point)
    return matrix


def brute_force_law(matrix):
    """Least squares, another way than any in the package."""
    n = len(matrix)
    return np.linalg.lstsq(np.vstack([matrix - np.eye(n), np.ones(n)]), np.eye(n + 1)[-1], rcond=None)[0]


def random_network(seed, *, n=None, **options):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5)) if n is None else n
    facts = {
        "weights": rng.normal(0, 2, (n, n)) * (rng.random((n, n)) < 0.8),
        "threshold": rng.normal(0, 0.5, n),
        "stimulus": rng.normal(0, 1, n),
        "sigma": rng.uniform(0.5, 2, n),
    }
    return FiniteSizeNetwork(**{**facts, **options})


def upper_mean(net, i, bound):
    """E[noise_i; noise_i >= bound] by numerical integration."""
    name, *shapes = (net.noise,) if isinstance(net.noise, str) else net.noise
    law = stats.norm if name == "gaussian" else getattr(stats, name)
    own = law(*shapes)
    scaled = law(*shapes, loc=-own.mean() / own.std() * net.sigma[i], scale=net.sigma[i] / own.std())
    low, high = max(bound, scaled.ppf(1e-14)), scaled.isf(1e-14)
    if low >= high:
        return 0.0
    edges = [low, *(x for x in (-1.0, 0.0, 1.0, 3.0) if low < x < high), high]
    parts = [integrate.quad(lambda x: x * scaled.pdf(x), a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(edges)]
    return sum(parts) + integrate.quad(lambda x: x * scaled.pdf(x), high, max(scaled.support()[1], high))[0]


def t1():
    return FiniteSizeNetwork.homogeneous(
        {"E": 2, "I": 2}, coupling=[[8, -6], [7, -5]], in_degree=3, threshold=1, sigma=1, stimulus=[0.5, 0.2]
    )


def t3(n, *, in_degree=None, sigma=1.5, **options):
    return FiniteSizeNetwork.homogeneous(
        {"E": n // 2, "I": n // 2},
        coupling=[[9, -7], [8, -4]],
        in_degree=in_degree,
        threshold=1,
        sigma=sigma,
        stimulus=[0.4, 0.1],
        **options,
    )


def t10():
    return FiniteSizeNetwork(weights=[[0, -2], [1.5, 0]], stimulus=[0.6, -0.2], threshold=[0, 0.3], sigma=[0.7, 0.5])


@pytest.fixture(scope="session")
def regression():
    """Networks of the regression table."""
    return SimpleNamespace(t1=t1, t3=t3, t10=t10)


@pytest.fixture(scope="session")
def brute():
    """Plain and slow ways to what the package computes."""
    return SimpleNamespace(
        states=all_states,
        mean_potential=mean_potential,
        matrix=brute_force_matrix,
        law=brute_force_law,
        network=random_network,
        upper_mean=upper_mean,
    )
