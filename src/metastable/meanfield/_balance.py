"""Which condition of the balanced state a network fulfils or fails, as a value with a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metastable.networks import BinaryNetwork

Verdict = Literal["holds", "saturated", "unstable", "fails", "g = 1", "no drive", "does not apply"]


@dataclass(frozen=True, eq=False)
class Balance:
    """What the theory of large networks says about a balanced state of one.

    Parameters
    ----------
    verdict : str
        ``"holds"``; ``"saturated"`` and ``"unstable"``: there are rates, but above 1, or with condition 19, g < 1;
        ``"fails"``, ``"g = 1"``, ``"no drive"``: there are none; ``"does not apply"`` to other populations.
    reason : str
        The condition and its numbers: a sentence without a capital and a full stop.
    drive, threshold : tuple of float
        Of the populations.
    g, drive_ratio, critical_ratio : float
        As in `BalancedRates`; NaN where they are not defined.
    rates : ndarray, (2,), or None
        Positive balanced rates, if there are any.
    """

    verdict: Verdict
    reason: str
    drive: tuple[float, ...]
    threshold: tuple[float, ...]
    g: float = np.nan
    drive_ratio: float = np.nan
    critical_ratio: float = np.nan
    rates: NDArray[np.float64] | None = None

    @property
    def sentence(self) -> str:
        """The condition that holds or fails."""
        return _sentence(self.reason)

    @property
    def remark(self) -> str:
        """What to add to the status of a result of finite size; empty where no condition fails or none applies."""
        if self.verdict in ("holds", "does not apply"):
            return ""
        return f"{_sentence(self.reason)} {_FINITE}"

    @property
    def silence(self) -> str:
        """Why a network without any other homogeneous state is silent: the condition that fails, or the drive."""
        if self.verdict == "does not apply":
            return "inhibition, or a drive below threshold, puts out every homogeneous activity"
        if self.verdict != "holds":
            return self.reason
        drive, threshold = (" and ".join(f"{x:.4g}" for x in values) for values in (self.drive, self.threshold))
        return (
            f"{self.reason}, but in the limit of large networks; at this size the drives of {drive} are below the "
            f"thresholds of {threshold} and the rates fall silent; raise the drive"
        )


_FINITE = "What is found holds at this finite size and has no balanced limit."


def balance_of(network: BinaryNetwork) -> Balance:
    """Judge the balanced state of a network.

    Parameters
    ----------
    network : BinaryNetwork
        Clusters and background are averaged over.

    Returns
    -------
    Balance

    Notes
    -----
    With ``A_ab`` the mean input of a unit of a from b at a rate of 1, ``A m + J_X m_X = 0`` has positive solutions if
    ``g = A_EI A_IE / (A_EE A_II)`` is below 1 and ``J_EX / J_IX < A_EI / A_II`` or both are above: conditions 19 and
    20 of Rost et al. 2018, in which ``A_EI / A_II = g sqrt(p_EE / p_IE)``. Only the second state is stable (eq. 25).
    """
    drive = tuple(p.drive for p in network.populations)
    threshold = tuple(p.threshold for p in network.populations)
    a = _mean_input(network)
    if a.shape != (2, 2) or (a[:, 0] <= 0).any() or (a[:, 1] >= 0).any():
        reason = "conditions 19 and 20 are for one excitatory and one inhibitory population that hear each other"
        return Balance("does not apply", reason, drive, threshold)
    g = float(a[0, 1] * a[1, 0] / (a[0, 0] * a[1, 1]))
    critical = float(a[0, 1] / a[1, 1])
    if min(drive) <= 0:
        reason = (
            f"the balanced state needs a positive drive of both populations, got {drive[0]:g} and {drive[1]:g} (m_X); "
            "without it conditions 19 and 20 have no ratio J_EX/J_IX"
        )
        return Balance("no drive", reason, drive, threshold, g, critical_ratio=critical)
    ratio = drive[0] / drive[1]
    if abs(g - 1) < 1e-12:
        reason = (
            "no balanced state at g = 1: excitation and inhibition are equal and the balanced rates diverge; neither "
            "condition 19 (g < 1) nor condition 20 (g > 1) can hold; choose g above 1"
        )
        return Balance("g = 1", reason, drive, threshold, g, ratio, critical)
    number, sign = (20, ">") if g > 1 else (19, "<")
    if (ratio > critical) != (g > 1) or ratio == critical:
        remedy = "raise the drive of E, or choose g" if g > 1 else "a stable balanced state needs condition 20, g"
        reason = (
            f"no positive balanced state: g = {g:.8g} {sign} 1 but condition {number}, "
            f"J_EX/J_IX {sign} g sqrt(p_EE/p_IE), fails ({ratio:.4g} against {critical:.4g}); "
            f"{remedy} {'closer to 1' if g > 1 else 'above 1'}"
        )
        return Balance("fails", reason, drive, threshold, g, ratio, critical)
    rates = np.asarray(np.linalg.solve(a, -np.array(drive)), np.float64)
    reason = f"condition {number} holds (g = {g:.8g} {sign} 1 and J_EX/J_IX = {ratio:.4g} {sign} {critical:.4g})"
    if rates.max() > 1:
        reason += f", but balanced rates of {rates[0]:.4g} and {rates[1]:.4g} are above 1; lower the drive"
    if g < 1:
        reason += ", but the balanced state is not stable, which needs g > 1 (eq. 25)"
    verdict = "unstable" if g < 1 else "saturated" if rates.max() > 1 else "holds"
    return Balance(verdict, reason, drive, threshold, g, ratio, critical, rates)


def remarked(status: str, balance: Balance) -> str:
    """Return a status, and after it the condition of the balanced state that fails, if one does."""
    return " ".join(part for part in (status, balance.remark) if part)


def remark_on_family(judged: Sequence[tuple[str, Balance]]) -> str:
    """Return a sentence for each condition that fails in a family, from (where, balance) of some of its networks."""
    failing = [(where, balance) for where, balance in judged if balance.remark]
    sentences = []
    for kind in dict.fromkeys((balance.verdict, balance.g > 1) for _, balance in failing):
        where, first = next(pair for pair in failing if (pair[1].verdict, pair[1].g > 1) == kind)
        count = sum((balance.verdict, balance.g > 1) == kind for _, balance in failing)
        share = f"at {count} of {len(judged)} networks tried" if count < len(judged) else "at all networks tried"
        sentences.append(_sentence(f"{share}, as at {where}: {first.reason}"))
    return " ".join([*sentences, _FINITE] if sentences else [])


def _mean_input(network: BinaryNetwork) -> NDArray[np.float64]:
    """Return the mean input of a unit of each population from each at a rate of 1, (n_populations, n_populations)."""
    index = {p.name: k for k, p in enumerate(network.populations)}
    a = np.zeros((len(index), len(index)))
    for c in network.connections:
        a[index[c.post], index[c.pre]] = network.population(c.pre).size * network.block(c.post, c.pre).mean_weight
    return a


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."
