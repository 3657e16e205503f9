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
import pickle
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

MEMORY_BYTES, SECONDS = 3 * 2**30, 20
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
        paths[-1].write_bytes(contents[name])
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


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def good_files(folder: Path) -> dict[str, bytes]:
    """Return files as this and other programs write them."""
    import h5py
    from scipy.io import savemat

    import metastable as mst

    rng = np.random.default_rng(0)
    spikes = mst.SpikeData(
        time_ms=rng.integers(0, 1000, 60) * 0.1,
        neuron=rng.integers(0, 6, 60),
        trial=rng.integers(0, 3, 60),
        n_neurons=8,
        n_trials=4,
        t_stop_ms=100,
        dt_ms=0.1,
        cluster=np.arange(8) // 2,
        population=["E"] * 6 + ["I"] * 2,
        meta={"seed": 3},
    )
    made = folder / "made"
    made.mkdir()
    for ending in (".npz", ".csv", ".tsv", ".mat", ".nwb", ".h5"):
        mst.spikes.write(spikes, made / f"own{ending}")
        mst.spikes.write(spikes.with_labels(cluster=np.eye(8, dtype=bool)), made / f"overlapping{ending}")
    table = np.column_stack([spikes.neuron, spikes.time_ms / 1000, spikes.trial])
    savemat(made / "plain.mat", {"spks": table, "other": {"a": [1, 2]}})
    savemat(made / "old.mat", {"spks": table}, format="4")
    cells = np.empty((2, 2), object)
    for k, value in enumerate([table, "text", {"a": 1}, np.zeros((0, 2))]):
        cells.flat[k] = value
    savemat(made / "cells.mat", {"spks": cells})
    with h5py.File(made / "new.mat", "w", userblock_size=512) as file:
        file["spks"] = table.T
    with (made / "new.mat").open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    with h5py.File(made / "session.trials.nwb", "w") as file:
        file["units/id"] = np.arange(3)
        file["units/spike_times"] = np.linspace(0, 2.9, 30)
        file["units/spike_times"].attrs["resolution"] = 1 / 30000
        file["units/spike_times_index"] = np.array([10, 10, 30], np.uint8)
        file["intervals/trials/id"] = np.arange(3)
        file["intervals/trials/start_time"] = [0.0, 1.0, 2.0]
        file["intervals/trials/stop_time"] = [1.0, 2.0, 3.0]
    with h5py.File(made / "nodes.h5", "w") as file:
        for name in ("V1", "LGN"):
            group = file.create_group(f"spikes/{name}")
            group.create_dataset("timestamps", data=spikes.time_ms, chunks=(16,), compression="gzip")
            group["node_ids"] = spikes.neuron.astype(np.uint64)
    rows = "".join(f"{n},{t!r}\n" for n, t in zip(spikes.neuron.tolist(), spikes.time_ms.tolist(), strict=True))
    (made / "plain.csv").write_text("neuron,time_ms\n" + rows)
    (made / "names.csv").write_text("# by hand\ntime;neuron;trial\n0.5;left;1\n0.75;right;2\n")
    nest = "".join(f"{n + 1}\t{t:.3f}\n" for n, t in zip(spikes.neuron, spikes.time_ms, strict=True))
    (made / "spikes.dat").write_text(f"# NEST version: 3.8\n# RecordBackendASCII version: 2\nsender\ttime_ms\n{nest}")
    (made / "spikes.gdf").write_text(nest)
    contents = {path.name: path.read_bytes() for path in sorted(made.iterdir())}
    for path in made.iterdir():
        path.unlink()
    made.rmdir()
    return contents


class Bomb:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return (os.mkdir, (str(self.trace),))


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def hostile_files(folder: Path) -> dict[str, bytes]:
    """Return files that are made to run code, to fill the memory, or to look elsewhere."""
    import h5py

    files: dict[str, bytes] = {}
    code = pickle.dumps(Bomb(folder / "ran-pickle"))
    objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", code)
    say = json.dumps({"format": "metastable-spikes", "format_version": 1, "arrays": ["time_ms"]})
    header = npy(f"{{'descr': '<U{len(say)}', 'fortran_order': False, 'shape': (), }}", say.encode("utf-32-le"))
    files["pickle.npz"] = zipped({"header.npy": header, "time_ms.npy": objects})
    files["pickle-alone.npz"] = code
    files["pickle.csv"] = code
    files["pickle.mat"] = code
    for shape in ("(10**15,)", "(1000000000000000,)", "(-5,)", "(2, 4611686018427387904)", "(True,)", "((1,),)", "9"):
        absurd = npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}")
        files[f"shape-{len(files)}.npz"] = zipped({"header.npy": header, "time_ms.npy": absurd})
    empty = npy("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000000000,), }")
    files["nothing-often.npz"] = zipped({"header.npy": header, "time_ms.npy": empty})
    for compression, name in (
        (zipfile.ZIP_DEFLATED, "deflate"),
        (zipfile.ZIP_LZMA, "lzma"),
        (zipfile.ZIP_BZIP2, "bzip2"),
    ):
        zeros = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (25000000,), }", bytes(200_000_000))
        files[f"bomb-{name}.npz"] = zipped({"header.npy": header, "time_ms.npy": zeros}, compression)
    deep = "[" * 100_000 + "metastable-spikes"
    many = {"format": "metastable-spikes", "format_version": 1, "n_spikes": 0, "n_neurons": 10**13, "n_trials": 10**13}
    many |= {"t_start_ms": 0, "t_stop_ms": 1, "dt_ms": None, "neuron_id": None, "trial_id": None, "cluster": None}
    many |= {"population": None, "n_clusters": None, "meta": {}, "named": True, "period_ms": 2}
    wrong = [{"n_neurons": 3, "n_trials": 1, "neuron_id": [[1], [2, 3]]}, {"n_neurons": "3"}, {"n_neurons": 1e300}]
    wrong += [{"n_neurons": 1, "n_trials": 1, "meta": 3}, {"n_neurons": 1, "n_trials": 1, "dt_ms": 1e-300}]
    wrong += [{"n_neurons": 0, "n_trials": 1, "cluster": [], "n_clusters": 10**15}, {"format_version": 99}, {}]
    wrong += [{"n_neurons": 2, "n_trials": 1, "cluster": ["a", None]}, {"n_neurons": 2, "n_trials": 1, "population": 7}]
    for k, text in enumerate([deep, *(json.dumps(many | each) for each in wrong)]):
        files[f"header-{k}.csv"] = f"# {text}\nneuron,time_ms\n".encode()
        files[f"header-{k}.h5"] = in_hdf5(folder, text)
        files[f"header-{k}.nwb"] = in_hdf5(folder, text)
        files[f"header-{k}.mat"] = in_matlab(folder, text)
    files["nul.csv"] = b"neuron,time\n1,2\0\n\0,\0\n"
    files["long-cell.csv"] = b"neuron,time\n" + b"1,2\n" * 50_000 + b"a" * 100_000 + b",3\n"
    files["long-field.csv"] = b"neuron,time\n" + b"a" * 1_000_000 + b",3\n"
    files["quote.csv"] = b'neuron,time\n"1,2\n' * 1000
    files["large.csv"] = f"neuron,time\n{'9' * 5000},1\n1,{'9' * 5000}\n".encode()
    files["late.csv"] = b"neuron,time_s\n1,1e305\n2,-1e305\n"
    files["wide.csv"] = b"," * 1_000_000
    files["utf16.csv"] = "neuron,time\n1,2\n".encode("utf-16")
    files["large.dat"] = f"{'9' * 400} 1\n1 {'9' * 400}\n".encode()
    files["objects.mat"] = objects_in_matlab(folder)
    files["huge-cells.mat"] = huge_in_matlab(1)
    files["huge-numbers.mat"] = huge_in_matlab(6)
    for name, make in HDF5.items():
        path = folder / "hostile"
        with h5py.File(path, "w") as file:
            file["units/id"], file["units/spike_times_index"] = np.arange(1), np.array([10])
            file["spikes/E/node_ids"] = np.zeros(10, np.uint64)
            for place in ("units/spike_times", "spikes/E/timestamps", "spks"):
                make(file, place)
        for ending in (".nwb", ".h5", ".mat"):
            start = (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM").ljust(512) if ending == ".mat" else b""
            files[f"{name}{ending}"] = start + path.read_bytes()
        path.unlink()
    return files


def _virtual(file, place: str) -> None:
    import h5py

    layout = h5py.VirtualLayout(shape=(10,), dtype="f8")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape=(10,))
    file.create_virtual_dataset(place, layout)


def _link(file, place: str) -> None:
    import h5py

    file[place] = h5py.ExternalLink("/etc/hostname", "/x")


def _loop(file, place: str) -> None:
    import h5py

    file[place] = h5py.SoftLink(f"/{place}")


HDF5 = {
    "huge": lambda file, place: file.create_dataset(place, shape=(10**15,), dtype="f8", chunks=(1024,)),
    "huge-compressed": lambda file, place: file.create_dataset(
        place, shape=(10**14,), dtype="f8", chunks=(1024,), compression="gzip", fillvalue=1.0
    ),
    "huge-contiguous": lambda file, place: file.create_dataset(place, shape=(10**12,), dtype="f8"),
    "zeros": lambda file, place: file.create_dataset(place, data=np.zeros(2 * 10**7), chunks=True, compression="gzip"),
    "external": lambda file, place: file.create_dataset(
        place, shape=(10,), dtype="f8", external=[("/etc/passwd", 0, 80)]
    ),
    "virtual": _virtual,
    "link": _link,
    "loop": _loop,
    "group": lambda file, place: file.create_group(place),
    "texts": lambda file, place: file.create_dataset(place, data=["a"] * 10),
    "compound": lambda file, place: file.create_dataset(place, data=np.zeros(10, [("a", "f8"), ("b", "i4")])),
    "complex": lambda file, place: file.create_dataset(place, data=np.zeros(10, complex)),
    "scalar": lambda file, place: file.create_dataset(place, data=3.0),
    "nothing": lambda file, place: file.create_dataset(place, dtype="f8", shape=None),
    "cube": lambda file, place: file.create_dataset(place, data=np.zeros((2, 5, 1))),
    "nan": lambda file, place: file.create_dataset(place, data=np.full(10, np.nan)),
    "late": lambda file, place: file.create_dataset(place, data=np.full(10, 1e308)),
}


def in_hdf5(folder: Path, text: str) -> bytes:
    import h5py

    path = folder / "hostile"
    with h5py.File(path, "w") as file:
        file["units/id"], file["units/spike_times_index"] = np.zeros(0, int), np.zeros(0, int)
        file["units/spike_times"], file["general/notes"] = np.zeros(0), text
        file["spikes/All/timestamps"], file["spikes/All/node_ids"] = np.zeros(0), np.zeros(0, int)
        file["metastable/header"] = text
    content = path.read_bytes()
    path.unlink()
    return content


def in_matlab(folder: Path, text: str) -> bytes:
    from scipy.io import savemat

    buffer = io.BytesIO()
    savemat(buffer, {"spks": np.zeros((0, 2)), "metastable": text, "metastable_rows": np.zeros((0, 3))})
    return buffer.getvalue()


def objects_in_matlab(folder: Path) -> bytes:
    from scipy.io import savemat

    nested = np.zeros((1, 1))
    for _ in range(50):
        outer = np.empty((1, 1), object)
        outer[0, 0] = nested
        nested = outer
    buffer = io.BytesIO()
    savemat(buffer, {"spks": nested, "metastable": nested, "metastable_rows": {"a": nested}})
    return buffer.getvalue()


def huge_in_matlab(kind: int) -> bytes:
    """Return a file whose matrix says that it has 2^60 cells (1) or numbers (6), and has none."""
    number = lambda *values: np.array(values, "<u4").tobytes()  # noqa: E731
    body = number(6, 8, kind, 0) + number(5, 8, 2**30, 2**30) + number(1, 4) + b"spks\0\0\0\0" + number(9, 0)
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + number(14, len(body)) + body


if __name__ == "__main__":
    main()
