"""Networks that are far too large: one sentence, at once."""

import math

import numpy as np
import pytest

from metastable.finite_size import (
    attractors,
    attractors_at,
    block_permanent,
    cycles,
    evolve,
    exact_statistics,
    expected_stationary_states,
    lumped_chain,
    mean_field_states,
    multistability_plane,
    permanent,
    relaxation,
    stationary_distribution,
    stationary_states,
    transition_matrix,
)
from metastable.finite_size._transitions import chain_of
from metastable.networks import DisorderedNetwork, FiniteSizeNetwork


@pytest.fixture(scope="module", params=[600, 1100])
def huge(request):
    n = request.param
    return FiniteSizeNetwork(weights=np.random.default_rng(0).integers(-3, 4, (n, n)), sigma=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (transition_matrix, "states would take .* more than 10.10 years; .* simulate, or the lumped chain"),
        (lambda net: stationary_distribution(net, method="dense"), "states would take .* simulate, or the lumped"),
        (exact_statistics, r"would take 4\^\d+ multiplications, more than 10.10 years; at most 18 neurons"),
        (relaxation, "multiplications"),
        (lambda net: evolve(net, np.zeros(net.n_neurons), n_steps=1), "multiplications"),
        (attractors, "take .* GB, at most 18 neurons"),
        (cycles, "take .* GB, at most 18 neurons"),
        (stationary_states, "no number in 64 bits"),
        (lambda net: stationary_states(net, method="arrangement"), "GB; at most 18 neurons"),
        (lambda net: attractors_at(net, 0), "take .* GB, at most 24 neurons"),
        (lambda net: permanent(net.weights), "more than 10.10 years; at most 32 rows"),
        (lambda net: permanent(net.weights.astype(int)), "more than 10.10 years; at most 32 rows"),
        (lambda net: block_permanent(net.weights, [1] * net.n_neurons, [1] * net.n_neurons), "more than 10.10 years"),
    ],
)
def test_huge_networks_are_refused_in_a_short_sentence(huge, call, message):
    with pytest.raises(ValueError, match=message) as refused:
        call(huge)
    assert len(str(refused.value)) < 300


def test_the_arrangement_of_25_neurons_is_refused_before_its_table_fills_the_memory():
    net = FiniteSizeNetwork(weights=np.random.default_rng(0).integers(-3, 4, (25, 25)))
    with pytest.raises(ValueError, match="13 GB; at most 18 neurons"):
        stationary_states(net, method="arrangement")


def test_many_populations_are_refused():
    # 2^64 states of either half would be 0 in 64 bits.
    net = FiniteSizeNetwork(weights=np.zeros((128, 128)), sigma=1, sizes={str(k): 1 for k in range(128)})
    with pytest.raises(ValueError, match=r"128 neurons have 3.40\d*e\+38 states"):
        lumped_chain(net)
    with pytest.raises(ValueError, match="at most 5 populations"):
        mean_field_states(net)
    disorder = DisorderedNetwork(sizes={str(k): 1000 for k in range(110)}, mean=0, sd=1)
    with pytest.raises(ValueError, match="combinations of active neurons"):
        expected_stationary_states(disorder)


def test_common_noise_of_very_many_values_is_refused():
    net = FiniteSizeNetwork(weights=np.zeros((17, 17)), sigma=1, correlation=0.99)
    with pytest.raises(ValueError, match=r"17 neurons with common noise would take .* values of it, .* minutes"):
        chain_of(net, 0)
    with pytest.raises(ValueError, match="nearly no other noise"):
        chain_of(FiniteSizeNetwork(weights=np.zeros((9, 9)), sigma=1, correlation=0.999999), 0)


def test_more_attractors_than_the_largest_float():
    n = 1100
    found = attractors(FiniteSizeNetwork.homogeneous({"I": n, "E": 1}, coupling=[[-3, 0], [1, 0]], in_degree=1))
    assert found.total > 2**n
    assert "e+331 attractors" in found.status
    assert multistability_plane(found).degree.max() == math.inf
