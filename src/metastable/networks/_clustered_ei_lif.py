"""Spiking networks with clusters of excitatory and inhibitory neurons, and three of them that were published."""

from __future__ import annotations

from metastable._validation import require_integer, require_number, require_pair
from metastable.networks._cluster_layout import ClusterLayout
from metastable.networks._connection import Connection
from metastable.networks._ei_clustering import (
    PROBABILITY,
    balanced_weights,
    inhibitory_strength,
    require_division,
    require_strength,
)
from metastable.networks._lif_network import LIFNetwork, Population, Synapse


def clustered_ei_lif(
    *,
    j_e_plus: float = 6.0,
    r_j: float | None = None,
    j_i_plus: float | None = None,
    n_e: int = 4000,
    n_i: int | None = None,
    n_clusters: int = 20,
    drive: tuple[float, float] = (1.25, 0.78),
    g: float = 1.2,
    threshold_mv: float = 20.0,
    tau_m_ms: tuple[float, float] = (20.0, 10.0),
    tau_decay_ms: tuple[float, float] = (5.0, 5.0),
    tau_rise_ms: float | None = None,
    refractory_ms: float = 5.0,
    delay_ms: float = 0.1,
    name: str = "E/I-clustered LIF network",
) -> LIFNetwork:
    """Build a balanced network of leaky integrate-and-fire neurons with clustered excitation and inhibition.

    Each cluster has excitatory and inhibitory neurons. Synapses are current-based and clustered by weight: connection
    probabilities are .2 (E->E) and .5 (all others) everywhere. The defaults are those of `nest_ei_clustered`.

    Parameters
    ----------
    j_e_plus : float
        Strength J_E+ of the excitatory clusters, 1 (none) to `n_clusters` (decoupled): the factor of the E->E weights
        within a cluster.
    r_j : float, optional
        Clustering of inhibition relative to excitation, 0 (E-clustered network) to 1:
        ``J_I+ = 1 + r_j (j_e_plus - 1)``; .82 by default.
    j_i_plus : float, optional
        J_I+ itself, the factor of the E->I, I->E and I->I weights within a cluster, in the place of `r_j`.
    n_e : int
        Number of excitatory neurons; weights scale with ``1/sqrt(n_e)``.
    n_i : int, optional
        Number of inhibitory neurons, by default a quarter of `n_e`.
    n_clusters : int
        Number of clusters Q; must divide the populations.
    drive : (float, float)
        Constant input of excitatory and inhibitory neurons in rheobase currents: at 1 the potential just comes to rest
        at the threshold.
    g : float
        Relative strength of inhibition on excitatory neurons.
    threshold_mv : float, mV
        Spike threshold above the resting potential, which is 0 and to which neurons are reset.
    tau_m_ms : (float, float), ms
        Membrane time constants of excitatory and inhibitory neurons.
    tau_decay_ms : (float, float), ms
        Decay times of the synapses that they make.
    tau_rise_ms : float, ms, optional
        Rise time of all synapses; None for exponential synapses.
    refractory_ms, delay_ms : float, ms
        Refractory time and transmission delay.
    name : str
        What to print.

    Returns
    -------
    LIFNetwork
        Potentials, bias and weights in mV.

    Raises
    ------
    ValueError
        If Q does not divide the populations, a strength is not within 1 to Q, or ``r_j`` not within 0 to 1.

    Notes
    -----
    In the uniform network one spike of an E->E synapse moves the potential, at the peak of its postsynaptic potential,
    by ``threshold_mv/sqrt(K)``, ``K = .2 n_e``, of an E->I synapse by ``threshold_mv/sqrt(.5 n_e)``, and inhibition
    balances excitation (Rost et al. 2018, eqs. 2 to 5). Between clusters all weights are ``(Q - J_+)/(Q - 1)`` of those
    (eq. 34), so that the mean stays.

    Publications give currents: with a membrane capacitance C a current I adds ``I tau_m/C`` to the bias, and a
    postsynaptic current of peak J is the weight ``J tau_decay/C``. A stimulus of .15 pA at C = 1 pF onto excitatory
    neurons is ``Stimulus.step(.15 * 20, population="E", ...)``.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.clustered_ei_lif(j_e_plus=6, r_j=.82)
    >>> net.n_neurons, net.population("E").bias
    (5000, (25.0, 25.0))
    >>> round(net.block("I", "I").j_in / net.uniform().block("I", "I").j_in, 6)
    5.1
    """
    n_e = require_integer("n_e", n_e, minimum=1)
    n_i = max(1, n_e // 4) if n_i is None else require_integer("n_i", n_i, minimum=1)
    n_clusters = require_integer("n_clusters", n_clusters, minimum=1)
    j_e_plus = require_number("j_e_plus", j_e_plus)
    require_strength("j_e_plus", "J_E+", j_e_plus, n_clusters, "weight")
    if r_j is None:
        r_j = 0.82 if j_i_plus is None else 0.0
    j_i_plus = inhibitory_strength(j_e_plus, r_j, j_i_plus, n_clusters)
    require_division({"E": n_e} | ({"I": n_i} if j_i_plus != 1 else {}), n_clusters)
    g = require_number("g", g, above=0)
    threshold_mv = require_number("threshold_mv", threshold_mv, above=0)
    pairs = {"tau_m_ms": tau_m_ms, "tau_decay_ms": tau_decay_ms, "drive": drive}
    tau_m, tau_decay, drives = (
        dict(zip("EI", require_pair(label, pair, of="(excitatory, inhibitory)"), strict=True))
        for label, pair in pairs.items()
    )
    synapse = {x: Synapse(tau_decay_ms=tau_decay[x], tau_rise_ms=tau_rise_ms) for x in "EI"}

    def population(x: str, size: int, layout: ClusterLayout | None) -> Population:
        return Population(
            name=x,
            size=size,
            tau_m_ms=tau_m[x],
            synapse=synapse[x],
            bias=(drives[x] * threshold_mv, drives[x] * threshold_mv),
            threshold=threshold_mv,
            reset=0.0,
            refractory_ms=refractory_ms,
            initial_v=(0.0, threshold_mv),
            layout=layout,
        )

    def connection(post: str, pre: str, weight: float) -> Connection:
        j_plus = j_e_plus if (post, pre) == ("E", "E") else j_i_plus
        return Connection(
            post=post,
            pre=pre,
            probability=PROBABILITY[post, pre],
            weight=weight * threshold_mv / synapse[pre].psp_peak(tau_m[post]),
            delay_ms=delay_ms,
            **({"j_plus": j_plus, "j_minus": None} if j_plus != 1 else {}),
        )

    # Without inhibitory clusters the inhibitory population has no layout: it is one population.
    layout_i = ClusterLayout.equal(n_i, n_clusters) if j_i_plus != 1 else None
    inhibition = f", J_I+ = {j_i_plus:g}" if j_i_plus != 1 else ""
    return LIFNetwork(
        populations=(population("E", n_e, ClusterLayout.equal(n_e, n_clusters)), population("I", n_i, layout_i)),
        connections=tuple(connection(post, pre, w) for (post, pre), w in balanced_weights(n_e, n_i, g).items()),
        name=f"{name}, J_E+ = {j_e_plus:g}{inhibition}",
    )


def nest_ei_clustered(*, j_e_plus: float = 6.0, r_j: float = 0.82) -> LIFNetwork:
    """Build the E/I-clustered network that is distributed with NEST: 5,000 neurons, 20 clusters.

    Parameters
    ----------
    j_e_plus, r_j : float
        As in `clustered_ei_lif`.

    Returns
    -------
    LIFNetwork

    Raises
    ------
    ValueError
        As in `clustered_ei_lif`.

    Notes
    -----
    PyNEST example "EI-clustered circuit model" of NEST 3. Two things differ: initial potentials are uniform from reset
    to threshold instead of a random phase of the free-running neuron, and NEST integrates exactly where
    `metastable.simulate` takes forward Euler steps. Its stimulus is .15 pA onto one excitatory cluster, that is 3 mV.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.networks.nest_ei_clustered().name
    'E/I-clustered network of NEST, J_E+ = 6, J_I+ = 5.1'
    """
    return clustered_ei_lif(j_e_plus=j_e_plus, r_j=r_j, name="E/I-clustered network of NEST")


def rostami_2024(*, j_e_plus: float = 8.0, r_j: float = 0.75) -> LIFNetwork:
    """Build the network of Rostami, Rost, Schmitt, van Albada, Riehle & Nawrot (2024): 5,000 neurons, 50 clusters.

    Parameters
    ----------
    j_e_plus, r_j : float
        As in `clustered_ei_lif`. The paper compares ``j_e_plus=8, r_j=.75`` with clustered excitation alone,
        ``j_e_plus=3.7, r_j=0``.

    Returns
    -------
    LIFNetwork

    Raises
    ------
    ValueError
        As in `clustered_ei_lif`.

    Notes
    -----
    The drive of 2.13 and 1.24 rheobase currents was chosen there for rates of about 3 and 5 spikes/s.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.networks.rostami_2024().n_clusters
    50
    """
    return clustered_ei_lif(
        j_e_plus=j_e_plus,
        r_j=r_j,
        n_clusters=50,
        drive=(2.13, 1.24),
        threshold_mv=15.0,
        tau_decay_ms=(3.0, 2.0),
        name="Rostami et al. 2024",
    )


def schmitt_2023(*, scale: int = 50, j_e_plus: float = 10.0, r_j: float = 0.75) -> LIFNetwork:
    """Build the network that Schmitt, Rostami & Nawrot (2023) scaled up: 20 clusters at any size.

    Parameters
    ----------
    scale : int
        Neurons per cluster are four and one times this, all in all 100 times: 50 makes 5,000 neurons, 500 makes 50,000
        with 770 million synapses.
    j_e_plus, r_j : float
        As in `clustered_ei_lif`.

    Returns
    -------
    LIFNetwork

    Raises
    ------
    ValueError
        As in `clustered_ei_lif`, or if `scale` is below 1.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.networks.schmitt_2023(scale=500).n_neurons
    50000
    """
    scale = require_integer("scale", scale, minimum=1)
    return clustered_ei_lif(
        j_e_plus=j_e_plus,
        r_j=r_j,
        n_e=80 * scale,
        n_i=20 * scale,
        drive=(2.13, 1.24),
        tau_decay_ms=(3.0, 2.0),
        name="Schmitt et al. 2023",
    )
