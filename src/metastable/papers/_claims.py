"""Claims: what a paper states, what was measured here, and whether they agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._display import Displayed


@dataclass(frozen=True, eq=False, repr=False)
class Claim(Displayed):
    """One statement with a number, confronted with its measurement in several networks.

    Parameters
    ----------
    statement : str
        What is claimed, with the estimator.
    paper : str
        The number as the paper or its specification gives it.
    interval : (float, float) or None
        What the mean over networks must lie in to count as reproduced; None for a number that is only reported.
    values : ndarray, (n_networks,)
        One measurement for each network.
    unit : str
    note : str
        A sentence on the estimator, or on why it deviates.
    exact : bool
        Whether the value was computed and not measured: it has no spread, and outside of the interval it deviates.
    each : str
        What there is one measurement of.

    Examples
    --------
    >>> import numpy as np
    >>> from metastable.papers import Claim
    >>> claim = Claim("E rate", "3.25", (3.0, 3.5), np.array([3.2, 3.3]), "spikes/s")
    >>> claim.verdict, claim.measured
    ('reproduced', '3.250 ± 0.071 spikes/s (2 networks)')
    """

    _shown = ("statement", "measured", "paper", "accepted", "verdict", "note")

    statement: str
    paper: str
    interval: tuple[float, float] | None
    values: NDArray[np.float64]
    unit: str = ""
    note: str = ""
    exact: bool = False
    each: str = "network"

    @property
    def mean(self) -> float:
        """Mean over networks."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Standard deviation between networks (ddof 1); NaN for one network."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else math.nan

    @property
    def verdict(self) -> str:
        """Say whether the mean lies in the interval, and if not, whether more networks might bring it there.

        ``"reproduced"`` if the mean lies in it; ``"deviates"`` if a 95 % confidence interval of the mean (Student's t
        over networks) misses it; ``"undecided"`` in between; ``"reported"`` without an interval. A claim of more or
        less than a number, an interval without end, is reproduced only beyond that number, and by several networks only
        if the confidence interval lies beyond it: a mean of no sure sign says nothing.
        """
        if self.interval is None:
            return "reported"
        low, high = self.interval
        if not math.isfinite(self.mean):
            return "undecided"
        outside = max(low - self.mean, self.mean - high)
        unsure = 0.0 if self.exact else self._half_width()
        if math.isinf(low) or math.isinf(high):
            reproduced = outside < (-unsure if len(self.values) > 1 else 0.0)
        else:
            reproduced = outside <= 0
        if reproduced:
            return "reproduced"
        return "deviates" if self.exact or outside > unsure else "undecided"

    def _half_width(self) -> float:
        n = len(self.values)
        if n < 2:
            return math.inf
        from scipy.special import stdtrit

        return float(stdtrit(n - 1, 0.975)) * self.spread / math.sqrt(n)

    @property
    def accepted(self) -> str:
        """The interval as text, empty without one."""
        if self.interval is None:
            return ""
        low, high = self.interval
        if math.isinf(low):
            return f"below {high:g}"
        return f"above {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"

    @property
    def measured(self) -> str:
        """Mean, spread between networks and their number, as text; of those in which the number is defined."""
        unit = f" {self.unit}" if self.unit else ""
        if self.exact:
            return f"{self.mean:.6g}{unit}"
        n = len(self.values)
        defined = self.values[np.isfinite(self.values)]
        if len(defined) == n:
            number = f"{n} {self.each}s" if n > 1 else f"1 {self.each}"
        else:
            number = f"undefined in {n - len(defined)} of {n} {self.each}s"
        if len(defined) == 0:
            return number
        if len(defined) == 1:
            return f"{defined[0]:.3g}{unit} ({number})"
        return f"{np.mean(defined):.3f} ± {np.std(defined, ddof=1):.3f}{unit} ({number})"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data; infinite bounds and undefined numbers become null."""
        finite = lambda x: x if math.isfinite(x) else None  # noqa: E731
        return {
            "statement": self.statement,
            "paper": self.paper,
            "interval": None if self.interval is None else [finite(float(edge)) for edge in self.interval],
            "mean": finite(self.mean),
            "spread": finite(self.spread),
            "values": [finite(float(v)) for v in self.values],
            "unit": self.unit,
            "verdict": self.verdict,
            "note": self.note,
        }
