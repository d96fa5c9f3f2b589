"""HRV metrics of any windows as a table: one row a window, with its quality beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hrv import baseline, clean, features
from hrv.errors import InputError, SettingsError
from hrv.metrics import BY_NAME, METRICS
from hrv.model import (
    DAY_S,
    BoolArray,
    Cleaned,
    LocalClock,
    Metric,
    Missing,
    NNSeries,
    RRSeries,
    Span,
    SpanKind,
    Timeline,
)
from hrv.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

KINDS = ("windows", "nights", "mornings", "still", "tags", "whole")
GROUPS = ("time", "poincare", "frequency", "nonlinear")
ANY_WINDOW = tuple(metric for metric in METRICS if metric.group in GROUPS)
_SESSION_S = 1800.0  # a longer pause begins a new session
_MOST_COVERAGE = 1.05  # more beats than time: a clock or a decoder is wrong
_TAGGED = frozenset(
    {
        SpanKind.PHASE,
        SpanKind.EVENT,
        SpanKind.TECHNIQUE,
        SpanKind.THERAPY,
        SpanKind.MEDICINE,
        SpanKind.ILLNESS,
        SpanKind.DEVICE,
        SpanKind.ALCOHOL,
        SpanKind.LIFE,
        SpanKind.OTHER,
        SpanKind.EXERCISE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which windows are measured, and by what.

    windows: every `step_s` from the start of each session; nights: each whole night; mornings:
    the first `window_s` after waking; still: windows of `window_s` awake, at rest and outside
    workouts; tags: every tagged span; whole: each session as one window.
    """

    by: str = "windows"
    window_s: float = 300.0
    step_s: float = 300.0
    metrics: tuple[Metric, ...] = ANY_WINDOW
    min_coverage: float = 0.5  # summed intervals / length, below which nothing is measured

    def __post_init__(self) -> None:
        if self.by not in KINDS:
            raise SettingsError(f"no windows {self.by!r}", way_out=f"There are: {', '.join(KINDS)}")
        if self.window_s <= 0 or self.step_s <= 0:
            raise SettingsError("a window and a step last longer than nothing")


def chosen(text: str) -> tuple[Metric, ...]:
    """Metrics of a comma-separated list of names and groups; `all` for every one of any window.

    Raises SettingsError naming the nearest for an unknown name.
    """
    wanted: dict[str, Metric] = {}
    for part in filter(None, (word.strip().lower() for word in text.split(","))):
        found = [m for m in METRICS if part in (m.group, m.name, m.column)]
        found = list(ANY_WINDOW) if part == "all" else found
        if not found:
            from difflib import get_close_matches

            near = get_close_matches(part, [*BY_NAME, *GROUPS, "all"], n=3) or [*GROUPS, "all"]
            raise SettingsError(f"no metric {part!r}", way_out=f"Nearest: {', '.join(near)}")
        wanted.update((m.name, m) for m in found)
    if not wanted:
        raise SettingsError("no metric named", way_out=f"Choose names, {', '.join(GROUPS)} or all")
    return tuple(wanted.values())


# --------------------------------------------------------------------------- one window


def measured(nn: NNSeries, metrics: Sequence[Metric]) -> dict[str, float | Missing]:
    """Every metric of one window; a spectrum that several share is made once."""
    made: dict[Callable[[NNSeries], Any], Any] = {}
    out: dict[str, float | Missing] = {}
    for metric in metrics:
        lacking = metric.lacking(nn)
        if lacking is not None:
            out[metric.name] = lacking
            continue
        prepared: Any = nn
        if metric.prepare is not None:
            if metric.prepare not in made:
                made[metric.prepare] = metric.prepare(nn)
            prepared = made[metric.prepare]
        out[metric.name] = metric.of_prepared(prepared)
    return out


def row(
    part: Cleaned, start_s: float, end_s: float, choice: Choice, settings: Settings
) -> tuple[Row, dict[str, float | Missing]]:
    """Quality columns of one window, and its metrics: Missing where a gate is closed."""
    seen = clean.quality(part, start_s, end_s, settings.clean)
    gate: Missing | None = None
    if seen.grade == "red":
        gate = Missing("too_corrected", {"share": seen.corrected_share})
    elif seen.coverage > _MOST_COVERAGE:
        gate = Missing("more_beats_than_time", {"coverage": seen.coverage})
    elif seen.coverage < choice.min_coverage:
        gate = Missing("low_coverage", {"coverage": seen.coverage})
    values: dict[str, float | Missing] = (
        measured(part.nn, choice.metrics) if gate is None else dict.fromkeys(_names(choice), gate)
    )
    quality = {
        "beats": seen.beats,
        "pairs": int(np.count_nonzero(part.nn.joined)),
        "coverage": round(seen.coverage, 4),
        "corrected_share": round(seen.corrected_share, 4),
        "quality": seen.grade,
    }
    return quality, values


def _names(choice: Choice) -> list[str]:
    return [metric.name for metric in choice.metrics]


# --------------------------------------------------------------------------- where windows lie


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One window to measure."""

    start_s: float
    end_s: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """A timeline's corrected beats, day by day; a few days are held at a time."""

    days: tuple[int, ...]
    day: Callable[[int], tuple[Cleaned, str]]

    def between(self, start_s: float, end_s: float) -> tuple[Cleaned, str]:
        """Beats that end in `[start_s, end_s)`, and their device; days are joined by a gap."""
        known = set(self.days)
        wanted = range(int(start_s // DAY_S), int(np.nextafter(end_s, start_s) // DAY_S) + 1)
        found = [self.day(day) for day in wanted if day in known]
        parts = [(cleaned.between(start_s, end_s), device) for cleaned, device in found]
        parts = [item for item in parts if item[0].t_s.size]
        if not parts:
            return _NOTHING, ""
        if len(parts) == 1:
            return parts[0]
        names = dict.fromkeys(device for _, device in parts if device)
        return _joined([cleaned for cleaned, _ in parts]), "+".join(names)


_EMPTY = np.empty(0)
_NOTHING = Cleaned(NNSeries(_EMPTY, _EMPTY, _EMPTY), _EMPTY, _EMPTY, _EMPTY, _EMPTY, _EMPTY)  # type: ignore[arg-type]


def beats_of(timeline: Timeline, settings: Settings) -> Beats:
    """The best device's beats of every day."""

    @lru_cache(maxsize=4)
    def day(number: int) -> tuple[Cleaned, str]:
        series = timeline.read_block(number).rr
        if not series:
            return _NOTHING, ""
        return clean.correct(series[0], settings.clean), series[0].device

    return Beats(timeline.utc_days, day)


def beats_from(rr: RRSeries, settings: Settings) -> Beats:
    """One series of intervals, corrected as a whole."""
    cleaned = clean.correct(rr, settings.clean)
    first, last = (int(t // DAY_S) for t in (rr.t_s[0], rr.t_s[-1])) if rr.t_s.size else (0, -1)

    def day(number: int) -> tuple[Cleaned, str]:
        return cleaned.between(number * DAY_S, (number + 1) * DAY_S), rr.device

    return Beats(tuple(range(first, last + 1)), day)


def _joined(parts: Sequence[Cleaned]) -> Cleaned:
    def all_of(pick: Callable[[Cleaned], Any]) -> Any:
        return np.concatenate([pick(part) for part in parts])

    t_s, nn_ms = all_of(lambda c: c.nn.t_s), all_of(lambda c: c.nn.nn_ms)
    kept = np.diff(t_s, prepend=-np.inf) > 0
    nn = NNSeries(t_s[kept], nn_ms[kept], all_of(lambda c: c.nn.joined)[kept])
    return Cleaned(
        nn,
        all_of(lambda c: c.corrected)[kept],
        all_of(lambda c: c.t_s),
        all_of(lambda c: c.rr_ms),
        all_of(lambda c: c.label),
        all_of(lambda c: c.masked),
    )


def sessions(beats: Beats) -> Iterator[tuple[float, float]]:
    """Start and end of each stretch without a pause of half an hour."""
    begin = end = -np.inf
    for number in beats.days:
        nn = beats.day(number)[0].nn
        if not nn.t_s.size:
            continue
        starts = nn.t_s - nn.nn_ms / 1000.0
        cuts = np.flatnonzero(starts[1:] - nn.t_s[:-1] > _SESSION_S) + 1
        firsts, lasts = starts[np.r_[0, cuts]], nn.t_s[np.r_[cuts - 1, nn.t_s.size - 1]]
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            if first - end > _SESSION_S:
                if end > begin:
                    yield begin, end
                begin = first
            end = last
    if end > begin:
        yield begin, end


def periods(
    beats: Beats, choice: Choice, settings: Settings, timeline: Timeline | None = None
) -> Iterator[Period]:
    """The windows of a choice, in order of time.

    Raises SettingsError where plain intervals are asked for nights, still hours or tags.
    """
    if choice.by in ("windows", "whole"):
        for begin, end in sessions(beats):
            if choice.by == "whole":
                yield Period(start_s=begin, end_s=float(np.nextafter(end, np.inf)), kind="whole")
            else:
                yield from _sliding(begin, end, choice, "window")
        return
    if timeline is None:
        raise SettingsError(f"windows by {choice.by} need a recording with its spans")
    if choice.by == "tags":
        yield from _tagged(timeline.spans)
        return
    minute = features.join(list(features.reduce_days(timeline, settings)), fine=False)
    nights = baseline.nights(minute, timeline.spans, timeline.clock, settings.baseline)
    if choice.by == "nights":
        yield from (
            Period(start_s=n.start_s, end_s=n.end_s, kind="night", label=n.known_by) for n in nights
        )
    elif choice.by == "mornings":
        yield from (
            Period(start_s=n.end_s, end_s=n.end_s + choice.window_s, kind="morning")
            for n in nights
            if n.known_by == "device"
        )
    elif minute is not None:
        rest = minute.measured & ~minute.asleep & ~minute.exercise & ~minute.off_wrist
        rest &= minute.motion_known & (minute.motion_met <= settings.episodes.still_met)
        for night in nights:  # hours that only the clock calls night may still be sleep
            rest &= ~((minute.t_s >= night.start_s) & (minute.t_s < night.end_s))
        for begin, end in _stretches(rest, minute.t0_s, minute.step_s):
            yield from _sliding(begin, end, choice, "still")


def _sliding(begin: float, end: float, choice: Choice, kind: str) -> Iterator[Period]:
    count = int(np.floor((end - begin - choice.window_s) / choice.step_s + 1e-9)) + 1
    if count < 1 and kind == "window" and end - begin >= 0.95 * choice.window_s:
        count = 1  # a recording of five minutes ends with its last beat
    for k in range(max(count, 0)):
        start = begin + k * choice.step_s
        yield Period(start_s=start, end_s=start + choice.window_s, kind=kind)


def _tagged(spans: Iterable[Span]) -> Iterator[Period]:
    for span in sorted(spans, key=lambda s: (s.start_s, s.end_s)):
        if span.kind in _TAGGED and span.end_s > span.start_s and not span.all_day:
            yield Period(
                start_s=span.start_s, end_s=span.end_s, kind=span.kind.value, label=span.label
            )


def _stretches(here: BoolArray, t0_s: float, step_s: float) -> Iterator[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.r_[False, here, False].astype(np.int8)))
    for lo, hi in edges.reshape(-1, 2).tolist():
        yield t0_s + step_s * lo, t0_s + step_s * hi


# --------------------------------------------------------------------------- the table


def rows(timeline: Timeline, choice: Choice, settings: Settings | None = None) -> Iterator[Row]:
    """One row per window that holds a beat: times, quality, metrics, and why some are missing.

    A missing metric is None; `missing` names each with its code.
    """
    settings = settings or Settings()
    beats = beats_of(timeline, settings)
    return _rows(beats, choice, settings, timeline.clock, timeline)


def rows_of_intervals(
    rr_ms: ArrayLike,
    t_s: ArrayLike | None = None,
    choice: Choice | None = None,
    settings: Settings | None = None,
) -> Iterator[Row]:
    """The same for plain intervals, ms; without times they follow each other from 0 s.

    Raises InputError for intervals that are not positive numbers of ms in increasing time.
    """
    settings, choice = settings or Settings(), choice or Choice()
    rr = np.asarray(rr_ms, dtype=float)
    times = np.cumsum(rr) / 1000.0 if t_s is None else np.asarray(t_s, dtype=float)
    try:
        series = RRSeries(times, rr)
    except ValueError as error:
        raise InputError(str(error), where="RR intervals") from error
    return _rows(beats_from(series, settings), choice, settings, LocalClock.fixed(), None)


def _rows(
    beats: Beats, choice: Choice, settings: Settings, clock: LocalClock, timeline: Timeline | None
) -> Iterator[Row]:
    for period in periods(beats, choice, settings, timeline):
        part, device = beats.between(period.start_s, period.end_s)
        if not part.t_s.size:
            continue
        quality, values = row(part, period.start_s, period.end_s, choice, settings)
        yield {
            "start": _local(period.start_s, clock),
            "end": _local(period.end_s, clock),
            "start_s": round(period.start_s, 3),
            "end_s": round(period.end_s, 3),
            "window": period.kind,
            "label": period.label,
            "device": device,
            **quality,
            **{
                metric.column: (None if isinstance(value, Missing) else value)
                for metric, value in zip(choice.metrics, values.values(), strict=True)
            },
            "missing": " ".join(
                f"{name}:{value.code}"
                for name, value in values.items()
                if isinstance(value, Missing)
            ),
        }


def _local(t_s: float, clock: LocalClock) -> str:
    zone = timezone(timedelta(seconds=float(clock.offset_at(t_s))))
    return datetime.fromtimestamp(t_s, UTC).astimezone(zone).isoformat(timespec="seconds")


def frame(table: Iterable[Row], choice: Choice | None = None) -> pd.DataFrame:
    """The rows as a pandas frame with times as `datetime64` in UTC; NaN where missing."""
    import pandas as pd

    choice = choice or Choice()
    out = pd.DataFrame(list(table), columns=_columns(choice))
    for name in ("start", "end"):
        out[name] = pd.to_datetime(out[f"{name}_s"], unit="s", utc=True)
    measures = [metric.column for metric in choice.metrics]
    out[measures] = out[measures].astype(float)
    return out


def _columns(choice: Choice) -> list[str]:
    head = ["start", "end", "start_s", "end_s", "window", "label", "device"]
    quality = ["beats", "pairs", "coverage", "corrected_share", "quality"]
    return [*head, *quality, *(metric.column for metric in choice.metrics), "missing"]


def as_csv(table: Iterable[Row], choice: Choice) -> Iterator[str]:
    """CSV lines, the header first; numbers with ten significant digits, empty where missing."""
    names = _columns(choice)
    yield ",".join(names) + "\n"
    for item in table:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(_cell(item[name]) for name in names)
        yield out.getvalue()


def _cell(value: Any) -> Any:
    return format(value, ".10g") if isinstance(value, float) else value


def as_json(table: Iterable[Row], choice: Choice, settings: Settings) -> str:
    """The rows with what they were made by: units, equations, references, thresholds."""
    return json.dumps(
        {
            "schema": 1,
            "windows": {"by": choice.by, "window_s": choice.window_s, "step_s": choice.step_s},
            "metrics": {
                m.column: {
                    "label": m.label, "unit": m.unit, "equation": m.equation,
                    "reference": m.reference, "min_span_s": m.min_span_s,
                    "min_beats": m.min_beats, "caveat": m.caveat,
                }
                for m in choice.metrics
            },
            "settings": {k: v for k, v in settings.as_dict().items() if k.startswith("clean.")},
            "rows": list(table),
        },
        ensure_ascii=False, indent=1, allow_nan=False,
    )  # fmt: skip


def write_parquet(table: Iterable[Row], choice: Choice, path: Path) -> None:
    """The frame as a Parquet file. Raises SettingsError where pyarrow is not installed."""
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise SettingsError("Parquet needs pyarrow", way_out="pip install pyarrow, or take csv")
    frame(table, choice).to_parquet(path, index=False)
