"""How a result was made, as JSON-ready data that travels in the result and in its file."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any


def version() -> str:
    """Return the version of the installed package."""
    return metadata.version("metastable")


def provenance(call: str, **parameters: Any) -> dict[str, Any]:
    """Describe the call that made a result.

    Parameters
    ----------
    call : str
        Public name of the function, for instance ``"simulate"``.
    **parameters
        Everything needed to make the call again; JSON-ready.

    Returns
    -------
    dict
        Software, versions, call and parameters. No time and no host: the same call gives the same record.
    """
    return {
        "software": "metastable",
        "version": version(),
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "call": call,
        "parameters": parameters,
    }
