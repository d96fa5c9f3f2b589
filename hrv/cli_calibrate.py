"""`hrv calibrate`: how often the methods err, counted anew on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hrv.errors import SettingsError


@click.command("calibrate")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("calibration"),
    show_default=True,
    help="Folder for the tables; a run that was stopped goes on from what lies there.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="NAME",
    help="Only this table; repeat for more. An unknown one lists them all.",
)
@click.option(
    "--runs",
    type=click.IntRange(1),
    help="Runs a cell, 2000 if not said; people of the verdict, 300 if not said.",
)
@click.option("--seed", type=click.IntRange(0), help="Another seed than that of the settings.")
@click.option(
    "--cores", type=click.IntRange(1), help="Processes at once; as many as there are if not said."
)
@click.option("--cell", default="", metavar="TEXT", help="Only cells whose name holds this text.")
def calibrate_command(
    out: Path,
    parts: tuple[str, ...],
    runs: int | None,
    seed: int | None,
    cores: int | None,
    cell: str,
) -> None:
    """Simulate people of known truth and count false alarms, coverage and power.

    All of it takes some hours of one core; tables made by us come with the source.
    """
    from dataclasses import replace

    from hrv.calibrate import PARTS, calibrate
    from hrv.cli_progress import progress
    from hrv.settings import Settings

    for name in parts:
        if name not in PARTS:
            raise SettingsError(f"no table {name!r}", way_out=f"There are: {', '.join(PARTS)}")
    settings = Settings() if seed is None else replace(Settings(), seed=seed)
    with progress() as told:
        written = calibrate(
            out,
            parts=parts or tuple(PARTS),
            runs=runs,
            settings=settings,
            workers=cores or os.cpu_count() or 1,
            told=told,
            only=lambda name: cell in name,
        )
    for path in written:
        click.echo(path)
