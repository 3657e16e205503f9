"""Stricter than production: floating-point errors raise (warnings are errors by pyproject.toml)."""

import os

import numpy as np
import pytest
from hypothesis import settings

# The same examples every time, so that a red test is red for everybody; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, max_examples=50, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(autouse=True)
def _floating_point_errors_raise():
    # Underflow stays silent: synaptic traces decay to 0 by way of denormal numbers.
    old = np.seterr(divide="raise", over="raise", invalid="raise")
    yield
    np.seterr(**old)
