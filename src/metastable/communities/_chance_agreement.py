"""Agreement with random groups of the same sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from metastable.communities._agreement import normalized_mutual_information


def chance_agreement(
    labels: NDArray[np.int64], reference: NDArray[np.int64], *, n_random: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return normalised mutual informations of a reference with random groups of the same sizes, (n_random,).

    Parameters
    ----------
    labels, reference : ndarray of int, (n_trains,)
        Trains that are negative in either are left out.
    n_random : int
    rng : numpy.random.Generator
    """
    both = (labels >= 0) & (reference >= 0)
    # Sorted, which changes nothing for random groups: then they do not depend on how the trains are listed.
    own, other = np.sort(labels[both]), np.sort(reference[both])
    return np.array([normalized_mutual_information(rng.permutation(own), other) for _ in range(n_random)])
