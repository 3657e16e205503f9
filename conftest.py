"""What holds for tests and for the examples in docstrings alike."""

import sys

import pytest


@pytest.fixture(autouse=True)
def _figures_are_closed():
    """Close the figures that an example leaves open, as a person sees them: pyplot warns from the 21st on."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
