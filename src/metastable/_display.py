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
        return [(name, described(getattr(self, name))) for name in names if name not in ("provenance", "meta")]

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}:", *(f"  {name} {text}" for name, text in self._rows())])

    def _repr_html_(self) -> str:
        from metastable._html import printed, table

        if self._prints_a_table:
            return printed(repr(self))
        return table(self._rows(), title=type(self).__name__)


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


def described(value: Any) -> str:
    """Return a value as one short line: arrays by shape and range, other objects by the first line they print."""
    # Not above: `import metastable` hands a function down here, and must not pay for numpy.
    import numpy as np

    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, dict) and value:
        return "\n".join(f"{key}: {described(each)}" for key, each in value.items())
    text = value if isinstance(value, str) else next(iter(repr(value).splitlines()), "")
    return text if isinstance(value, str) or len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _array(values: np.ndarray) -> str:
    import numpy as np

    if values.ndim == 0 or (values.size <= 8 and values.ndim == 1):
        return np.array2string(values, precision=4, separator=", ", max_line_width=10_000)
    shape = " x ".join(map(str, values.shape))
    if values.dtype == bool:
        return f"{shape}, {int(values.sum()):,} true"
    if values.dtype.kind not in "iuf":
        return shape
    finite = values[np.isfinite(values)]
    lacking = values.size - finite.size
    span = f", {finite.min():.4g} to {finite.max():.4g}" if finite.size else ""
    return f"{shape}{span}" + (f", {lacking:,} not defined" if lacking else "")
