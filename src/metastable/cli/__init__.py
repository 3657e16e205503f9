"""The command line. Rooms are imported inside commands, so that ``--help`` answers at once."""

from metastable.cli._main import main as main

__all__ = ["main"]
