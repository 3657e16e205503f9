"""Every public function says which condition of the balanced state a network fails, or why it is silent."""

import dataclasses
import re

import numpy as np
import pytest

from metastable import meanfield as mf
from metastable.meanfield._balance import balance_of
from metastable.networks import ClusterLayout, rost_2018

CONDITION_19 = r"g = 0\.8 < 1 but condition 19, J_EX/J_IX < g sqrt\(p_EE/p_IE\), fails \(1\.25 against 0\.506\)"
CONDITION_20 = r"g = 3 > 1 but condition 20, J_EX/J_IX > g sqrt\(p_EE/p_IE\), fails \(1\.25 against 1\.897\)"
FAILING = {
    "condition 19": ({"g": 0.8}, CONDITION_19),
    "g = 1": ({"g": 1.0}, r"no balanced state at g = 1: .* neither condition 19 \(g < 1\) nor condition 20 \(g > 1\)"),
    "condition 20": ({"g": 3.0}, CONDITION_20),
    "no drive": ({"m_x": 0.0}, "balanced state needs a positive drive of both populations, got 0 and 0"),
    "above 1": ({"m_x": 1.0}, r"condition 20 holds .*, but balanced rates of 1\.964 and 2\.47 are above 1"),
}
TOO_WEAK = r"condition 20 holds .* at this size the drives of 0\.5657 and 0\.4525 are below the thresholds of 1 and 1"


def family(**kw):
    return lambda j: rost_2018(j_e_plus=j, n_clusters=4, **kw)


def silence_or_first(**kw):
    return mf.homogeneous_state(family(**kw)(1.5)).point


FUNCTIONS = {
    "balanced_rates": lambda **kw: mf.balanced_rates(rost_2018(**kw)),
    "homogeneous_state": lambda **kw: mf.homogeneous_state(rost_2018(**kw)),
    "stability_ratios": lambda **kw: mf.stability_ratios(rost_2018(**kw)),
    "linear_noise": lambda **kw: mf.linear_noise(rost_2018(**kw)),
    "dwell_times": lambda **kw: mf.dwell_times(rost_2018(**kw)),
    "effective_response": lambda **kw: mf.effective_response(rost_2018(**kw), n_points=20),
    "fixed_points": lambda **kw: mf.fixed_points(rost_2018(**kw)),
    "bifurcation_diagram": lambda **kw: mf.bifurcation_diagram(family(**kw), start=1, stop=2, n_active=1, n_anchors=0),
    "continue_branch": lambda **kw: mf.continue_branch(family(**kw), silence_or_first(**kw), at=1.5, start=1, stop=2),
    "up_state_map": lambda **kw: mf.up_state_map(lambda j, _: family(**kw)(j), x=[1, 2], y=[0]),
    "cluster_chain": lambda **kw: mf.cluster_chain(
        rost_2018(n_e=400, n_clusters=4, **kw), duration_ms=5, burn_in_ms=0, seed=1, n_jobs=1
    ),
    "nullclines": lambda **kw: mf.nullclines(rost_2018(**kw), n_points=20),
    "flow": lambda **kw: mf.flow(rost_2018(**kw)),
    "trajectory": lambda **kw: mf.trajectory(rost_2018(**kw), [0.1, 0.1], duration_ms=20),
}
# Drives grow with the root of the size, so the chain of a small network has its own numbers.
OF_ANY_SIZE = [name for name in FUNCTIONS if name not in ("cluster_chain", "balanced_rates")]


def said(name, **kw):
    """Return the printed result, or the refusal."""
    try:
        found = FUNCTIONS[name](**kw)
    except ValueError as error:
        return str(error)
    assert found.status in repr(found)
    return repr(found)


@pytest.mark.parametrize("condition", FAILING)
@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_the_condition_that_fails_is_named(name, condition):
    kw, sentence = FAILING[condition]
    text = said(name, **kw)
    assert re.search(sentence, text, re.IGNORECASE), text
    # Where the theory of finite size has an answer it is given, with a remark.
    if "silence is left" not in text and "silence is homogeneous" not in text and name not in ("nullclines", "flow"):
        assert "What is found holds at this finite size and has no balanced limit." in text


@pytest.mark.parametrize("condition", ["condition 19", "condition 20", "g = 1"])
def test_the_chain_names_the_condition(condition):
    kw, sentence = FAILING[condition]
    assert re.search(sentence, said("cluster_chain", **kw), re.IGNORECASE)


@pytest.mark.parametrize("condition", [name for name in FAILING if name != "above 1"])
def test_balanced_rates_are_refused(condition):
    kw, sentence = FAILING[condition]
    with pytest.raises(ValueError, match=sentence):
        mf.balanced_rates(rost_2018(**kw))


def test_balanced_rates_that_cannot_be_reached_are_given_with_a_remark():
    assert "are above 1; lower the drive." in mf.balanced_rates(rost_2018(m_x=1)).status


@pytest.mark.parametrize("name", [name for name in OF_ANY_SIZE if name != "trajectory"])
def test_a_drive_too_weak_at_this_size_is_named(name):
    if name in ("nullclines", "flow"):
        assert "Condition 20 holds" in said(name, m_x=0.02)
    elif name == "continue_branch":
        assert "The silent state, absorbing where it is stable." in said(name, m_x=0.02)
    else:
        assert re.search(TOO_WEAK, said(name, m_x=0.02))


def test_silence_at_the_end_is_named():
    path = mf.trajectory(rost_2018(m_x=0.02), [0.1, 0.1], duration_ms=500)
    assert path.status == "The rates fall silent, for good because the drive is below threshold."
    assert path.rates[-1].max() < 1e-6
    assert mf.trajectory(rost_2018(), [0.1, 0.1]).status == "The rates come to rest."
    assert "rates still change, by" in mf.trajectory(rost_2018(), [0.1, 0.1], duration_ms=20).status
    run = {"duration_ms": 50, "burn_in_ms": 0, "n_trials": 3, "seed": 1, "n_jobs": 1}
    silent = mf.cluster_chain(rost_2018(n_e=400, n_clusters=4), initial_rate=0, **run)
    assert silent.status == "3 of 3 trials ended in silence, absorbing as the drive is below threshold."
    driven = mf.cluster_chain(rost_2018(n_e=400, n_clusters=4, m_x=0.2), **run)
    assert driven.status == "Silence is not absorbing: the drive is above threshold."


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_is_remarked_where_all_conditions_hold(name):
    text = repr(FUNCTIONS[name]()) if name == "balanced_rates" else said(name)
    assert "balanced limit" not in text
    assert "condition 19" not in text.lower()


def test_condition_19_holds_but_the_state_is_not_stable():
    net = rost_2018(g=0.8)
    weak = dataclasses.replace(net.populations[0], drive=0.2 * net.populations[0].drive)
    net = dataclasses.replace(net, populations=(weak, net.populations[1]))
    assert balance_of(net).verdict == "unstable"
    status = mf.homogeneous_state(net).status
    assert "ondition 19 holds" in status
    assert "the balanced state is not stable, which needs g > 1 (eq. 25)" in status


@pytest.mark.parametrize("options", [{}, {"j_e_plus": 3, "background": 0.1}, {"j_e_plus": 4, "r_j": 0.75}])
def test_clusters_and_background_are_averaged_over(options):
    balance = balance_of(rost_2018(**options))
    assert balance.verdict == "holds"
    assert balance.g == pytest.approx(1.2)
    assert balance.rates == pytest.approx([0.058926, 0.074105], abs=5e-7)
    assert balance_of(rost_2018(g=3, **options)).verdict == "fails"


def test_overlapping_clusters_keep_their_mean():
    net = rost_2018(n_e=400, n_clusters=4)
    e, i = net.populations
    e = dataclasses.replace(e, layout=ClusterLayout.overlapping(400, 4, size=150))
    assert balance_of(dataclasses.replace(net, populations=(e, i))).g == pytest.approx(1.2)


def test_other_populations_are_not_judged():
    net = rost_2018()
    alone = dataclasses.replace(net, populations=net.populations[:1], connections=net.connections[:1])
    without = dataclasses.replace(net, connections=net.connections[:3])
    for other in (alone, without, dataclasses.replace(net, populations=net.populations[::-1])):
        balance = balance_of(other)
        assert balance.verdict == "does not apply"
        assert not balance.remark
    assert (
        "puts out every homogeneous activity" in mf.homogeneous_state(dataclasses.replace(net, connections=())).status
    )


def test_a_family_names_where_conditions_fail():
    diagram = mf.bifurcation_diagram(lambda g: rost_2018(g=g, n_clusters=4), start=0.5, stop=2.0, n_anchors=0)
    assert re.search(r"At 2 of 5 networks tried, as at 0\.5: .* g = 0\.5 < 1 but condition 19", diagram.status)
    assert re.search("At 1 of 5 networks tried, as at 2: .* g = 2 > 1 but condition 20", diagram.status)
    found = mf.up_state_map(lambda j, g: rost_2018(j_e_plus=j, g=g, n_clusters=4), x=[1, 2], y=[0.8, 1.2])
    assert re.search(r"At 5 of 10 networks tried, as at x=1, y=0\.8: .* condition 19", found.status)


@pytest.mark.parametrize(
    ("start", "stop", "sentence"),
    [
        (1, 25, r"every number from start=1 to stop=25; at stop=25 it refuses: j_e_plus=25 is above .* J_- = "),
        (0.5, 3, r"from start=0\.5 to stop=3; at start=0\.5 it refuses: j_e_plus must be at least 1, got 0\.5"),
    ],
)
def test_what_a_family_refuses_is_told_with_the_ends_of_the_range(start, stop, sentence):
    def plain(j):
        return rost_2018(j_e_plus=j)

    with pytest.raises(ValueError, match=sentence):
        mf.bifurcation_diagram(plain, start=start, stop=stop)
    silent = mf.fixed_points(plain(1.0))[0]
    with pytest.raises(ValueError, match=sentence):
        mf.continue_branch(plain, silent, at=2, start=start, stop=stop)


def test_what_a_family_refuses_elsewhere():
    with pytest.raises(ValueError, match=r"from x=2 to x=25 with y=0\.5; at x=25 it refuses: j_e_plus=25"):
        mf.up_state_map(lambda j, r: rost_2018(j_e_plus=j, r_j=r), x=[2, 25], y=[0.5])
    with pytest.raises(ValueError, match=r"with y=1\.5; at x=2 it refuses: r_j must be at most 1, got 1\.5"):
        mf.up_state_map(lambda j, r: rost_2018(j_e_plus=j, r_j=r), x=[2, 4], y=[1.5])
    with pytest.raises(TypeError, match=r"at start=2 it refuses: n_clusters must be an integer, got 2\.0"):
        mf.bifurcation_diagram(lambda q: rost_2018(n_clusters=q), start=2, stop=20)

    def with_gap(j):
        if 1.2 < j < 1.9:
            raise ValueError("no network here.")
        return rost_2018(j_e_plus=j)

    with pytest.raises(ValueError, match=r"from start=1 to stop=2; at 1\.7085 it refuses: no network here"):
        mf.bifurcation_diagram(with_gap, start=1, stop=2)


def test_the_homogeneous_branch_ends_before_silence():
    """Below m_X = 0.0223 the network is silent; a tracker that steps over the fold falls into silence."""
    diagram = mf.bifurcation_diagram(lambda m: rost_2018(m_x=m), start=0, stop=0.05, n_active=1, n_anchors=0)
    (stable,) = [r for r in diagram.stable_ranges if r.n_active == 0]
    branch = diagram.homogeneous
    assert branch is not None
    assert branch.event.count("fold") == 1
    fold = branch.parameter[branch.event.index("fold")]
    assert mf.homogeneous_state(rost_2018(m_x=fold + 1e-6)).rates.max() > 0.006
    assert mf.homogeneous_state(rost_2018(m_x=fold - 1e-6)).rates.max() == 0
    assert stable.start_event == "stability"
    for side, expected in ((-1e-6, False), (1e-6, True)):
        assert mf.homogeneous_state(rost_2018(m_x=stable.start + side)).stable is expected
    assert "falls silent" in branch.status


@pytest.mark.parametrize("name", ["balanced_rates", "homogeneous_state", "linear_noise", "fixed_points", "flow"])
def test_inputs_without_variance_are_refused(name):
    net = rost_2018()
    full = tuple(dataclasses.replace(c, probability=1.0) for c in net.connections)
    with pytest.raises(ValueError, match=r"all connections to E have probability 1, .* no variance"):
        getattr(mf, name)(dataclasses.replace(net, connections=full))
    if name == "linear_noise":
        with pytest.raises(ValueError, match="no variance"):
            mf.MeanField.of(dataclasses.replace(net, connections=full))


def test_a_network_that_fails_a_condition_keeps_its_finite_states():
    state = mf.homogeneous_state(rost_2018(g=3))
    field = mf.MeanField.of(rost_2018(g=3))
    assert np.abs(field.response(state.rates) - state.rates).max() < 1e-12
