"""One series of one UTC day as bytes, and back.

Codec `ticks1` holds what a timeline holds: times in 1/16 ms, values in their narrowest type.
Codec `exact1` keeps every bit, for local times that are still to be placed on a clock.
Both delta-code the times: beats by what is left when each interval is taken off.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv import timeline
from hrv.errors import StoreError
from hrv.model import (
    DAY_S,
    FloatArray,
    HeartRateSeries,
    MotionKind,
    MotionSeries,
    Recording,
    RmssdSeries,
    RRSeries,
    Series,
    StressScoreSeries,
)
from hrv.timeline import TICKS_PER_S, Chunk, Cut, Stream

_LEVEL = 6
_PER_MS = TICKS_PER_S // 1000
_Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Part of one series, encoded but not yet compressed; `sha256` is its identity."""

    utc_day: int
    stream: Stream
    series: int  # which series of its recording
    codec: str
    samples: int
    sha256: str
    plain: bytes

    def compressed(self) -> bytes:
        return zlib.compress(self.plain, _LEVEL)


def packed(recording: Recording, cuts: Iterable[Cut]) -> Iterator[Block]:
    """The blocks of a recording that was cut and packed."""
    of_series = (
        number
        for number, series in enumerate(recording.series())
        if series.t_s.size
        for _ in timeline.midnights(series.t_s)
    )
    for number, (day, stream, chunk) in zip(of_series, cuts, strict=True):
        assert isinstance(chunk, Chunk)
        yield _block(day, stream, number, "ticks1", chunk.ticks.size, _ticks(chunk, stream.kind))


def exactly(recording: Recording) -> Iterator[Block]:
    """The blocks of a recording, bit for bit."""
    for number, series in enumerate(recording.series()):
        if series.t_s.size == 0:
            continue
        stream, values = timeline.stream_of(series), timeline.values_of(series)
        for day, part in timeline.midnights(series.t_s):
            arrays: _Arrays = {
                "times": _wrapped(series.t_s[part].view(np.uint64)),
                "value": values[part],
            }
            if isinstance(series, MotionSeries):
                arrays["period"] = series.period_s[part]
            if isinstance(series, StressScoreSeries):
                after = series.recovering_s
                arrays["recovering"] = after[after // DAY_S == day]
            yield _block(day, stream, number, "exact1", part.stop - part.start, arrays)


def _block(
    day: int, stream: Stream, number: int, codec: str, samples: int, arrays: _Arrays
) -> Block:
    plain = as_bytes(arrays)
    return Block(
        utc_day=day,
        stream=stream,
        series=number,
        codec=codec,
        samples=samples,
        sha256=hashlib.sha256(codec.encode() + plain).hexdigest(),
        plain=plain,
    )


def chunk(utc_day: int, codec: str, data: bytes) -> Chunk:
    """The samples as a timeline holds them."""
    arrays = as_arrays(zlib.decompress(data))
    if codec == "exact1":
        return timeline.chunk(utc_day, *_from_exact(arrays))
    return _from_ticks(codec, arrays)


def samples(
    utc_day: int, codec: str, data: bytes
) -> tuple[FloatArray, FloatArray, FloatArray | None, FloatArray | None]:
    """Times (Unix s), values, and where there are any periods (s) and recovering times (Unix s)."""
    arrays = as_arrays(zlib.decompress(data))
    if codec == "exact1":
        return _from_exact(arrays)
    found = _from_ticks(codec, arrays)
    t_s = utc_day * DAY_S + found.ticks / TICKS_PER_S
    period = np.broadcast_to(np.float64(found.period_s), t_s.shape)
    return t_s, found.value.astype(np.float64), period, found.recovering_s


def sound(codec: str, sha256: str, data: bytes) -> bool:
    """Whether the bytes are still those that were written."""
    try:
        return hashlib.sha256(codec.encode() + zlib.decompress(data)).hexdigest() == sha256
    except zlib.error:
        return False


def joined(stream: Stream, parts: list[tuple[FloatArray, ...]]) -> Series:
    """The series of which these are the days: times, values, periods, recovering times."""
    t_s, value, period, recovering = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = np.concatenate([[True], np.diff(t_s) > 0])
    t_s, value, period = t_s[keep], value[keep], period[keep]
    match stream.kind:
        case "rr":
            return RRSeries(t_s, value, stream.device, stream.optical)
        case "heart_rate":
            return HeartRateSeries(t_s, value, stream.device, stream.optical)
        case "motion":
            kind = stream.motion or MotionKind.MET_ABOVE_REST
            return MotionSeries(t_s, value, period, kind, stream.device)
        case "stress":
            return StressScoreSeries(t_s, value, stream.vendor, stream.device, recovering)
        case "rmssd":
            return RmssdSeries(t_s, value, stream.device)
    raise StoreError(f"a stream of kind {stream.kind!r}", way_out="Update hrv-recovery")


# --------------------------------------------------------------------------- codecs


def _ticks(chunk: Chunk, kind: str) -> _Arrays:
    steps = np.diff(chunk.ticks.astype(np.int64))
    if kind == "rr":
        steps -= np.rint(chunk.value[1:].astype(np.float64) * _PER_MS).astype(np.int64)
    unit = max(int(np.gcd.reduce(steps)) if steps.size else 0, 1)
    arrays: _Arrays = {
        "first": chunk.ticks[:1],
        "unit": np.array([unit], dtype=np.uint32),
        "by_interval": np.array([kind == "rr"], dtype=np.uint8),
        "steps": _narrow(steps // unit),
        "value": chunk.value if chunk.value.dtype.kind == "f" else _wrapped(chunk.value),
        "period": np.atleast_1d(chunk.period_s),
    }
    if chunk.recovering_s is not None:
        arrays["recovering"] = chunk.recovering_s
    return arrays


def _from_ticks(codec: str, arrays: _Arrays) -> Chunk:
    if codec != "ticks1":
        raise StoreError(f"a block is written as {codec!r}", way_out="Update hrv-recovery")
    value = arrays["value"]
    if value.dtype.kind == "u":
        value = np.cumsum(value, dtype=value.dtype)
    steps = arrays["steps"].astype(np.int64) * int(arrays["unit"][0])
    if arrays["by_interval"][0]:
        steps += np.rint(value[1:].astype(np.float64) * _PER_MS).astype(np.int64)
    ticks = np.concatenate([arrays["first"].astype(np.int64), steps]).cumsum()
    period = arrays["period"]
    constant = period.dtype == np.float64
    return Chunk(
        ticks.astype(np.uint32),
        value,
        float(period[0]) if constant else period,
        arrays.get("recovering"),
    )


def _from_exact(
    arrays: _Arrays,
) -> tuple[FloatArray, FloatArray, FloatArray | None, FloatArray | None]:
    times: FloatArray = np.cumsum(arrays["times"], dtype=np.uint64).view(np.float64)
    return times, arrays["value"], arrays.get("period"), arrays.get("recovering")


def _wrapped(values: NDArray[Any]) -> NDArray[Any]:
    """Differences of unsigned numbers, wrapping around, so that sums of them are exact."""
    return np.diff(values, prepend=values.dtype.type(0))


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    for dtype in (np.int8, np.int16, np.int32):
        info = np.iinfo(dtype)
        if values.size == 0 or (values.min() >= info.min and values.max() <= info.max):
            return values.astype(dtype)
    return values


def as_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A line that names the arrays, then their bytes, those of wide ones by significance."""
    head = [[name, array.dtype.str, array.size] for name, array in arrays.items()]
    body = [
        np.frombuffer(array.tobytes(), np.uint8).reshape(-1, array.itemsize).T.tobytes()
        for array in arrays.values()
    ]
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(body)


def as_arrays(plain: bytes) -> _Arrays:
    """The arrays of which these are the bytes."""
    at = plain.index(b"\n") + 1
    arrays: _Arrays = {}
    for name, kind, size in json.loads(plain[:at]):
        dtype = np.dtype(kind)
        planes = np.frombuffer(plain, np.uint8, size * dtype.itemsize, at)
        at += planes.size
        arrays[name] = np.ascontiguousarray(planes.reshape(dtype.itemsize, size).T).view(dtype)
        arrays[name] = arrays[name].reshape(size)
    return arrays
