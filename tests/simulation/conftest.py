"""Small networks that cover what the LIF engine can do, and what "the same spikes" means."""

import numpy as np
import pytest

from metastable.networks import ClusterLayout, Connection, LIFNetwork, Population, Synapse, litwin_kumar_doiron_2012

BIEXPONENTIAL = {"E": Synapse(tau_decay_ms=3, tau_rise_ms=1), "I": Synapse(tau_decay_ms=2, tau_rise_ms=1)}


def make_network(sizes, *, synapses=BIEXPONENTIAL, layouts=None, connections=None, facts=None, p=0.3, weight=0.15):
    """Populations with these sizes, all connected; those named I inhibit. Facts and connections override by name."""
    populations = []
    for name, size in sizes.items():
        own = {"tau_m_ms": 15.0 if name == "E" else 10.0, "bias": (1.1, 1.4), "refractory_ms": 2.0}
        own |= {"synapse": synapses[name], "layout": (layouts or {}).get(name)}
        populations.append(Population(name=name, size=size, **{**own, **(facts or {}).get(name, {})}))
    links = []
    for post in sizes:
        for pre in sizes:
            own = {"probability": p, "weight": -3 * weight if pre == "I" else weight}
            links.append(Connection(post=post, pre=pre, **{**own, **(connections or {}).get((post, pre), {})}))
    return LIFNetwork(populations=tuple(populations), connections=tuple(links))


def _clustered(layout, **clustering):
    return make_network(
        {"E": layout.n_neurons, "I": 30},
        layouts={"E": layout},
        connections={("E", "E"): {"probability_ratio": 1.5, "j_plus": 1.6, **clustering}},
    )


def _inhibitory_clusters():
    layouts = {"E": ClusterLayout.equal(120, 4), "I": ClusterLayout.equal(40, 4)}
    factors = {"j_plus": 2.0, "j_minus": None}
    return make_network({"E": 120, "I": 40}, layouts=layouts, connections={(a, b): factors for a in "EI" for b in "EI"})


def _delays():
    delays = {("E", "E"): 0.1, ("E", "I"): 0.2, ("I", "E"): 3.7, ("I", "I"): 12.8}
    return make_network({"E": 90, "I": 30}, connections={pair: {"delay_ms": d} for pair, d in delays.items()})


def _three_populations():
    synapses = {
        "E": Synapse(tau_decay_ms=3, tau_rise_ms=1),
        "I": Synapse(tau_decay_ms=2),
        "S": Synapse(tau_decay_ms=8, tau_rise_ms=2),
    }
    layouts = {"E": ClusterLayout.equal(66, 3), "S": ClusterLayout.unequal([2, 5, 1], n_neurons=17)}
    connections = {
        ("E", "E"): {"j_plus": 2.0},
        ("E", "S"): {"probability_ratio": 2.0, "weight": -0.2},
        ("S", "E"): {"j_plus": 1.5, "j_minus": 0.5, "delay_ms": 1.3},
        ("I", "S"): {"weight": -0.2},
        ("S", "S"): {"probability": 0.0},
    }
    return make_network({"E": 66, "I": 20, "S": 17}, synapses=synapses, layouts=layouts, connections=connections)


def _everybody_at_once():
    # Identical neurons: all 400 fire in the same step, and 400 spikes arrive at once at each of them.
    same = {"bias": (2.0, 2.0), "initial_v": (0.0, 0.0), "refractory_ms": 1.0}
    return make_network({"E": 400, "I": 70}, p=1.0, weight=0.0005, facts={"E": same, "I": {**same, "bias": (1.9, 1.9)}})


NETWORKS = {
    "paper": lambda: litwin_kumar_doiron_2012(r_ee=2.5, n_e=200, n_clusters=4),
    "paper, rounded": lambda: litwin_kumar_doiron_2012(r_ee=2.0, n_e=160, n_clusters=5, weights="rounded"),
    "unclustered": lambda: make_network({"E": 100, "I": 40}),
    "weights": lambda: litwin_kumar_doiron_2012(clustering="weight", j_plus=3, n_e=120, n_clusters=6),
    "probabilities": lambda: _clustered(ClusterLayout.equal(120, 3), j_plus=1.0),
    "unequal": lambda: _clustered(ClusterLayout.unequal([7, 64, 10, 30])),
    "overlapping": lambda: _clustered(ClusterLayout.overlapping(130, 5, size=50)),
    "background": lambda: _clustered(ClusterLayout.equal(150, 3, background=0.4)),
    "inhibitory clusters": _inhibitory_clusters,
    "exponential": lambda: make_network(
        {"E": 100, "I": 40}, synapses={"E": Synapse(tau_decay_ms=5), "I": Synapse(tau_decay_ms=4)}
    ),
    "one exponential": lambda: make_network({"E": 70}, synapses={"E": Synapse(tau_decay_ms=5)}, weight=-0.1),
    "four traces": lambda: make_network(
        {"E": 100, "I": 40},
        synapses={"E": Synapse(tau_decay_ms=5, tau_rise_ms=0.5), "I": Synapse(tau_decay_ms=10, tau_rise_ms=1)},
    ),
    "one's rise is the other's decay": lambda: make_network(
        {"E": 100, "I": 40},
        synapses={"E": Synapse(tau_decay_ms=5, tau_rise_ms=2), "I": Synapse(tau_decay_ms=2, tau_rise_ms=1)},
    ),
    "delays": _delays,
    "no refractoriness": lambda: make_network({"E": 80, "I": 20}, facts={n: {"refractory_ms": 0.0} for n in "EI"}),
    "one step of refractoriness": lambda: make_network(
        {"E": 80, "I": 20}, facts={"E": {"refractory_ms": 0.1}, "I": {"refractory_ms": 30.0}}
    ),
    "three populations": _three_populations,
    "whole words": lambda: make_network({"E": 128, "I": 64}),
    "single neurons": lambda: make_network({"E": 1, "I": 1}, p=1.0, weight=0.2, facts={"E": {"bias": (1.6, 1.8)}}),
    "unconnected": lambda: LIFNetwork(populations=make_network({"E": 70, "I": 3}).populations, connections=()),
    "all at once": _everybody_at_once,
    "other scale": lambda: make_network(
        {"E": 80, "I": 20},
        weight=1.5,
        facts={n: {"threshold": 12.0, "reset": -3.0, "bias": (13.0, 15.0), "initial_v": (-5.0, 14.0)} for n in "EI"},
    ),
    # A threshold below 0, where the empty places beyond the 80 and 20 neurons must not fire.
    "millivolts": lambda: make_network(
        {"E": 80, "I": 20},
        weight=1.5,
        facts={
            n: {"threshold": -50.0, "reset": -60.0, "bias": (-49.0, -45.0), "initial_v": (-60.0, -50.0)} for n in "EI"
        },
    ),
    "strong": lambda: make_network({"E": 100, "I": 33}, weight=0.6, facts={n: {"bias": (2.0, 8.0)} for n in "EI"}),
}

# Without a stimulus these rest at 0 and never fire.
RESTING = {
    "no drive": lambda: make_network({"E": 80, "I": 20}, facts={n: {"bias": (0.0, 0.0)} for n in "EI"}),
    "threshold at rest": lambda: make_network(
        {"E": 50},
        weight=0.001,
        facts={"E": {"threshold": 0.0, "reset": -1.0, "bias": (0.0, 0.0), "initial_v": (-1.0, -0.5)}},
    ),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]()


@pytest.fixture
def network_named():
    return lambda name: (NETWORKS | RESTING)[name]()


@pytest.fixture
def same_spikes():
    def compare(a, b):
        assert a.n_spikes > 0
        for name in ("time_ms", "neuron", "trial", "trial_id"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)

    return compare
