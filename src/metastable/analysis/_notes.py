"""What a reader must know about a recording before any number: where it ends, and in what unit its times are."""

from __future__ import annotations

from metastable.spikes import SpikeData

# No recording of neurons has such a mean rate, spikes/s; times in seconds that are taken for ms have.
_HIGHEST_RATE = 1000.0
# Of chance fewer spikes leave the last nine tenths of a recording empty now and then.
_FEWEST_SPIKES = 5


def notes(spikes: SpikeData, n_repeated: int) -> tuple[str, ...]:
    """Return what is odd about the whole recording, in sentences.

    Parameters
    ----------
    spikes : SpikeData
        With each spike once.
    n_repeated : int
        Spikes that were listed again.
    """
    # Of all that the file holds: it stays when a part is selected.
    in_file = int(spikes.meta.get("n_duplicates", 0))
    found = _window(spikes)
    if in_file:
        found.append(f"In the file, {_repeated(in_file)}.")
    if n_repeated:
        found.append(f"{_repeated(n_repeated)}.")
    rate = spikes.n_spikes / (spikes.n_neurons * spikes.n_trials * spikes.duration_ms / 1000)
    if rate > _HIGHEST_RATE:
        found.append(
            f"The mean rate is {rate:,.0f} spikes/s, more than neurons fire: the times look like seconds; read them "
            "with --unit s (unit='s')."
        )
    return tuple(found)


def _repeated(n_spikes: int) -> str:
    return f"{'1 spike was' if n_spikes == 1 else f'{n_spikes:,} spikes were'} listed twice and counted once"


def _window(spikes: SpikeData) -> list[str]:
    if not spikes.n_spikes:
        return []
    first, last = float(spikes.time_ms.min()), float(spikes.time_ms.max())
    if spikes.meta.get("guessed_stop_ms") == spikes.t_stop_ms:
        if spikes.t_start_ms < 0:
            return [
                f"The beginning and the end of the recording are not in the file: the first spike, at {first:,.6g} ms, "
                f"and the last, at {last:,.6g} ms, are taken; --stop (t_stop_ms=) says where it ended."
            ]
        return [
            f"The end of the recording is not in the file: the last spike, at {last:,.6g} ms, is taken; "
            "--stop (t_stop_ms=) says where it ended."
        ]
    if spikes.n_spikes >= _FEWEST_SPIKES and last - spikes.t_start_ms < spikes.duration_ms / 10:
        return [
            f"The last spike is at {last:,.6g} ms and the recording ends at {spikes.t_stop_ms:,.12g} ms: if that is "
            "not silence, give the end with --stop (select(time_ms=...)); rates are over the whole time."
        ]
    return []
