"""The checksum against its published check value and another implementation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrv.fit.crc import crc16


def test_the_published_check_value_comes_out() -> None:
    assert crc16(b"123456789") == 0xBB3D  # CRC-16/ARC in the catalogue of parametrised CRCs


def test_nothing_has_the_start_value() -> None:
    assert crc16(b"") == 0


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_data_with_its_own_checksum_gives_zero(data: bytes) -> None:
    assert crc16(data + crc16(data).to_bytes(2, "little")) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 4, 63, 64, 65, 4095, 4097, 100_001])
def test_every_length_agrees_with_the_byte_by_byte_form(size: int) -> None:
    data = bytes((7 * i + i // 251) % 256 for i in range(size))
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    assert crc16(data) == crc
