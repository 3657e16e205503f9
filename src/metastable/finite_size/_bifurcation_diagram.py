"""The bifurcation diagram of the noiseless network: all attractors, their boxes, and what happens at the edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from metastable._display import Drawn
from metastable.finite_size._attractors import Attractor, Attractors
from metastable.finite_size._cycles import all_attractors, large
from metastable.finite_size._edge_labels import EdgeLabels
from metastable.finite_size._integer_thresholds import IntegerNetwork
from metastable.finite_size._multistability import (
    MultistabilityCut,
    MultistabilityPlane,
    multistability_cut,
    multistability_plane,
)
from metastable.finite_size._search_parts import Workers
from metastable.networks import FiniteSizeNetwork


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationDiagram(Drawn):
    """All attractors of a noiseless network over all stimuli.

    Parameters
    ----------
    network : FiniteSizeNetwork
    attractors : Attractors
        Stationary states and cycles with labels at their edges.
    """

    _prints_a_table = True

    network: FiniteSizeNetwork
    attractors: Attractors

    def at(self, stimulus: ArrayLike) -> list[Attractor]:
        """Return the attractors that exist at a stimulus, (n_populations,)."""
        return self.attractors.at(stimulus)

    def plane(
        self,
        *,
        x: str | None = None,
        y: str | None = None,
        at: Mapping[str, float] | None = None,
        count: str = "attractors",
    ) -> MultistabilityPlane:
        """Count the attractors over two stimuli; see `multistability_plane`."""
        return multistability_plane(self.attractors, x=x, y=y, at=at, count=count)

    def cut(self, *, vary: str | None = None, at: Mapping[str, float] | None = None) -> MultistabilityCut:
        """Return the branches along one stimulus; see `multistability_cut`."""
        return multistability_cut(self.attractors, vary=vary, at=at)

    @property
    def number_by_label(self) -> dict[str, int]:
        """How many edges bear each label; one edge may bear several."""
        found = Counter(label for a in self.attractors for labels in a.labels.values() for label in labels)
        return dict(sorted(found.items()))

    def __repr__(self) -> str:
        periods = ", ".join(f"{large(number)} of period {p}" for p, number in self.attractors.number_by_period.items())
        return f"BifurcationDiagram({periods})\n{self.attractors!r}"


def bifurcation_diagram(
    network: FiniteSizeNetwork,
    *,
    method: str = "auto",
    max_minutes: float = 10,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> BifurcationDiagram:
    """Find every attractor of the noiseless network, and what happens where it ends.

    Parameters
    ----------
    network, method, max_minutes, n_jobs, progress
        As of `attractors`.

    Returns
    -------
    BifurcationDiagram
        Its `attractors` have labels, worked out when an attractor is looked at.

    Raises
    ------
    ValueError
        As `attractors` does.

    Notes
    -----
    Every attractor of binary neurons is superstable and every bifurcation a border collision (Fasoli & Panzeri 2019).
    An edge of a box is labelled by what its states reach just outside, along any part of it:

    * ``"limit-point-like"``: a stationary state gives way to another;
    * ``"Hopf-like"``: a stationary state to a cycle, or a cycle to a stationary state;
    * ``"cycle to cycle"``;
    * ``"symmetry breaking"``, besides: in homogeneous populations, of two attractors that share part of this edge, the
      neurons of the population differ in one and not in the other. The flow itself never breaks symmetry.

    With many populations an edge has more parts than can be followed; at most 20,000 images are for each state.

    Examples
    --------
    >>> import metastable as mst
    >>> net = mst.networks.FiniteSizeNetwork.homogeneous({"I": 5}, coupling=[[-3]], in_degree=1)
    >>> diagram = mst.finite_size.bifurcation_diagram(net)
    >>> diagram.attractors[0].labels
    {('I', 'upper'): ('symmetry breaking', 'Hopf-like')}
    >>> [attractor.description for attractor in diagram.at([4])]
    ['11000', '00000 > 11111']
    """
    whole = IntegerNetwork.of(network)
    found, how = all_attractors(network, whole, method, max_minutes, Workers(n_jobs, progress))
    n_stationary = found.number_by_period.get(1, 0)
    status = f"{large(found.total)} attractors, {large(n_stationary)} of them stationary, {how}"
    labelled = replace(found, status=status, labeller=EdgeLabels(whole, found))
    return BifurcationDiagram(network, labelled)
