import json
import os
import stat

import numpy as np
import pytest

from metastable._files import whole_file, whole_path
from metastable._store import ResultStore, computing_versions

IDENTITY = {"function": "f", "seed": 1}


def test_a_result_is_found_by_its_identity_alone(tmp_path):
    store = ResultStore(tmp_path)
    assert store.load("a", IDENTITY) is None
    path = store.save("a", IDENTITY, {"x": np.arange(3)}, durable=True)
    found = store.load("a", IDENTITY)
    assert found is not None
    assert found["x"].tolist() == [0, 1, 2]
    assert store.load("a", IDENTITY | {"seed": 2}) is None
    # A copy under the name of another result is noticed.
    path.rename(store.path("a", IDENTITY | {"seed": 2}))
    assert store.load("a", IDENTITY | {"seed": 2}) is None


def test_versions_name_what_computes():
    versions = computing_versions(without=("cli",))
    assert versions["libraries"].keys() == {"numba", "numpy", "scipy"}
    assert versions["source"] != computing_versions(without=("cli", "statistics"))["source"]
    assert json.loads(json.dumps(versions)) == versions


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_whole_or_not_there(tmp_path, durable):
    path = tmp_path / "a"
    with whole_file(path, durable=durable) as file:
        file.write(b"old")
        assert not path.exists()
    with pytest.raises(TypeError), whole_file(path, durable=durable) as file:
        file.write("no bytes")  # pyright: ignore[reportArgumentType]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"
    with whole_path(path, durable=durable) as temporary:
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_file_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "other").write_text("")
    with whole_file(tmp_path / "a"):
        pass
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "other")}
    assert len(modes) == 1
