"""`hrv simulate`: an export of somebody who never lived, for trying things out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click


def _start(_: click.Context, option: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date like 2026-01-05", param=option) from None


@click.command("simulate")
@click.argument("scenario")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="New folder for the export; the truth goes beside it, into OUT.truth.json.",
)
@click.option("--days", type=click.IntRange(1, 3700), default=168, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option(
    "--half-time",
    "half_time_s",
    type=click.FloatRange(10.0, 3600.0),
    default=120.0,
    show_default=True,
    metavar="S",
    help="Median time until half of a reaction is gone, at the start.",
)
@click.option(
    "--as",
    "products",
    default="fit",
    show_default=True,
    metavar="LIST",
    help="Kinds of export, by comma: fit, csv, ...; an unknown one lists them all.",
)
@click.option("--start", callback=_start, metavar="DATE", help="First day.  [default: 2026-01-05]")
def simulate_command(
    scenario: str,
    out: Path,
    days: int,
    seed: int,
    half_time_s: float,
    products: str,
    start: date | None,
) -> None:
    """Write the export of a simulated person whose truth is known.

    SCENARIO is a life: healing, coping, unchanged, worsening, ...; an unknown one lists them all.
    """
    from hrv import simulate

    wanted = tuple(part.strip() for part in products.split(",") if part.strip())
    written = simulate.write(
        scenario, out, days, seed, half_time_s, wanted, start or simulate.START
    )
    click.echo(f"{written}\n{written.with_name(written.name + '.truth.json')}")
