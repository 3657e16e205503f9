"""Networks in motion: one verb, `simulate`, and the engines behind it."""

from metastable.simulation._binary_activity import BinaryActivity as BinaryActivity
from metastable.simulation._finite_size_activity import FiniteSizeActivity as FiniteSizeActivity
from metastable.simulation._simulate import rerun as rerun
from metastable.simulation._simulate import simulate as simulate

__all__ = ["BinaryActivity", "FiniteSizeActivity", "rerun", "simulate"]
