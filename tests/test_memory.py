import pytest

from metastable import _memory
from metastable._memory import available_bytes, require_memory
from metastable.networks import litwin_kumar_doiron_2012, rost_2018


def test_what_fits_passes_and_what_does_not_is_one_sentence(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3 * 2**30)
    require_memory(3 * 2**30, what="this", do="go")
    with pytest.raises(MemoryError) as caught:
        require_memory(5 * 2**30, what="wiring 300,000 neurons", do="use fewer neurons")
    assert str(caught.value) == (
        "wiring 300,000 neurons would take 5,368,709,120 bytes (5 GiB) but 3 GiB are available; use fewer neurons."
    )


def test_a_system_that_does_not_say_is_trusted(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: None)
    require_memory(10**30, what="this", do="go")


def test_the_smallest_limit_holds(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemAvailable: 50 kB\n")
    (tmp_path / "max").write_text("40000\n")
    (tmp_path / "current").write_text("10000\n")
    monkeypatch.setattr(_memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(_memory, "_CONTAINERS", ((tmp_path / "max", tmp_path / "current"),))
    assert available_bytes() == 30000
    (tmp_path / "max").write_text("max\n")
    assert available_bytes() == 50 * 1024


@pytest.mark.parametrize(
    ("network", "n_bytes"),
    # A bit for each pair, and three times 512 rows while they are drawn.
    [(litwin_kumar_doiron_2012(n_e=4_000_000), r"3,125,960,000,000"), (rost_2018(n_e=4_000_000), "3,125,960,000,000")],
)
def test_wiring_that_would_not_fit_is_refused_before_anything_is_allocated(network, n_bytes):
    with pytest.raises(MemoryError, match=f"wiring 5,000,000 neurons would take {n_bytes} bytes.*use fewer neurons"):
        network.wire(seed=1)


def test_a_matrix_that_would_not_fit_is_refused(monkeypatch):
    wired = litwin_kumar_doiron_2012(n_e=400, n_clusters=5).wire(seed=1)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10_000)
    with pytest.raises(MemoryError, match=r"weights of 7\d,\d+ synapses as a matrix would take .*; use adjacency"):
        wired.weight_matrix()
    with pytest.raises(MemoryError, match=r"adjacency of 400 x 400 neurons would take .*; take smaller populations"):
        wired.adjacency("E", "E")


def test_lists_that_would_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10_000_000)
    network = litwin_kumar_doiron_2012(n_e=4000, n_clusters=50)
    # 7.7 million synapses of 4 bytes, twice while they are put together, and a chunk of 512 rows.
    with pytest.raises(MemoryError, match=r"wiring 5,000 neurons would take 62,\d{3},\d{3} bytes"):
        network.wire(seed=1, storage="lists")
    assert network.wire(seed=1, storage="bits").n_synapses > 7_000_000
