"""The TOML file that describes a sweep."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from metastable._known_names import require_known
from metastable._validation import require_path
from metastable.sweeps._keys import require_shallow

# The parser takes memory and time by the square of the number of parts.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:["']?[\w-]++["']?[ \t]*+\.[ \t]*+){500}""")


def content_of(path: str | os.PathLike[str], known: Collection[str]) -> dict[str, Any]:
    """Return the tables and keys of a file.

    Parameters
    ----------
    path : path_like
    known : collection of str
        Names that may stand in it.

    Returns
    -------
    dict
        Beside them ``folder``, the file's own, and ``results``, by its name if it names none.

    Raises
    ------
    FileNotFoundError, OSError
        If there is no such file, or it cannot be read.
    ValueError
        If it is not TOML, a name is unknown, or a table is missing.
    """
    file = require_path("path", path)
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; name the TOML file in it.")
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}; check the path.")
    try:
        text = file.read_text(encoding="utf-8-sig")
        if _LONG_KEY.search(text):
            raise RecursionError
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file.name} is not TOML ({error}); mend it there, see examples/clustering.toml.") from None
    except RecursionError:
        raise ValueError(
            f"{file.name} nests lists or tables too deeply to be read; give plain lists of numbers."
        ) from None
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise ValueError(f"{file.name} is not UTF-8 text (line {line}); save it as UTF-8.") from None
    except OSError as error:
        raise OSError(f"cannot read {file}: {error.strerror}; check its permissions.") from None
    require_shallow(file.name, content)
    require_known(file.name, content, known)
    for key in ("network", "measure"):
        if key not in content:
            raise ValueError(f"{file.name} lacks [{key}]; add it.")
    results = require_path("results", content.get("results", f"{file.stem}-results"))
    return content | {"folder": file.parent.resolve(), "results": Path(file.parent / results)}
