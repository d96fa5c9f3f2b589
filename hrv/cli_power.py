"""`hrv power`: how long until a change of a given size would show, from the person's own noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hrv.cli_inputs import read_options
from hrv.cli_store import store_option, the_person
from hrv.errors import SettingsError

if TYPE_CHECKING:
    from hrv.model import Analysis, Timeline, Trend

PERCENT = (10.0, 20.0, 30.0)
OWN_SDS = (0.3, 0.6, 0.9)


@click.command("power")
@click.argument("inputs", nargs=-1, type=click.Path(exists=True, path_type=Path))
@store_option
def power_command(inputs: tuple[Path, ...], **values: Any) -> None:
    """Weeks until a change of a given size would show, by how restless your own signals are.

    INPUT is a file, a folder, or a vendor's whole ZIP; without it, everything that 'hrv import'
    has kept is looked at. A change counts as shown when it is found 4 times in 5.
    """
    from contextlib import ExitStack

    from hrv import pipeline
    from hrv.cli_progress import progress

    with progress() as told, ExitStack() as held:
        timeline = _timeline(inputs, values, held, told)
        analysis = pipeline.analyse(timeline, on_progress=told)
    click.echo("\n".join(lines(analysis)))


def _timeline(inputs: tuple[Path, ...], values: dict[str, Any], held: Any, told: Any) -> Timeline:
    from hrv import pipeline
    from hrv.store import open_store, there_is_one

    options = read_options({**values, "person": values["person"] if inputs else None})
    if inputs:
        return pipeline.read(inputs, options, on_progress=told)
    if not there_is_one(values["store"]):
        raise SettingsError(
            "no input, and nothing was imported yet",
            way_out="Give a file, a folder or a ZIP: hrv power INPUT",
        )
    store = held.enter_context(open_store(values["store"], create=False))
    return pipeline.read_store(store, the_person(store, values["person"]), (), options)


def lines(analysis: Analysis) -> Iterator[str]:
    """The table of both signs, or why there is none."""
    from hrv.report import wording
    from hrv.report.text import Words

    words = Words("en")
    marker = next(m for m in analysis.markers if m.id == "baseline_arousal")
    measure = analysis.baseline.measure
    for name, found, why, sizes in (
        ("Recovery speed", analysis.recovery.trend, analysis.recovery.why_unknown, None),
        (
            wording.capital(wording.measure_name(words, measure)),
            analysis.baseline.trend,
            analysis.baseline.why_unknown,
            [k * float(marker.facts.get("own_sd", 1.0)) for k in OWN_SDS],
        ),
    ):
        yield name
        if found is None:
            yield f"  no trend yet: {'' if why is None else words.reason(why)}"
        else:
            unit = "SD" if measure == "arousal_z" else wording.trend_unit(measure or "")
            yield from _table(found, sizes, unit)
        yield ""


def _table(found: Trend, sizes: list[float] | None, unit: str) -> Iterator[str]:
    from hrv import power

    by_percent = found.log or sizes is None
    changes = [-math.log1p(-p / 100.0) for p in PERCENT] if by_percent else sizes or []
    names = [f"{p:.0f} %" if by_percent else f"{c:.2g} {unit}" for p, c in zip(PERCENT, changes,
             strict=True)]  # fmt: skip
    yield f"  {'a change of':<14}{'shows after':<30}from now"
    for name, one in zip(names, power.ladder(found, tuple(changes)), strict=True):
        if one.weeks is None or one.more_weeks is None:
            yield f"  {name:<14}{'not within two years':<30}-"
            continue
        low, high = (one.weeks * k for k in power.noise_interval(found))
        after = f"{one.weeks:.0f} weeks ({low:.0f}-{high:.0f})"
        more = f"{one.more_weeks:.0f} weeks more" if one.more_weeks >= 0.5 else "long enough"
        yield f"  {name:<14}{after:<30}{more}"
    shown = found.smallest_change
    size = f"{100.0 * -math.expm1(-shown):.0f} %" if by_percent else f"{shown:.2g} {unit}"
    yield f"  The {found.days} days seen would have shown a change of {size} 4 times in 5."
