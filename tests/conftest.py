"""Stricter than production: floating-point errors raise (warnings are errors by pyproject.toml)."""

import os

import numpy as np
import pytest
from hypothesis import settings

# The same examples every time, so that a red test is red for everybody; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, max_examples=50, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def _floating_point_errors_raise():
    # Underflow stays silent: synaptic traces decay to 0 by way of denormal numbers.
    old = np.seterr(divide="raise", over="raise", invalid="raise")
    yield
    np.seterr(**old)


@pytest.fixture(scope="session")
def every_result():
    """One realistic result of every public kind, by room and name."""
    import metastable as mst

    found = {}

    def keep(room, *results):
        found.update({(room, type(result).__name__): result for result in results})

    lif = mst.networks.litwin_kumar_doiron_2012(n_e=400, n_clusters=5)
    spikes = mst.simulate(lif, duration_ms=400, n_trials=2, seed=1)
    excitatory = spikes.select(population="E")
    trains, labels = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    _, planted = mst.spikes.cortex_like(n_neurons=30, duration_ms=60_000, n_groups=[2, 3], seed=1)
    keep("spikes", spikes, planted)

    binary = mst.networks.rost_2018(n_e=400, n_clusters=4, j_e_plus=2.9)
    pulses = mst.networks.van_bussel_2011(n_neurons=10)
    wired = pulses.wire(seed=1)
    small = mst.networks.FiniteSizeNetwork.homogeneous(
        {"E": 2, "I": 2}, coupling=[[6, -4], [7, -3]], sigma=1.0, stimulus=[0.5, 0.2]
    )
    disordered = mst.networks.DisorderedNetwork(
        sizes={"E": 5, "I": 5}, mean=[[8, -6], [7, -5]], sd=1, probability=0.5, threshold=1, stimulus=[1, -2]
    )
    step = mst.networks.Stimulus.step
    stimulus = step(0.07, start_ms=1500, stop_ms=2000, clusters=[0, 1]) + step(0.02, start_ms=500, population="I")
    keep(
        "networks",
        stimulus,
        mst.networks.ClusterLayout.equal(400, 5),
        lif,
        lif.wire(seed=1),
        binary,
        binary.wire(seed=1),
        pulses,
        wired,
        small,
        disordered,
    )
    keep("simulation", mst.simulate(binary, duration_ms=300, seed=1), mst.simulate(small, duration_ms=300, seed=1))

    s = mst.statistics
    rates = s.cluster_rates(excitatory, bin_ms=10, smoothing_ms=20)
    states = s.cluster_states(rates, sample_ms=10)
    autocovariance = s.autocovariance(spikes, max_lag_ms=100)
    correlations = s.count_correlations(spikes)
    keep(
        "statistics",
        states,
        states.up,
        autocovariance,
        correlations,
        correlations.all_pairs,
        s.fano_factor_by_window(spikes),
        s.fano_factor_in_time(spikes, window_ms=50),
        s.psth(spikes),
        s.cross_covariance(spikes, max_lag_ms=100),
        s.local_cv2(spikes),
        s.response_profile(excitatory, event_ms=200, before_ms=100, after_ms=160),
        s.fit_time_constant(np.arange(0, 200, 2), 5 * np.exp(-np.arange(0, 200, 2) / 30)),
    )

    c = mst.communities
    groups = c.detect(trains, sigmas_ms=[5, 10], seed=1)
    similarity = c.similarity_matrix(trains, sigma_ms=10)
    windows = c.sliding_windows(trains, width_ms=600, step_ms=200, sigmas_ms=[5], seed=1)
    keep(
        "communities",
        groups,
        windows,
        c.maximise_modularity(similarity, seed=1),
        c.group_membership(similarity, labels),
        c.group_activity(trains, labels, sigma_ms=10, step_ms=5),
        c.power_spectrum(trains, labels, maximum_hz=50),
        c.coherence(trains, labels, maximum_hz=50),
        c.recurrence(trains, sigma_ms=10, step_ms=10),
    )

    r = mst.reconstruction
    driven = mst.simulate(wired, duration_ms=500, n_trials=10, drive_spread=0.05, seed=1)
    model = r.NeuronModel.of(wired)
    keep(
        "reconstruction",
        r.reconstruct(driven, model=wired),
        model,
        r.score(wired.weights, wired.weights),
        r.CurrentModel(bias=[1.1, 1.2], tau_ms=15, tau_decay_ms=3, tau_rise_ms=1),
        r.scan(driven, model=model, parameter="delay_ms", values=[1.5, 1.9, 2.0, 2.1, 2.5], refine=False),
    )

    m = mst.meanfield
    diagram = m.bifurcation_diagram(lambda j: mst.networks.rost_2018(j_e_plus=j), start=2, stop=3, n_active=1)
    large, plain = mst.networks.rost_2018(j_e_plus=2.9), mst.networks.rost_2018()
    points = m.fixed_points(large)
    keep(
        "meanfield",
        diagram,
        diagram.branches[0],
        points,
        points[0],
        m.homogeneous_state(large),
        m.balanced_rates(large),
        m.MeanField.of(large),
        m.linear_noise(mst.networks.rost_2018(j_e_plus=2)),
        m.dwell_times(mst.networks.rost_2018(j_e_plus=3.7, r_j=0.75)),
        m.cluster_chain(large, duration_ms=300, burn_in_ms=50, seed=1),
        m.effective_response(large),
        m.stability_ratios(plain),
        m.nullclines(plain),
        m.flow(plain),
        m.trajectory(plain, [0.3, 0.1], duration_ms=50),
        m.up_state_map(
            lambda j, r_j: mst.networks.rost_2018(j_e_plus=j, r_j=r_j),
            x=[2.4, 2.8, 3.2],
            y=[0.3, 0.5, 0.75],
        ),
    )

    f = mst.finite_size
    exact = f.bifurcation_diagram(small)
    pattern = np.random.default_rng(1).integers(0, 2, (3, 8))
    storage = f.store_transitions(pattern, np.roll(pattern, -1, axis=0), margin=2, sigma=0.2)
    chain = f.cluster_chain(mst.networks.rost_2018(n_e=16, n_i=8, n_clusters=2, j_e_plus=1.9, m_x=0.3), noise_sd=0.3)
    difference = chain.count("E", 0) - chain.count("E", 1)
    edges = f.bifurcation_points(disordered, [3, 0])
    keep(
        "finite_size",
        exact,
        exact.attractors,
        exact.attractors[-1],
        exact.plane(),
        exact.cut(at={"E": 0.5}),
        storage,
        chain,
        chain.switching(difference >= 4, difference <= -4),
        edges[0],
        edges[0].active[0],
        f.expected_stationary_states(disordered, variance=True),
        f.exact_statistics(small),
        f.lumped_chain(small),
        f.mean_field_states(small)[0],
        f.relaxation(small),
        f.attractors_at(small, [0.5, 0.2]),
    )
    critical = f.critical_noise(small)
    if critical is not None:
        keep("finite_size", critical)
    return found
