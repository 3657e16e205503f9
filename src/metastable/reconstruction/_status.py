"""What was found out about one neuron."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What was found out about the incoming weights of one neuron; the value is the sentence for a person.

    Examples
    --------
    >>> import metastable as mst
    >>> print(mst.reconstruction.Status.QUIESCENT)
    the neuron never fires twice in a trial: its incoming weights cannot be known, and if it never fires at all, neither
    can its outgoing ones; drive it more strongly
    """

    OK = "the incoming weights are known"
    QUIESCENT = (
        "the neuron never fires twice in a trial: its incoming weights cannot be known, and if it never fires at all, "
        "neither can its outgoing ones; drive it more strongly"
    )
    TOO_FEW_ACCEPTABLE = (
        "too few acceptable intervals for the presynaptic neurons, and no sparse solution that they would prove: "
        "record longer or under more driving conditions"
    )
    ALL_SPIKE_INDUCED = (
        "every spike is caused by an arriving one, so that the potential at its time is unknown: incoming weights "
        "cannot be known, outgoing ones can; drive the neuron more strongly"
    )
    RANK_DEFICIENT = (
        "the intervals leave some incoming weights undetermined, which are NaN; the others are known: record longer or "
        "under more driving conditions"
    )
    MODEL_MISMATCH = (
        "the weights do not predict intervals that were held out: correct the parameters of the neurons or take the "
        "bias as unknown; of neurons with pulses scan tau_ms and delay_ms, and give tolerance_ms if times are jittered"
    )
