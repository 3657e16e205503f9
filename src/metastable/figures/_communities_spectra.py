"""Activity, spectra, coherence and phase of groups."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from metastable._validation import require_integer
from metastable.communities import Coherence, GroupActivity, PowerSpectrum
from metastable.figures._communities_raster import group_color
from metastable.figures._style import COLORS, resolve_axes

# More spectra than this are shown by their median and quartiles.
MOST_COLOURED = 10


def group_traces(activity: GroupActivity, *, per_train: bool = False, ax: Axes | None = None) -> Axes:
    """Draw the activity of each group over time.

    Parameters
    ----------
    activity : GroupActivity
    per_train : bool
        Mean over the trains of a group rather than their sum.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> activity = mst.communities.group_activity(spikes, groups, sigma_ms=10, step_ms=5)
    >>> len(mst.figures.group_traces(activity).lines)
    2
    """
    ax = resolve_axes(ax)
    for number, trace in enumerate(activity.per_train if per_train else activity.activity):
        ax.plot(activity.time_ms / 1000, trace, color=group_color(number), linewidth=1, label=f"group {number}")
    ax.set(xlabel="time (s)", ylabel="spikes/s per train" if per_train else "spikes/s of the group")
    ax.set_xlim(activity.time_ms[0] / 1000, activity.time_ms[-1] / 1000)
    ax.set_ylim(bottom=0)
    return ax


def power_spectra(spectrum: PowerSpectrum, *, per_spike: bool = True, ax: Axes | None = None) -> Axes:
    """Draw power spectra on logarithmic axes.

    Up to 10 have their confidence intervals and the colours of the groups. Of more, each is a thin grey line beneath
    their median and quartiles.

    Parameters
    ----------
    spectrum : PowerSpectrum
        Of groups or trains; silent ones are left out.
    per_spike : bool
        Divide each by its rate, which makes groups comparable: 1 is a Poisson train.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> spectrum = mst.communities.power_spectrum(spikes, groups, maximum_hz=50)
    >>> mst.figures.power_spectra(spectrum).get_ylabel()
    'power / rate'
    """
    ax = resolve_axes(ax)
    # A silent group has no power, and a logarithmic axis no place for it.
    heard = np.flatnonzero(spectrum.rate)
    scale = 1 / spectrum.rate[heard, None] if per_spike else np.ones((heard.size, 1))
    power, low, high = (scale * values[heard] for values in (spectrum.power, spectrum.low, spectrum.high))
    frequency = spectrum.frequency_hz
    if heard.size > MOST_COLOURED:
        low, middle, high = np.percentile(power, [25, 50, 75], axis=0)
        ax.plot(frequency, power.T, color="#bbbbbb", linewidth=0.3, zorder=1, rasterized=True)
        ax.fill_between(frequency, low, high, color=COLORS["clustered"], alpha=0.3, linewidth=0, label="quartiles")
        ax.plot(frequency, middle, color=COLORS["clustered"], linewidth=1.4, label="median")
    else:
        for k, number in enumerate(heard):
            color = group_color(number)
            ax.fill_between(frequency, low[k], high[k], color=color, alpha=0.15, linewidth=0)
            ax.plot(frequency, power[k], color=color, linewidth=1, label=f"group {number}")
    if per_spike:
        ax.axhline(1, color="#999999", linewidth=0.7, zorder=0)
    ax.set(
        xscale="log", yscale="log", xlabel="frequency (Hz)", ylabel="power / rate" if per_spike else "power (spikes/s)"
    )
    ax.set_xlim(spectrum.frequency_hz[0], spectrum.frequency_hz[-1])
    return ax


def coherence_curve(
    coherence: Coherence, *, pair: tuple[int, int] = (0, 1), color: str = "black", ax: Axes | None = None
) -> Axes:
    """Draw the coherence of two groups with its confidence interval and the threshold.

    Parameters
    ----------
    coherence : Coherence
    pair : (int, int)
        Which groups.
    color : str
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are no such groups.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> ax = mst.figures.coherence_curve(mst.communities.coherence(spikes, groups, maximum_hz=50))
    >>> ax.get_ylabel()
    'coherence of groups 0 and 1'
    """
    first, second = _pair(coherence, pair)
    ax = resolve_axes(ax)
    frequency = coherence.frequency_hz
    low, high = coherence.magnitude_low[first, second], coherence.magnitude_high[first, second]
    ax.fill_between(frequency, low, high, color=color, alpha=0.15, linewidth=0)
    ax.plot(frequency, coherence.magnitude[first, second], color=color, linewidth=1)
    ax.axhline(coherence.threshold, color=color, linewidth=0.7, linestyle="--")
    note = ax.annotate(
        f"{100 * coherence.level:g} % of independent groups",
        (1, coherence.threshold),
        (0, 2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=6,
        color=color,
    )
    note.set_bbox({"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5})
    ax.set(xlabel="frequency (Hz)", ylabel=f"coherence of groups {first} and {second}", ylim=(0, 1))
    ax.set_xlim(0, frequency[-1])
    return ax


def phase_curve(
    coherence: Coherence, *, pair: tuple[int, int] = (0, 1), color: str = "black", ax: Axes | None = None
) -> Axes:
    """Draw the phase between two groups with its confidence interval, where they are coherent.

    Parameters
    ----------
    coherence : Coherence
    pair : (int, int)
        Which groups; above 0 the first leads.
    color : str
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        Frequencies below the threshold of the coherence are left out: there the phase means nothing.

    Raises
    ------
    ValueError
        If there are no such groups.

    Examples
    --------
    >>> import metastable as mst
    >>> spikes, groups = mst.spikes.fellous_2004(n_groups=2, noise_level=1, seed=1)
    >>> ax = mst.figures.phase_curve(mst.communities.coherence(spikes, groups, maximum_hz=50))
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['-π', '-π/2', '0', 'π/2', 'π']
    """
    first, second = _pair(coherence, pair)
    ax = resolve_axes(ax)
    known = coherence.significant[first, second]
    ax.errorbar(
        coherence.frequency_hz[known],
        coherence.phase[first, second][known],
        coherence.phase_error[first, second][known],
        linestyle="none",
        marker="o",
        markersize=2,
        color=color,
        ecolor="#bbbbbb",
        elinewidth=0.6,
    )
    ax.axhline(0, color="#999999", linewidth=0.7, zorder=0)
    ax.set(xlabel="frequency (Hz)", ylabel=f"phase, above 0 group {first} leads {second}", ylim=(-np.pi, np.pi))
    ax.set_yticks([-np.pi, -np.pi / 2, 0, np.pi / 2, np.pi], ["-π", "-π/2", "0", "π/2", "π"])
    ax.set_xlim(0, coherence.frequency_hz[-1])
    return ax


def _pair(coherence: Coherence, pair: tuple[int, int]) -> tuple[int, int]:
    highest = len(coherence.magnitude) - 1
    if highest < 1:
        raise ValueError(f"a pair needs two groups, and there is {highest + 1}; give labels of more.")
    first, second = (require_integer("pair", number, minimum=0, maximum=highest) for number in pair)
    return first, second
