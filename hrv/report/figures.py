"""The report's pictures: matplotlib `Figure` objects, drawn noun by noun on given axes.

Never pyplot: its state is process-wide. Same input, same bytes. Each role of the palette has its
own colour, so that the dark variant of an SVG is the light one with its colours exchanged.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from hrv.model import (
    DAY_S,
    Analysis,
    BaselineDay,
    BoolArray,
    Censored,
    DayTrace,
    Estimate,
    FloatArray,
    HourMap,
    LocalClock,
    RecoveryCurve,
    RecoveryFit,
    Span,
    SpanKind,
    Trend,
    as_date,
    as_day,
)
from hrv.report.text import Words
from hrv.report.wording import LOG_MEASURES, MEASURES
from hrv.stats import kaplan_meier

MAX_POINTS = 2000
SIZE = (4.7, 3.5)  # inches: two side by side on a desk, one on a phone, text readable on both


@dataclass(frozen=True, slots=True)
class Palette:
    """Roles and their colours; each role differs from every other by hue, and by its pattern."""

    then: str
    now: str
    neutral: str
    ink: str
    grid: str
    paper: str
    soft: str


LIGHT = Palette("#C4501B", "#0072B2", "#6B7280", "#1F2328", "#D9DDE2", "#FFFFFF", "#4B5563")
DARK = Palette("#FFA94D", "#63B3ED", "#A0A8B0", "#E6E8EB", "#343A42", "#121417", "#B9C0C8")

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 11.5,
    "axes.titlesize": 11.0,
    "axes.labelsize": 11.0,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "hrv",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "path.simplify": True,
    "hatch.linewidth": 0.6,
    "timezone": "UTC",
}


@contextmanager
def house_style(palette: Palette) -> Iterator[None]:
    """Settings of matplotlib for the time of drawing; the defaults below are not the user's."""
    colours = {
        "text.color": palette.ink,
        "axes.labelcolor": palette.ink,
        "axes.edgecolor": palette.neutral,
        "axes.facecolor": palette.paper,
        "figure.facecolor": palette.paper,
        "savefig.facecolor": "auto",
        "xtick.color": palette.soft,
        "ytick.color": palette.soft,
        "grid.color": palette.grid,
        "hatch.color": palette.neutral,
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        rc: Any = STYLE | colours
        mpl.rcParams.update(rc)
        yield


@dataclass(frozen=True, slots=True)
class Ink:
    """What every drawing needs: the colours and the words."""

    palette: Palette
    words: Words


# --------------------------------------------------------------------------- files


def svg(figure: Figure) -> str:
    """The figure as SVG text without dates."""
    sink = io.StringIO()
    with house_style(LIGHT):
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    text = sink.getvalue()
    return _slim(text[text.index("<svg") :])


COORDINATES = re.compile(r'(?<= )(?:d|x|y)="[^"]*"')
DECIMALS = re.compile(r"\.(\d)\d*")
STYLES = re.compile(r' style="([^"]*)"')


def _slim(text: str) -> str:
    """The same picture in a third of the bytes: short coordinates, each style said once."""
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = COORDINATES.sub(
        lambda m: DECIMALS.sub(r".\1", m.group()).replace(".0", "").replace("\n", ""), text
    )
    text = re.sub(r">\s+<", "><", text)
    counts = Counter(STYLES.findall(text))
    often = [style for style, n in counts.most_common() if n > 2 and style]
    names = {style: f"s{i}" for i, style in enumerate(often)}
    text = STYLES.sub(
        lambda m: f' class="{names[m.group(1)]}"' if m.group(1) in names else m.group(), text
    )
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    return text.replace("</style>", f"{rules}</style>", 1)


def png(figure: Figure, dpi: float = 150.0) -> bytes:
    """The figure as PNG bytes without dates."""
    sink = io.BytesIO()
    with house_style(LIGHT):
        figure.savefig(sink, format="png", dpi=dpi, metadata={"Software": None})
    return sink.getvalue()


def darkened(light_svg: str) -> str:
    """A light SVG in dark colours."""
    text = light_svg
    for item in fields(Palette):
        mark = f"@{item.name}@"
        text = text.replace(getattr(LIGHT, item.name).lower(), mark)
    for item in fields(Palette):
        text = text.replace(f"@{item.name}@", getattr(DARK, item.name).lower())
    return text


def themed(light_svg: str) -> str:
    """A light SVG that turns dark where the reader's screen is: one picture instead of two."""
    names = [item.name for item in fields(Palette)]
    text = light_svg
    for name in names:
        text = text.replace(getattr(LIGHT, name).lower(), f"var(--{name})")

    def rule(palette: Palette) -> str:
        return ";".join(f"--{name}:{getattr(palette, name).lower()}" for name in names)

    dark = f"@media(prefers-color-scheme:dark){{svg{{{rule(DARK)}}}}}"
    return text.replace('<style type="text/css">', f"<style>svg{{{rule(LIGHT)}}}{dark}", 1)


def build(
    draw: Callable[[Axes, Ink], None],
    words: Words,
    palette: Palette = LIGHT,
    size: tuple[float, float] = SIZE,
) -> Figure:
    """One figure with one drawing on it."""
    with house_style(palette):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot(), Ink(palette, words))
        fixed = figure.get_layout_engine()
        assert fixed is not None
        fixed.execute(figure)
        figure.set_layout_engine(None)  # laid out once, not again for every file
    return figure


# --------------------------------------------------------------------------- shared parts


def thinned(t: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """At most `MAX_POINTS` points; from each stretch its lowest and its highest."""
    if t.size <= MAX_POINTS:
        return t, y
    edges = np.linspace(0, t.size, MAX_POINTS // 2 + 1).astype(int)[:-1]
    keep = {0, t.size - 1}
    for start, stop in zip(edges, [*edges[1:], t.size], strict=True):
        part = y[start:stop]
        if np.all(np.isnan(part)):
            keep.add(int(start))
            continue
        keep |= {int(start + np.nanargmin(part)), int(start + np.nanargmax(part))}
    index = np.array(sorted(keep))[:MAX_POINTS]
    return t[index], y[index]


def _date_axis(ax: Axes, ink: Ink, first_day: int, last_day: int) -> None:
    """Days as numbers, named at a handful of round dates."""
    ax.set_xlim(first_day - 0.5, last_day + 0.5)
    ticks = date_ticks(first_day, last_day)
    months = ink.words.say("months").split()
    dates = [as_date(day) for day in ticks]
    long = last_day - first_day > 700
    names = [
        f"{months[d.month - 1]} {d.year}" if long else ink.words.short_day(day)
        for day, d in zip(ticks, dates, strict=True)
    ]
    ax.set_xticks(ticks, names)
    years = sorted({as_date(first_day).year, as_date(last_day).year})
    ax.set_xlabel(ink.words.say("axis.date", years="–".join(str(year) for year in years)))


def date_ticks(first_day: int, last_day: int, most: int = 5) -> list[int]:
    """Round days between two days: first of months, Mondays, or every so many days."""
    span = last_day - first_day + 1
    for step in (1, 2, 3, 7, 14):
        if span <= most * step:
            start = first_day + (-(first_day + 3)) % 7 if step >= 7 else first_day
            return list(range(start, last_day + 1, step))
    firsts = [d for d in range(first_day, last_day + 1) if as_date(d).day == 1]
    step = next((n for n in (1, 2, 3, 6, 12) if len(firsts) <= most * n), 24)
    return [d for d in firsts if (as_date(d).month - 1) % min(step, 12) == 0] or [first_day]


TAG_KINDS = {
    SpanKind.EVENT,
    SpanKind.TECHNIQUE,
    SpanKind.THERAPY,
    SpanKind.MEDICINE,
    SpanKind.ILLNESS,
    SpanKind.DEVICE,
    SpanKind.ALCOHOL,
    SpanKind.CYCLE,
    SpanKind.LIFE,
    SpanKind.OTHER,
}


def draw_marks(ax: Axes, ink: Ink, analysis: Analysis) -> None:
    """What a person added, as ticks along the top; the change date as a line."""
    draw_tags(ax, analysis.spans, ink, analysis.clock)
    day = change_day(analysis)
    if day is None:
        return
    ax.axvline(day - 0.5, color=ink.palette.ink, lw=1.2, ls=(0, (1, 2)))
    label = str((analysis.change or {}).get("label") or "")
    ax.annotate(
        label,
        (day - 0.5, 0.02),
        xycoords=("data", "axes fraction"),
        xytext=(3, 0),
        textcoords="offset points",
        fontsize=10,
        color=ink.palette.soft,
    )


def draw_tags(ax: Axes, spans: Sequence[Span], ink: Ink, clock: LocalClock) -> None:
    """Tags as ticks, and as bars where they last a day or more."""
    left, right = ax.get_xlim()
    for span in _worth_marking(spans):
        local = clock.local_s([span.start_s, span.end_s]) / DAY_S - 0.5  # a day's mark is its noon
        start, end = (float(x) for x in local)
        if not left <= start <= right:
            continue
        if span.end_s - span.start_s >= DAY_S:
            ax.axvspan(
                start,
                end,
                ymin=0.965,
                ymax=1.0,
                color=ink.palette.neutral,
                lw=0,
                alpha=0.8,
            )
        else:
            ax.axvline(start, ymin=0.965, ymax=1.0, color=ink.palette.neutral, lw=1)


def mark_counts(analysis: Analysis, window: tuple[int, int]) -> dict[SpanKind, int]:
    """How many tags of each kind are marked within the window."""
    counts: dict[SpanKind, int] = {}
    for span in _worth_marking(analysis.spans):
        day = int(analysis.clock.day(span.start_s))
        if window[0] <= day <= window[1]:
            counts[span.kind] = counts.get(span.kind, 0) + 1
    return counts


def _worth_marking(spans: Sequence[Span]) -> list[Span]:
    added = [s for s in spans if s.kind in TAG_KINDS and s.origin != "device"]
    if len(added) <= 300:
        return added
    return [s for s in added if s.kind not in {SpanKind.TECHNIQUE, SpanKind.EVENT}][:300]


def _clock_axis(ax: Axes, ink: Ink, low_s: float, high_s: float) -> None:
    """A log axis of durations with round ticks."""
    ax.set_yscale("log")
    ax.set_ylim(low_s, high_s)
    round_s = [10, 20, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200, 14400]
    ax.yaxis.set_major_locator(FixedLocator([s for s in round_s if low_s <= s <= high_s]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda s, _=None: ink.words.clock(s)))


# --------------------------------------------------------------------------- recovery curves


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveSet:
    """Recovery curves of one period, as the share of the rise that is still there."""

    since_s: FloatArray
    median: FloatArray
    low: FloatArray  # quartiles of the episodes
    high: FloatArray
    ends_s: FloatArray  # where follow-up was cut short
    n: int


def curve_set(
    curves: Sequence[RecoveryCurve], fits: Sequence[RecoveryFit], step_s: float, span_s: float
) -> CurveSet | None:
    """Median and middle half of the curves on a common clock; None with fewer than five."""
    by_start = {fit.episode.start_s: fit for fit in fits}
    grid = np.arange(0.0, span_s + 0.5 * step_s, step_s)
    rows, ends = [], []
    for curve in curves:
        fit = by_start.get(curve.episode_start_s)
        height = _height(curve, fit)
        if height is None:
            continue
        inside = (curve.since_release_s >= 0) & (curve.since_release_s <= curve.stop_s)
        if np.count_nonzero(inside) < 2:
            continue
        share = 100.0 * curve.excess_bpm[inside] / height
        t = curve.since_release_s[inside]
        row = _binned(grid, t, share, step_s)
        row[grid > min(curve.stop_s, float(t[-1]))] = np.nan
        rows.append(row)
        if fit is not None and fit.censored is Censored.RIGHT:
            ends.append(curve.stop_s)
    if len(rows) < 5:
        return None
    table = np.array(rows)
    enough = np.sum(np.isfinite(table), axis=0) >= max(5, len(rows) // 4)
    last = int(np.argmin(enough)) if not enough.all() else enough.size
    if last < 2:
        return None
    low, median, high = np.nanpercentile(table[:, :last], [25, 50, 75], axis=0)
    return CurveSet(
        since_s=grid[:last],
        median=median,
        low=low,
        high=high,
        ends_s=np.sort(np.array([e for e in ends if e <= grid[last - 1]], dtype=float)),
        n=len(rows),
    )


def _binned(grid: FloatArray, t: FloatArray, y: FloatArray, step_s: float) -> FloatArray:
    """Means around each point of the grid; between points where a bin is empty."""
    index = np.rint(t / step_s).astype(int)
    inside = index < grid.size
    n = np.bincount(index[inside], minlength=grid.size)
    total = np.bincount(index[inside], weights=y[inside], minlength=grid.size)
    known = n > 0
    means: FloatArray = np.interp(grid, grid[known], total[known] / n[known])
    return means


def _height(curve: RecoveryCurve, fit: RecoveryFit | None) -> float | None:
    if fit is not None and np.isfinite(fit.amplitude_bpm) and fit.amplitude_bpm >= 3:
        return float(fit.amplitude_bpm)
    near = (curve.since_release_s >= -60) & (curve.since_release_s <= 15)
    if not near.any():
        return None
    height = float(np.median(curve.excess_bpm[near]))
    return height if height >= 3 else None


def draw_recovery_curves(
    ax: Axes,
    ink: Ink,
    then: CurveSet | None,
    now: CurveSet | None,
    names: tuple[str, str] = ("then", "now"),
) -> None:
    """Then and now: how much of a rise is still there, minutes after the stressor ends."""
    words, palette = ink.words, ink.palette
    styles = (
        (then, f"figure.{names[0]}", palette.then, (0, (5, 2)), "//"),
        (now, f"figure.{names[1]}", palette.now, "-", None),
    )
    longest = 0.0
    for curves, name, colour, dash, hatch in styles:
        if curves is None:
            continue
        minutes = curves.since_s / 60.0
        longest = max(longest, float(minutes[-1]))
        ax.fill_between(minutes, curves.low, curves.high, facecolor=colour, alpha=0.13, lw=0)
        if hatch:
            ax.fill_between(
                minutes,
                curves.low,
                curves.high,
                facecolor="none",
                edgecolor=colour,
                hatch=hatch,
                lw=0,
                alpha=0.25,
            )
        alone = then is None
        label = words.say("figure.all" if alone else name, n=curves.n)
        ax.plot(minutes, curves.median, color=colour, ls=dash, lw=2.4, label=label)
        shown = curves.ends_s[:: max(1, curves.ends_s.size // 25)]
        if shown.size:
            ax.plot(
                shown / 60.0,
                np.interp(shown, curves.since_s, curves.median),
                ls="none",
                marker="o",
                ms=5,
                mfc=palette.paper,
                mec=colour,
                mew=1.2,
            )
    ax.axhline(50.0, color=palette.neutral, lw=1, ls=(0, (2, 2)))
    ax.axhline(0.0, color=palette.neutral, lw=0.8)
    ax.annotate(
        words.say("figure.half"),
        (longest, 50),
        xytext=(0, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=10,
        color=palette.soft,
    )
    ax.set_xlim(0, max(longest, 1.0))
    lowest = min(float(np.min(c.median)) for c in (then, now) if c is not None)
    ax.set_ylim(min(-15.0, lowest - 5.0), 118)
    ax.set_yticks([0, 25, 50, 75, 100])
    ax.set_xlabel(words.say("axis.since_release"))
    ax.set_ylabel(words.say("axis.share_left"))
    ax.legend(loc="upper right")


# --------------------------------------------------------------------------- half-time trend


LETTERS = 39  # of a legend in one row above the smallest figure


def draw_half_times(
    ax: Axes,
    ink: Ink,
    fits: Sequence[RecoveryFit],
    level: Estimate | None,
    trend: Trend | None,
    window: tuple[int, int],
) -> None:
    """Every half-time by date; cut-short ones point up, too-fast ones point down."""
    words, palette = ink.words, ink.palette
    used = [f for f in fits if f.accepted]
    groups = (
        (Censored.NO, "o", palette.now, palette.now, "figure.measured"),
        (Censored.RIGHT, "^", palette.paper, palette.then, "figure.at_least"),
        (Censored.LEFT, "v", palette.paper, palette.neutral, "figure.at_most"),
    )
    seen: list[float] = []
    many = len(used) > 250
    for kind, marker, face, edge, name in groups:
        points = [
            (f.episode.day + f.episode.hour / 24.0 - 0.5, half_s(f))
            for f in used
            if f.censored is kind
        ]
        points = [(day, s) for day, s in points if np.isfinite(s) and s > 0]
        if not points:
            continue
        seen += [s for _, s in points]
        shown = points[:: -(-len(points) // MAX_POINTS)]
        ax.plot(
            [day for day, _ in shown],
            [s for _, s in shown],
            ls="none",
            marker=marker,
            ms=4 if many else 5.5,
            mfc=face,
            mec=edge,
            mew=0.9,
            alpha=0.45 if kind is Censored.NO else 0.8,
            label=words.say(name, n=len(points)),
        )
    if level is not None and trend is not None and trend.log:
        _trend_band(ax, ink, level, trend)
        seen += [level.low, level.high]
    elif level is not None:
        ax.axhspan(level.low, level.high, color=palette.neutral, alpha=0.2, lw=0)
        ax.axhline(level.value, color=palette.ink, lw=1.6)
        seen += [level.low, level.high]
    low, high = (min(seen), max(seen)) if seen else (30.0, 600.0)
    _clock_axis(ax, ink, min(low * 0.8, 45.0), max(high * 1.6, 300.0))
    _date_axis(ax, ink, *window)
    ax.set_ylabel(words.say("axis.half_time"))
    letters = sum(len(text) for text in ax.get_legend_handles_labels()[1])
    ax.legend(loc="lower center", ncols=3 if letters <= LETTERS else 2, bbox_to_anchor=(0.5, 1.0))


def half_s(fit: RecoveryFit) -> float:
    if fit.censored is not Censored.NO:
        return float(fit.bound_s)
    if fit.half_time_s is not None:
        return fit.half_time_s.value
    return float(np.exp(fit.ln_h)) if np.isfinite(fit.ln_h) else float("nan")


def _trend_band(ax: Axes, ink: Ink, level: Estimate, trend: Trend) -> None:
    """The trend through the level at mid-window, with the band of both uncertainties."""
    x = np.linspace(-0.5, 0.5, 61)
    z = max((trend.total.high - trend.total.low) / (2.0 * trend.se), 1e-9) if trend.se > 0 else 2.0
    level_half = 0.5 * (np.log(max(level.high, 1e-9)) - np.log(max(level.low, 1e-9)))
    centre = np.log(level.value) + trend.total.value * x
    half = np.hypot(level_half, z * trend.se * x)
    days = trend.since_day + (x + 0.5) * (trend.until_day - trend.since_day)
    when: Any = days
    ax.fill_between(
        when,
        np.exp(centre - half),
        np.exp(centre + half),
        color=ink.palette.neutral,
        alpha=0.28,
        lw=0,
    )
    ax.plot(
        when, np.exp(centre), color=ink.palette.ink, lw=2.2, label=ink.words.say("figure.trend")
    )


# --------------------------------------------------------------------------- baseline band


AXES = {
    **{name: "hr" for name, unit in MEASURES.items() if unit == "bpm"},
    "ln_rmssd": "rmssd",
    "vendor_ln_rmssd": "rmssd",
    "vendor_ln_sdnn": "sdnn",
    "arousal_z": "arousal",
}


def daily_values(days: Sequence[BaselineDay], measure: str) -> tuple[FloatArray, FloatArray]:
    """Days and values of a measure, logarithms undone."""
    pairs = [(d.day, getattr(d, measure)) for d in days if getattr(d, measure, None) is not None]
    day = np.array([d for d, _ in pairs], dtype=float)
    value = np.array([v for _, v in pairs], dtype=float)
    return day, np.exp(value) if measure in LOG_MEASURES else value


def weekly(day: FloatArray, value: FloatArray, at: FloatArray) -> FloatArray:
    """Mean of the last 7 days where three of them have a value, else NaN."""
    out = np.full(at.size, np.nan)
    for i, today in enumerate(at):
        inside = (day > today - 7) & (day <= today)
        if np.count_nonzero(inside) >= 3:
            out[i] = float(np.mean(value[inside]))
    return out


def draw_baseline(
    ax: Axes,
    ink: Ink,
    days: Sequence[BaselineDay],
    measure: str,
    normal_range: tuple[float, float] | None,
    window: tuple[int, int],
    min_days: int = 14,
) -> None:
    """Daily dot, 7-day line and the range of 9 of 10 own days; no range before 14 days."""
    words, palette = ink.words, ink.palette
    day, value = daily_values(days, measure)
    inside = (day >= window[0]) & (day <= window[1])
    day, value = day[inside], value[inside]
    if normal_range is not None and day.size >= min_days:
        low, high = np.exp(normal_range) if measure in LOG_MEASURES else normal_range
        ax.axhspan(
            float(low),
            float(high),
            facecolor=palette.neutral,
            alpha=0.17,
            lw=0,
            label=words.say("figure.range"),
        )
        for edge in (float(low), float(high)):
            ax.axhline(edge, color=palette.neutral, lw=0.9)
    ax.plot(
        day,
        value,
        ls="none",
        marker="o",
        ms=3.6,
        mfc=palette.paper,
        mec=palette.soft,
        mew=0.9,
        label=words.say("figure.day"),
    )
    at = np.arange(window[0], window[1] + 1, dtype=float)
    ax.plot(
        at,
        weekly(day, value, at),
        color=palette.now,
        lw=2.2,
        label=words.say("figure.week"),
    )
    _date_axis(ax, ink, *window)
    ax.set_ylabel(words.say(f"axis.{AXES.get(measure, 'other')}"))
    ax.margins(y=0.18)
    ax.legend(loc="upper center", ncols=3, bbox_to_anchor=(0.5, 1.16))


# --------------------------------------------------------------------------- coverage


def draw_coverage(ax: Axes, ink: Ink, days: Sequence[BaselineDay], window: tuple[int, int]) -> None:
    """Hours worn, week by weekday; days without data are hatched, never coloured as zero."""
    words, palette = ink.words, ink.palette
    first_monday = window[0] - (window[0] + 3) % 7
    weeks = (window[1] - first_monday) // 7 + 1
    table = np.full((7, weeks), np.nan)
    for item in days:
        if window[0] <= item.day <= window[1]:
            column, row = divmod(item.day - first_monday, 7)
            table[row, column] = hours_of(item)
    ax.set_facecolor(palette.paper)
    ax.patch.set_hatch("////")
    ax.patch.set_edgecolor(palette.grid)
    image = ax.pcolormesh(
        np.arange(weeks + 1),
        np.arange(8),
        np.ma.masked_invalid(table),
        cmap="cividis",
        vmin=0,
        vmax=24,
        edgecolors=palette.paper,
        lw=0.6,
    )
    ax.invert_yaxis()
    ax.set_yticks(np.arange(7) + 0.5, words.weekdays())
    step = max(1, -(-weeks // 5))
    ticks = np.arange(0, weeks, step)
    names = [words.short_day(first_monday + 7 * int(tick)) for tick in ticks]
    ax.set_xticks(ticks + 0.5, names)
    ax.tick_params(length=0)
    ax.set_xlabel(words.say("axis.week"))
    bar = ax.figure.colorbar(image, ax=ax, ticks=[0, 6, 12, 18, 24], pad=0.02)
    bar.set_label(words.say("axis.worn"))
    bar.outline.set_visible(False)


def hours_of(day: BaselineDay) -> float:
    """Hours worn; NaN where nothing at all is known of the day."""
    if day.worn_hours > 0:
        return day.worn_hours
    return float("nan")


# --------------------------------------------------------------------------- survival


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Times back and whether they were seen, of one period."""

    time_s: FloatArray
    over: BoolArray


def followed(fits: Sequence[RecoveryFit], *, settled: bool) -> Followed:
    """Times of accepted recoveries: to half, or into one's own range (`settled`)."""
    rows = []
    for fit in fits:
        if settled:
            time_s = fit.settled_follow_up_s if fit.settled_censored else fit.settled_s
            rows.append((time_s, not fit.settled_censored))
        else:
            rows.append((half_s(fit), fit.censored is not Censored.RIGHT))
    rows = [(t, over) for t, over in rows if np.isfinite(t) and (over or t > 0)]
    return Followed(
        time_s=np.array([t for t, _ in rows]), over=np.array([o for _, o in rows], dtype=bool)
    )


def draw_survival(
    ax: Axes,
    ink: Ink,
    early: Followed,
    late: Followed,
    names: tuple[str, str] = ("then", "now"),
) -> None:
    """Steps of the share not yet back, ticks where follow-up ended, and who was still followed."""
    words, palette = ink.words, ink.palette
    longest = float(np.quantile(np.concatenate([early.time_s, late.time_s]), 0.97)) / 60.0
    ticks = _round_ticks(longest)
    rows = (
        (early, f"figure.survival.{names[0]}", palette.then, (0, (5, 2)), -58),
        (late, f"figure.survival.{names[1]}", palette.now, "-", -71),
    )
    for group, name, colour, dash, height in rows:
        curve = kaplan_meier(group.time_s, group.over)
        t = np.concatenate([[0.0], curve.time / 60.0])
        share = 100.0 * np.concatenate([[1.0], curve.survival])
        label = words.say(name, n=group.time_s.size)
        ax.step(t, share, where="post", color=colour, ls=dash, lw=2.2, label=label)
        cut = group.time_s[~group.over] / 60.0
        at = share[np.searchsorted(t, cut, side="right") - 1]
        ax.plot(cut, at, ls="none", marker="|", ms=8, mec=colour)
        for tick in ticks:
            still = int(np.sum(group.time_s >= 60.0 * tick))
            _below(ax, str(still), tick, height, colour)
    _below(ax, words.say("figure.survival.at_risk"), 0.0, -44, palette.soft, "left")
    ax.set_xlim(0, longest)
    ax.set_ylim(0, 102)
    ax.set_xticks(ticks)
    ax.set_xlabel(words.say("axis.minutes"))
    ax.set_ylabel(words.say("axis.survival"))
    ax.legend(loc="upper right")


def _below(ax: Axes, text: str, x: float, points: float, colour: str, side: Any = "center") -> None:
    """Text so many points below the axis."""
    ax.annotate(
        text, (x, 0), xycoords=ax.get_xaxis_transform(), xytext=(0, points),
        textcoords="offset points", ha=side, va="center", fontsize=10, color=colour,
        annotation_clip=False,
    )  # fmt: skip


def _round_ticks(longest: float) -> list[float]:
    step = next((s for s in (0.5, 1, 2, 5, 10, 15, 30, 60) if longest / s <= 6), 120.0)
    return [float(x) for x in np.arange(0.0, longest + 1e-9, step)]


# --------------------------------------------------------------------------- hours


def draw_hours(ax: Axes, ink: Ink, hours: HourMap) -> None:
    """Heart rate by hour and weekday; cells with little time are hatched."""
    words, palette = ink.words, ink.palette
    table = np.ma.masked_where(hours.minutes < 30, hours.above_bpm)
    ax.patch.set_hatch("////")
    ax.patch.set_edgecolor(palette.grid)
    image = ax.pcolormesh(
        np.arange(25), np.arange(8), table, cmap="cividis", edgecolors=palette.paper, lw=0.3
    )
    ax.invert_yaxis()
    ax.set_yticks(np.arange(7) + 0.5, words.weekdays())
    ax.set_xticks(np.arange(0, 25, 4))
    ax.tick_params(length=0)
    ax.set_xlabel(words.say("axis.hour"))
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02)
    bar.set_label(words.say("axis.above_middle"))
    bar.outline.set_visible(False)


# --------------------------------------------------------------------------- one day


def draw_day(
    ax: Axes,
    ink: Ink,
    trace: DayTrace,
    fits: Sequence[RecoveryFit],
    tags: Sequence[Span],
    clock: LocalClock,
) -> None:
    """Heart rate of one day, what was tagged, and rows of what else was going on."""
    words, palette = ink.words, ink.palette
    ax.plot(*thinned(trace.hour, trace.expected_bpm), color=palette.neutral, lw=1.2)
    ax.plot(*thinned(trace.hour, trace.hr_bpm), color=palette.now, lw=1.1)
    low, high = float(np.nanmin(trace.hr_bpm)), float(np.nanmax(trace.hr_bpm))
    step = (high - low) * 0.09 + 1.0
    rows = (
        ("row.sleep", _runs(trace, trace.asleep), (), palette.neutral, "\\\\\\\\"),
        ("row.moving", _runs(trace, trace.moving), (), palette.soft, ""),
        ("row.exercise", _runs(trace, trace.exercise), (), palette.neutral, "////"),
        ("row.left_out", _runs(trace, trace.left_out), (), palette.neutral, "||||"),
        ("row.rise", _rises(fits, used=True), _rises(fits, used=False), palette.then, ""),
    )
    names = []
    for i, (name, spans, hollow, colour, hatch) in enumerate(rows):
        bottom = low - (i + 1.4) * step
        names.append((bottom + 0.35 * step, words.say(name)))
        for bars, face in ((spans, "none" if hatch else colour), (hollow, "none")):
            ax.broken_barh(
                bars, (bottom, 0.7 * step), facecolors=face, edgecolors=colour, hatch=hatch, lw=0.8
            )
    ax.set_xlim(0, 24)
    ax.set_xticks(np.arange(0, 25, 4))
    rooms = _name_tags(ax, ink, tags, clock, trace.day, high + 0.5 * step, step)
    ax.set_ylim(low - 5.8 * step, high + (0.5 + 1.1 * rooms) * step + 2)
    ticks = [tick for tick in ax.get_yticks() if low - 0.2 * step <= tick <= high]
    ax.set_yticks(
        [*ticks, *(y for y, _ in names)], [*(f"{t:.0f}" for t in ticks), *(n for _, n in names)]
    )
    ax.set_xlabel(words.say("axis.clock"))
    ax.set_ylabel(words.say("axis.hr"))


SEEN_H = 0.06  # about a pixel of the day's axis
Bars = Sequence[tuple[float, float]]  # start and length, hours


def _runs(trace: DayTrace, mask: BoolArray) -> Bars:
    """Stretches in which a mask of the day holds; pauses too short to be seen are closed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    starts, stops = trace.hour[edges[::2]], trace.hour[edges[1::2] - 1] + 1 / 60
    apart = starts[1:] - stops[:-1] > SEEN_H
    first, last = np.append(True, apart), np.append(apart, True)
    if starts.size == 0:
        return []
    return list(zip(starts[first].tolist(), (stops[last] - starts[first]).tolist(), strict=True))


def _rises(fits: Sequence[RecoveryFit], *, used: bool) -> Bars:
    """Rises of a day, the ones used for recovery speed or the others."""
    return [
        (fit.episode.hour, (fit.episode.end_s - fit.episode.start_s) / 3600.0)
        for fit in fits
        if fit.accepted is used
    ]


def _name_tags(
    ax: Axes, ink: Ink, tags: Sequence[Span], clock: LocalClock, day: int, base: float, step: float
) -> int:
    """Tags with their names above the curve, in as many rows as they need; gives their number."""
    ends: list[float] = []
    for tag in tags:
        local = (clock.local_s([tag.start_s, tag.end_s]) / DAY_S - day) * 24.0
        start, end = max(float(local[0]), 0.0), min(float(local[1]), 24.0)
        name = (tag.label or ink.words.say(f"tag.{tag.kind.value}"))[:20]
        wide = 0.42 * len(name) + 0.4  # hours that the name takes at this size
        left = min(start, 24.0 - wide)
        row = next((i for i, taken in enumerate(ends) if taken <= left), len(ends))
        if row == 4:
            break
        ends[row : row + 1] = [max(left + wide, end)]
        y = base + 1.1 * row * step
        ax.plot([start, max(end, start + 0.1)], [y, y], color=ink.palette.neutral, lw=3)
        ax.text(left, y + 0.2 * step, name, fontsize=9, color=ink.palette.soft, va="bottom")
    return len(ends)


def tags_of(spans: Sequence[Span], clock: LocalClock, day: int) -> list[Span]:
    """What a person added that touches a local day."""
    return [
        span
        for span in spans
        if span.kind in TAG_KINDS
        and span.origin != "device"
        and int(clock.day(span.start_s)) <= day <= int(clock.day(max(span.end_s - 1, span.start_s)))
    ]


# --------------------------------------------------------------------------- groups of rises


def draw_technique(ax: Axes, ink: Ink, groups: Sequence[tuple[str, Sequence[RecoveryFit]]]) -> None:
    """Half-times with and without a technique, one mark each, with the middle one."""
    palette = ink.palette
    seen: list[float] = []
    for i, ((_, fits), colour) in enumerate(zip(groups, (palette.then, palette.now), strict=True)):
        for kind, marker in ((Censored.NO, "o"), (Censored.RIGHT, "^"), (Censored.LEFT, "v")):
            values = [half_s(f) for f in fits if f.censored is kind]
            values = [v for v in values if np.isfinite(v) and v > 0][:MAX_POINTS]
            seen += values
            offset = 0.28 * (np.modf(np.arange(len(values)) * 0.618034)[0] * 2 - 1)
            face = colour if kind is Censored.NO else palette.paper
            ax.plot(
                i + offset,
                values,
                ls="none",
                marker=marker,
                ms=4.5,
                mfc=face,
                mec=colour,
                mew=0.9,
                alpha=0.6,
            )
        data = followed(fits, settled=False)
        middle = kaplan_meier(data.time_s, data.over).quantile(0.5)
        if np.isfinite(middle):
            ax.plot([i - 0.36, i + 0.36], [middle, middle], color=palette.ink, lw=2.4)
    _clock_axis(ax, ink, min([45.0, *seen]) * 0.9, max([300.0, *seen]) * 1.2)
    ax.set_xlim(-0.6, len(groups) - 0.4)
    ax.set_xticks(range(len(groups)), [name for name, _ in groups])
    ax.set_ylabel(ink.words.say("axis.half_time"))


def draw_labels(ax: Axes, ink: Ink, rows: Sequence[tuple[str, int, Estimate | None]]) -> None:
    """A forest of tagged events: middle half-time with its interval, by kind."""
    palette = ink.palette
    seen: list[float] = []
    for i, (_, _, found) in enumerate(rows):
        if found is None:
            ax.text(
                0.02,
                i,
                ink.words.say("figure.labels.few"),
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=10,
                color=palette.soft,
            )
            continue
        seen += [found.low, found.high]
        ax.plot([found.low, found.high], [i, i], color=palette.now, lw=1.8)
        ax.plot([found.value], [i], marker="o", ms=6, color=palette.now)
    low, high = (min(seen) * 0.8, max(seen) * 1.25) if seen else (45.0, 300.0)
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    round_s = [10, 20, 30, 60, 120, 240, 480, 900, 1800, 3600, 7200]
    ax.xaxis.set_major_locator(FixedLocator([s for s in round_s if low <= s <= high]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda s, _=None: ink.words.clock(s)))
    ax.set_yticks(range(len(rows)), [f"{label} ({n})" for label, n, _ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(ink.words.say("axis.half_time"))


# --------------------------------------------------------------------------- of an analysis


def shown_window(analysis: Analysis) -> tuple[int, int] | None:
    """First and last local day on the time axes."""
    if analysis.window is not None:
        return analysis.window
    days = [d.day for d in analysis.days] + [f.episode.day for f in analysis.fits]
    return (min(days), max(days)) if days else None


def change_day(analysis: Analysis) -> int | None:
    """The day that the person named, if any."""
    when = (analysis.change or {}).get("date")
    return None if when is None else as_day(date.fromisoformat(str(when)))


def periods(analysis: Analysis) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Then and now: before and after the named change, else the first and last third."""
    window = shown_window(analysis)
    if window is None:
        return None
    first, last = window
    named = change_day(analysis)
    if named is not None and first < named <= last:
        return (first, named - 1), (named, last)
    third = max((last - first + 1) // 3, 1)
    return (first, first + third - 1), (last - third + 1, last)


def period_names(analysis: Analysis) -> tuple[str, str]:
    """What the two periods are called: before and after a named date within the window."""
    window, named = shown_window(analysis), change_day(analysis)
    inside = window is not None and named is not None and window[0] < named <= window[1]
    return ("before", "after") if inside else ("then", "now")


MIN_DAYS_TO_COMPARE = 42  # two weeks in each third


def split_curves(analysis: Analysis) -> tuple[CurveSet | None, CurveSet | None]:
    """Recovery curves then and now; of the whole in the place of now where time is short."""
    window, compared = shown_window(analysis), periods(analysis)
    if window is None or compared is None:
        return None, None
    fits = [fit for fit in analysis.fits if fit.accepted]
    starts = {fit.episode.start_s: fit for fit in fits}
    step_s = max(min((fit.episode.step_s for fit in fits), default=60.0), 30.0)
    span_s = 3600.0 if analysis.recovery.scale == "settling" else 900.0

    def within(low: int, high: int) -> CurveSet | None:
        inside = [
            c
            for c in analysis.curves
            if c.episode_start_s in starts and low <= starts[c.episode_start_s].episode.day <= high
        ]
        return curve_set(inside, fits, step_s, span_s)

    if window[1] - window[0] + 1 < MIN_DAYS_TO_COMPARE:
        return None, within(*window)
    return within(*compared[0]), within(*compared[1])
