"""The shown report's time axes, drawn small on the page itself, with every tag as it is now.

Lines and dots only, in a box of 1000 by 100 that is stretched to the width of the page; all words
stand outside of it, so that they stay readable on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from hrv.web.keep import Run, Upload

WIDTH, HEIGHT, EDGE, FLOOR = 1000.0, 100.0, 6.0, 14.0  # known tags stand on the floor
MOST_DOTS = 2000
DAYS_SHOWN = ("night_hr_bpm", "ln_rmssd", "resting_hr_bpm", "arousal_z")
LEAST_DAYS = 3
Panel = dict[str, Any]


def drawn(run: Run, upload: Upload, seen: Iterable[str]) -> dict[str, Any] | None:
    """Panels with their dots, and the tags of the upload; None where nothing has a date."""
    record = run.read("report.json")
    window = _window(record)
    if window is None:
        return None
    panels = [p for p in (_half_times(record, window), _baseline(record, window)) if p]
    if not panels:
        return None
    tags = _tags(run.read("marks.json") or [], upload.added["tags"], set(seen), window)
    return {"panels": panels, "tags": tags, "first": window[0], "last": window[1]}


def _window(record: Any) -> tuple[str, str] | None:
    told = (record or {}).get("settings", {}).get("question.window")
    return (str(told[0]), str(told[1])) if told else None


def _x(moment: str, window: tuple[str, str]) -> float:
    """Where a local date or time stands between the left and the right edge."""
    first = date.fromisoformat(window[0]).toordinal()
    length = date.fromisoformat(window[1]).toordinal() - first + 1
    when = datetime.fromisoformat(moment).replace(tzinfo=None)
    day = when.toordinal() - first + (when.hour + when.minute / 60.0) / 24.0
    return WIDTH * day / length


def _half_times(record: Mapping[str, Any], window: tuple[str, str]) -> Panel | None:
    found = [
        (_x(rise["start"], window), float(rise["half_time_s"]))
        for rise in record.get("episodes", ())
        if rise["accepted"] and rise["half_time_s"] and rise["kind"] != "exercise"
    ]
    if len(found) < LEAST_DAYS:
        return None
    low, high = min(y for _, y in found), max(y for _, y in found)
    scaled = [(x, math.log(y)) for x, y in found]
    return {"kind": "half", "low": low, "high": high, **_dots(scaled)}


def _baseline(record: Mapping[str, Any], window: tuple[str, str]) -> Panel | None:
    """The resting measure that most days have, its own one first."""
    own = str(record.get("baseline", {}).get("measure") or "").removeprefix("vendor_")
    days = record.get("days", ())
    counts = {
        name: sum(day.get(name) is not None for day in days) for name in dict.fromkeys(
            [name for name in (own, *DAYS_SHOWN) if name in DAYS_SHOWN])
    }  # fmt: skip
    name = own if counts.get(own, 0) >= LEAST_DAYS else max(counts, key=lambda n: counts[n])
    found = [
        (_x(f"{day['date']}T12:00:00", window), float(day[name]))
        for day in days
        if day.get(name) is not None and window[0] <= day["date"] <= window[1]
    ]
    if len(found) < LEAST_DAYS:
        return None
    low, high = min(y for _, y in found), max(y for _, y in found)
    return {"kind": "base", "measure": name, "low": low, "high": high, **_dots(found)}


def _dots(found: Sequence[tuple[float, float]]) -> Panel:
    """A path of dots (lines of no length with round ends), low values at the bottom."""
    kept = [(x, y) for x, y in found if 0.0 <= x <= WIDTH]
    low, high = min(y for _, y in kept or found), max(y for _, y in kept or found)
    scale = (HEIGHT - EDGE - FLOOR) / (high - low) if high > low else 0.0
    step = max(1, math.ceil(len(kept) / MOST_DOTS))
    path = "".join(f"M{x:.1f} {HEIGHT - FLOOR - (y - low) * scale:.1f}h0" for x, y in kept[::step])
    return {"n": len(kept), "dots": path}


def _tags(
    from_files: Sequence[Mapping[str, Any]],
    own: Sequence[Mapping[str, Any]],
    seen: set[str],
    window: tuple[str, str],
) -> list[dict[str, Any]]:
    """Each tag with its place; `new` where the shown report does not know it."""
    rows = [(row, False) for row in from_files] + [(row, row["id"] not in seen) for row in own]
    found = []
    for row, new in rows:
        left = _x(row["start"], window)
        right = _x(row["end"] or row["start"], window)
        if "T" not in row["start"]:
            right = _x(f"{row['end'] or row['start']}T23:59:00", window)
        if left > WIDTH or right < 0.0:
            continue
        left, right = max(left, 0.0), min(right, WIDTH)
        found.append(
            {"x": round(left, 1), "width": round(max(right - left, 0.0), 1), "new": new,
             "kind": row["kind"], "what": row["label"] or row["kind"],
             "when": row["start"].replace("T", " ")[:16]}
        )  # fmt: skip
    return sorted(found, key=lambda tag: (not tag["new"], tag["x"]))
