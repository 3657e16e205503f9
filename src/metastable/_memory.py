"""Refuse what does not fit into memory before it is allocated."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
# Limits of the container, version 2 and version 1 of the kernel's interface: (limit, in use).
_CONTAINERS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def available_bytes() -> int | None:
    """Return how much memory this process can still take, or None where the system does not say."""
    known = [_of_machine(), *(_of_container(*files) for files in _CONTAINERS)]
    return min((value for value in known if value is not None), default=None)


def require_memory(n_bytes: int, *, what: str, do: str) -> None:
    """Raise a sentence if so much memory is not available.

    Parameters
    ----------
    n_bytes : int
        What is about to be allocated.
    what : str
        For whom, the subject of the sentence.
    do : str
        What to change.

    Raises
    ------
    MemoryError
    """
    available = available_bytes()
    if available is not None and n_bytes > available:
        raise MemoryError(
            f"{what} would take {n_bytes:,} bytes ({_readable(n_bytes)}) but {_readable(available)} are available; "
            f"{do}."
        )


def _of_machine() -> int | None:
    """Return what Linux expects to be able to hand out, else all memory of the machine."""
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _of_container(limit: Path, used: Path) -> int | None:
    try:
        return max(int(limit.read_text()) - int(used.read_text()), 0)
    except (OSError, ValueError):
        # No such file, or "max": no limit.
        return None


def _readable(n_bytes: int) -> str:
    value, unit = float(n_bytes), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.3g} {unit}"
