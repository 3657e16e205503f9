"""Functions that a person names: those of the package, or ``module:function`` of their own."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from metastable.sweeps._keys import require_known


@dataclass(frozen=True)
class NamedFunction:
    """A function and what identifies it.

    Parameters
    ----------
    name : str
        As the package knows it, or ``module:function``.
    call : callable
    source : str or None
        Digest of the file that it stands in; None for the package's own, whose version is recorded anyway.
    """

    name: str
    call: Callable[..., Any]
    source: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready data that change when the function does."""
        return {"function": self.name} | ({} if self.source is None else {"source": self.source})


def named_function(
    where: str, given: Any, known: Mapping[str, Callable[..., Any]], folder: Path | None
) -> NamedFunction:
    """Find a function.

    Parameters
    ----------
    where : str
        For sentences: which key names it.
    given : str or callable
        A name among `known`, ``module:function``, or the function itself.
    known : mapping
        Functions of the package.
    folder : Path or None
        Where a module is looked for first.

    Returns
    -------
    NamedFunction

    Raises
    ------
    ValueError
        If there is no such function, or its source is out of reach.
    """
    if isinstance(given, str) and ":" not in given:
        require_known(where, [given], known)
        return NamedFunction(given, known[given])
    if isinstance(given, str):
        given = _imported(where, given, folder)
    if not callable(given):
        raise TypeError(f"{where} must be a name, module:function or a function, got {given!r}.")
    name = getattr(given, "__qualname__", "")
    if "<" in name or getattr(given, "__closure__", None):
        # What a closure holds is invisible to the key of a result, which would then be found again when it has changed.
        raise ValueError(
            f"{where} is {name!r}, made inside of another; define a function in a file and give it options."
        )
    return NamedFunction(f"{given.__module__}:{name}", given, _source(where, given))


def _imported(where: str, given: str, folder: Path | None) -> Any:
    module_name, _, name = given.partition(":")
    try:
        module = _module(module_name, folder)
    except Exception as error:
        raise ValueError(
            f"{where} = {given!r} cannot be imported ({type(error).__name__}: {error}); mend {module_name}.py, or put "
            "it beside the file of the sweep."
        ) from None
    if not hasattr(module, name):
        functions = [n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__]
        require_known(f"the module {module_name} of {where}", [name], functions)
    return getattr(module, name)


def _module(name: str, folder: Path | None) -> ModuleType:
    file = None if folder is None else folder / f"{name}.py"
    if file is None or not file.is_file():
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _source(where: str, function: Callable[..., Any]) -> str:
    try:
        file = inspect.getsourcefile(function)
        # The whole file, as the function may call others there; a notebook's cell has text but no file.
        text = Path(file).read_bytes() if file and Path(file).is_file() else inspect.getsource(function).encode()
    except (OSError, TypeError):
        raise ValueError(
            f"{where} has no source that could be read, so that a change of it would go unnoticed; put it in a file."
        ) from None
    return hashlib.sha256(text).hexdigest()[:16]
