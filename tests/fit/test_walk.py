"""The reader on files made byte by byte, and against another reader on real ones."""

from __future__ import annotations

import io
import struct
from collections import Counter
from pathlib import Path

import fitdecode
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.fit.crc import crc16
from hrv.fit.profile import EPOCH_S, Field
from hrv.fit.walk import NotFitError, file_type, is_chained, walk
from hrv.fit.writer import FitWriter, Rows

T0 = EPOCH_S + 1_060_000_000.0
RECORD = 20


def file_of(body: bytes, *, size: int | None = None, crc: int | None = None) -> bytes:
    """A file with a 12-byte header around messages."""
    length = len(body) if size is None else size
    data = struct.pack("<BBHI4s", 12, 0x10, 100, length, b".FIT") + body
    return data + struct.pack("<H", crc16(data) if crc is None else crc)


def definition(local: int, number: int, *fields: tuple[int, int, int], big: bool = False) -> bytes:
    """A definition message; fields are number, size and base type."""
    head = struct.pack(">BBBHB" if big else "<BBBHB", 0x40 | local, 0, big, number, len(fields))
    return head + b"".join(bytes(field) for field in fields)


def rates(n: int = 3) -> bytes:
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0 + np.arange(n), heart_rate=60 + np.arange(n))
    return writer.finish()


# --------------------------------------------------------------------------- values


def test_one_byte_values_come_out_as_written() -> None:
    body = definition(0, RECORD, (3, 1, 2)) + bytes([0, 60, 0, 0xFF, 0, 62])
    table = walk(file_of(body)).table(RECORD)
    assert table.scalar(3).raw.tolist() == [60, 0xFF, 62]
    assert table.scalar(3).valid.tolist() == [True, False, True]
    assert table.at.tolist() == [12 + 9, 12 + 11, 12 + 13]


@pytest.mark.parametrize(
    ("code", "size", "octets", "value"),
    [
        (0x01, 1, "fe", -2),
        (0x83, 2, "feff", -2),
        (0x84, 2, "0102", 0x0201),
        (0x85, 4, "ffffffff", -1),
        (0x86, 4, "01000080", 0x80000001),
        (0x8E, 8, "ffffffffffffffff", -1),
        (0x04, 2, "0102", 0x0201),  # without the bit that says byte order matters
        (0x1F, 1, "2a", 42),  # no known type: bytes
    ],
)
def test_every_type_is_read_by_its_own_width(code: int, size: int, octets: str, value: int) -> None:
    body = definition(0, 0xFF00, (7, size, code)) + b"\0" + bytes.fromhex(octets)
    column = walk(file_of(body)).table(0xFF00).scalar(7)
    assert column.raw.tolist() == [value]
    assert column.valid.tolist() == [True]


@pytest.mark.parametrize(
    ("code", "octets"),
    [
        (0x00, "ff"), (0x01, "7f"), (0x02, "ff"), (0x83, "ff7f"), (0x84, "ffff"),
        (0x85, "ffffff7f"), (0x86, "ffffffff"), (0x0A, "00"), (0x8B, "0000"), (0x8C, "00000000"),
        (0x88, "ffffffff"), (0x89, "ffffffffffffffff"), (0x8E, "ffffffffffffff7f"),
        (0x90, "0000000000000000"),
    ],
)  # fmt: skip
def test_every_type_has_its_word_for_no_value(code: int, octets: str) -> None:
    raw = bytes.fromhex(octets)
    body = definition(0, 0xFF00, (7, len(raw), code)) + b"\0" + raw
    assert walk(file_of(body)).table(0xFF00).scalar(7).valid.tolist() == [False]


def test_big_endian_messages_may_stand_beside_little_endian_ones() -> None:
    body = definition(0, RECORD, (5, 4, 0x86), big=True) + b"\0" + struct.pack(">I", 77)
    body += definition(1, RECORD, (5, 4, 0x86)) + b"\1" + struct.pack("<I", 78)
    assert walk(file_of(body)).table(RECORD).scalar(5).raw.tolist() == [77, 78]


def test_an_array_is_judged_element_by_element() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("hrv", time=[[0.8, np.nan, 0.9], [1.0, np.nan, np.nan]])
    row, raw, valid = walk(writer.finish()).table(78).flat(0)
    assert row.tolist() == [0, 0, 0, 1, 1, 1]
    assert raw[valid].tolist() == [800, 900, 1000]
    assert row[valid].tolist() == [0, 0, 1]


def test_messages_of_several_layouts_keep_the_order_of_the_file() -> None:
    body = definition(0, RECORD, (3, 1, 2)) + definition(1, RECORD, (4, 1, 2), (3, 1, 2))
    body += bytes([0, 60]) + bytes([1, 80, 61]) + bytes([0, 62]) + bytes([1, 81, 63])
    table = walk(file_of(body)).table(RECORD)
    assert table.scalar(3).raw.tolist() == [60, 61, 62, 63]
    assert table.scalar(4).valid.tolist() == [False, True, False, True]


def test_arrays_of_several_layouts_keep_the_order_of_the_file() -> None:
    one, two = definition(0, 78, (0, 2, 0x84)), definition(1, 78, (0, 4, 0x84))
    body = one + two + struct.pack("<BHH", 1, 1, 2) + struct.pack("<BH", 0, 3)
    body += struct.pack("<BHH", 1, 4, 5)
    row, raw, _ = walk(file_of(body)).table(78).flat(0)
    assert raw.tolist() == [1, 2, 3, 4, 5]
    assert row.tolist() == [0, 0, 1, 2, 2]


def test_a_byte_that_calls_itself_uint32_is_read_as_a_byte() -> None:
    body = definition(0, RECORD, (5, 1, 0x86), (3, 1, 2)) + bytes([0, 7, 60]) + bytes([0, 255, 61])
    table = walk(file_of(body)).table(RECORD)
    assert table.scalar(5).raw[0] == 7
    assert table.scalar(5).valid.tolist() == [True, False]
    assert table.scalar(3).raw.tolist() == [60, 61]


def test_texts_end_at_their_zero_and_need_no_end() -> None:
    writer = FitWriter("activity", created_s=T0)
    writer.add("device_info", product_name=["HRM", "Längerer Name"])
    table = walk(writer.finish()).table(23)
    assert [table.text(27, row) for row in (0, 1)] == ["HRM", "Längerer Name"]
    body = definition(0, 23, (27, 3, 7)) + b"\0abc" + b"\0\xff\xff\xff"
    table = walk(file_of(body)).table(23)
    assert [table.text(27, row) for row in (0, 1)] == ["abc", ""]


def test_a_field_no_message_has_is_all_invalid() -> None:
    table = walk(rates()).table(RECORD, (99,))
    assert table.columns == {}
    assert table.scalar(99).valid.tolist() == [False] * 3


def test_only_fields_asked_for_are_gathered() -> None:
    messages = walk(rates())
    assert list(messages.table(RECORD, (3,)).columns) == [3]
    assert sorted(messages.table(RECORD).columns) == [3, 253]


# --------------------------------------------------------------------------- heads


def test_compressed_times_count_on_from_the_last_time_of_any_message() -> None:
    body = definition(4, 55, (253, 4, 0x86)) + struct.pack("<BI", 4, 1_000_000_029)
    body += definition(1, RECORD, (3, 1, 2))
    body += bytes([0xA0 | (1_000_000_031 & 31), 60])  # two seconds on
    body += bytes([0xA0 | (1_000_000_033 & 31), 61])  # past the end of five bits
    body += bytes([0xA0 | (1_000_000_033 & 31), 62])  # the same second
    body += struct.pack("<BI", 4, 1_000_000_900)
    body += bytes([0xA0 | (1_000_000_901 & 31), 63])
    times = walk(file_of(body)).table(RECORD).scalar(253)
    expected = [1_000_000_031, 1_000_000_033, 1_000_000_033, 1_000_000_901]
    assert times.raw.tolist() == expected
    assert times.valid.all()


def test_a_compressed_time_without_a_time_before_it_is_none() -> None:
    body = definition(0, RECORD, (3, 1, 2)) + bytes([0x85, 60])
    table = walk(file_of(body)).table(RECORD)
    assert table.scalar(253).valid.tolist() == [False]
    assert table.scalar(3).raw.tolist() == [60]


def test_plain_and_compressed_messages_of_one_layout_are_one_table() -> None:
    stamp = definition(4, 55, (253, 4, 0x86)) + struct.pack("<BI", 4, 1_000_000_000)
    body = stamp + definition(0, RECORD, (3, 1, 2)) + bytes([0, 60, 0x80 | 7, 61, 0, 62])
    table = walk(file_of(body)).table(RECORD)
    assert table.scalar(3).raw.tolist() == [60, 61, 62]
    assert table.scalar(253).valid.tolist() == [False, True, False]


def test_a_local_type_may_be_defined_anew() -> None:
    body = definition(0, RECORD, (3, 1, 2)) + bytes([0, 60])
    body += definition(0, 55, (27, 1, 2)) + bytes([0, 70])
    body += definition(0, RECORD, (3, 1, 2)) + bytes([0, 61])
    messages = walk(file_of(body))
    assert messages.table(RECORD).scalar(3).raw.tolist() == [60, 61]
    assert messages.table(55).scalar(27).raw.tolist() == [70]
    assert messages.counts() == {RECORD: 2, 55: 1}


def test_developer_fields_are_stepped_over_and_can_be_named() -> None:
    described = FitWriter("activity", created_s=T0)
    described.add(
        "field_description",
        developer_data_index=0,
        field_definition_number=9,
        fit_base_type_id=0x84,
        field_name="Power",
    )
    head = bytearray(definition(0, RECORD, (3, 1, 2)))
    head[0] |= 0x20
    head += bytes([1, 9, 2, 0])  # one developer field: number 9, two bytes, app 0
    body = bytes(head) + struct.pack("<BBH", 0, 60, 250) + struct.pack("<BBH", 0, 61, 0xFFFF)
    messages = walk(described.finish() + file_of(body))
    assert messages.table(RECORD).scalar(3).raw.tolist() == [60, 61]
    power = messages.developer_fields(RECORD)["Power"]
    assert power.raw[power.valid].tolist() == [250]


# --------------------------------------------------------------------------- files


def test_chained_files_are_read_one_after_the_other() -> None:
    data = rates(3) + rates(2)
    messages = walk(data)
    assert messages.table(RECORD).scalar(3).raw.tolist() == [60, 61, 62, 60, 61]
    assert messages.starts == [0, len(rates(3))]
    assert messages.faults == []
    assert is_chained(data)
    assert not is_chained(rates(3))


def test_definitions_end_with_their_file() -> None:
    orphan = file_of(bytes([4, 0, 60]))
    (fault,) = walk(rates() + orphan).faults[:1]
    assert (fault.at_byte, fault.lost) == (len(rates()) + 12, True)


def test_a_compressed_time_does_not_count_on_from_the_file_before() -> None:
    body = definition(0, RECORD, (4, 1, 2)) + bytes([0x85, 60])
    times = walk(rates() + file_of(body)).table(RECORD).scalar(253)
    assert times.valid.tolist() == [True, True, True, False]


def test_the_first_bytes_tell_the_type_of_the_file() -> None:
    assert file_type(rates()) == 4
    assert file_type(FitWriter(2).finish()) == 2
    assert file_type(FitWriter(None).finish()) is None
    assert file_type(rates()[:20]) is None
    assert file_type(b"") is None


def test_a_header_checksum_of_zero_is_legal() -> None:
    data = bytearray(rates())
    data[12:14] = b"\0\0"
    data[-2:] = struct.pack("<H", crc16(bytes(data[:-2])))
    assert walk(bytes(data), check_crc=True).faults == []


def test_the_checksum_is_compared_where_asked() -> None:
    data = bytearray(rates())
    data[-3] ^= 1  # a heart rate
    assert walk(bytes(data)).faults == []
    (fault,) = walk(bytes(data), check_crc=True).faults
    assert "checksum" in fault.reason
    assert not fault.lost


def test_bytes_behind_the_end_are_reported_and_ignored() -> None:
    messages = walk(rates() + b"\0\0\0\0\0")
    assert len(messages.table(RECORD)) == 3
    (fault,) = messages.faults
    assert (fault.at_byte, fault.lost) == (len(rates()), False)


def test_a_header_of_zero_bytes_is_a_device_that_stopped() -> None:
    data = bytearray(rates())
    data[4:8] = bytes(4)
    for cut in (len(data), len(data) - 2):  # with and without the checksum's place
        messages = walk(bytes(data[:cut]))
        assert messages.table(RECORD).scalar(3).raw.tolist() == [60, 61, 62]
        assert [fault.lost for fault in messages.faults] == [False]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_cut_file_keeps_its_whole_messages(cut: int) -> None:
    data = rates(20)
    messages = walk(data[:-cut])
    kept = messages.table(RECORD).scalar(3)
    whole = 20 - max(0, -(-(cut - 2) // 6))
    assert kept.raw.tolist() == list(range(60, 60 + whole))
    assert messages.faults


def test_an_undefined_type_ends_the_file_but_not_the_chain() -> None:
    broken = file_of(definition(0, RECORD, (3, 1, 2)) + bytes([0, 60, 5, 1, 2, 3]))
    messages = walk(broken + rates(2))
    assert messages.table(RECORD).scalar(3).raw.tolist() == [60, 60, 61]
    (fault,) = messages.faults
    assert (fault.at_byte, fault.lost) == (12 + 9 + 2, True)
    assert "type 5" in fault.reason


def test_damage_that_stops_the_walk_makes_it_look_at_the_checksum() -> None:
    broken = bytearray(file_of(definition(0, RECORD, (3, 1, 2)) + bytes([0, 60, 5, 1])))
    broken[-4] = 9
    reasons = [fault.reason for fault in walk(bytes(broken)).faults]
    assert any("checksum" in reason for reason in reasons)


@pytest.mark.parametrize("data", [b"", b"\x0e", b"PK\3\4" + bytes(20), b"\x0b\0\0\0\0\0\0\0.FIT"])
def test_other_bytes_are_no_fit_file(data: bytes) -> None:
    with pytest.raises(NotFitError):
        walk(data)


def test_a_file_without_messages_is_empty() -> None:
    assert walk(file_of(b"")).counts() == {}
    assert walk(file_of(b"") + rates()).counts() == {0: 1, RECORD: 3}


# --------------------------------------------------------------------------- properties


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 254), min_size=1, max_size=40),
    st.lists(st.integers(1, 0x7FFF), min_size=1, max_size=40),
    st.booleans(),
)
def test_what_is_written_is_read(rate: list[int], intervals: list[int], big: bool) -> None:
    writer = FitWriter("activity", created_s=T0, big_endian=big)
    writer.interleave(
        Rows("record", order=np.arange(len(rate)), heart_rate=rate, big_endian=big),
        Rows(
            "hrv",
            order=np.arange(len(intervals)),
            time=np.array(intervals)[:, None] / 1000,
            big_endian=big,
        ),
    )
    messages = walk(writer.finish(), check_crc=True)
    assert messages.faults == []
    assert messages.table(RECORD).scalar(3).raw.tolist() == rate
    assert messages.table(78).flat(0)[1].tolist() == intervals


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_behind_a_header_end_in_messages_and_faults(body: bytes) -> None:
    messages = walk(file_of(body, crc=0))
    for number in messages.counts():
        table = messages.table(number)
        for column in table.columns.values():
            assert column.raw.size == column.valid.size
            assert column.row is not None or column.raw.size == len(table)


# --------------------------------------------------------------------------- another reader


REAL = [
    "hr_strap/fenix3_swim_hrmtri_chained.fit",
    "hrv/edge_530hrv.fit",
    "hrv/run_devfields.fit",
    "monitor/68484110985.fit",
    "monitor/68484122559.fit",
    "odd/antfs-dump.63.fit",
    "odd/compressed-speed-distance.fit",
    "odd/unterminated-strings.fit",
]


@pytest.mark.parametrize("name", REAL)
def test_real_files_agree_with_fitdecode_value_by_value(name: str, shared_data: Path) -> None:
    data = (shared_data / "fit" / name).read_bytes()
    ours = walk(data, check_crc=True)
    tables = {number: ours.table(number) for number in ours.counts()}
    rows: Counter[int] = Counter()
    compared = 0
    with fitdecode.FitReader(io.BytesIO(data), processor=None) as reader:
        for frame in reader:
            if not isinstance(frame, fitdecode.FitDataMessage):
                continue
            number, row = frame.global_mesg_num, rows[frame.global_mesg_num]
            rows[number] += 1
            for field in frame.fields:
                raw = field.raw_value
                if (
                    field.field_def is None
                    or field.field_def.is_dev
                    or isinstance(raw, str | bytes)
                ):
                    continue
                column = tables[number].columns[field.field_def.def_num]
                if column.row is None:
                    raw = raw[0] if isinstance(raw, tuple) else raw
                    assert column.valid[row] == (raw is not None)
                    assert raw is None or column.raw[row] == raw
                elif isinstance(raw, tuple):
                    mine = column.row == row
                    expected = [v is not None for v in raw]
                    if field.field_def.base_type.name != "byte":
                        assert column.valid[mine].tolist() == expected
                    assert column.raw[mine][expected].tolist() == [v for v in raw if v is not None]
                compared += 1
    assert rows == Counter(ours.counts())
    assert compared > 10


def test_compressed_times_of_a_real_file_agree_with_fitdecode(shared_data: Path) -> None:
    data = (shared_data / "fit/odd/compressed-speed-distance.fit").read_bytes()
    with fitdecode.FitReader(io.BytesIO(data), processor=None) as reader:
        expected = [
            frame.get_raw_value("timestamp")
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
        ]
    times = walk(data).table(RECORD).scalar(253)
    assert len(expected) > 700
    assert times.raw.tolist() == expected


def test_an_unprofiled_field_is_written_and_read_by_number() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    writer.add(233, extra={Field(2, "opaque", "byte", array=True): [[1, 2], [3, 4]]})
    row, raw, _ = walk(writer.finish()).table(233).flat(2)
    assert (row.tolist(), raw.tolist()) == ([0, 0, 1, 1], [1, 2, 3, 4])
