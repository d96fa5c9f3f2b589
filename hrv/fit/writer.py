"""Writes FIT files column by column: a definition once, then all rows from one structured array.

    writer = FitWriter("activity", created_s=t_s[0])
    writer.interleave(
        Rows("record", order=t_s, timestamp=t_s, heart_rate=hr_bpm),
        Rows("hrv", order=beat_s, time=rr_s[:, None]),
    )
    path.write_bytes(writer.finish())

Values are in the units of the profile (times in Unix seconds), NaN is "no value". Files written
one after the other (`a + b`) are a chained file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hrv.fit.crc import crc16
from hrv.fit.profile import BY_NAME, EPOCH_S, FILE_TYPES, PROFILE_VERSION, Field

PROTOCOL = 0x20  # 2.0: developer fields and 64-bit types are allowed
COMPRESSED = range(4)  # local types a compressed-timestamp header can name
PLAIN = range(4, 16)


class Rows:
    """Data messages of one kind with the same fields.

    A column holds one value a row, or two axes (rows, elements) for an array; one number stands
    for every row, one axis for the single row of an array field. `order` sorts rows of several
    kinds among each other. `extra` takes fields the profile does not name. With `compressed` the
    time goes into the message heads: steps between such messages must be under 32 s.
    `timestamp_16` takes the whole time.
    """

    def __init__(
        self,
        message: str | int,
        *,
        order: ArrayLike | None = None,
        extra: Mapping[Field, ArrayLike] | None = None,
        compressed: bool = False,
        big_endian: bool = False,
        **columns: ArrayLike,
    ) -> None:
        named = BY_NAME[message] if isinstance(message, str) else None
        self.number = named.number if named else int(message)
        self.compressed = compressed
        fields: dict[Field, ArrayLike] = dict(extra or {})
        for name, values in columns.items():
            if named is None:
                raise ValueError("name fields by `extra` for a message by number")
            fields[named.field(name)] = values
        self._encode(fields, ">" if big_endian else "<")
        keys = np.zeros(self.size) if order is None else np.asarray(order, dtype=np.float64)
        self.order = np.broadcast_to(keys, (self.size,))

    def _encode(self, fields: Mapping[Field, ArrayLike], endian: Literal["<", ">"]) -> None:
        raw = {field: _raw(field, values) for field, values in fields.items()}
        self.size = max((len(column) for column in raw.values()), default=1)
        low5 = np.zeros(self.size, dtype=np.uint8)
        if self.compressed:
            (time,) = (field for field in raw if field.number == 253)
            low5 = np.broadcast_to(raw.pop(time)[:, 0] % 32, (self.size,)).astype(np.uint8)
        layout: list[Any] = [("head", "u1")]
        definition = struct.pack(f"{endian}BBHB", 0, endian == ">", self.number, len(raw))
        for field, column in raw.items():
            dtype = column.dtype if column.dtype.kind == "S" else column.dtype.newbyteorder(endian)
            layout.append((str(field.number), dtype, (column.shape[1],)))
            size = column.dtype.itemsize * column.shape[1]
            definition += struct.pack("BBB", field.number, size, field.base.code)
        self.definition = definition
        self.table = np.zeros(self.size, dtype=layout)
        self.table["head"] = low5
        for field, column in raw.items():
            self.table[str(field.number)] = column

    def headed(self, local: int) -> NDArray[np.uint8]:
        """The messages as bytes, one a row, under a local type."""
        table = self.table.copy()
        table["head"] |= 0x80 | local << 5 if self.compressed else local
        return table.view(np.uint8).reshape(self.size, -1)


def _raw(field: Field, values: ArrayLike) -> NDArray[Any]:
    """Values as the file stores them, (rows, elements)."""
    base = field.base
    if base.dtype == "S":
        texts = [text.encode() for text in np.atleast_1d(np.asarray(values, dtype=str)).tolist()]
        return np.array(texts, dtype=f"S{max(map(len, texts)) + 1}")[:, None]
    physical = np.asarray(values, dtype=np.float64)
    if physical.ndim < 2:
        physical = physical.reshape(1, -1) if field.array else physical.reshape(-1, 1)
    if base.dtype.startswith("f"):
        return physical.astype(base.dtype)
    if field.is_time or field.name == "timestamp_16":
        physical = physical - EPOCH_S
    if field.name == "timestamp_16":
        physical = np.mod(physical, 65536.0)
    rounded = np.rint((physical + field.offset) * field.scale)
    missing = np.isnan(rounded)
    limits = np.iinfo(base.dtype)
    present = rounded[~missing]
    if present.size and (present.min() < limits.min or present.max() > limits.max):
        raise ValueError(f"{field.name}: a value does not fit into {base.name}")
    raw = np.full(physical.shape, base.invalid, dtype=base.dtype)
    raw[~missing] = present.astype(base.dtype)
    return raw


class FitWriter:
    """Collects messages; `finish` gives the bytes of the file."""

    def __init__(
        self,
        file_type: str | int | None = "activity",
        *,
        created_s: float = float("nan"),
        manufacturer: int = 1,
        product: int = 65534,
        serial_number: int = 1,
        big_endian: bool = False,
    ) -> None:
        """Starts with a file_id message, unless `file_type` is None."""
        self._chunks: list[bytes] = []
        self._locals: dict[bytes, int] = {}
        self._taken = {True: 0, False: 0}
        self._big_endian = big_endian
        if file_type is not None:
            number = FILE_TYPES[file_type] if isinstance(file_type, str) else file_type
            self.add(
                "file_id",
                type=number,
                manufacturer=manufacturer,
                product=product,
                serial_number=serial_number,
                time_created=created_s,
            )

    def add(
        self, message: str | int, *, extra: Mapping[Field, ArrayLike] | None = None, **columns: Any
    ) -> None:
        """One message, or as many as its columns have values; see `Rows`."""
        self.interleave(Rows(message, extra=extra, big_endian=self._big_endian, **columns))

    def interleave(self, *blocks: Rows) -> None:
        """Rows of several kinds, sorted by their `order`; equal keys keep the order given."""
        if len(blocks) > len(PLAIN):
            raise ValueError(f"at most {len(PLAIN)} kinds at a time")
        present = [block for block in blocks if block.size]
        if not present:
            return
        parts = [block.headed(self._local(block)) for block in present]
        sizes = np.concatenate([np.full(len(part), part.shape[1]) for part in parts])
        keys = np.concatenate([block.order for block in present])
        order = np.argsort(keys, kind="stable")
        starts = np.empty(order.size, dtype=np.int64)
        starts[order] = np.concatenate(([0], np.cumsum(sizes[order])[:-1]))
        out = np.empty(int(sizes.sum()), dtype=np.uint8)
        first = 0
        for part in parts:
            places = starts[first : first + len(part), None] + np.arange(part.shape[1])
            out[places] = part
            first += len(part)
        self._chunks.append(out.tobytes())

    def append_bytes(self, data: bytes) -> None:
        """Bytes as they are, for messages that no watch should write."""
        self._chunks.append(data)
        self._locals.clear()

    def _local(self, block: Rows) -> int:
        """Local type of a layout, defining it first where it is new."""
        key = block.definition + bytes([block.compressed])
        if key not in self._locals:
            numbers = COMPRESSED if block.compressed else PLAIN
            local = numbers[self._taken[block.compressed] % len(numbers)]
            self._taken[block.compressed] += 1
            self._locals = {k: used for k, used in self._locals.items() if used != local}
            self._locals[key] = local
            self._chunks.append(bytes([0x40 | local]) + block.definition)
        return self._locals[key]

    def finish(self) -> bytes:
        """The whole file: header with its checksum, messages, checksum."""
        body = b"".join(self._chunks)
        header = struct.pack("<BBHI4s", 14, PROTOCOL, PROFILE_VERSION, len(body), b".FIT")
        content = header + struct.pack("<H", crc16(header)) + body
        return content + struct.pack("<H", crc16(content))


def packed_12(words: ArrayLike) -> NDArray[np.uint8]:
    """12-bit words (rows, an even number) as bytes, low bits first, as `hr` messages pack them."""
    pairs = np.asarray(words, dtype=np.int64).reshape(len(np.atleast_2d(words)), -1, 2) & 0xFFF
    joined = pairs[:, :, 0] | pairs[:, :, 1] << 12
    return (
        np.stack([joined & 0xFF, joined >> 8 & 0xFF, joined >> 16], axis=2)
        .reshape(len(joined), -1)
        .astype(np.uint8)
    )
