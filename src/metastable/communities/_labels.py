"""Labels that say to which group each train belongs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from metastable._validation import require_array, shown


def require_labels(labels: Any, n_trains: int) -> NDArray[np.int64]:
    """Return the group of each train, -1 for none, or raise a sentence about what is wrong.

    Parameters
    ----------
    labels : array_like of int, (n_trains,)
        0, 1, ...; every negative number counts as no group.
    n_trains : int

    Returns
    -------
    ndarray of int, (n_trains,)
    """
    groups = require_array("labels", labels)
    if groups.shape != (n_trains,):
        raise ValueError(f"labels must give the group of each of the {n_trains} trains, got shape {groups.shape}.")
    if groups.size and groups.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, -1 for a train in no group, got {shown(labels)}.")
    if groups.max(initial=-1) < 0:
        raise ValueError("labels put no train into a group, so there is nothing to look at; give some 0, 1, ...")
    return np.maximum(groups.astype(np.int64), -1)
