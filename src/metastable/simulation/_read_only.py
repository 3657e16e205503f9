"""Arrays of results, which whoever looks at them must not change for others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_only(array: Any) -> NDArray:
    """Return a view that refuses to be written; the array itself stays as it is."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
