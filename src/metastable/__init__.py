"""metastable: structure, dynamics and inference in clustered networks of neurons."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from metastable import _display
from metastable._provenance import version

if TYPE_CHECKING:
    from metastable import analysis as analysis
    from metastable import communities as communities
    from metastable import figures as figures
    from metastable import finite_size as finite_size
    from metastable import meanfield as meanfield
    from metastable import networks as networks
    from metastable import papers as papers
    from metastable import reconstruction as reconstruction
    from metastable import simulation as simulation
    from metastable import spikes as spikes
    from metastable import statistics as statistics
    from metastable import sweeps as sweeps
    from metastable.simulation import simulate as simulate
    from metastable.spikes import SpikeData as SpikeData

__version__ = version()
__all__ = [
    "SpikeData",
    "analysis",
    "communities",
    "figures",
    "finite_size",
    "meanfield",
    "networks",
    "papers",
    "reconstruction",
    "simulate",
    "simulation",
    "spikes",
    "statistics",
    "sweeps",
]

# Rooms are opened on first use: `import metastable` and `metastable --help` must not pay for numba or matplotlib.
_ROOMS = (
    "analysis",
    "communities",
    "figures",
    "finite_size",
    "meanfield",
    "networks",
    "papers",
    "reconstruction",
    "simulation",
    "spikes",
    "statistics",
    "sweeps",
)
_NAMES = {"SpikeData": "spikes", "simulate": "simulation"}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"metastable.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"metastable.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'metastable' has no attribute {name!r}")


def _draw(result: Any, **options: Any) -> Any:
    return importlib.import_module("metastable.figures").plot(result, **options)


# Results stand below figures and know none; the root, above all floors, gives their `.plot()` a way to draw.
_display.draw_with(_draw)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
