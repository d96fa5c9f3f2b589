"""`hrv tags`: an empty tags.csv, and the moments worth asking about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hrv.cli_inputs import read_options
from hrv.errors import SettingsError


@click.command("tags")
@click.argument(
    "inputs", nargs=-1, metavar="[INPUT...]", type=click.Path(exists=True, path_type=Path)
)
@click.option("--ask", is_flag=True, help="List moments of INPUT: what was this?")
@click.option("--template", is_flag=True, help="An empty tags.csv with the kinds it knows.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the moments as a tags.csv to fill in.")
@click.option("--json", "as_json", is_flag=True, help="Print the moments as JSON.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the tags.csv here; a file that is there stays.")  # fmt: skip
def tags_command(
    inputs: tuple[Path, ...],
    ask: bool,
    template: bool,
    as_csv: bool,
    as_json: bool,
    out: Path | None,
    **values: Any,
) -> None:
    """Make a tags.csv: what happened, and which techniques were used.

    --ask picks about ten moments of the last weeks: some with a large rise, some with any, some
    quiet. It does not say which is which, so that the answers say what happened.
    """
    if ask == template:
        raise SettingsError("one of --ask and --template", way_out="hrv tags --ask INPUT")
    if out is not None and out.exists():
        raise SettingsError(f"{out} is there already", way_out="Name another file with --out")
    from hrv import asking

    if template:
        _put(asking.template(), out)
        return
    if not inputs:
        raise SettingsError("nothing to ask about", way_out="Give files, folders or ZIPs")
    found = _moments(inputs, values)
    if out is not None:
        _put(asking.sheet(found), out)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif as_csv and out is None:
        _put(asking.sheet(found), None)
    else:
        click.echo(_listed(found, out))


def _moments(inputs: Sequence[Path], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    from hrv import asking, pipeline
    from hrv.cli_progress import progress

    options = read_options(values)
    with progress() as told:
        timeline = pipeline.read(inputs, options, on_progress=told)
        return asking.moments(pipeline.analyse(timeline, on_progress=told))


def _put(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _listed(found: Sequence[Mapping[str, Any]], out: Path | None) -> str:
    """The moments as a person reads them, by local time."""
    from datetime import datetime

    if not found:
        return "There are no rises to ask about."
    lines = ["What was this? Answer those you remember; leave the others.", ""]
    for number, row in enumerate(found, 1):
        start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
        lines.append(f"{number:>3}  {start:%a %Y-%m-%d}  {start:%H:%M}-{end:%H:%M}")
    where = "With --out tags.csv the list is written to be filled in."
    if out is not None:
        where = f"Fill in kind and label in {out}, then: hrv report INPUT --tags {out}"
    return "\n".join([*lines, "", where])
