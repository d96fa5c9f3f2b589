"""Damaged FIT files give an InputError or a Recording, nothing else, and never twice as much."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrv.errors import InputError
from hrv.fit.profile import EPOCH_S, MESSAGES, Field
from hrv.fit.writer import FitWriter
from hrv.ingest.fit import read_fit
from hrv.model import ReadOptions, Recording
from hrv.settings import IngestSettings

T0 = EPOCH_S + 1_060_000_000.0
SETTINGS = IngestSettings()
DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "drop", "insert")), st.floats(0, 1), st.integers(0, 255)
    ),
    min_size=1,
    max_size=6,
)


def _values(field: Field) -> Any:
    if field.base.dtype == "S":
        return ["strap", "watch"]
    if field.is_time or field.name == "timestamp_16":
        one = [T0, T0 + 60.0]
        return [[t] for t in one] if field.array else one
    value = 20.0 / field.scale
    return [[value, value, value]] * 2 if field.array else [value, value]


@cache
def everything() -> bytes:
    """Two of every message we know, in one file."""
    writer = FitWriter("activity", created_s=T0)
    for message in MESSAGES.values():
        writer.add(message.name, **{field.name: _values(field) for field in message.fields})
    return writer.finish()


def damaged(data: bytes, damage: list[tuple[str, float, int]]) -> bytes:
    out = bytearray(data)
    for how, where, value in damage:
        at = int(where * max(len(out) - 1, 0))
        if how == "flip" and out:
            out[at] ^= value or 1
        elif how == "cut":
            del out[at:]
        elif how == "drop":
            del out[at : at + value % 20]
        else:
            out[at:at] = bytes([value]) * (value % 7)
    return bytes(out)


def survives(data: bytes, reader: str = "ours") -> Recording | None:
    """The recording, if the file can be read; anything but an InputError fails the test."""
    try:
        recording = read_fit(data, "a.fit", ReadOptions(fit_reader=reader), SETTINGS)
    except InputError:
        return None
    for series in recording.series():
        assert np.all(np.diff(series.t_s) > 0)
    return recording


def test_the_whole_file_is_read() -> None:
    recording = survives(everything())
    assert recording is not None
    assert recording.rows_used >= 15


@settings(max_examples=150, deadline=None)
@given(DAMAGE)
def test_damage_to_any_message_is_survived(damage: list[tuple[str, float, int]]) -> None:
    survives(damaged(everything(), damage))


@settings(max_examples=60, deadline=None)
@given(DAMAGE)
def test_damage_is_survived_by_the_second_reader_too(damage: list[tuple[str, float, int]]) -> None:
    survives(damaged(everything(), damage), "fitparse")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_behind_a_header_are_survived(body: bytes) -> None:
    header = bytes([14, 32, 0, 0, *len(body).to_bytes(4, "little"), *b".FIT", 0, 0])
    survives(header + body)


@pytest.mark.parametrize(
    "name", ["monitor/68484110985.fit", "hrv/edge_530hrv.fit", "hr_strap/multisport_chained.fit"]
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damage=DAMAGE)
def test_damage_to_real_files_is_survived(
    name: str, damage: list[tuple[str, float, int]], shared_data: Path
) -> None:
    survives(damaged((shared_data / "fit" / name).read_bytes(), damage))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, len(everything()) - 1))
def test_a_cut_never_adds_anything(cut: int) -> None:
    whole, part = survives(everything()), survives(everything()[:-cut])
    assert whole is not None
    if part is not None:
        assert part.rows_used + part.rows_refused <= whole.rows_used + whole.rows_refused
        assert part.notes


def test_rows_add_up_in_every_real_file(shared_data: Path) -> None:
    from hrv.fit.walk import walk

    kinds = {18, 19, 20, 55, 78, 132, 211, 227, 275, 290, 370, 371, 372, 398, 412}
    for path in sorted((shared_data / "fit").rglob("*.fit")):
        data = path.read_bytes()
        recording = survives(data)
        assert recording is not None
        counted = sum(n for number, n in walk(data).counts().items() if number in kinds)
        noticed = sum(
            span.label in ("walking", "running") and 55 in walk(data).counts()
            for span in recording.spans
        )
        assert recording.rows_used + recording.rows_refused == counted + noticed, path.name
