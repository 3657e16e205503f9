"""Functions that a person names: those of the package, or ``module:function`` of their own."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from metastable._known_names import require_known
from metastable._validation import shown

# What is installed does not change from run to run, and what it imports is everything.
_INSTALLED = {
    Path(path).resolve()
    for path in (*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), site.getusersitepackages())
}
# Loaded long before; and versions of the package are recorded anyway.
_NEVER_BESIDE = {*sys.stdlib_module_names, "metastable"}


@dataclass(frozen=True)
class NamedFunction:
    """A function and what identifies it.

    Parameters
    ----------
    name : str
        As the package knows it, or ``module:function``.
    call : callable
    source : str or None
        Digest of the file that it stands in and of those beside it that this imports; None for the package's own, whose
        version is recorded anyway.
    modules : tuple of str
        Names of these files as modules.
    """

    name: str
    call: Callable[..., Any]
    source: str | None = None
    modules: tuple[str, ...] = ()

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
    if not (inspect.isfunction(given) or inspect.isclass(given)):
        # So is what objects hold: the one of a method, the arguments of a partial.
        kind = "a bound method" if inspect.ismethod(given) else f"an object of {type(given).__name__}"
        raise ValueError(
            f"{where} is {kind}, {shown(given)}, and a change of what it holds would go unnoticed; give a plain "
            "function of a file, which may call it, and options."
        )
    if "<" in name or getattr(given, "__closure__", None):
        # What a closure holds is invisible to the key of a result, which would then be found again when it has changed.
        raise ValueError(
            f"{where} is {name!r}, made inside of another; define a function in a file and give it options."
        )
    source, modules = _source(where, given)
    return NamedFunction(f"{given.__module__}:{name}", given, source, modules)


def _imported(where: str, given: str, folder: Path | None) -> Any:
    module_name, _, name = given.partition(":")
    try:
        module = _module(module_name, folder)
    except (Exception, SystemExit) as error:
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
    _require_imports_at_the_top(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with _importing_beside(file):
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module


@contextmanager
def _importing_beside(file: Path) -> Iterator[None]:
    """Let a file import those beside it, as they are now."""
    path, writes = list(sys.path), sys.dont_write_bytecode
    before = {name: sys.modules.pop(name) for name in _beside(file, file.parent) if name in sys.modules}
    sys.path.insert(0, str(file.parent))
    # Bytecode is taken for current where a file has changed within a second and kept its length.
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, writes
        sys.modules.update({name: module for name, module in before.items() if name not in sys.modules})


def _require_imports_at_the_top(file: Path) -> None:
    """Refuse imports of files beside within functions: jobs run when the folder is no longer searched."""
    for each in (file, *_beside(file, file.parent).values()):
        for function in ast.walk(_parsed(each)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for names in _names(function, each, file.parent):
                    place = file.parent / names[0]
                    if place.with_name(f"{names[0]}.py").is_file() or (place / "__init__.py").is_file():
                        raise ValueError(
                            f"{function.name} in {each.name} imports {names[0]} when it is called, where it would not "
                            f"be found; move that import to the top of {each.name}"
                        )


def _source(where: str, function: Callable[..., Any]) -> tuple[str, tuple[str, ...]]:
    """Return a digest of all that a function may call of a person's files, and their names as modules."""
    try:
        file = inspect.getsourcefile(function)
        if file is None or not Path(file).is_file():
            # A notebook's cell has text but no file.
            return _digest([inspect.getsource(function).encode()]), (function.__module__,)
        # The whole file, as the function may call others there.
        path = Path(file).resolve()
        beside = _beside(path, _root(path, function.__module__))
        texts = [path.read_bytes(), *(each.read_bytes() for each in beside.values())]
    except (OSError, TypeError):
        raise ValueError(
            f"{where} has no source that could be read, so that a change of it would go unnoticed; put it in a file."
        ) from None
    return _digest(texts), (function.__module__, *beside)


def _digest(texts: list[bytes]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(text).digest() for text in texts)).hexdigest()[:16]


def _root(file: Path, module: str) -> Path:
    """Return the folder from which a file was imported under this name."""
    parents = file.parents if file.stem != "__init__" else file.parent.parents
    return parents[min(module.count("."), len(parents) - 1)]


def _beside(file: Path, root: Path) -> dict[str, Path]:
    """Return the files under a folder that a file imports, also within functions, and that those import, by names."""
    found: dict[str, Path] = {}
    if root in _INSTALLED:
        return found
    waiting = [file]
    while waiting:
        for parts in _imports(waiting.pop(), root):
            for name in (parts[:n] for n in range(1, len(parts) + 1)):
                place = root.joinpath(*name)
                for each in (place / "__init__.py", place.with_name(f"{place.name}.py")):
                    if ".".join(name) not in found and each != file and each.is_file():
                        found[".".join(name)] = each
                        waiting.append(each)
    return dict(sorted(found.items()))


def _imports(file: Path, root: Path) -> Iterator[tuple[str, ...]]:
    yield from _names(_parsed(file), file, root)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        # The import itself tells.
        return ast.Module([], [])


def _names(tree: ast.AST, file: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """Return the modules that a part of a file imports, by the parts of their names."""
    package = file.relative_to(root).parts[:-1]
    names: list[tuple[str, ...]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = (*above, *(node.module.split(".") if node.module else ()))
            names += [(*module, alias.name) for alias in node.names]
    yield from (name for name in names if name[0] not in _NEVER_BESIDE)
