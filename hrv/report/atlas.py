"""Which pictures a report has: each with its title, caption, alternative text and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrv.model import Analysis, Censored, Estimate
from hrv.report import figures, wording
from hrv.report.figures import CurveSet, Ink
from hrv.report.text import Words

Draw = Callable[[Axes, Ink], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A picture before it is drawn."""

    name: str
    draw: Draw
    title: str
    alt: str
    caption: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    primary: bool = False
    size: tuple[float, float] = figures.SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as SVG, light and dark."""

    name: str
    title: str
    alt: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    primary: bool
    size: tuple[float, float]
    light: str
    dark: str


def pictures(analysis: Analysis, words: Words) -> list[Picture]:
    """All pictures of an analysis, the primary ones first."""
    return [_drawn(plate, words) for plate in plates(analysis, words)]


def figure(plate: Plate, words: Words, palette: figures.Palette = figures.LIGHT) -> Figure:
    """The matplotlib figure of a plate."""
    return figures.build(plate.draw, words, palette, plate.size)


def _drawn(plate: Plate, words: Words) -> Picture:
    light = figures.svg(figure(plate, words))
    return Picture(
        name=plate.name,
        title=plate.title,
        alt=plate.alt,
        caption=plate.caption,
        head=plate.head,
        rows=plate.rows,
        primary=plate.primary,
        size=plate.size,
        light=light,
        dark=figures.darkened(light),
    )


def plates(analysis: Analysis, words: Words) -> Iterator[Plate]:
    """The pictures that the data allow."""
    window = figures.shown_window(analysis)
    if window is None:
        return
    curves = _curves(analysis, words)
    half_times = _half_times(analysis, words, window, primary=curves is None)
    yield from (plate for plate in (curves, _baseline(analysis, words, window)) if plate)
    yield from (plate for plate in (half_times, _coverage(analysis, words, window)) if plate)


def _curves(analysis: Analysis, words: Words) -> Plate | None:
    then, now = figures.split_curves(analysis)
    if then is None and now is None:
        return None

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_recovery_curves(ax, ink, then, now)

    if then is not None and now is not None:
        alt = words.say(
            "figure.curves.alt.both", then=_crossed(words, then), now=_crossed(words, now)
        )
    else:
        one = now if now is not None else then
        alt = words.say("figure.curves.alt.one", now="" if one is None else _crossed(words, one))
    alone = then is None
    return Plate(
        name="recovery_curves",
        draw=draw,
        title=words.say("figure.curves.title.one" if alone else "figure.curves.title"),
        alt=alt,
        caption=words.say("figure.curves.caption.one" if alone else "figure.curves.caption"),
        head=tuple(words.say(x) for x in ("ui.minutes", "ui.then_share", "ui.now_share")),
        rows=_curve_rows(words, then, now),
        primary=True,
    )


def _crossed(words: Words, curves: CurveSet) -> str:
    below = np.flatnonzero(curves.median <= 50.0)
    if below.size == 0:
        return words.say("figure.curves.not_crossed")
    i = int(below[0])
    at = float(curves.since_s[i])
    if i > 0:
        a, b = float(curves.median[i - 1]), float(curves.median[i])
        at -= float(curves.since_s[i] - curves.since_s[i - 1]) * (50.0 - b) / max(a - b, 1e-9)
    return words.say("figure.curves.crossed", at_s=max(at, 1.0))


def _curve_rows(
    words: Words, then: CurveSet | None, now: CurveSet | None
) -> tuple[tuple[str, ...], ...]:
    def cell(curves: CurveSet | None, minute: float) -> str:
        if curves is None or 60 * minute > curves.since_s[-1]:
            return ""
        values = (
            float(np.interp(60 * minute, curves.since_s, part))
            for part in (curves.median, curves.low, curves.high)
        )
        middle, low, high = (words.number(v, 0) for v in values)
        return f"{middle} ({low} – {high})"

    minutes = (0, 1, 2, 3, 5, 7, 10, 15, 30, 45, 60)
    rows = ((str(m), cell(then, m), cell(now, m)) for m in minutes)
    return tuple(row for row in rows if row[1] or row[2])


def _half_times(
    analysis: Analysis, words: Words, window: tuple[int, int], *, primary: bool
) -> Plate | None:
    used = [fit for fit in analysis.fits if fit.accepted]
    inside = [f for f in used if window[0] <= f.episode.day <= window[1]]
    if len(inside) < 3:
        return None
    summary = analysis.recovery
    level = summary.half_time_s if isinstance(summary.half_time_s, Estimate) else None

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_half_times(ax, ink, inside, level, summary.trend, window)
        figures.draw_marks(ax, ink, analysis)

    counts = {kind: sum(f.censored is kind for f in inside) for kind in Censored}
    return Plate(
        name="half_times",
        draw=draw,
        title=words.say("figure.half_times.title"),
        alt=words.say(
            "figure.half_times.alt",
            n=len(inside),
            trend=" ".join(wording.recovery_trend(words, summary)),
        ),
        caption=_with_marks(words, analysis, window, words.say("figure.half_times.caption")),
        head=tuple(words.say(x) for x in ("ui.kind", "ui.n")),
        rows=tuple(
            (words.say(f"censored.{kind.value}"), str(n)) for kind, n in counts.items() if n
        ),
        primary=primary,
    )


def _baseline(analysis: Analysis, words: Words, window: tuple[int, int]) -> Plate | None:
    summary = analysis.baseline
    found = wording.readable(summary)
    measure = found[0] if found else summary.shown or summary.measure
    normal_range = found[1].normal_range if found else None
    if measure is None or measure not in wording.MEASURES:
        return None
    day, value = figures.daily_values(analysis.days, measure)
    inside = (day >= window[0]) & (day <= window[1])
    if np.count_nonzero(inside) < 3:
        return None
    n = int(np.count_nonzero(inside))
    earned = normal_range is not None and n >= 14

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_baseline(ax, ink, analysis.days, measure, normal_range, window)
        figures.draw_marks(ax, ink, analysis)

    weeks = np.arange(window[0] + 6, window[1] + 1, 7, dtype=float)
    means = figures.weekly(day, value, weeks)
    unit = words.unit(wording.MEASURES[measure])
    return Plate(
        name="baseline",
        draw=draw,
        title=words.say("figure.baseline.title"),
        alt=words.say(
            "figure.baseline.alt",
            level=" ".join(wording.baseline_level(words, summary)),
            trend=" ".join(wording.baseline_trend(words, summary)),
        ).strip(),
        caption=_with_marks(
            words,
            analysis,
            window,
            words.say("figure.baseline.caption" if earned else "figure.baseline.caption.none", n=n),
        ),
        head=(
            words.say("ui.week_until"),
            f"{words.say('figure.week')} ({unit})".replace(" ()", ""),
        ),
        rows=tuple(
            (words.day(int(w)), words.number(float(m), 1))
            for w, m in zip(weeks, means, strict=True)
            if np.isfinite(m)
        ),
        primary=True,
    )


def _with_marks(words: Words, analysis: Analysis, window: tuple[int, int], caption: str) -> str:
    """The caption, and what the marks along the top of the picture are."""
    counts = figures.mark_counts(analysis, window)
    if not counts:
        return caption
    named = ", ".join(f"{words.say(f'tag.{kind.value}')} ({n})" for kind, n in counts.items())
    return f"{caption} {words.say('figure.marks', named=named)}"


def _coverage(analysis: Analysis, words: Words, window: tuple[int, int]) -> Plate | None:
    days = [d for d in analysis.days if window[0] <= d.day <= window[1]]
    known = sum(bool(np.isfinite(figures.hours_of(d))) for d in days)
    if known == 0:
        return None

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_coverage(ax, ink, days, window)

    return Plate(
        name="coverage",
        draw=draw,
        title=words.say("figure.coverage.title"),
        alt=words.say("figure.coverage.alt", known=known, days=window[1] - window[0] + 1),
        caption=words.say("figure.coverage.caption"),
    )
