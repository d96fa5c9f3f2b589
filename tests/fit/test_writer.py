"""What we write is read back by other readers."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from typing import Any

import fitdecode
import fitparse
import numpy as np
import pytest
from fit_tool.fit_file import FitFile

from hrv.fit.profile import MESSAGES, Field
from hrv.fit.writer import FitWriter, Rows, packed_12

T0 = 1_700_000_000.0


def decoded(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """All data messages, as fitdecode sees them; raises on anything out of order."""
    with fitdecode.FitReader(
        io.BytesIO(data),
        error_handling=fitdecode.ErrorHandling.RAISE,
        check_crc=fitdecode.CrcCheck.RAISE,
        processor=fitdecode.DefaultDataProcessor(),
    ) as reader:
        return [
            (frame.name, {field.name: field.value for field in frame.fields})
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage)
        ]


def activity() -> bytes:
    t_s = T0 + np.arange(3.0)
    writer = FitWriter("activity", created_s=T0, product=2713)
    writer.add("device_info", timestamp=T0, device_type=120, source_type=1, product_name="Strap")
    writer.interleave(
        Rows("record", order=t_s, timestamp=t_s, heart_rate=[60, np.nan, 62], speed=1.5),
        Rows("hrv", order=t_s, time=[[0.8, 0.81], [0.9, np.nan], [0.7, 1.0]]),
    )
    writer.add("hrv_status_summary", timestamp=T0, last_night_average=45.5, status=4)
    writer.add("stress_level", stress_level_time=t_s, stress_level_value=[20, -1, -2])
    return writer.finish()


def test_an_activity_is_read_back_by_fitdecode() -> None:
    messages = decoded(activity())
    names = [name for name, _ in messages]
    assert names[:2] == ["file_id", "device_info"]
    assert names[2:8] == ["record", "hrv"] * 3
    records = [values for name, values in messages if name == "record"]
    assert [values["heart_rate"] for values in records] == [60, None, 62]
    assert records[0]["timestamp"] == datetime.fromtimestamp(T0, UTC)
    assert records[0]["speed"] == 1.5
    hrv = [values["time"] for name, values in messages if name == "hrv"]
    assert hrv == [(0.8, 0.81), (0.9, None), (0.7, 1.0)]
    (status,) = [values for name, values in messages if name == "hrv_status_summary"]
    assert status["last_night_average"] == 45.5
    stress = [v["stress_level_value"] for name, v in messages if name == "stress_level"]
    assert stress == [20, -1, -2]


def test_an_activity_is_read_back_by_fit_tool_and_fitparse() -> None:
    data = activity()
    messages = [record.message for record in FitFile.from_bytes(data).records]
    heart_rates = [m.heart_rate for m in messages if type(m).__name__ == "RecordMessage"]
    assert heart_rates == [60, 0xFF, 62]  # it leaves "no value" as it is
    records = fitparse.FitFile(io.BytesIO(data)).get_messages("record")
    assert [record.get_value("heart_rate") for record in records] == [60, None, 62]


def test_a_message_is_defined_once() -> None:
    data = activity()
    with fitdecode.FitReader(io.BytesIO(data)) as reader:
        defined = [
            frame.name for frame in reader if isinstance(frame, fitdecode.FitDefinitionMessage)
        ]
    assert len(defined) == len(set(defined)) == 6


def test_big_endian_numbers_are_read_back() -> None:
    writer = FitWriter("activity", created_s=T0, big_endian=True)
    writer.add("record", timestamp=[T0, T0 + 1], heart_rate=[61, 62], distance=[1.5, 3.25])
    records = [values for name, values in decoded(writer.finish()) if name == "record"]
    assert [values["distance"] for values in records] == [1.5, 3.25]
    assert records[1]["timestamp"] == datetime.fromtimestamp(T0 + 1, UTC)


def test_compressed_times_are_read_back() -> None:
    t_s = T0 + np.array([3.0, 10.0, 41.0, 42.0])
    writer = FitWriter("activity", created_s=T0)
    writer.add("record", timestamp=T0, heart_rate=60)
    writer.interleave(Rows("record", timestamp=t_s, heart_rate=[61, 62, 63, 64], compressed=True))
    records = [values for name, values in decoded(writer.finish()) if name == "record"]
    assert [values["timestamp"].timestamp() for values in records] == [T0, *t_s]


def test_more_layouts_than_local_types_are_defined_again() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    names = [message.name for message in MESSAGES.values() if message.fields[0].number == 253]
    for _ in range(2):
        for name in names:
            writer.add(name, timestamp=T0)
    assert len(names) > 16
    assert [name for name, _ in decoded(writer.finish())][1:].count(names[0]) == 2


def test_twelve_bit_words_lie_low_bits_first() -> None:
    assert packed_12([[0x123, 0xABC]]).tolist() == [[0x23, 0xC1, 0xAB]]


def test_a_field_outside_the_profile_is_written_by_number() -> None:
    writer = FitWriter("monitoring", created_s=T0)
    writer.add(233, extra={Field(2, "opaque", "byte", array=True): [1, 2, 3, 4]})
    assert decoded(writer.finish())[1] == ("unknown_233", {"unknown_2": (1, 2, 3, 4)})


def test_rows_without_rows_write_nothing() -> None:
    writer = FitWriter("activity", created_s=T0)
    before = len(writer.finish())
    writer.interleave(Rows("record", timestamp=[], heart_rate=[]))
    assert len(writer.finish()) == before


def test_a_value_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="heart_rate"):
        FitWriter("activity", created_s=T0).add("record", timestamp=T0, heart_rate=300)


def test_the_header_says_how_long_the_file_is() -> None:
    data = activity()
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 16
