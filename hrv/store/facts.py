"""What a file gave besides its series, as compressed JSON, and back without loss."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar

import numpy as np

from hrv.model import (
    DayQuantity,
    DayValue,
    FloatArray,
    InputSummary,
    LocalClock,
    Note,
    Rating,
    Recording,
    Refusal,
    Span,
    SpanKind,
)
from hrv.timeline import Packed

_T = TypeVar("_T")


def facts(packed: Packed, recording: Recording) -> dict[str, Any]:
    """The facts of one recording, ready for JSON; its name is kept apart."""
    clock = recording.clock
    return {
        "clock": None
        if clock is None
        else [clock.since_s.tolist(), clock.offset_s.tolist(), clock.known_by],
        "spans": rows(recording.spans),
        "day_values": rows(recording.day_values),
        "ratings": rows(recording.ratings),
        "refusals": rows(recording.refusals),
        "notes": rows(recording.notes),
        "rows_used": recording.rows_used,
        "rows_refused": recording.rows_refused,
        "streams": list(packed.summary.streams),
        "range": [packed.summary.first_s, packed.summary.last_s],
        "naive": packed.whole is not None,
        "steps": {
            device: [[int(i), float(spent[i])] for i in np.flatnonzero(spent)]
            for device, spent in packed.steps.items()
        },
        "step_bins": max((spent.size for spent in packed.steps.values()), default=0),
    }


def written(found: Mapping[str, Any]) -> bytes:
    """Facts as bytes; the same facts give the same bytes."""
    text = json.dumps(found, separators=(",", ":"), sort_keys=True, default=plain)
    return zlib.compress(text.encode())


def read(data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(data))
    return found


def packed(found: Mapping[str, Any], name: str, format_id: str, device: str) -> Packed:
    """The facts as a timeline takes them; samples are added by who can load them."""
    first, last = found["range"]
    steps: dict[str, FloatArray] = {}
    for of, spent in found["steps"].items():
        steps[of] = np.zeros(found["step_bins"])
        for index, seconds in spent:
            steps[of][index] = seconds
    return Packed(
        summary=InputSummary(
            file=name,
            format=format_id,
            streams=tuple(found["streams"]),
            first_s=first,
            last_s=last,
            rows_used=found["rows_used"],
            rows_refused=found["rows_refused"],
            refusals=nouns(Refusal, found["refusals"]),
            device=device,
        ),
        clock=clock(found),
        steps=steps,
        spans=spans(found["spans"]),
        day_values=day_values(found["day_values"]),
        ratings=nouns(Rating, found["ratings"]),
        notes=nouns(Note, found["notes"]),
    )


def clock(found: Mapping[str, Any]) -> LocalClock | None:
    if found["clock"] is None:
        return None
    since, offset, known_by = found["clock"]
    return LocalClock(np.array(since), np.array(offset), known_by)


def spans(found: Sequence[Sequence[Any]]) -> tuple[Span, ...]:
    return nouns(Span, found, kind=SpanKind)


def day_values(found: Sequence[Sequence[Any]]) -> tuple[DayValue, ...]:
    return nouns(DayValue, found, quantity=DayQuantity)


def rows(found: Sequence[Any]) -> list[list[Any]]:
    """Each noun as the list of its fields."""
    return [[getattr(one, f.name) for f in fields(one)] for one in found]


def nouns(
    noun: type[_T], found: Sequence[Sequence[Any]], **made: Callable[[Any], Any]
) -> tuple[_T, ...]:
    """The nouns of which these are the fields; a newer field that is not there has its default."""
    names = [f.name for f in fields(noun)]  # type: ignore[arg-type]
    out = []
    for row in found:
        values = dict(zip(names, row, strict=False))
        out.append(noun(**{**values, **{key: made[key](values[key]) for key in made}}))
    return tuple(out)


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | set | frozenset):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
