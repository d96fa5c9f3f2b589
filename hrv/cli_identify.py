"""`hrv identify` and `hrv formats`: what files are, what they cover, what that allows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hrv.errors import SettingsError

if TYPE_CHECKING:
    from hrv.ingest import Format, Identity
    from hrv.model import ReadOptions


def told(paths: Sequence[Path], options: ReadOptions, *, as_json: bool) -> str:
    """What each file is and why, and the coverage of all of them together."""
    from dataclasses import asdict

    from hrv import ingest

    found = ingest.identify(list(paths), options)
    if as_json:
        return json.dumps({"files": [asdict(item) for item in found], "coverage": _coverage(found)},
                          indent=2, ensure_ascii=False)  # fmt: skip
    lines = [line for item in _grouped(found) for line in _file(*item)]
    return "\n".join([*lines, "", *_table(_coverage(found))])


def _grouped(found: Iterable[Identity]) -> list[tuple[Identity, int]]:
    """Files of one format in one folder stand once, with their number."""
    kept: dict[tuple[str | None, ...], list[Identity]] = {}
    for item in found:
        folder = item.file.rpartition("/")[0]
        key = (folder, item.format, item.title) if item.format else (item.file,)
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
    lines = [f"{item.file}{more}: {item.title}", f"    why: {item.why}"]
    if item.streams:
        lines.append(f"    holds: {', '.join(item.streams)}, {_span(item)}")
    if item.rows_used or item.rows_refused:
        lines.append(f"    rows: {item.rows_used} used, {item.rows_refused} refused")
    lines += [f"    refused: {reason}" for reason in item.refusals]
    lines += [f"    note: {note}" for note in item.notes]
    return lines


def _span(item: Identity) -> str:
    if item.first_s is None or item.last_s is None:
        return "without times of its own"
    return f"{_date(item.first_s)} to {_date(item.last_s)}"


def _date(t_s: float) -> str:
    return datetime.fromtimestamp(t_s, UTC).date().isoformat()


def _coverage(found: Iterable[Identity]) -> dict[str, dict[str, Any]]:
    """Per stream: first day, last day, days with data (files may overlap: the most of any sum)."""
    out: dict[str, dict[str, Any]] = {}
    for item in found:
        for stream, days in item.days.items():
            row = out.setdefault(stream, {"first": None, "last": None, "file_days": 0, "files": 0})
            row["file_days"] += days
            row["files"] += 1
            if item.first_s is not None and item.last_s is not None:
                first, last = _date(item.first_s), _date(item.last_s)
                row["first"] = min(filter(None, (row["first"], first)))
                row["last"] = max(filter(None, (row["last"], last)))
    return dict(sorted(out.items()))


def _table(coverage: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not coverage:
        return ["Nothing here can be used. 'hrv formats' lists what can be read."]
    lines = [f"{'stream':<22}{'first':<12}{'last':<12}{'files':>6}"]
    for name, row in coverage.items():
        first, last = row["first"] or "-", row["last"] or "-"
        lines.append(f"{name:<22}{first:<12}{last:<12}{row['files']:>6}")
    return lines


def formats_text(format_id: str | None, *, as_json: bool) -> str:
    """All formats in a line each, or one in full. Raises SettingsError for an unknown id."""
    from hrv import ingest

    known = {item.id: item for item in ingest.formats()}
    if format_id is not None and format_id not in known:
        from difflib import get_close_matches

        near = get_close_matches(format_id, known, n=3) or sorted(known)
        raise SettingsError(f"no format {format_id!r}", way_out=f"There are: {', '.join(near)}")
    chosen = list(known.values()) if format_id is None else [known[format_id]]
    if as_json:
        return json.dumps([_described(item) for item in chosen], indent=2, ensure_ascii=False)
    if format_id is None:
        width = max(len(name) for name in known) + 2
        return "\n".join(f"{name:<{width}}{item.title}" for name, item in known.items())
    told = _described(chosen[0])
    lines = [told["title"], "", f"How to export: {told['how_to_export']}"]
    lines += [told["note"]] if told["note"] else []
    lines += ["", f"gives {', '.join(told['gives'])}"]
    for table in told["tables"]:
        lines.append(f"{table['id']}: gives {', '.join(table['gives']) or 'nothing that we read'}")
        lines.append(f"    files: {', '.join(table['file_names']) or 'any name'}")
        lines.append(f"    needs: {', '.join(table['required']) or 'its own shape'}")
    return "\n".join(lines)


def _described(item: Format) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "how_to_export": item.how_to_export,
        "note": item.note,
        "gives": list(item.gives),
        "tables": [
            {
                "id": table.id,
                "gives": list(table.quantities),
                "file_names": list(table.file_name),
                "required": [column.aliases[0] for column in table.required],
            }
            for table in item.tables
        ],
    }


@click.command("formats")
@click.argument("format_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def formats_command(format_id: str | None, as_json: bool) -> None:
    """List the formats, or say what one gives and how to export it."""
    click.echo(formats_text(format_id, as_json=as_json))
