"""Networks that a sweep can name."""

from __future__ import annotations

from typing import Any

from metastable import networks


def presets() -> dict[str, Any]:
    """Return what can be named as a network: the presets, and specifications that lists of numbers describe."""
    found = {name: getattr(networks, name) for name in networks.__all__ if name.islower()}
    classes = ("DisorderedNetwork", "FiniteSizeNetwork", "PulseNetwork")
    found |= {name: getattr(networks, name) for name in classes}
    return found | {"FiniteSizeNetwork.homogeneous": networks.FiniteSizeNetwork.homogeneous}
