"""The networks of Van Bussel, Kriener & Timme 2011."""

from __future__ import annotations

import math

from metastable._validation import require_choice, require_integer, require_number
from metastable.networks._pulse_network import PulseNetwork

# tau_ms, drive_mv (gamma RI is given), delay_ms, threshold_mv; the reset is 0. Figure 4B is without units in the paper.
_GAMMA_4B = 1 - math.exp(-1)
_PARAMETERS = {
    "1": (31.64, 31.64, 5.0, 20.0),
    "2B": (20.0, 30.0, 2.0, 20.0),
    "4A": (20.0, 30.0, 2.0, 20.0),
    "4B": (1 / _GAMMA_4B, 1 / _GAMMA_4B, 0.25, 1.0),
}
_KINDS = ("inhibitory", "mixed", "balanced")


def van_bussel_2011(
    *,
    figure: str = "1",
    kind: str = "inhibitory",
    n_neurons: int = 20,
    in_degree: int | None = None,
    probability: float | None = None,
    strength: float = 0.8,
    weight_distribution: str = "normal",
    weight_spread: float = 0.25,
    delay_ms: float | None = None,
) -> PulseNetwork:
    """Specify a network of Van Bussel, Kriener & Timme 2011.

    Parameters
    ----------
    figure : {"1", "2B", "4A", "4B"}
        Which parameters of the neurons. ``"1"``: tau 31.64 ms, RI 31.64 mV, delay 5 ms (also figures 2A, 3 and 5);
        ``"2B"`` and ``"4A"``: tau 20 ms, RI 30 mV, delay 2 ms; all with V_T = 20 mV and V_R = 0. ``"4B"``: tau and RI
        ``1/(1 - 1/e)``, V_T = 1, delay 0.25, without units in the paper.
    kind : {"inhibitory", "mixed", "balanced"}
        ``"inhibitory"``: all weights negative, with the same sum onto each neuron (homogeneous inhibitory networks).
        ``"mixed"``: signs changed with probability 0.5. ``"balanced"``: both signs, with the sum 0 onto each neuron.
    n_neurons : int
    in_degree : int, optional
        Number of presynaptic neurons of each; by default a quarter of the network.
    probability : float, optional
        Instead of `in_degree`: each pair is connected with this probability.
    strength : float
        Sum of the sizes of weights onto a neuron, as a fraction of V_T - V_R; see Notes.
    weight_distribution : {"constant", "normal", "lognormal"}
        Of the sizes; the paper has normally distributed weights in figure 4.
    weight_spread : float
        Standard deviation of the sizes over their mean.
    delay_ms : float, ms, optional
        Instead of that of the figure.

    Returns
    -------
    PulseNetwork

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The text of the paper gives neither the strengths of synapses and their spread, nor the in-degree of figure 1, nor
    the potentials at the start; the defaults here are choices of this package. With a `strength` of 0.8 homogeneous
    inhibitory networks that start at the reset potential (``initial_mv=0``) need about 60 spikes per neuron until their
    periods agree within 1e-10 ms, as those of the paper do (section 3.2).

    The driving conditions are the `drive_spread` of `simulate`. The paper defines a spread as maximum minus minimum
    (section 2.3): its 5 % of figure 1 is ``drive_spread=0.025``, its 1 % of figures 2B and 4A ``drive_spread=0.005``.

    Examples
    --------
    >>> import metastable as mst
    >>> mst.networks.van_bussel_2011(figure="4A", n_neurons=50, in_degree=12)
    Van Bussel, Kriener & Timme 2011, figure 4A, inhibitory: 50 neurons
      tau 20 ms  drive 30 mV  threshold 20 mV  reset 0 mV
      12 presynaptic neurons each  delay 2 ms
      weights normal, mean -1.333 mV (sd 25%), sum onto a neuron -16 mV
    """
    require_choice("figure", figure, tuple(_PARAMETERS))
    require_choice("kind", kind, _KINDS)
    n_neurons = require_integer("n_neurons", n_neurons, minimum=2)
    strength = require_number("strength", strength, above=0)
    if in_degree is None and probability is None:
        in_degree = max(1, n_neurons // 4)
    tau_ms, drive_mv, delay, threshold_mv = _PARAMETERS[figure]
    size = strength * threshold_mv
    if in_degree is not None:
        mean_in_degree = float(require_integer("in_degree", in_degree, minimum=1))
    else:
        mean_in_degree = (n_neurons - 1) * require_number("probability", probability, above=0)
    return PulseNetwork(
        n_neurons=n_neurons,
        in_degree=in_degree,
        probability=probability,
        weight_mv=-size / mean_in_degree,
        weight_distribution=weight_distribution,
        weight_spread=weight_spread,
        sign_flip=0.0 if kind == "inhibitory" else 0.5,
        row_sum_mv={"inhibitory": -size, "mixed": None, "balanced": 0.0}[kind],
        delay_ms=delay if delay_ms is None else delay_ms,
        tau_ms=tau_ms,
        drive_mv=drive_mv,
        threshold_mv=threshold_mv,
        reset_mv=0.0,
        name=f"Van Bussel, Kriener & Timme 2011, figure {figure}, {kind}",
    )
