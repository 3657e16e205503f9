"""How results print, in a terminal and in a notebook, and how they are drawn.

A result inherits `Displayed` and names in ``_shown`` what is worth a row; one that `metastable.figures.plot` knows
inherits `Drawn`. Drawing stands on a higher floor than results: the package's root, above all floors, hands its way to
draw down here (`draw_with`), so that no result imports a figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np

_LONGEST = 90
_draw: Callable[..., Any] | None = None


def draw_with(draw: Callable[..., Any]) -> None:
    """Let results be drawn by ``draw(result, **options)``."""
    global _draw
    _draw = draw


class Displayed:
    """A result of a few printed lines, and a table in notebooks."""

    # Attributes worth a row; all fields of the dataclass by default.
    _shown: ClassVar[tuple[str, ...]] = ()
    # Whether what is printed is a table already, which a notebook shows as it is.
    _prints_a_table: ClassVar[bool] = False

    def _rows(self) -> list[tuple[str, str]]:
        names = self._shown
        if not names:
            import dataclasses

            names = tuple(f.name for f in dataclasses.fields(self) if f.repr)  # pyright: ignore[reportArgumentType]
        shown = [(name, getattr(self, name)) for name in names if name not in ("provenance", "meta")]
        # A seed is copied into programs, where separators would make it a tuple.
        return [(name, str(value) if name == "seed" else described(value)) for name, value in shown]

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}:", *(f"  {name} {text}" for name, text in self._rows())])

    def _repr_html_(self) -> str:
        from metastable._html import folded, printed, table

        if self._prints_a_table:
            return printed(repr(self))
        rows = table(self._rows(), title=type(self).__name__)
        if type(self).__repr__ is Displayed.__repr__:
            return rows
        # What a terminal prints is what a person has chosen to say; the rest is there for who opens it.
        return folded(repr(self), rows)


class Drawn(Displayed):
    """A result that also has a figure; only of such a one tab completion offers `plot`."""

    def plot(self, **options: Any) -> Any:
        """Draw the result; options are those of `metastable.figures.plot`.

        Returns
        -------
        Axes or Figure

        Raises
        ------
        TypeError
            If the figure has no such option.
        ValueError
            If there is nothing to draw, with the reason.
        """
        assert _draw is not None
        return _draw(self, **options)


def counted(number: int, what: str) -> str:
    """Return a number and what it counts: "1 trial", "2,000 trials"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def described(value: Any) -> str:
    """Return a value as one short line: arrays by shape and range, other objects by the first line they print."""
    # Not above: `import metastable` hands a function down here, and must not pay for numpy.
    import numpy as np

    if value is None:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return "not defined" if value != value else f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, dict) and value:
        return "\n".join(f"{described(key)}: {described(each)}" for key, each in value.items())
    if isinstance(value, tuple | list):
        return _sequence(value)
    if isinstance(value, str):
        return value
    return _shortened(next(iter(repr(value).splitlines()), ""))


def _sequence(values: tuple | list) -> str:
    """Return what a sequence holds: words and numbers one by one, other things by their number and kind."""
    import numpy as np

    if all(isinstance(value, str | int | float | np.number) for value in values):
        return _shortened(", ".join(map(described, values))) or "none"
    kinds = {type(value).__name__ for value in values}
    kind = kinds.pop() if len(kinds) == 1 else "entries"
    return f"{len(values):,} {'entries' if kind in ('tuple', 'list', 'dict') else kind}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _array(values: np.ndarray) -> str:
    import numpy as np

    size = f"{values.size:,}" if values.ndim == 1 else " x ".join(map(str, values.shape))
    number = size if values.ndim != 1 else f"{size} {'value' if values.size == 1 else 'values'}"
    if values.dtype == bool:
        return f"{int(values.sum()):,} of {size} true"
    if values.dtype.kind not in "iuf":
        return number
    if values.ndim == 0 or (values.size <= 8 and values.ndim == 1):
        return ", ".join(map(_figures, np.atleast_1d(values))) or "none"
    finite = values[np.isfinite(values)]
    span = ""
    if finite.size:
        low, high = _figures(finite.min()), _figures(finite.max())
        span = f", all {low}" if low == high else f", {low} to {high}"
    counts = ((int(np.isinf(values).sum()), "infinite"), (int(np.isnan(values).sum()), "not defined"))
    return number + span + "".join(f", {count:,} {what}" for count, what in counts if count)


def _figures(value: float) -> str:
    """Return four significant figures, in which no number of spikes or ms needs an exponent."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"
