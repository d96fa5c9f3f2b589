"""What a marker is, what it may look at, and how its finding is put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from hrv import trend
from hrv.model import (
    DAY_S,
    BaselineDay,
    BoolArray,
    Coverage,
    DailySeries,
    DayValue,
    Episode,
    EpisodeKind,
    Estimate,
    Expectation,
    Grid,
    InputSummary,
    LocalClock,
    MarkerFinding,
    MarkerState,
    Missing,
    Night,
    Rating,
    RecoveryFit,
    Span,
    SpanKind,
    Tier,
    Timeline,
    Trend,
)
from hrv.settings import MarkerSettings, Settings
from hrv.stats import Step

Kept = TypeVar("Kept")

# Streams whose level depends on the device.
HEART_STREAMS = frozenset({"heart_rate", "rr", "rmssd"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A dated change that is no recovery: a device, a firmware, a medicine."""

    day: int
    kind: str  # device, medicine, illness
    label: str = ""


def breaks(timeline: Timeline, settings: MarkerSettings) -> tuple[Break, ...]:
    """Known breaks of a timeline: devices replaced, and what the person tagged: a new device or
    firmware, medicines, and illnesses too long to be left out."""
    spans, clock = timeline.spans, timeline.clock
    found = _replacements(timeline.inputs, clock, settings.device_days)
    seen = [item.day for item in found]
    found += [
        Break(day=day, kind="device", label=span.label)
        for span in spans
        if span.kind is SpanKind.DEVICE
        for day in [int(clock.day(span.start_s).item())]
        if all(abs(day - other) > settings.device_days // 2 for other in seen)
    ]
    found += _taken(spans, clock, settings)
    for first, last in _illnesses(spans, clock, settings):
        if last - first >= settings.longest_illness_days:
            found += [Break(day=first, kind="illness"), Break(day=last + 1, kind="illness")]
    return tuple(sorted(found, key=lambda item: (item.day, item.kind, item.label)))


def _taken(spans: Sequence[Span], clock: LocalClock, settings: MarkerSettings) -> list[Break]:
    """First day of every course of a medicine, and the day after it where it was seen to end.

    One mark of a day says that something began and nothing of its end; marks with less than
    `course_gap_days` between them are one course.
    """
    by_label: dict[str, list[tuple[int, int]]] = {}
    for span in spans:
        if span.kind is SpanKind.MEDICINE:
            by_label.setdefault(span.label, []).append(_touched(span, clock))
    found = []
    for label, marks in by_label.items():
        for first, last in merged(marks, settings.course_gap_days):
            days = [first] if first == last else [first, last + 1]
            found += [Break(day=day, kind="medicine", label=label) for day in days]
    return found


def _illnesses(
    spans: Sequence[Span], clock: LocalClock, settings: MarkerSettings
) -> list[tuple[int, int]]:
    """First and last day of every illness, with the days that it takes to be well again."""
    after = settings.illness_tail_days
    marks = [_touched(s, clock) for s in spans if s.kind is SpanKind.ILLNESS]
    return merged([(first, last + after) for first, last in marks], 0)


def merged(marks: Sequence[tuple[int, int]], gap_days: int) -> list[tuple[int, int]]:
    """Stretches of days in order, those at most `gap_days` apart as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(marks):
        if found and first - found[-1][1] <= gap_days + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _touched(span: Span, clock: LocalClock) -> tuple[int, int]:
    """First and last local day of a span."""
    last_s = max(span.start_s, span.end_s - 1.0)
    return int(clock.day(span.start_s).item()), int(clock.day(last_s).item())


def _replacements(
    inputs: Sequence[InputSummary], clock: LocalClock, window_days: int
) -> list[Break]:
    """First days on which another device is the one that mostly records the heart.

    Mostly: in most of `window_days` recorded days around. An old watch taken along on some days,
    or a strap worn for training, replaces nothing.
    """
    heart = [
        item
        for item in inputs
        if item.device and item.first_s is not None and item.last_s is not None
        and not HEART_STREAMS.isdisjoint(item.streams)
    ]  # fmt: skip
    names = sorted({item.device for item in heart})
    if len(names) < 2:
        return []
    local_s = clock.local_s(np.array([(item.first_s, item.last_s) for item in heart]))
    first, last = (local_s // DAY_S).astype(np.int64).T
    origin = int(first.min())
    worn_s = np.zeros((len(names), int(last.max()) - origin + 1))
    for item, (start_s, end_s), a, b in zip(heart, local_s, first, last, strict=True):
        midnight_s = np.arange(a, b + 2) * DAY_S
        held_s = np.diff(np.clip(midnight_s, start_s, end_s))
        worn_s[names.index(item.device), a - origin : b - origin + 1] += held_s
    recorded = np.flatnonzero(worn_s.any(axis=0))
    mostly = worn_s[:, recorded] == worn_s[:, recorded].max(axis=0)
    half = window_days // 2
    around = np.array(
        [np.convolve(row, np.ones(window_days))[half : half + row.size] for row in mostly]
    )
    main = around.argmax(axis=0)
    return [
        Break(day=origin + int(recorded[k]), kind="device", label=names[main[k]])
        for k in np.flatnonzero(np.diff(main)) + 1
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """Everything that markers may look at, for one window."""

    window: tuple[int, int]  # first and last local day
    days: tuple[BaselineDay, ...]
    fits: tuple[RecoveryFit, ...]
    episodes: tuple[Episode, ...] = ()
    nights: tuple[Night, ...] = ()
    spans: tuple[Span, ...] = ()
    ratings: tuple[Rating, ...] = ()
    day_values: tuple[DayValue, ...] = ()
    measure: str | None = None  # chosen resting measure, before any trend
    grid: Grid | None = None
    expectation: Expectation | None = None
    coverage: Coverage
    clock: LocalClock
    settings: Settings
    breaks: tuple[Break, ...] = ()
    change_day: int | None = None
    answers: frozenset[str] = frozenset()  # as the timeline has them
    trends: dict[Any, Any] | None = None  # those computed already, by what they rest on
    year_before: Callable[[], Context | None] | None = None  # the same months, resting days alone

    @property
    def length(self) -> int:
        """Days in the window."""
        return self.window[1] - self.window[0] + 1

    @property
    def rules(self) -> MarkerSettings:
        """Least data of each marker."""
        return self.settings.markers

    def inside(self, day: int) -> bool:
        return self.window[0] <= day <= self.window[1]

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for every marker: one marker's draws never move another's."""
        return np.random.default_rng([self.settings.seed, *name.encode()])

    def followed(self) -> tuple[RecoveryFit, ...]:
        """Recoveries within the window that count: accepted, not after exercise, not while ill."""
        ill = self.ill_days()
        return tuple(
            f
            for f in self.fits
            if f.accepted
            and f.episode.kind is not EpisodeKind.EXERCISE
            and self.inside(f.episode.day)
            and f.episode.day not in ill
        )

    def technique_free(self) -> tuple[RecoveryFit, ...]:
        """Recoveries without a technique; where one was taken up, as far as it was seen before."""
        seen = [f.technique_free for f in self.followed()]
        return tuple(f for f in seen if f is not None)

    def detected(self) -> tuple[RecoveryFit, ...]:
        """Every episode of the window, also those whose recovery could not be measured."""
        return tuple(
            f
            for f in self.fits
            if f.episode.kind is not EpisodeKind.EXERCISE and self.inside(f.episode.day)
        )

    def daily_trend(
        self,
        series: DailySeries,
        *,
        log: bool = False,
        worth_having: float | None = None,
    ) -> Trend | Missing:
        """Total change of one value a day over the window, known breaks held constant."""
        series = self.well(series)
        values = (series.day.tobytes(), series.value.tobytes())
        return self._kept(
            (*values, log, worth_having, self.settings.trend),
            lambda: trend.daily(
                series,
                settings=self.settings.trend,
                log=log,
                worth_having=worth_having,
                breaks=self.steps(),
                window=self.window,
            ),
        )

    def episode_trend(
        self,
        fits: Sequence[RecoveryFit],
        name: str,
        *,
        endpoint: str,
        worth_having: float | None = None,
        adjust_height: bool = False,
    ) -> Trend | Missing:
        """Total change of a log duration or height over the window; `name` fixes the draws."""
        asked = (name, *map(id, fits), endpoint, worth_having, adjust_height)
        return self._kept(
            (*asked, self.settings.trend, self.settings.recovery),
            lambda: trend.episodic(
                fits,
                endpoint=endpoint,
                settings=self.settings.trend,
                recovery=self.settings.recovery,
                worth_having=worth_having,
                breaks=self.steps(),
                window=self.window,
                adjust_height=adjust_height,
                threshold_bpm=None if self.expectation is None else self.expectation.threshold_bpm,
                rng=self.rng(name),
            ),
        )

    def lasting_step(self, series: DailySeries) -> Step | None:
        """The likeliest single step of one value a day, beside known breaks."""
        series, steps = self.well(series), self.steps()
        settings, edge_days = self.settings.trend, self.rules.step_edge_days
        values = (series.day.tobytes(), series.value.tobytes(), tuple(steps.items()))
        return self._kept(
            ("step", *values, edge_days, settings.step_lrv_exponent),
            lambda: trend.lasting_step(
                series,
                settings=settings,
                edge_days=edge_days,
                rng=self.rng("lasting_step"),
                breaks=steps,
            ),
        )

    def _kept(self, made_of: tuple[Any, ...], compute: Callable[[], Kept]) -> Kept:
        """What was computed already from the same, or is computed now."""
        if self.trends is None:
            return compute()
        key = (*made_of, self.window, self.settings.seed)
        if key not in self.trends:
            self.trends[key] = compute()
        found: Kept = self.trends[key]
        return found

    def ill_days(self) -> frozenset[int]:
        """Days of a short illness that was tagged and of its tail: no answer rests on them."""
        return self._kept(
            ("ill", id(self.spans), self.rules),
            lambda: frozenset(
                day
                for first, last in _illnesses(self.spans, self.clock, self.rules)
                if last - first < self.rules.longest_illness_days
                for day in range(first, last + 1)
            ),
        )

    def well(self, series: DailySeries) -> DailySeries:
        """The series without the days of illness."""
        ill = self.ill_days()
        if not ill:
            return series
        return kept(series, ~np.isin(series.day, sorted(ill)))

    def after_first_month(self) -> Context | None:
        """The same without the first four weeks, where enough is left: a bad start that passes
        looks like a change, and does not outlive its removal."""
        since = self.window[0] + self.settings.baseline.reference_days
        if self.window[1] - since + 1 < self.settings.verdict.min_days:
            return None
        return replace(self, window=(since, self.window[1]))

    def steps(self) -> dict[str, int]:
        """First days of a new level within the window, by name."""
        return {
            f"{item.kind} {item.label} {item.day}": item.day
            for item in self.breaks
            if self.window[0] < item.day <= self.window[1]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One practical test of the articles and how it is measured.

    `better` is the favourable direction of the endpoint: lower, higher, or empty for markers that
    are only described. `worth_having` names a threshold in the trend settings.
    """

    id: str
    label: str
    question: str  # the test in the articles
    unit: str
    better: str
    minimum: str  # data without which there is no answer
    formula: str
    statistic: str
    fallback: str  # what daily values alone can still say
    reference: str
    find: Callable[[Context], MarkerFinding]
    primary: bool = False
    supporting: bool = False  # never part of the multiplicity family


def unknown(marker: str, code: str, **facts: Any) -> MarkerFinding:
    """A marker that the data cannot answer, with what is missing."""
    return MarkerFinding(id=marker, state=MarkerState.UNKNOWN, why_unknown=Missing(code, facts))


def passed_on(marker: str, why: Missing, **facts: Any) -> MarkerFinding:
    """A marker whose statistic came back empty; what is known without it travels in `facts`."""
    return MarkerFinding(id=marker, state=MarkerState.UNKNOWN, why_unknown=why, facts=facts)


def direction(p_value: float, change: float, better: str, alpha: float) -> MarkerState:
    """Improving or worsening if the test says so, else undetermined."""
    if p_value > alpha or not better or change == 0.0:
        return MarkerState.UNDETERMINED
    fell = change < 0.0
    return MarkerState.IMPROVING if fell == (better == "lower") else MarkerState.WORSENING


def state_of(found: Trend, better: str, alpha: float, p_value: float | None = None) -> MarkerState:
    """State of a trend; steady only where a change worth having is excluded."""
    p = found.p_value if p_value is None else p_value
    state = direction(p, found.total.value, better, alpha)
    if state is MarkerState.UNDETERMINED and found.equivalent:
        return MarkerState.STEADY
    return state


def from_trend(
    marker: str, found: Trend, better: str, unit: str, context: Context, **facts: Any
) -> MarkerFinding:
    """The finding of a trend: percent for a log endpoint, its own unit otherwise."""
    percent = found.percent()
    return MarkerFinding(
        id=marker,
        state=state_of(found, better, context.settings.trend.alpha),
        estimate=found.total if percent is None else percent,
        unit=unit if percent is None else "%",
        p_value=found.p_value,
        n=found.n,
        since_day=found.since_day,
        until_day=found.until_day,
        trend=found,
        facts={"estimate_is": "change", **facts},
    )


def settled(
    finding: MarkerFinding, marker: Marker, q_value: float, alpha: float, alpha_worse: float
) -> MarkerFinding:
    """The finding after its p-value was adjusted for the company it was tested in."""
    found = _settled(finding, marker, q_value, alpha)
    if found.state is MarkerState.WORSENING and q_value > alpha_worse:
        return replace(found, state=MarkerState.UNDETERMINED)
    return found


def _settled(finding: MarkerFinding, marker: Marker, q_value: float, alpha: float) -> MarkerFinding:
    if finding.state in (MarkerState.UNKNOWN, MarkerState.DESCRIBED):
        return replace(finding, q_value=q_value)
    change = finding.estimate.value if finding.estimate is not None else 0.0
    centre = float(finding.facts.get("no_change", 0.0))
    if finding.trend is not None:
        state = state_of(finding.trend, marker.better, alpha, q_value)
    else:
        state = direction(q_value, change - centre, marker.better, alpha)
        if state is MarkerState.UNDETERMINED and finding.facts.get("equivalent"):
            state = MarkerState.STEADY
    return replace(finding, q_value=q_value, state=state)


def by_day(context: Context, value: Callable[[BaselineDay], float | None]) -> DailySeries:
    """A daily series of the window from a figure of each day."""
    kept = [
        (d.day, v) for d in context.days if context.inside(d.day) and (v := value(d)) is not None
    ]
    return DailySeries(
        np.array([d for d, _ in kept], dtype=np.int64), np.array([v for _, v in kept], dtype=float)
    )


def span_days(context: Context, spans: Sequence[Span], after: int = 0) -> frozenset[int]:
    """Local days that spans touch, and `after` days more."""
    found: set[int] = set()
    for span in spans:
        first, last = _touched(span, context.clock)
        found.update(range(first, last + 1 + after))
    return frozenset(found)


def fine_enough(context: Context) -> bool:
    """Streams in which single recoveries can be followed."""
    return context.coverage.tier in (Tier.BEATS, Tier.FINE, Tier.MINUTE)


def thirds(context: Context, days: Sequence[int]) -> tuple[int, int, int]:
    """How many of these days lie in the first, middle and last third of the window."""
    edge = np.linspace(context.window[0], context.window[1] + 1, 4)
    counts = np.histogram(np.asarray(days, dtype=float), bins=edge)[0]
    return int(counts[0]), int(counts[1]), int(counts[2])


def wilson(k: int, n: int, level: float = 0.95) -> Estimate:
    """A share with its score interval. Wilson (1927), doi:10.1080/01621459.1927.10502953."""
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2.0))
    p = k / n
    scale = 1.0 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z / scale * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return Estimate(
        value=p, low=max(0.0, min(centre - half, p)), high=min(1.0, max(centre + half, p)), n=n
    )


def kept(series: DailySeries, mask: BoolArray) -> DailySeries:
    """The days under a mask."""
    return DailySeries(series.day[mask], series.value[mask])
