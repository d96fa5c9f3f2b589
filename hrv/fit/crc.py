"""The checksum of FIT: CRC-16/ARC (polynomial 0x8005 reflected, start 0), in NumPy.

The checksum is linear over GF(2) and starts at zero, so leading zeros change nothing. The bytes
are cut into equal lanes that advance together, two bytes a step by one table; neighbouring lanes
are then joined in pairs: crc(a + b) = crc(a followed by zeros) ^ crc(b).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0xA001  # 0x8005, bit-reversed
_SHORT = 64  # bytes; lanes do not pay below


@cache
def _two_bytes() -> NDArray[np.uint16]:
    """The state after two bytes, for every state xor the two bytes (little-endian)."""
    state: NDArray[np.uint16] = np.arange(65536, dtype=np.uint16)
    for _ in range(16):
        odd = (state & 1).astype(np.uint16)
        state = (state >> np.uint16(1)) ^ (odd * np.uint16(POLYNOMIAL))
    return state


def _advance(basis: NDArray[np.uint16], states: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """A linear operator, given by its value on each bit, applied to states."""
    result = np.zeros_like(states)
    for bit in range(16):
        result ^= np.where((states >> np.uint16(bit)) & 1, basis[bit], 0).astype(np.uint16)
    return result


def _one_lane(data: bytes) -> int:
    state, table = 0, _two_bytes()
    data = data if len(data) % 2 == 0 else b"\0" + data
    for i in range(0, len(data), 2):
        state = int(table[state ^ (data[i] | data[i + 1] << 8)])
    return state


def crc16(data: Any) -> int:
    """Checksum of bytes-like data; that of a file together with its own two bytes is 0."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    if buffer.size <= _SHORT:
        return _one_lane(bytes(buffer))
    lanes = 1 << max(0, (buffer.size.bit_length() - 1) // 2)
    words = -(-buffer.size // (2 * lanes))
    padded = np.zeros(2 * lanes * words, dtype=np.uint8)
    padded[padded.size - buffer.size :] = buffer
    # one column a lane, and sixteen more lanes of zeros that start with one bit each
    steps = np.zeros((words, lanes + 16), dtype=np.uint16)
    steps[:, :lanes] = padded.view("<u2").reshape(lanes, words).T
    table = _two_bytes()
    state = np.zeros(lanes + 16, dtype=np.uint16)
    state[lanes:] = np.left_shift(1, np.arange(16))
    for step in steps:
        state = table[state ^ step]
    crc, basis = state[:lanes], state[lanes:]
    while crc.size > 1:
        crc, basis = _advance(basis, crc[0::2]) ^ crc[1::2], _advance(basis, basis)
    return int(crc[0])
