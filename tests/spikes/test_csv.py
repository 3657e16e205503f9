"""Tables of spikes: clean ones are read at once, others row by row, with the same result."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metastable import SpikeData
from metastable.spikes import _csv, read, write


def outcome(path, monkeypatch, *, at_once):
    with monkeypatch.context() as patched:
        if not at_once:
            patched.setattr(_csv, "_at_once", lambda table: None)
        try:
            found = read(path)
        except ValueError as error:
            return str(error)
    values = [getattr(found, field.name) for field in dataclasses.fields(found)]
    return [(v.dtype.str, v.tobytes()) if isinstance(v, np.ndarray) else v for v in values]


NUMBERS = ["0", "7", "-3", "+4", "12.5", "1e3", "7.0", "-0.0", "1e-320", "0.1", "123456789.123456789", "1e400", " 3 "]
OTHERS = [
    "9007199254740993",
    "99999999999999999999",
    "1_0",
    "0x10",
    "nan",
    "inf",
    "",
    "two",
    '"5"',
    "#",
    "1;2",
    "٣",
    ".5",
    "5.",
]
CELLS = st.sampled_from([*NUMBERS, *OTHERS])


@given(
    st.sampled_from(["neuron,time", "# hand made\n\ntime_s,neuron", "neuron,time_ms,trial", "0,0.5", "neuron,time,x"]),
    st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=6),
    st.sampled_from([",", "\t", " ", ";"]),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_both_ways_agree_to_the_last_bit(tmp_path_factory, head, rows, mark, end):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    lines = [*head.replace(",", mark).split("\n"), *(mark.join(row) for row in rows)]
    path.write_bytes(end.join(lines).encode())
    monkeypatch = pytest.MonkeyPatch()
    assert outcome(path, monkeypatch, at_once=True) == outcome(path, monkeypatch, at_once=False)


@pytest.mark.parametrize("text", ["neuron,time\n1,2\n3,4.5\n", "1 2\n3 4.5\n", "# time neuron\n1.0e0 7.0e0\n2e0 8e0\n"])
def test_clean_tables_are_not_looked_at_row_by_row(tmp_path, monkeypatch, text):
    (tmp_path / "a.csv").write_text(text)
    monkeypatch.delattr(_csv, "_row_by_row")
    assert read(tmp_path / "a.csv").n_spikes == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("5,6,7", "line 4002 of a.csv has 3 cells for 2 columns"),
        ("5,", "missing or infinite values, the first in line 4002"),
        ("5,nan", "missing or infinite values, the first in line 4002"),
        ("5.5,6", "neuron of a.csv holds 5.5 in line 4002"),
        ("5,six", "time of a.csv holds 'six' in line 4002"),
        ("5,6_0", "time of a.csv holds '6_0' in line 4002"),
        (",6", "line 4002 of a.csv has no neuron; give its number or name, or remove this row"),
        ("NaN,6", "line 4002 of a.csv has no neuron"),
        ("5,6_0.0.0", "time of a.csv holds '6_0.0.0' in line 4002"),
    ],
)
def test_the_line_of_an_error_far_down(tmp_path, row, message):
    rows = "".join(f"{k},{k}.5\n" for k in range(4000))
    (tmp_path / "a.csv").write_text(f"neuron,time\n{rows}{row}\n{rows}")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "a.csv")


def test_numbers_are_written_as_python_does(tmp_path):
    times = [-0.0, 0.0, 5e-324, 0.1 + 0.2, 1e22, 1 / 3]
    spikes = SpikeData(time_ms=times, neuron=[1, 0, 0, 0, 0, 0], n_neurons=2, t_stop_ms=1e23)
    rows = (write(spikes, tmp_path / "a.csv").path.read_text().splitlines())[2:]
    expected = zip(spikes.neuron.tolist(), spikes.time_ms.tolist(), strict=True)
    assert rows == [f"{neuron!r},{time!r}" for neuron, time in expected]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("mark", [",", "\t", " "])
def test_underscores_are_no_numbers(tmp_path, monkeypatch, at_once, mark):
    if not at_once:
        monkeypatch.setattr(_csv, "_at_once", lambda table: None)
    rows = "neuron,time\n1_0,1\n10,2\n1_1,5\n11,6\n"
    (tmp_path / "a.csv").write_text(rows.replace(",", mark))
    spikes = read(tmp_path / "a.csv")
    assert spikes.meta["neuron_names"] == ["10", "11", "1_0", "1_1"]
    np.testing.assert_array_equal(spikes.time_ms, [1, 2, 5, 6])
    np.testing.assert_array_equal(spikes.neuron, [2, 0, 3, 1])
    (tmp_path / "a.csv").write_text("neuron,time\n1,1_0\n".replace(",", mark))
    with pytest.raises(ValueError, match=r"time of a\.csv holds '1_0' in line 2; it must hold numbers"):
        read(tmp_path / "a.csv")


def test_underscores_in_own_tables_are_damage(tmp_path):
    path = write(SpikeData(time_ms=[1.0], neuron=[10], n_neurons=11, t_stop_ms=20), tmp_path / "a.csv").path
    text = path.read_text()
    for damaged, why in (("1_0,1.0", "neurons and trials must be whole numbers"), ("10,1_0", "times must be numbers")):
        path.write_text(text.replace("10,1.0", damaged))
        with pytest.raises(ValueError, match=f"a.csv is damaged: its {why}"):
            read(path)


@pytest.mark.parametrize("row", [",5", '"",5', "nan,5"])
def test_neurons_without_a_name(tmp_path, row):
    (tmp_path / "a.csv").write_text(f"neuron,time,trial\nleft,1,1\n\n{row},1\n")
    with pytest.raises(ValueError, match=r"line 4 of a\.csv has no neuron; give its number or name, or remove"):
        read(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("neuron,time,trial\nleft,1,one\nleft,5,\n")
    with pytest.raises(ValueError, match=r"line 3 of a\.csv has no trial"):
        read(tmp_path / "a.csv")
