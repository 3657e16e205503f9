"""A network in a few printed lines."""

from __future__ import annotations

from metastable.networks._lif_network import LIFNetwork


def summarise(network: LIFNetwork) -> str:
    """Describe a network: populations, probabilities and weights, mean drive against the uniform network."""
    lines = [f"{network.name}: {network.n_neurons:,} neurons"]
    for p in network.populations:
        rise = f"{p.synapse.tau_rise_ms:g}/" if p.synapse.tau_rise_ms is not None else ""
        lines.append(
            f"  {p.name:<3} {p.size:>6,} neurons  tau_m {p.tau_m_ms:g} ms  bias {p.bias[0]:g}..{p.bias[1]:g}  "
            f"refractory {p.refractory_ms:g} ms  synapses {rise}{p.synapse.tau_decay_ms:g} ms  {_clusters(p.layout)}"
        )
    for c in network.connections:
        block = network.block(c.post, c.pre)
        expected = block.mean_probability * network.population(c.post).size * network.population(c.pre).size
        inside = f"  within a cluster p {block.p_in:.4f} J {block.j_in:+.5f}" if c.clustered else ""
        lines.append(
            f"  {c.pre:>3}->{c.post:<3} mean p {block.mean_probability:.4f}  about {expected:,.0f} synapses  "
            f"p {block.p_out:.4f} J {block.j_out:+.5f}{inside}  delay {c.delay_ms:g} ms"
        )
    uniform = network.uniform()
    for c in network.connections:
        if not c.clustered:
            continue
        # Total weight onto one neuron, that is, the mean drive for one spike of every presynaptic neuron.
        n_pre = network.population(c.pre).size
        drive = n_pre * network.block(c.post, c.pre).mean_weight
        plain = n_pre * uniform.block(c.post, c.pre).mean_weight
        lines.append(
            f"  mean {c.pre}->{c.post} drive {drive:.4f} (weight onto one neuron)"
            + (f", {100 * (drive / plain - 1):+.1f} % against the uniform network" if plain else "")
        )
    return "\n".join(lines)


def _clusters(layout) -> str:
    if layout is None:
        return "no clusters"
    return repr(layout).removeprefix("ClusterLayout(").removesuffix(")").split(" neurons in ", 1)[1]
