"""Good files of every format, and hostile ones, for `fuzz_files.py`."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np


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
    seconds = np.sort(spikes.time_ms) / 1000
    support = {"start": [0.0], "end": [0.1]}
    np.savez(made / "trains.npz", type=["TsGroup"], t=seconds, index=spikes.neuron, keys=np.arange(8), **support)
    np.savez(made / "train.npz", type=["Ts"], t=seconds, **support)
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


def hostile_files(folder: Path) -> dict[str, bytes | Callable[[], bytes]]:
    """Return files that are made to run code, to fill the memory, or to look elsewhere.

    Those that take long to make are functions.
    """
    files: dict[str, bytes | Callable[[], bytes]] = {}
    code = pickle.dumps(Bomb(folder / "ran-pickle"))
    objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", code)
    say = json.dumps({"format": "metastable-spikes", "format_version": 1, "arrays": ["time_ms"]})
    header = npy(f"{{'descr': '<U{len(say)}', 'fortran_order': False, 'shape': (), }}", say.encode("utf-32-le"))
    files["pickle.npz"] = zipped({"header.npy": header, "time_ms.npy": objects})
    files["pickle-alone.npz"] = code
    group = io.BytesIO()
    np.savez(group, type=["TsGroup"], t=[0.1], index=[0], keys=[0], start=[0.0], end=[1.0])
    with zipfile.ZipFile(group) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    files["pickle-metadata.npz"] = zipped(members | {"_metadata.npy": objects})
    files["pickle-times.npz"] = zipped(members | {"t.npy": objects})
    files["pickle.csv"] = code
    files["pickle.mat"] = code
    for shape in ("(10**15,)", "(1000000000000000,)", "(-5,)", "(2, 4611686018427387904)", "(True,)", "((1,),)", "9"):
        absurd = npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}")
        files[f"shape-{len(files)}.npz"] = zipped({"header.npy": header, "time_ms.npy": absurd})
    empty = npy("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000000000,), }")
    files["nothing-often.npz"] = zipped({"header.npy": header, "time_ms.npy": empty})
    for name in ("deflated", "lzma", "bzip2"):
        files[f"bomb-{name}.npz"] = partial(bomb, header, getattr(zipfile, f"ZIP_{name.upper()}"))
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
        for ending in (".nwb", ".h5", ".mat"):
            files[f"{name}{ending}"] = partial(hostile_hdf5, folder, make, ending)
    return files


def bomb(header: bytes, compression: int) -> bytes:
    """Return an archive of 80 MB of zeros."""
    zeros = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10000000,), }", bytes(80_000_000))
    return zipped({"header.npy": header, "time_ms.npy": zeros}, compression)


def hostile_hdf5(folder: Path, make: Callable[..., Any], ending: str) -> bytes:
    """Return a file whose spike times, where each format has them, are made by this function."""
    import h5py

    path = folder / "hostile"
    place = {".nwb": "units/spike_times", ".h5": "spikes/E/timestamps", ".mat": "spks"}[ending]
    with h5py.File(path, "w") as file:
        file["units/id"], file["units/spike_times_index"] = np.arange(1), np.array([10])
        file["spikes/E/node_ids"] = np.zeros(10, np.uint64)
        make(file, place)
    start = (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM").ljust(512) if ending == ".mat" else b""
    content = start + path.read_bytes()
    path.unlink()
    return content


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
