"""Jobs whose numbers do not fit in with those of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from metastable.sweeps._sweep import Sweep

Index = tuple[int, ...]


def deviations(sweep: Sweep, found: Mapping[Index, Mapping[str, np.ndarray]]) -> dict[Index, str]:
    """Say which jobs give a number with other dimensions than most jobs do.

    Most decide, and the first in the order of the sweep where two are equally many: neither which job finished first
    nor what had finished when a sweep was killed has a part in it.

    Parameters
    ----------
    sweep : Sweep
    found : mapping
        From the places of finished jobs to their numbers.

    Returns
    -------
    dict of str
        For the place of each job that deviates, a sentence.
    """
    order = sorted(found)
    n_dims: dict[str, Counter[int]] = {}
    for index in order:
        for name, value in found[index].items():
            n_dims.setdefault(name, Counter())[value.ndim] += 1
    # Where counts are equal a Counter keeps the order in which it met them.
    usual = {name: counts.most_common(1)[0] for name, counts in n_dims.items()}
    deviating = {}
    for index in order:
        for name, value in found[index].items():
            wanted, n_jobs = usual[name]
            if value.ndim != wanted:
                shape = f" of shape {value.shape}" if value.ndim else ""
                others = "1 other job" if n_jobs == 1 else f"{n_jobs} other jobs"
                deviating[index] = (
                    f"measure.{sweep.measure_of(name).label} gives {name} with {_dimensions(value.ndim)}{shape}, but "
                    f"with {_dimensions(wanted)} in {others}; let it give as many in all of them."
                )
                break
    return deviating


def _dimensions(number: int) -> str:
    return {0: "no dimension", 1: "1 dimension"}.get(number, f"{number} dimensions")
