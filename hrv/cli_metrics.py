"""`hrv metrics`: the numbers of every window, for people who want the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hrv.cli_inputs import read_options
from hrv.errors import NothingUsableError, SettingsError

if TYPE_CHECKING:
    from hrv.table import Row

_KINDS = ("windows", "nights", "mornings", "still", "tags", "whole")


@click.command(name="metrics")
@click.argument(
    "inputs", nargs=-1, metavar="INPUT...", type=click.Path(exists=True, path_type=Path)
)
@click.option("--by", type=click.Choice(_KINDS), default="windows", show_default=True,
              help="Sliding windows, nights, mornings, still time, tags, sessions.")  # fmt: skip
@click.option("--window", "window_s", type=click.FloatRange(min=10.0), default=300.0,
              show_default=True, metavar="SECONDS", help="Length of a window.")  # fmt: skip
@click.option("--step", "step_s", type=click.FloatRange(min=1.0), metavar="SECONDS",
              help="From one window's start to the next.  [default: the length]")  # fmt: skip
@click.option("--metrics", "names", default="all", show_default=True,
              metavar="NAMES", help="Names or groups by comma; see --list.")  # fmt: skip
@click.option("--min-coverage", type=click.FloatRange(0.0, 1.0), default=0.5,
              show_default=True, help="Least share of a window that beats must fill.")  # fmt: skip
@click.option("--format", "fmt", type=click.Choice(["csv", "json", "parquet"]),
              help="[default: by the name of --out, else csv]")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Write here instead of standard output.")  # fmt: skip
@click.option("--list", "list_them", is_flag=True, help="List all metrics and leave.")
def metrics_command(
    inputs: tuple[Path, ...],
    by: str,
    window_s: float,
    step_s: float | None,
    names: str,
    min_coverage: float,
    fmt: str | None,
    out: Path | None,
    list_them: bool,
    **values: Any,
) -> None:
    """Measure heart-rate variability per window and print a table.

    Beats are corrected first; quality columns say how far to trust each row.
    """
    if list_them:
        click.echo(_listed())
        return
    if not inputs:
        raise SettingsError("nothing to read", way_out="Give files, folders or ZIPs")
    from hrv import pipeline, table
    from hrv.settings import Settings

    choice = table.Choice(
        by=by,
        window_s=window_s,
        step_s=step_s or window_s,
        metrics=table.chosen(names),
        min_coverage=min_coverage,
    )
    fmt = fmt or ({".json": "json", ".parquet": "parquet"}.get(out.suffix, "csv") if out else "csv")
    if fmt == "parquet" and out is None:
        raise SettingsError("Parquet is not for a terminal", way_out="Name a file with --out")
    settings = Settings()
    timeline = pipeline.read(list(inputs), read_options(values), settings)
    found = _some(table.rows(timeline, choice, settings), by)
    if fmt == "parquet":
        assert out is not None
        table.write_parquet(found, choice, out)
        return
    lines = (
        [table.as_json(found, choice, settings)] if fmt == "json" else table.as_csv(found, choice)
    )
    if out is None:
        for line in lines:
            click.echo(line, nl=fmt == "json")
    else:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)


def _some(found: Iterator[Row], by: str) -> Iterator[Row]:
    """The rows, or an error before anything is written."""
    try:
        first = next(found)
    except StopIteration:
        raise NothingUsableError(
            [f"no beat-to-beat intervals in any of the {by} asked for"]
        ) from None

    def again() -> Iterator[Row]:
        yield first
        yield from found

    return again()


def _listed() -> str:
    from hrv.metrics import METRICS

    return "\n".join(
        f"{m.name:<20}{m.unit:<7}{m.group:<11}{m.label}; {m.equation}"
        f" (from {m.min_beats} beats, {m.min_span_s:g} s)"
        for m in METRICS
    )
