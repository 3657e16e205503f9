"""E/I-clustered spiking networks: weights against the published recipe, presets, errors."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import metastable as mst
from metastable.networks import Synapse, clustered_ei_lif, nest_ei_clustered, rostami_2024, schmitt_2023


@pytest.mark.parametrize(
    ("rise", "decay", "tau_m"), [(None, 5, 20), (None, 2, 10), (None, 10, 10), (1, 3, 15), (1, 10, 10)]
)
def test_the_peak_of_a_psp_is_that_of_the_differential_equation(rise, decay, tau_m):
    def current(t):
        if rise is None:
            return np.exp(-t / decay) / decay
        return (np.exp(-t / decay) - np.exp(-t / rise)) / (decay - rise)

    solved = solve_ivp(
        lambda t, v: -v / tau_m + current(t), (0, 60), [0], rtol=1e-10, atol=1e-12, dense_output=True, max_step=0.1
    )
    peak = solved.sol(np.linspace(0, 60, 60_001))[0].max()
    assert Synapse(tau_decay_ms=decay, tau_rise_ms=rise).psp_peak(tau_m) == pytest.approx(peak, rel=1e-7)


def test_psp_peak_refuses_a_membrane_without_time():
    with pytest.raises(ValueError, match="tau_m_ms must be above 0, got 0"):
        Synapse(tau_decay_ms=3).psp_peak(0)


def _published_currents(v_th, tau_m, tau_syn, n_e=4000, n_i=1000, g=1.2):
    """Peak currents in pA at C = 1 pF (post, pre), as the specification of the published networks writes them."""

    def amp(post, pre):
        m, s = tau_m[post], tau_syn[pre]
        t = math.log(s / m) / (1 / m - 1 / s)
        return m * s / (s - m) * (math.exp(-t / s) - math.exp(-t / m))

    j = {
        ("E", "E"): v_th / math.sqrt(0.2 * n_e) / amp("E", "E"),
        ("I", "E"): v_th / math.sqrt(0.5 * n_e) / amp("I", "E"),
    }
    j["E", "I"] = -g * j["E", "E"] * 0.2 * n_e * amp("E", "E") / (0.5 * n_i * amp("E", "I"))
    j["I", "I"] = -j["I", "E"] * 0.5 * n_e * amp("I", "E") / (0.5 * n_i * amp("I", "I"))
    return j


@pytest.mark.parametrize(
    ("net", "v_th", "tau_syn", "j_e_plus", "j_i_plus", "drive"),
    [
        (nest_ei_clustered(), 20, {"E": 5, "I": 5}, 6, 5.1, (1.25, 0.78)),
        (rostami_2024(), 15, {"E": 3, "I": 2}, 8, 6.25, (2.13, 1.24)),
        (rostami_2024(j_e_plus=3.7, r_j=0), 15, {"E": 3, "I": 2}, 3.7, 1, (2.13, 1.24)),
        (schmitt_2023(), 20, {"E": 3, "I": 2}, 10, 7.75, (2.13, 1.24)),
    ],
)
def test_presets_are_the_published_networks(net, v_th, tau_syn, j_e_plus, j_i_plus, drive):
    currents = _published_currents(v_th, {"E": 20, "I": 10}, tau_syn)
    q = net.n_clusters
    for (post, pre), peak in currents.items():
        block = net.block(post, pre)
        j_plus = j_e_plus if (post, pre) == ("E", "E") else j_i_plus
        # At C = 1 pF a current of peak J is the weight J tau_syn.
        assert block.j_in == pytest.approx(j_plus * peak * tau_syn[pre])
        assert block.j_out == pytest.approx((q - j_plus) / (q - 1) * peak * tau_syn[pre])
        assert block.p_in == block.p_out == (0.2 if (post, pre) == ("E", "E") else 0.5)
    for name, tau_m, share in (("E", 20, drive[0]), ("I", 10, drive[1])):
        population = net.population(name)
        assert population.tau_m_ms == tau_m
        assert population.bias == pytest.approx((share * v_th, share * v_th))
        assert (population.threshold, population.reset, population.refractory_ms) == (v_th, 0, 5)
        assert population.initial_v == (0, v_th)
    assert {c.delay_ms for c in net.connections} == {0.1}


def test_inhibitory_neurons_belong_to_clusters_only_where_inhibition_is_clustered():
    assert (clustered_ei_lif(n_e=400, n_clusters=10).cluster[400:] == np.repeat(np.arange(10), 10)).all()
    assert (clustered_ei_lif(n_e=400, n_clusters=5, j_e_plus=3, r_j=0).cluster[400:] == -1).all()


def test_schmitt_scales_neurons_and_keeps_the_balance():
    small, large = schmitt_2023(scale=4), schmitt_2023(scale=64)
    assert (small.population("E").size, small.population("I").size) == (320, 80)
    for pair in ("EE", "EI", "IE", "II"):
        assert small.block(*pair).j_in / large.block(*pair).j_in == pytest.approx(4)


def test_the_strength_of_inhibition_by_ratio_or_by_itself():
    assert clustered_ei_lif(j_e_plus=4, r_j=0.75) == clustered_ei_lif(j_e_plus=4, j_i_plus=3.25)


def test_clusters_of_biexponential_synapses_have_the_same_psp_peak():
    net = clustered_ei_lif(tau_rise_ms=1.0, n_e=400, n_clusters=10)
    peak = net.population("E").synapse.psp_peak(20)
    assert net.uniform().block("E", "E").j_in * peak == pytest.approx(20 / math.sqrt(80))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"j_e_plus": 0.5}, "j_e_plus must be at least 1, got 0.5.*choose 1"),
        ({"j_e_plus": 21}, "j_e_plus=21 is above the number of clusters 20.*choose 1 to 20"),
        ({"r_j": 1.5}, "r_j must be at most 1, got 1.5"),
        ({"j_i_plus": 2, "r_j": 0.5}, "j_i_plus and r_j both set"),
        ({"n_e": 4001, "r_j": 0}, "4001 clustered neurons do not fit into 20 equal clusters"),
        ({"n_i": 1001}, "1001 clustered neurons do not fit into 20 equal clusters"),
        ({"threshold_mv": 0}, "threshold_mv must be above 0, got 0"),
        ({"g": 0}, "g must be above 0, got 0"),
        ({"tau_m_ms": 20}, r"tau_m_ms must be two numbers, \(excitatory, inhibitory\), got 20"),
        ({"tau_m_ms": (20, 0)}, "tau_m_ms of I must be above 0, got 0"),
        ({"drive": (1, float("nan"))}, "drive"),
        ({"delay_ms": 0}, "delay_ms of E->E must be above 0, got 0"),
    ],
)
def test_errors_say_what_is_allowed(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        clustered_ei_lif(**options)


def test_schmitt_refuses_no_neurons():
    with pytest.raises(ValueError, match="scale must be at least 1, got 0"):
        schmitt_2023(scale=0)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_a_small_network_is_the_reference_spike_by_spike(precision):
    wired = clustered_ei_lif(n_e=160, n_clusters=4, j_e_plus=3, r_j=0.75, tau_decay_ms=(3, 2), drive=(2.1, 1.2)).wire(
        seed=3
    )
    made = [
        mst.simulate(wired, duration_ms=200, engine=engine, precision=precision, progress=False)
        for engine in ("metastable", "reference")
    ]
    assert made[0].n_spikes > 200
    for a, b in zip(*[(m.time_ms, m.neuron) for m in made], strict=True):
        np.testing.assert_array_equal(a, b)


def test_rates_of_the_uniform_network_are_those_its_drive_was_chosen_for():
    # 3 and 5 spikes/s (Rostami et al. 2024); networks and trials spread by .1 or less.
    spikes = mst.simulate(rostami_2024(j_e_plus=1, r_j=0), duration_ms=1500, seed=1, progress=False)
    counts = np.bincount(spikes.select(time_ms=(500, 1500)).neuron, minlength=5000)
    assert counts[:4000].mean() == pytest.approx(3.4, abs=0.5)
    assert counts[4000:].mean() == pytest.approx(5.2, abs=0.5)
