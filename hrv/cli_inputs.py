"""What a person can say about files that cannot say it themselves, for every command that reads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click


def input_options(command: Any) -> Any:
    """What a person can say about files that cannot say it themselves."""
    options = [
        click.option("--tz", metavar="ZONE", help="Time zone of times without one: Europe/Berlin."),
        click.option(
            "--shift",
            metavar="SECONDS",
            type=float,
            default=0.0,
            help="Added to every time, for a device clock that was wrong.",
        ),
        click.option("--start", metavar="TIME", help="Local start of files without clock times."),
        click.option("--year", type=int, help="Year of dates that have none."),
        click.option("--input-format", metavar="ID", help="Force this format; see 'hrv formats'."),
        click.option(
            "--map",
            "column_map",
            metavar="MAP",
            help="Which column is what: 'time=When,hr=Pulse', or a TOML file.",
        ),
        click.option(
            "--fit-reader",
            type=click.Choice(["ours", "fitparse"]),
            default="ours",
            help="Who decodes FIT files.",
        ),
        click.option("--person", metavar="CODE", help="Picks one of several people."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read_options(values: Mapping[str, Any]) -> Any:
    """The options of `input_options` as the readers take them; other values are not theirs."""
    from hrv.model import ReadOptions

    said = ("tz", "start", "year", "input_format", "column_map", "fit_reader", "person")
    return ReadOptions(
        shift_s=values["shift"],
        now_s=_now_s(values.get("as_of")),
        **{name: values[name] for name in said},
    )


def _now_s(as_of: date | None) -> float:
    """What is later is a clock that was wrong; the end of a day to come that is taken for today."""
    if as_of is None:
        return time.time()
    end = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) + timedelta(days=1)
    return max(time.time(), end.timestamp())
