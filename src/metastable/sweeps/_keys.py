"""Unknown keys and options, answered with the nearest known one."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from metastable._validation import shown


def require_known(where: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise a sentence that names the nearest known key, if a key is unknown."""
    for key in given:
        if key not in known:
            # The beginning of a name is not near to it when the name is long.
            begun = [name for name in known if name.startswith(str(key))]
            near = begun or difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(f"{where} does not know {key!r}; {hint}known are {', '.join(sorted(known)) or 'none'}.")


def require_table(name: str, value: Any) -> dict[str, Any]:
    """Return a table as a dict, or raise a sentence."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a table of keys and values, got {shown(value)}.")
    return dict(value)


def require_arguments(where: str, function: Callable[..., Any], given: Mapping[str, Any], *, n_before: int) -> None:
    """Raise a sentence unless a function can be called with these keywords.

    Parameters
    ----------
    where : str
        What the person wrote, the subject of the sentence.
    function : callable
    given : mapping
        Its keyword arguments.
    n_before : int
        Number of arguments that come before them.
    """
    parameters = list(inspect.signature(function).parameters.values())[n_before:]
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        require_known(where, given, [p.name for p in parameters])
    for p in parameters:
        if p.default is p.empty and p.name not in given and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            raise ValueError(f"{where} lacks {p.name}; add it.")
