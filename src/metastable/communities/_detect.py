"""Groups in spike trains over several timescales, tested against controls."""

from __future__ import annotations

from numpy.typing import ArrayLike

from metastable._random import resolve_seed
from metastable._validation import require_choice, require_number
from metastable.communities._communities import Communities
from metastable.communities._study import Study
from metastable.spikes import SpikeData, jitter_spikes, shift_trains, shuffle_intervals

SURROGATES = ("shuffle_intervals", "shift_trains", "jitter_spikes")


def detect(
    spikes: SpikeData,
    *,
    sigmas_ms: ArrayLike | str = "isi",
    kind: str = "cosine",
    edges: str = "truncate",
    rows: str = "neurons",
    method: str = "louvain",
    n_starts: int = 20,
    subspace: str = "all",
    n_controls: int = 20,
    surrogate: str = "shuffle_intervals",
    jitter_ms: float | None = None,
    decision: str = "max-z",
    alpha: float = 0.05,
    early_stop: bool = True,
    seed: int | None = None,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Communities:
    """Find groups of similar spike trains, or say that there are none.

    Parameters
    ----------
    spikes : SpikeData
    sigmas_ms : "isi" or array_like, ms
        Timescales of comparison; ``"isi"`` takes those of `isi_timescales`.
    kind, edges : str
        Similarity; see `similarity_matrix`.
    rows : {"neurons", "trials"}
        What is grouped: neurons, compared over all trials together, or the trials of a single neuron.
    method : {"louvain", "kmeans", "spectral"}
        The first two search for the largest modularity; see `maximise_modularity`. ``"spectral"`` counts the
        eigenvalues that leave the spectrum of the controls.
    n_starts : int
        How often a search begins anew, the same for data and controls.
    subspace : {"all", "leading"}
        For ``"kmeans"``.
    n_controls : int
        Number of surrogates; 0 for no test.
    surrogate : {"shuffle_intervals", "shift_trains", "jitter_spikes"}
        What controls are made of; see the functions of these names in `metastable.spikes`. ``"shuffle_intervals"``, the
        paper's, takes the slow changes of each neuron's own rate away, so that neurons whose rates change independently
        can be significant groups; ``"shift_trains"`` keeps them.
    jitter_ms : float, ms
        Width of ``"jitter_spikes"``.
    decision : {"max-z", "max-rank", "delta-q"}
        How all timescales decide together. The first two are exact at level `alpha`: the largest of standardised
        values, or of ranks, over timescales. Ranks need many more controls than timescales, because at each timescale
        some set has the highest. ``"delta-q"`` is the paper's: groups if the data exceed all controls at
        any timescale, which finds some in more unstructured recordings the more timescales there are.
    alpha : float
        Groups are reported for p-values up to this one.
    early_stop : bool
        Whether to leave out the remaining controls once none of them can make the groups significant. The decision is
        the same; the p-value is then a bound from below.
    seed : int, optional
        None draws it.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    Communities

    Raises
    ------
    ValueError
        If an option is unknown, a timescale is as long as the recording, rates are those of times in seconds, or the
        controls are too few for `alpha`.

    Notes
    -----
    Humphries 2011. Listing the neurons in another order gives the same groups.

    Cosines of dense trains are all large: of few of them, ``kind="cosine"`` often finds no division where
    ``"correlation"``, which takes the mean of each train away, does.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, truth = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
    >>> groups = mst.communities.detect(spikes, sigmas_ms=[5, 10], seed=2)
    >>> groups.sizes, mst.communities.normalized_mutual_information(groups.labels, truth)
    (array([35, 35, 35]), 1.0)
    """
    width = None if jitter_ms is None else require_number("jitter_ms", jitter_ms, above=0)
    if (require_choice("surrogate", surrogate, SURROGATES) == "jitter_spikes") != (width is not None):
        raise ValueError(
            'jitter_ms belongs to surrogate="jitter_spikes": give both or neither, '
            f"got surrogate={surrogate!r} and jitter_ms={jitter_ms!r}."
        )

    def control(trains: SpikeData, index: int) -> SpikeData:
        if width is not None:
            return jitter_spikes(trains, width_ms=width, seed=root, index=index)
        make = shuffle_intervals if surrogate == "shuffle_intervals" else shift_trains
        return make(trains, seed=root, index=index)

    root = resolve_seed(seed)
    study = Study(
        sigmas_ms=sigmas_ms,
        kind=kind,
        edges=edges,
        rows=rows,
        method=method,
        n_starts=n_starts,
        subspace=subspace,
        n_controls=n_controls,
        decision=decision,
        alpha=alpha,
        early_stop=early_stop,
        seed=root,
    )
    made = {"surrogate": surrogate, "jitter_ms": width}
    return study.run(spikes, control, call="communities.detect", parameters=made, n_jobs=n_jobs, progress=progress)
