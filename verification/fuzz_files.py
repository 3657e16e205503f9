"""Read damaged, foreign and hostile files of every format, in a process with little memory.

    python verification/fuzz_files.py [--files 2000] [--seed 1] [--keep DIR]

A file may be read, or refused by a ValueError of one line. Anything else is a failure: another exception, a warning, a
dead process, more memory or time than allowed, or code of the file that ran. Ends with status 1 if there is any; --keep
holds on to those files. Needs h5py and pynwb; 2,000 files take about two minutes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import selectors
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from hostile_files import good_files, hostile_files, zipped

MEMORY_BYTES, SECONDS = 3 * 2**30, 60
ENDINGS = (".npz", ".csv", ".tsv", ".mat", ".nwb", ".h5", ".dat", ".gdf")
# Numbers that are read as sizes, offsets and counts.
ABSURD = [0, 1, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1]
TOKENS = [
    "nan",
    "inf",
    "-1",
    "1e400",
    "1e308",
    "9" * 400,
    "1" * 5000,
    "\0",
    "#",
    ",",
    ",,",
    "\n",
    "'",
    '"',
    "é",
    "true",
]
TOKENS += ["null", "[]", "{}", "[[1,2],[3]]", "1e17", "-9223372036854775808", "18446744073709551616", "0x10", "1_0"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000, help="number of files, over all formats")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        read_all()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = make_files(folder, chosen.files, np.random.default_rng(chosen.seed))
        outcomes = run(paths)
        ran = sorted(folder.glob("ran-*"))
        failed = print_table(outcomes, ran)
        if chosen.keep is not None:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            for path in failed:
                (chosen.keep / path.name).write_bytes(path.read_bytes())
    sys.exit(1 if failed or ran else 0)


# ------------------------------------------------------------------ reading


def run(paths: list[Path]) -> dict[Path, str]:
    """Read the files in child processes; a new one goes on where one died."""
    outcomes: dict[Path, str] = {}
    left = list(paths)
    while left:
        child = subprocess.Popen(
            [sys.executable, __file__, "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        selector = selectors.DefaultSelector()
        selector.register(child.stdout, selectors.EVENT_READ)
        while left:
            child.stdin.write(f"{left[0]}\n".encode())
            child.stdin.flush()
            line = child.stdout.readline() if selector.select(SECONDS) else None
            path = left.pop(0)
            if line:
                outcomes[path] = json.loads(line)
                continue
            child.kill()
            outcomes[path] = f"more than {SECONDS} s" if line is None else f"the process died ({child.wait()})"
            break
        child.stdin.close()
        child.wait()
        child.stdout.close()
    return outcomes


def read_all() -> None:
    """Read the files that are named on standard input, one answer for each."""
    import h5py  # noqa: F401 (what readers import is there before memory is limited)
    import scipy.io  # noqa: F401

    import metastable as mst

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("error")
    # Whatever is printed into standard output would be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            mst.spikes.read(line.rstrip("\n"), trials=line.rstrip("\n").endswith(".trials.nwb"))
            outcome = "read"
        except ValueError as error:
            said = str(error)
            plain = type(error) is not UnicodeError and "\n" not in said and 20 < len(said) < 700
            outcome = "refused" if plain else f"ValueError that is no sentence: {said[:200]!r}"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {str(error)[:200]}"
        print(json.dumps(outcome), file=answers, flush=True)


def print_table(outcomes: dict[Path, str], ran: list[Path]) -> list[Path]:
    failed = [path for path, outcome in outcomes.items() if outcome not in ("read", "refused")]
    print(f"{'format':8s} {'files':>6s} {'read':>6s} {'refused':>8s} {'failed':>7s}")
    for ending in (*ENDINGS, ""):
        counts = Counter(outcome for path, outcome in outcomes.items() if path.name.endswith(ending))
        n_files, well = sum(counts.values()), counts["read"] + counts["refused"]
        print(f"{ending or 'all':8s} {n_files:6d} {counts['read']:6d} {counts['refused']:8d} {n_files - well:7d}")
    for path in failed:
        print(f"  {path.name}: {outcomes[path]}")
    for path in ran:
        print(f"  code of a file ran: {path.name}")
    return failed


# ------------------------------------------------------------------ making


def make_files(folder: Path, n_files: int, rng: np.random.Generator) -> list[Path]:
    """Write hostile files, each good file under each ending, and damaged copies of good ones."""
    good = good_files(folder)
    contents = {**hostile_files(folder), **good}
    contents |= {f"foreign-{k}{e}": content for k, content in enumerate(good.values()) for e in ENDINGS}
    names = sorted(contents)
    if len(names) > n_files:
        names = [names[k] for k in rng.permutation(len(names))[: n_files // 2]]
    paths = []
    for name in names:
        paths.append(folder / name)
        content = contents[name]
        paths[-1].write_bytes(content if isinstance(content, bytes) else content())
    bases = sorted(good)
    for k in range(n_files - len(names)):
        base = bases[k % len(bases)]
        content = good[base]
        if base.endswith(".npz") and rng.random() < 0.5:
            content = damage_inside(content, rng)
        else:
            for _ in range(int(rng.choice([1, 1, 2, 5]))):
                content = damage(content, rng, is_text=base.endswith((".csv", ".tsv", ".dat", ".gdf")))
        paths.append(folder / f"damaged-{k}-{base}")
        paths[-1].write_bytes(content)
    return paths


def damage(content: bytes, rng: np.random.Generator, *, is_text: bool) -> bytes:
    """Cut, change, repeat or lose a part."""
    if not content:
        return content
    a, b = sorted(int(k) for k in rng.integers(0, len(content) + 1, 2))
    b = min(b, a + int(rng.choice([1, 8, 64, 4096])))
    if is_text and rng.random() < 0.5:
        cells = content.decode("utf-8", "replace").replace(",", " ").split(" ")
        old, token = cells[int(rng.integers(len(cells)))], str(rng.choice(TOKENS))
        return content.replace(old.encode(), token.encode(), int(rng.choice([1, 1, 1000]))) if old else content
    kind = rng.integers(8)
    if kind == 0:
        return content[:a]
    if kind == 1:
        return content[:a] + content[b:]
    if kind == 2:
        return content[:b] + content[a:]
    if kind == 3:
        return content[:a] + rng.bytes(b - a) + content[b:]
    if kind == 4:
        return content[:a] + bytes(b - a) + content[b:]
    if kind in (5, 6):
        # Where sizes are: HDF5 and MATLAB align them.
        width, at = int(rng.choice([1, 2, 4, 8])), a // 4 * 4 if kind == 5 else a
        value = int(rng.choice(np.array(ABSURD, dtype=object))) % 2 ** (8 * width)
        return content[:at] + value.to_bytes(width, "little") + content[at + width :]
    at = min(a, len(content) - 1)
    return content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :]


def damage_inside(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage one member of an archive, and make its checksum right again."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = str(rng.choice(sorted(members)))
    members[name] = damage(members[name], rng, is_text=False)
    return zipped(members)


if __name__ == "__main__":
    main()
