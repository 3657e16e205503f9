"""Names that a person wrote: an unknown one is answered with the nearest that is known."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'? " with the nearest known name, or nothing where none is near."""
    names = list(known)
    # The beginning of a name is not near to it when the name is long.
    begun = [each for each in names if name and each.startswith(name)]
    near = begun or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}? " if near else ""


def require_known(where: str, given: Iterable[str], known: Collection[str]) -> None:
    """Raise a sentence that names the nearest known name, if a name is unknown."""
    for name in given:
        if name not in known:
            if not known:
                raise ValueError(f"{where} takes nothing, and {name!r} was given; leave it out.")
            hint = nearest(str(name), known)
            raise ValueError(f"{where} does not know {name!r}; {hint}known are {', '.join(sorted(known))}.")
