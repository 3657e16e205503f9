"""Connections from the spikes of neurons whose parameters are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from metastable._parallel import Monitor, run_jobs
from metastable._provenance import provenance
from metastable._validation import require_choice, require_integer, require_number, require_truth
from metastable.networks import LIFNetwork, WiredLIFNetwork
from metastable.reconstruction._current_equations import CurrentEquations
from metastable.reconstruction._current_model import CurrentModel
from metastable.reconstruction._equations import Equations
from metastable.reconstruction._incoming import Incoming, solve
from metastable.reconstruction._neuron_model import NeuronModel, as_model
from metastable.reconstruction._phase_locked import find_volleys, solve_volleys
from metastable.reconstruction._reconstruct_currents import reconstruct_currents
from metastable.reconstruction._reconstruction import Reconstruction
from metastable.reconstruction._recording import Recording, require_recording
from metastable.reconstruction._row_choice import ROWS, RowChoice
from metastable.spikes import SpikeData

METHODS = ("auto", "least-squares", "phase-locked", "periodic", "basis-pursuit", "matching-pursuit")


def reconstruct(
    spikes: SpikeData,
    *,
    model: NeuronModel | Any,
    method: str = "auto",
    rows: str = "auto",
    n_rows: int | None = None,
    oversampling: float = 1.15,
    tolerance_ms: float = 0.0,
    self_weights: bool = False,
    bias: bool = False,
    n_holdout: int = 8,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Reconstruction:
    """Find the weights of all connections between neurons from their spike times.

    Parameters
    ----------
    spikes : SpikeData
        Exact times, or, with synaptic currents, those of a simulation on a time grid. Trials may differ in the drive.
    model : NeuronModel or PulseNetwork, CurrentModel, WiredLIFNetwork or LIFNetwork
        Parameters of the neurons; from a network everything but the weights is taken, with the driving conditions that
        its recording notes, or its time grid. The last three are of neurons with synaptic currents instead of pulses,
        to which only `method`, `bias` and `n_holdout` of the options apply; see Notes.
    method : {"auto", "least-squares", "phase-locked", "periodic", "basis-pursuit", "matching-pursuit", "ridge", "dale"}
        ``"phase-locked"`` needs a volley of all neurons in at least n trials of different drives and one delay or
        one per connection, and solves all neurons with one factorisation; ``"periodic"`` is the same with arrivals put
        where they would be in perfect phase-locking, as in the paper, and only as exact as that holds. The two
        pursuits find sparse solutions of fewer equations than unknowns: matching pursuit is fast and gives only what
        proves itself, basis pursuit copes with more connections, slowly, and gives its best guess in any case.
        ``"auto"``: phase-locked where there are such volleys; otherwise, neuron by neuron, least squares, or matching
        pursuit where independent equations are too few.
        With synaptic currents: ``"least-squares"``, the default where times are exact; on a time grid ``"ridge"``,
        towards what the outgoing weights of each neuron have in common; ``"dale"``, the same with outgoing weights of
        one sign; and ``"auto"``, the default: ridge, and where intervals are fewer than four per unknown
        ``"spike-and-slab"``, which also uses that weights may be absent and that a neuron which does not fire is below
        threshold. It is much better where intervals are fewer than neurons.
    rows : {"auto", "spread", "all", "one-per-trial", "min-scan"}
        Which acceptable intervals make equations: as many as needed, spread over the recording; all; the last of each
        trial; or the paper's sums of a few per segment. ``"auto"``: spread if times are exact, all if not.
    n_rows : int, optional
        Number of equations, or of segments for ``"min-scan"``, if it is not to follow from the unknowns.
    oversampling : float
        Equations per unknown of ``"spread"``. A tenth to a fifth more than needed gains two digits in the worst
        neuron; more gains little.
    tolerance_ms : float, ms
        Intervals with an arrival this close to one of their ends are not acceptable; 0 for exact times. For times with
        a jitter of at most delta, 2 delta.
    self_weights : bool
        Whether neurons may have connections to themselves; else these weights are 0.
    bias : bool
        Whether the drive of each neuron is known only up to a constant, which becomes one more unknown.
    n_holdout : int
        Intervals per neuron that are spared to test the solution.
    n_jobs : int, optional
        Threads; all cores by default. Does not change the result.
    progress : bool, optional
        Whether to show a progress bar; by default on a terminal.

    Returns
    -------
    Reconstruction

    Raises
    ------
    ValueError
        If spikes and model do not fit, times look like seconds, lie on a grid or are doubled, the tolerance leaves no
        acceptable interval, a neuron fires by itself below threshold, or volleys are asked for and not there.

    Notes
    -----
    Van Bussel, Kriener & Timme 2011. Between two spikes t0 < t1 of neuron i the potential is known at both ends if no
    arrival coincides with t1 (eq. 7, exact floats; 7' with tolerance), which makes one linear equation (eq. 8).
    Intervals that begin less than a delay after the recording are left out: arrivals in them may stem from before it.

    The hold-out tells wrong parameters, not badly conditioned equations, which standard error and condition tell; a
    neuron with no equation to spare has neither hold-out nor standard error, and its weights are only as good as the
    model. A delay wrong by d is noticed by neurons that arrivals make fire; it scales weights of others by
    exp(d / tau).

    A bias is never sought together with a self-weight: then V_T and (V_T - V_R) exp(-delay / tau) would solve all
    equations without any connection.

    With synaptic currents the potential is continuous, so that every interval makes an equation. A simulation on a time
    grid hides by how much the potential at a spike lies above threshold: by at most the height of its last step, which
    makes the equations inexact. They are weighted by these heights, as the weights found tell them, and solved by ridge
    regression: the prior of the outgoing weights of a neuron is normal, with a mean and a variance found from all of
    them (empirical Bayes: Efron & Morris 1973). Neurons with less than four intervals per unknown are then solved again
    by expectation propagation (Minka 2001) with inequalities, namely that the potential is below threshold when it
    comes closest to it without a spike, and with a prior that lets weights be absent. The mean of what then is
    probable, and its standard deviation, are given, the latter too low where the prior decides: a tenth of the
    connections onto neurons with fewer intervals than unknowns lie beyond three of these. Without any interval
    inequalities alone tell too little, and weights stay NaN.
    In continuous time equations are exact and need no prior, so that inequalities are not used. Intervals held out test
    the last pass but one and join in the last. A model mismatch is a residual well above what the heights explain.
    Names in mV then have the unit of the bias.

    Examples
    --------
    >>> import metastable as mst
    >>> model = mst.reconstruction.NeuronModel(tau_ms=20, drive_mv=[30, 26], threshold_mv=20, reset_mv=0, delay_ms=2)
    >>> trains = mst.SpikeData(time_ms=[5, 26.97], neuron=[0, 0], n_neurons=2, t_stop_ms=40)
    >>> found = mst.reconstruction.reconstruct(trains, model=model)
    >>> print(found.status[1].name, found.weights[1])
    QUIESCENT [nan nan]

    A clustered network with synaptic currents:

    >>> wired = mst.networks.litwin_kumar_doiron_2012(n_e=40, n_clusters=2).wire(seed=1)
    >>> spikes = mst.simulate(wired, duration_ms=3000, seed=1)
    >>> found = mst.reconstruction.reconstruct(spikes, model=wired)
    >>> bool(mst.reconstruction.score(found.weights, wired.weight_matrix().toarray()).auc > 0.95)
    True
    """
    if isinstance(model, CurrentModel | LIFNetwork | WiredLIFNetwork):
        solution = reconstruct_currents(
            spikes,
            model=model,
            method=method,
            rows=rows,
            n_rows=n_rows,
            tolerance_ms=tolerance_ms,
            self_weights=self_weights,
            bias=bias,
            n_holdout=n_holdout,
            n_jobs=n_jobs,
            progress=progress,
        )
        return _collect(solution.equations, solution.found, solution.record)
    require_choice("method", method, METHODS)
    choice = RowChoice(
        rows=_rows(rows, tolerance_ms),
        n_rows=None if n_rows is None else require_integer("n_rows", n_rows, minimum=1),
        oversampling=require_number("oversampling", oversampling, minimum=1),
        n_holdout=require_integer("n_holdout", n_holdout, minimum=0),
    )
    if require_truth("bias", bias) and require_truth("self_weights", self_weights):
        raise ValueError(
            "bias and self_weights cannot both be unknown: the equations then have a solution without any connection; "
            "choose one of them."
        )
    known = as_model(model, spikes)
    require_recording(spikes, known, tolerance_ms=tolerance_ms)
    equations = Equations(
        recording=Recording.of(spikes, known),
        model=known,
        tolerance_ms=float(tolerance_ms),
        self_weights=self_weights,
        bias=bias,
    )
    # Made once, before threads would make it each for itself.
    equations.prepare()
    # A single job would otherwise get all threads for its matrix products, and other rounding errors.
    with threadpool_limits(limits=1, user_api="blas"):
        found = _volleys(equations, method, choice, n_jobs, progress)
        if found is None:
            found = _general(equations, method, choice, n_jobs, progress)
    _refuse_tolerance(equations, found)
    record = provenance(
        "reconstruction.reconstruct",
        model=known.to_dict(),
        method=method,
        rows=choice.rows,
        n_rows=choice.n_rows,
        oversampling=choice.oversampling,
        tolerance_ms=float(tolerance_ms),
        self_weights=self_weights,
        bias=bias,
        n_holdout=choice.n_holdout,
    )
    return _collect(equations, found, record)


def _rows(rows: str, tolerance_ms: float) -> str:
    if require_choice("rows", rows, ROWS) != "auto":
        return rows
    # Every interval more averages out some jitter; of exact ones a few more than unknowns say all.
    return "all" if require_number("tolerance_ms", tolerance_ms, minimum=0) > 0 else "spread"


def _volleys(
    equations: Equations, method: str, choice: RowChoice, n_jobs: int | None, progress: bool | None
) -> list[Incoming] | None:
    """Solve by volleys where the method allows and the recording has them; refuse where they were asked for in vain."""
    asked = method in ("phase-locked", "periodic")
    usable = (
        equations.tolerance_ms == 0
        and not equations.bias
        and bool((equations.model.tau_ms == equations.model.tau_ms[0]).all())
    )
    if asked and not usable:
        raise ValueError(
            f'method={method!r} needs exact times, a known drive and one tau_ms for all; take method="least-squares".'
        )
    if not usable or not (asked or (method == "auto" and choice.rows == "spread" and choice.n_rows is None)):
        return None
    volleys = find_volleys(equations)
    found = solve_volleys(
        equations,
        volleys,
        periodic=method == "periodic",
        n_holdout=choice.n_holdout,
        n_jobs=n_jobs,
        progress=progress,
    )
    if asked and found is None:
        raise ValueError(
            f"method={method!r} needs {equations.model.n} differently driven trials that end in a volley of all "
            f'neurons, and finds {volleys.trial.size}; take method="least-squares" or record more driving conditions.'
        )
    return found


def _general(
    equations: Equations, method: str, choice: RowChoice, n_jobs: int | None, progress: bool | None
) -> list[Incoming]:
    def job(i: int, monitor: Monitor) -> Incoming:
        result = solve(equations, i, method=method, choice=choice)
        monitor.advance(1)
        return result

    n = equations.model.n
    return run_jobs(job, range(n), n_jobs=n_jobs, total=n, label="incoming weights", unit="neurons", progress=progress)


def _refuse_tolerance(equations: Equations, found: list[Incoming]) -> None:
    recording = equations.recording
    if equations.tolerance_ms > 0 and recording.first.size and not any(each.n_acceptable for each in found):
        gap = recording.spikes.duration_ms * recording.spikes.n_trials / recording.spikes.n_spikes
        raise ValueError(
            f"tolerance_ms={equations.tolerance_ms:g} rejects all {recording.first.size} intervals, because spikes "
            f"arrive every {gap:.3g} ms; take a smaller one."
        )


def _collect(equations: Equations | CurrentEquations, found: list[Incoming], record: dict[str, Any]) -> Reconstruction:
    def stack(name: str) -> np.ndarray:
        return np.array([getattr(each, name) for each in found])

    recording = equations.recording
    weights, errors = stack("weights"), stack("standard_error")
    return Reconstruction(
        weights=weights,
        status=tuple(each.status for each in found),
        standard_error=errors,
        method=tuple(each.method for each in found),
        n_isis=recording.n_isis,
        n_acceptable=stack("n_acceptable"),
        n_rows=stack("n_rows"),
        rank=stack("rank"),
        condition=stack("condition"),
        holdout_residual_mv=stack("holdout_residual_mv"),
        bias_mv=stack("bias_mv"),
        together=recording.together,
        together_sum=stack("together_sum"),
        search_length=stack("search_length"),
        provenance=record,
    )
