"""`hrv formats`: what can be read, how to export it, and what is known of each format."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from hrv.errors import SettingsError

if TYPE_CHECKING:
    from hrv.ingest import Format

WIDTH = 96
TOLD = {
    "how_to_export": "How to export",
    "reads": "What is read",
    "times": "Times",
    "hrv": "HRV",
    "limits": "Limits",
}


def formats_text(format_id: str | None, *, as_json: bool) -> str:
    """All formats in a line each, or one in full. Raises SettingsError for an unknown id."""
    from hrv import ingest
    from hrv.ingest.unread import unread

    known = {item.id: item for item in ingest.formats()}
    if format_id is not None and format_id not in known:
        from difflib import get_close_matches

        near = get_close_matches(format_id, known, n=3) or sorted(known)
        raise SettingsError(f"no format {format_id!r}", way_out=f"There are: {', '.join(near)}")
    chosen = list(known.values()) if format_id is None else [known[format_id]]
    if as_json:
        return json.dumps([_described(item) for item in chosen], indent=2, ensure_ascii=False)
    if format_id is not None:
        return "\n".join(_full(known[format_id]))
    width = max(len(name) for name in known) + 2
    lines = [f"{name:<{width}}{item.title}" for name, item in known.items()]
    lines += ["", *wrap("Known and not read: " + "; ".join(u.title for u in unread()), WIDTH)]
    return "\n".join([*lines, "'hrv formats NAME' says all about one."])


def _full(item: Format) -> list[str]:
    told = _described(item)
    lines = [item.title, ""]
    for key, title in TOLD.items():
        lines += wrap(f"{title}: {told[key]}", WIDTH, subsequent_indent="    ")
    if item.note not in item.limits:
        lines += wrap(item.note, WIDTH)
    lines += ["", *wrap(f"gives {', '.join(told['gives'])}", WIDTH, subsequent_indent="    ")]
    for table in told["tables"]:
        lines.append(f"{table['id']}: gives {', '.join(table['gives']) or 'nothing that we read'}")
        lines.append(f"    files: {', '.join(table['file_names']) or 'any name'}")
        lines.append(f"    needs: {', '.join(table['required']) or 'its own shape'}")
    return lines


def _described(item: Format) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        **{key: getattr(item, key) for key in TOLD},
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
