"""`hrv identify`: what files are, what they cover, what that allows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrv.holdings import Found, Holding
    from hrv.ingest import Identity
    from hrv.model import ReadOptions
    from hrv.report.text import Words

WIDTH = 100
HEADS = {"hr": "HR", "rr": "RR", "hrv": "HRV", "sleep": "sleep", "motion": "motion", "tags": "tags"}
NOTHING = "Nothing here can be used. 'hrv formats' lists what can be read."


def told(paths: Sequence[Path], options: ReadOptions, *, as_json: bool) -> str:
    """What each file is and why, what all of them cover, and which markers that allows."""
    from hrv import holdings
    from hrv.report.text import Words

    found = holdings.look(list(paths), options)
    if as_json:
        return json.dumps(_as_json(found), indent=2, ensure_ascii=False)
    lines = [line for item in _grouped(found.files) for line in _file(*item)]
    if not found.sources:
        return "\n".join([*lines, "", NOTHING])
    return "\n".join([*lines, "", *_table(found), "", *_markers(found, Words())])


def _as_json(found: Found) -> dict[str, Any]:
    from dataclasses import asdict

    from hrv.model import as_date

    def line(one: Holding) -> dict[str, Any]:
        days = {
            name: None if day is None else as_date(day).isoformat()
            for name, day in (("first_day", one.first_day), ("last_day", one.last_day))
        }
        return {**asdict(one), **days, "tier": one.tier.value}

    files = [
        {**asdict(item), "days": {stream: len(days) for stream, days in item.days.items()}}
        for item in found.files
    ]
    coverage = {"sources": [line(one) for one in found.sources], "together": line(found.together)}
    return {"files": files, "coverage": coverage}


def _grouped(found: Iterable[Identity]) -> list[tuple[Identity, int]]:
    """Files of one kind in one archive or folder stand once, with their number."""
    kept: dict[tuple[str | None, ...], list[Identity]] = {}
    for item in found:
        root = item.file.partition("/")[0]
        key = (root, item.format, item.why) if item.format else (item.file,)
        kept.setdefault(key, []).append(item)
    return [(_widest(group), len(group)) for group in kept.values()]


def _widest(group: Sequence[Identity]) -> Identity:
    from dataclasses import replace

    firsts = [item.first_s for item in group if item.first_s is not None]
    lasts = [item.last_s for item in group if item.last_s is not None]
    return replace(
        group[0],
        first_s=min(firsts, default=None),
        last_s=max(lasts, default=None),
        rows_used=sum(item.rows_used for item in group),
        rows_refused=sum(item.rows_refused for item in group),
        streams=tuple(sorted({stream for item in group for stream in item.streams})),
        refusals=group[0].refusals if len(group) == 1 else (),
        notes=group[0].notes if len(group) == 1 else (),
    )


def _file(item: Identity, count: int) -> list[str]:
    more = f" and {count - 1} more like it" if count > 1 else ""
    lines = [f"{item.file}{more}: {item.title}", *_wrapped("    why: ", item.why)]
    if item.streams:
        lines += _wrapped("    holds: ", f"{', '.join(item.streams)}; {_span(item)}")
    if item.rows_used or item.rows_refused:
        lines.append(f"    rows: {item.rows_used} used, {item.rows_refused} refused")
    for kind, told in (("refused", item.refusals), ("note", item.notes)):
        lines += [line for text in told for line in _wrapped(f"    {kind}: ", text)]
    return lines


def _span(item: Identity) -> str:
    if item.first_s is None or item.last_s is None:
        return "without times of its own"
    first, last = _date(item.first_s), _date(item.last_s)
    return first if first == last else f"{first} to {last}"


def _date(t_s: float) -> str:
    return datetime.fromtimestamp(t_s, UTC).date().isoformat()


def _table(found: Found) -> list[str]:
    """Days with each kind of data, a line for each source and one for all."""
    head = f"{'days with':<26} {'first':<10} {'last':<10} {'any':>4}"
    lines = [head + "".join(f" {name:>5}" for name in HEADS.values()) + "  HR every"]
    shown = [(one.source, one) for one in found.sources]
    if len(shown) > 1:
        shown.append(("together", found.together))
    for name, one in shown:
        name = name if len(name) <= 26 else name[:24].rstrip(" ,(") + ".."
        counts = "".join(
            f" {one.by[column] or '-':>{max(len(title), 5)}}" for column, title in HEADS.items()
        )
        every = "" if one.hr_every_s is None else f"  {one.hr_every_s:.0f} s"
        first, last = _day(one.first_day), _day(one.last_day)
        lines.append(f"{name:<26} {first:<10} {last:<10} {one.days:>4}{counts}{every}")
    return lines


def _markers(found: Found, words: Words) -> list[str]:
    """The tier of all together, and what each marker can say of it."""
    from hrv.settings import Settings

    one = found.together
    lines = [f"Data kind {one.tier.value}: {words.say(f'tier.{one.tier.value}')}. It allows:"]
    names = {marker.id: words.say(f"marker.{marker.id}.name") for marker in one.markers}
    width = max(map(len, names.values()))
    for marker in one.markers:
        told = [words.say(code) for code in (marker.how, marker.why) if code]
        head = f"  {words.say(f'holds.can.{marker.can}'):<8} {names[marker.id]:<{width}}  "
        lines += _wrapped(head, "; ".join(told))
    needed = Settings().verdict.min_days
    if one.days < needed:
        lines.append(f"A trend needs {needed} days; these files have data on {one.days}.")
    if one.better:
        lines += _wrapped("", words.say(f"need.{one.better}"))
        notes = dict.fromkeys((each.source, each.note) for each in found.sources if each.note)
        lines += [part for source, note in notes for part in _wrapped(f"{source}: ", note)]
    return lines


def _wrapped(head: str, text: str) -> list[str]:
    """A text that begins behind its head and goes on below itself."""
    below = " " * (len(head) if len(head) < 50 else 4)
    return wrap(head + text, WIDTH, subsequent_indent=below) or [head]


def _day(day: int | None) -> str:
    from hrv.model import as_date

    return "-" if day is None else as_date(day).isoformat()
