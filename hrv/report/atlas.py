"""Which pictures a report has: each with its title, caption, alternative text and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrv.metrics.fluctuation import SHORT_BEATS, fluctuation
from hrv.metrics.sd1 import sd1_ms
from hrv.metrics.sd2 import sd2_ms
from hrv.metrics.spectrum import HF_HZ, LF_HZ, lomb
from hrv.model import (
    Analysis,
    Censored,
    Cleaned,
    DayTrace,
    EpisodeKind,
    Estimate,
    RecoveryFit,
    as_date,
)
from hrv.report import figures, figures_beats, wording
from hrv.report.figures import CurveSet, Ink
from hrv.report.text import Words
from hrv.stats import kaplan_meier

Draw = Callable[[Axes, Ink], None]
MIN_BEATS = 100
PLACES = ("primary", "more", "beats")  # on the first screen, below it, folded away


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
    place: str = "more"  # one of PLACES
    size: tuple[float, float] = figures.SIZE


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in light colours, for all files that show it."""

    plate: Plate
    figure: Figure
    svg: str


def drawn(plate: Plate, words: Words) -> Drawn:
    """The plate as a figure and as SVG."""
    light = figure(plate, words)
    return Drawn(plate, light, figures.svg(light))


def figure(plate: Plate, words: Words, palette: figures.Palette = figures.LIGHT) -> Figure:
    """The matplotlib figure of a plate."""
    return figures.build(plate.draw, words, palette, plate.size)


def plates(analysis: Analysis, words: Words) -> Iterator[Plate]:
    """The pictures that the data allow."""
    window = figures.shown_window(analysis)
    if window is None:
        return
    curves = _curves(analysis, words)
    half_times = _half_times(analysis, words, window, primary=curves is None)
    yield from (plate for plate in (curves, _baseline(analysis, words, window)) if plate)
    more = (
        half_times,
        _survival(analysis, words, window),
        *_days(analysis, words),
        _hours(analysis, words),
        _technique(analysis, words, window),
        _labels(analysis, words, window),
        _coverage(analysis, words, window),
    )
    yield from (plate for plate in more if plate)
    if analysis.beats is not None:
        yield from _beats(analysis.beats, words)


def _curves(analysis: Analysis, words: Words) -> Plate | None:
    then, now = figures.split_curves(analysis)
    one = now if now is not None else then
    if one is None:
        return None
    names = figures.period_names(analysis)

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_recovery_curves(ax, ink, then, now, names)

    head: tuple[str, ...]
    if then is None or now is None:
        kind, facts = "one", {"now": _crossed(words, one)}
        head = ("ui.minutes", "ui.all_share" if then is None else f"ui.{names[0]}_share")
    else:
        kind = "change" if names[0] == "before" else "both"
        facts = {"then": _crossed(words, then), "now": _crossed(words, now)}
        head = ("ui.minutes", *(f"ui.{name}_share" for name in names))
    when = {"date": figures.change_day(analysis)}
    ending = "" if kind == "both" else f".{kind}"
    caption = [words.say(f"figure.curves.caption{ending}", **when)]
    caption += [words.say("figure.curves.range")] if analysis.recovery.scale == "settling" else []
    return Plate(
        name="recovery_curves",
        draw=draw,
        title=words.say(f"figure.curves.title{ending}", **when),
        alt=words.say(f"figure.curves.alt.{kind}", **facts, **when),
        caption=" ".join(caption),
        head=tuple(words.say(x) for x in head),
        rows=_curve_rows(words, [curves for curves in (then, now) if curves is not None]),
        place="primary",
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


def _curve_rows(words: Words, shown: Sequence[CurveSet]) -> tuple[tuple[str, ...], ...]:
    def cell(curves: CurveSet, minute: float) -> str:
        if 60 * minute > curves.since_s[-1]:
            return ""
        values = (
            float(np.interp(60 * minute, curves.since_s, part))
            for part in (curves.median, curves.low, curves.high)
        )
        middle, low, high = (words.number(v, 0) for v in values)
        return f"{middle} ({low} – {high})"

    minutes = (0, 1, 2, 3, 5, 7, 10, 15, 30, 45, 60)
    rows = ((str(m), *(cell(curves, m) for curves in shown)) for m in minutes)
    return tuple(row for row in rows if any(row[1:]))


def _half_times(
    analysis: Analysis, words: Words, window: tuple[int, int], *, primary: bool
) -> Plate | None:
    used = [fit for fit in analysis.fits if fit.accepted]
    inside = [f for f in used if window[0] <= f.episode.day <= window[1]]
    if len(inside) < 3:
        return None
    summary = analysis.recovery
    level = summary.half_time_s if isinstance(summary.half_time_s, Estimate) else None
    trend = summary.trend if summary.scale == "fast" else None  # else it is not of half-times

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_half_times(ax, ink, inside, level, trend, window)
        figures.draw_marks(ax, ink, analysis)

    caption = [words.say("figure.half_times.caption")]
    if level is not None:
        line = "level" if trend is None or not trend.log else "trend"
        caption.append(words.say(f"figure.half_times.{line}"))
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
        caption=_with_marks(words, analysis, window, " ".join(caption)),
        head=tuple(words.say(x) for x in ("ui.kind", "ui.n")),
        rows=tuple(
            (words.say(f"censored.{kind.value}"), str(n)) for kind, n in counts.items() if n
        ),
        place="primary" if primary else "more",
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
            trend=" ".join(wording.baseline_trend(words, analysis)),
        ).strip(),
        caption=_with_marks(
            words,
            analysis,
            window,
            words.say(
                "figure.baseline.caption" if earned else "figure.baseline.caption.none",
                n=n,
                measure=wording.measure_name(words, measure),
            ),
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
        place="primary",
    )


def _accepted(analysis: Analysis, window: tuple[int, int]) -> list[RecoveryFit]:
    return [
        fit
        for fit in analysis.fits
        if fit.accepted
        and fit.episode.kind is not EpisodeKind.EXERCISE
        and window[0] <= fit.episode.day <= window[1]
    ]


def _survival(analysis: Analysis, words: Words, window: tuple[int, int]) -> Plate | None:
    compared = figures.periods(analysis)
    if compared is None or window[1] - window[0] + 1 < figures.MIN_DAYS_TO_COMPARE:
        return None
    settled = analysis.recovery.scale == "settling"
    groups = [
        figures.followed(
            [f for one in _accepted(analysis, period) if (f := one.technique_free)],
            settled=settled,
        )
        for period in compared
    ]
    if min(group.time_s.size for group in groups) < 5:
        return None
    goal = words.say("figure.survival.range" if settled else "figure.survival.half")
    middles = [_middle(words, group) for group in groups]

    names = figures.period_names(analysis)
    ending, when = ("", {}) if names[0] == "then" else (".change", {"date": compared[1][0]})

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_survival(ax, ink, groups[0], groups[1], names)

    return Plate(
        name="survival",
        draw=draw,
        title=words.say(f"figure.survival.title{ending}", **when),
        alt=words.say(
            f"figure.survival.alt{ending}", goal=goal, then=middles[0], now=middles[1], **when
        ),
        caption=words.say("figure.survival.caption", goal=goal),
        head=tuple(words.say(x) for x in ("ui.period_name", "ui.n", "ui.middle")),
        rows=tuple(
            (words.say(f"ui.{name}"), str(group.time_s.size), middle)
            for name, group, middle in zip(names, groups, middles, strict=True)
        ),
    )


def _middle(words: Words, group: figures.Followed) -> str:
    curve = kaplan_meier(group.time_s, group.over)
    middle = curve.quantile(0.5)
    if not np.isfinite(middle):
        return words.say("figure.curves.not_crossed")
    low, high = curve.interval(0.5)
    text = words.say("figure.curves.crossed", at_s=middle)
    shown = "…" if not np.isfinite(high) else words.clock(high)
    return f"{text} ({words.clock(low)}–{shown})"


def _days(analysis: Analysis, words: Words) -> Iterator[Plate]:
    """The day asked for, if any, and the typical one."""
    traces = [trace for trace in analysis.traces if np.isfinite(trace.hr_bpm).any()]
    for name, trace in zip(("one_day", "typical_day"), traces, strict=False):
        asked = analysis.settings.get("question.day") == as_date(trace.day).isoformat()
        title = "asked" if asked or trace is not traces[-1] else "typical"
        yield _day(analysis, words, trace, name, words.say(f"figure.day.{title}", date=trace.day))


def _day(analysis: Analysis, words: Words, trace: DayTrace, name: str, title: str) -> Plate:
    mine = [fit for fit in analysis.fits if fit.episode.day == trace.day]
    rises = [fit for fit in mine if fit.episode.kind is not EpisodeKind.EXERCISE]
    tags = figures.tags_of(analysis.spans, analysis.clock, trace.day)

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_day(ax, ink, trace, rises, tags, analysis.clock)

    caption = [words.say("figure.day.caption")]
    caption += [words.say("figure.day.caption.tags")] if tags else []
    heads = ("ui.start", "ui.kind", "ui.rise", "ui.half_time_s", "ui.used", "ui.why_not")
    return Plate(
        name=name,
        draw=draw,
        title=title,
        alt=words.say(
            "figure.day.alt",
            date=trace.day,
            n=len(rises),
            low=words.number(float(np.nanmin(trace.hr_bpm)), 0),
            high=words.number(float(np.nanmax(trace.hr_bpm)), 0),
        ),
        caption=" ".join(caption),
        head=tuple(words.say(head) for head in heads),
        rows=tuple(_rise_row(words, fit) for fit in rises),
        size=(figures.SIZE[0], 1.2 * figures.SIZE[1]),
    )


def _rise_row(words: Words, fit: RecoveryFit) -> tuple[str, ...]:
    episode = fit.episode
    return (
        f"{int(episode.hour):02d}:{int(episode.hour % 1 * 60):02d}",
        episode.label or words.say(f"kind.{episode.kind.value}"),
        words.number(episode.rise_bpm, 0),
        wording.half_time_shown(words, fit)[0],
        words.say("ui.yes" if fit.accepted else "ui.no"),
        wording.why_not(words, fit),
    )


def _hours(analysis: Analysis, words: Words) -> Plate | None:
    hours = analysis.hours
    if hours is None or np.count_nonzero(hours.minutes >= 30) < 12:
        return None

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_hours(ax, ink, hours)

    table = np.ma.masked_where(hours.minutes < 30, hours.above_bpm)

    def at(index: int) -> str:
        weekday, hour = divmod(index, 24)
        return words.say(
            "figure.hours.at",
            weekday=words.weekdays()[weekday],
            hour=hour,
            value=float(table[weekday, hour]),
        )

    return Plate(
        name="hours",
        draw=draw,
        title=words.say("figure.hours.title"),
        alt=words.say(
            "figure.hours.alt", high=at(int(table.argmax())), low=at(int(table.argmin()))
        ),
        caption=words.say("figure.hours.caption"),
        head=(words.say("axis.hour"), *words.weekdays()),
        rows=tuple(
            (
                f"{hour}:00",
                *(
                    ""
                    if np.ma.is_masked(table[day, hour])
                    else words.number(float(table[day, hour]), 1)
                    for day in range(7)
                ),
            )
            for hour in range(24)
        ),
    )


def _technique(analysis: Analysis, words: Words, window: tuple[int, int]) -> Plate | None:
    fits = _accepted(analysis, window)
    on = [fit for fit in fits if fit.episode.technique]
    off = [fit for fit in fits if not fit.episode.technique]
    if min(len(on), len(off)) < 5:
        return None
    groups = [
        (words.say("figure.technique.on", n=len(on)), on),
        (words.say("figure.technique.off", n=len(off)), off),
    ]

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_technique(ax, ink, groups)

    return Plate(
        name="technique",
        draw=draw,
        title=words.say("figure.technique.title"),
        alt=words.say("figure.technique.alt", on=len(on), off=len(off)),
        caption=words.say("figure.technique.caption"),
        head=tuple(words.say(x) for x in ("ui.group", "ui.middle")),
        rows=tuple(
            (name, _middle(words, figures.followed(some, settled=False))) for name, some in groups
        ),
    )


def _labels(analysis: Analysis, words: Words, window: tuple[int, int]) -> Plate | None:
    groups: dict[str, list[RecoveryFit]] = {}
    for fit in _accepted(analysis, window):
        groups.setdefault(fit.episode.label, []).append(fit)
    named = sorted(
        ((k, v) for k, v in groups.items() if k), key=lambda item: (-len(item[1]), item[0])
    )
    if not named:
        return None
    rows = []
    other = [(words.say("figure.labels.other"), groups[""])] if "" in groups else []
    for label, fits in [*named[:9], *other]:
        rows.append((label[:24], len(fits), _typical(fits) if len(fits) >= 5 else None))
    if all(found is None for _, _, found in rows[: len(named)]):
        return None

    def draw(ax: Axes, ink: Ink) -> None:
        figures.draw_labels(ax, ink, rows)

    return Plate(
        name="labels",
        draw=draw,
        title=words.say("figure.labels.title"),
        alt=words.say("figure.labels.alt"),
        caption=words.say("figure.labels.caption"),
        head=tuple(words.say(x) for x in ("ui.group", "ui.n", "ui.half_time")),
        rows=tuple(
            (
                label,
                str(n),
                words.say("figure.labels.few") if found is None else _timed(words, found),
            )
            for label, n, found in rows
        ),
    )


def _timed(words: Words, found: Estimate) -> str:
    low, high = words.clock(found.low), words.clock(found.high)
    return f"{words.duration(found.value)} ({low}–{high})"


def _typical(fits: list[RecoveryFit]) -> Estimate | None:
    group = figures.followed(fits, settled=False)
    if group.time_s.size < 5:
        return None
    curve = kaplan_meier(group.time_s, group.over)
    middle, (low, high) = curve.quantile(0.5), curve.interval(0.5)
    if not (np.isfinite(middle) and np.isfinite(high)):
        return None
    return Estimate(value=middle, low=min(low, middle), high=max(high, middle), n=len(fits))


def _beats(cleaned: Cleaned, words: Words) -> Iterator[Plate]:
    """Pictures of a few minutes of beats, each with one plain sentence."""
    nn = cleaned.nn
    if np.count_nonzero(nn.joined) < MIN_BEATS:
        return
    spectrum, box = lomb(nn), fluctuation(nn)
    shown: dict[str, tuple[Draw, dict[str, Any]]] = {
        "tachogram": (
            lambda ax, ink: figures_beats.draw_tachogram(ax, ink, cleaned),
            {"n": cleaned.rr_ms.size, "share": cleaned.share},
        ),
        "poincare": (
            lambda ax, ink: figures_beats.draw_poincare(ax, ink, nn),
            {"sd1": sd1_ms(nn), "sd2": sd2_ms(nn)},
        ),
        "spectrum": (
            lambda ax, ink: figures_beats.draw_spectrum(ax, ink, spectrum),
            {"lf": spectrum.power_ms2(*LF_HZ), "hf": spectrum.power_ms2(*HF_HZ)},
        ),
        "fluctuation": (
            lambda ax, ink: figures_beats.draw_fluctuation(ax, ink, box),
            {"alpha": box.slope(*SHORT_BEATS)},
        ),
    }
    for name, (draw, facts) in shown.items():
        if not all(np.isfinite(value) for value in facts.values()):
            continue
        yield Plate(
            name=name,
            draw=draw,
            title=words.say(f"figure.{name}.title"),
            alt=words.say(f"figure.{name}.alt", **facts),
            caption=words.say(f"figure.{name}.caption"),
            place="beats",
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
