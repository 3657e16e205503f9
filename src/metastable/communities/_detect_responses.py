"""Groups of responses of one neuron to a repeated stimulus."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metastable._random import resolve_seed
from metastable.communities._communities import Communities
from metastable.communities._study import Study
from metastable.spikes import SpikeData, align, shuffle_intervals


def detect_responses(
    spikes: SpikeData,
    *,
    stimulus_ms: ArrayLike,
    window_ms: tuple[float, float] = (0.0, 2000.0),
    sigmas_ms: ArrayLike | str = "isi",
    kind: str = "cosine",
    edges: str = "truncate",
    method: str = "louvain",
    n_starts: int = 20,
    subspace: str = "all",
    n_controls: int = 20,
    decision: str = "max-z",
    alpha: float = 0.05,
    early_stop: bool = True,
    seed: int | None = None,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Communities:
    """Find groups among a neuron's responses to a repeated stimulus.

    Parameters
    ----------
    spikes : SpikeData
        One neuron in one uninterrupted trial.
    stimulus_ms : array_like, (n_stimuli,), ms
        When the stimulus was given.
    window_ms : (float, float), ms
        What counts as response, from and to, relative to the stimulus.
    sigmas_ms, kind, edges, method, n_starts, subspace, n_controls, decision, alpha, early_stop, seed, n_jobs, progress
        As in `detect`; ``method="spectral"`` needs controls whose trains are those of the data and is not for these.

    Returns
    -------
    Communities
        Of the responses, in the order of `stimulus_ms`.

    Raises
    ------
    ValueError
        If there are several neurons or trials, or a response leaves the recording.

    Notes
    -----
    Humphries 2011, single-unit data: for the controls all intervals of the neuron are shuffled, and the train is
    divided anew at the times of the stimulus. What is left is neither a response nor a drift.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, stimulus_ms, truth = mst.spikes.pacemaker(n_stimuli=40, n_patterns=2, seed=1)
    >>> mst.communities.detect_responses(spikes, stimulus_ms=stimulus_ms, sigmas_ms=[20, 40], seed=1).n_groups
    2
    """
    if method == "spectral":
        raise ValueError('method="spectral" is not for responses: their controls are other trains; use "louvain".')
    if spikes.n_neurons != 1:
        raise ValueError(
            f"responses are those of one neuron, got {spikes.n_neurons} neurons; "
            "select one with spikes.select(neuron=...)."
        )
    responses = align(spikes, events_ms=stimulus_ms, window_ms=window_ms)
    root = resolve_seed(seed)
    study = Study(
        sigmas_ms=sigmas_ms,
        kind=kind,
        edges=edges,
        rows="trials",
        method=method,
        n_starts=n_starts,
        subspace=subspace,
        n_controls=n_controls,
        decision=decision,
        alpha=alpha,
        early_stop=early_stop,
        seed=root,
    )

    def control(_: SpikeData, index: int) -> SpikeData:
        return align(shuffle_intervals(spikes, seed=root, index=index), events_ms=stimulus_ms, window_ms=window_ms)

    parameters = {"stimulus_ms": np.asarray(stimulus_ms).tolist(), "window_ms": np.asarray(window_ms).tolist()}
    return study.run(
        responses,
        control,
        call="communities.detect_responses",
        parameters=parameters,
        n_jobs=n_jobs,
        progress=progress,
    )
