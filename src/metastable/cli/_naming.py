"""Errors in the words that a person typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

# A part of a recording, as the options of several commands call it.
SELECTION = {
    "time_ms": "(--start, --stop)",
    "population": "--population",
    "t_start_ms and t_stop_ms": "--start, --stop",
    "use select(time_ms=...) for a part of it": "leave out --start and --stop",
}


@contextmanager
def naming(options: dict[str, str]) -> Iterator[None]:
    """Name the options that a person typed, in place of the parameters that they became."""
    try:
        yield
    except (ValueError, TypeError) as error:
        words = "|".join(map(re.escape, options))
        sentence = re.sub(rf"(?<!\w)({words})(?!\w)", lambda found: options[found[0]], str(error))
        raise click.ClickException(sentence) from None
