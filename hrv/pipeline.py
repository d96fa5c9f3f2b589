"""The one place that knows the order: files to timeline to analysis to report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hrv import (
    __version__,
    baseline,
    episodes,
    features,
    recovery,
    scored,
    selftest,
    trend,
    vagal,
    verdict,
)
from hrv.clean import correct
from hrv.errors import SettingsError
from hrv.markers import Context, breaks, find_all
from hrv.markers.change import before_after
from hrv.markers.recovery_speed import ENDPOINTS
from hrv.model import (
    DAY_S,
    Analysis,
    Censored,
    Cleaned,
    DayFeatures,
    DayTrace,
    Episode,
    EpisodeKind,
    Estimate,
    Expectation,
    Grid,
    HourMap,
    HrvWindows,
    MarkerFinding,
    Missing,
    Note,
    ReadOptions,
    RecoveryCurve,
    RecoveryFit,
    RecoverySummary,
    Span,
    SpanKind,
    Timeline,
    as_date,
    as_day,
)
from hrv.report import extracts
from hrv.sensitivity import vary
from hrv.settings import Settings

if TYPE_CHECKING:
    from hrv.store import Store

_BEFORE_DAYS = 90  # looked at before a change that the person dates
_DRAWN = 60  # curves in each half of the overlay

Told = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a timeline."""

    since: date | None = None
    until: date | None = None
    change_date: date | None = None
    change_label: str = ""
    as_of: date | None = None  # today, for wording dates to come
    day: date | None = None  # drawn in full, beside a typical one
    self_test: bool = False  # put known recoveries into quiet time and see what is found


class KeptDays(Protocol):
    """What was computed before, by what it was made of: days, recoveries, the self-test."""

    def load(self, utc_day: int, key: str) -> DayFeatures | None: ...

    def save(self, key: str, day: DayFeatures) -> None: ...

    def load_fits(
        self, key: str, episodes: Sequence[Episode]
    ) -> tuple[RecoveryFit, ...] | None: ...

    def save_fits(self, key: str, fits: Sequence[RecoveryFit]) -> None: ...

    def load_self_test(self, key: str) -> dict[str, Any] | None: ...

    def save_self_test(self, key: str, found: Mapping[str, Any]) -> None: ...


def _nobody(stage: str, share: float | None) -> None:
    """Progress that nobody watches."""
    del stage, share


# --------------------------------------------------------------------------- in


def read(
    paths: str | Path | Iterable[str | Path],
    options: ReadOptions | None = None,
    settings: Settings | None = None,
    on_progress: Told = _nobody,
) -> Timeline:
    """Read exports (files, folders, ZIPs) into one person's timeline.

    Raises `InputError` if nothing is usable; what was refused is in `Timeline.inputs`.
    """
    from hrv import ingest, timeline

    options, settings = options or ReadOptions(), settings or Settings()
    one = isinstance(paths, str | Path)
    files = [Path(paths)] if one else [Path(path) for path in paths]  # type: ignore[arg-type, union-attr]

    def told(name: str, done: int, total: int) -> None:
        del name
        on_progress("reading files", done / total if total else None)

    found = ingest.read(files, options, settings.ingest, on_progress=told)
    return timeline.build(found, person=options.person or "")


def read_store(
    store: Store,
    person: str,
    paths: Iterable[str | Path] = (),
    options: ReadOptions | None = None,
    settings: Settings | None = None,
) -> Timeline:
    """Everything kept of one person, joined with further files that are not kept.

    The store must stay open for as long as the timeline is used.
    """
    from hrv import ingest

    options, settings = options or ReadOptions(), settings or Settings()
    files = [Path(path) for path in paths]
    more = ingest.read(files, options, settings.ingest) if files else ()
    return store.timeline(person, more)


def keep(
    store: Store,
    person: str,
    analysis: Analysis,
    *,
    language: str = "en",
    pdf: Path | None = None,
) -> int:
    """Keep an analysis as its report.json, and its two pages if they were written.

    The same one is kept once. Gives its number.
    """
    from hrv.report import record
    from hrv.report.standing import standing
    from hrv.report.text import Words

    words = Words(language)
    fixed = json.dumps(record.record(analysis)["settings"], sort_keys=True)
    return store.save_analysis(
        person,
        hashlib.sha256(fixed.encode()).hexdigest(),
        record.dumps(analysis, words),
        standing=standing(analysis, words),
        pdf=None if pdf is None else pdf.read_bytes(),
    )


# --------------------------------------------------------------------------- the stages


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Body:
    """What the stages up to the recoveries leave."""

    minute: Grid | None = None
    calm: Expectation | None = None  # on the minute grid
    grid: Grid | None = None  # the one that episodes were found on
    expectation: Expectation | None = None  # on `grid`
    episodes: tuple[Episode, ...] = ()
    fits: tuple[RecoveryFit, ...] = ()
    hrv: HrvWindows
    notes: tuple[Note, ...] = ()
    made_of: str | None = None  # stands for all that the recoveries follow from


def analyse(
    timeline: Timeline,
    settings: Settings | None = None,
    question: Question | None = None,
    on_progress: Told = _nobody,
    kept: KeptDays | None = None,
) -> Analysis:
    """The whole way from a timeline to codes and numbers; opens no file, reads no clock.

    What `kept` holds of the same days is not computed again; the result is the same to the last
    bit.
    """
    settings, question = settings or Settings(), question or Question()
    window = _window(timeline, settings, question)
    days = _reduced(timeline, settings, window, on_progress, kept)
    if question.day is not None:
        _must_have(days, question.day, window)
    on_progress("finding episodes", None)
    body = _body(timeline, days, settings, kept)
    body = _with_beats(body, timeline, settings)
    on_progress("judging", None)
    context = _context(timeline, body, settings, question, window)
    before = cache(lambda: _year_before(timeline, settings, window, kept))
    context = replace(context, year_before=before)
    findings = find_all(context)
    on_progress("summing up", None)
    traces = _traces(body, window, question.day)
    return Analysis(
        version=__version__,
        settings=_recorded(settings, question, window),
        seed=settings.seed,
        as_of_day=None if question.as_of is None else as_day(question.as_of),
        inputs=timeline.inputs,
        coverage=context.coverage,
        verdict=verdict.judge(context, findings),
        recovery=_recovery_summary(context, findings["recovery_speed"]),
        baseline=baseline.summary(
            context.days,
            context.measure,
            findings["baseline_arousal"],
            settings.baseline,
            window,
        ),
        markers=tuple(findings.values()),
        fits=body.fits,
        days=context.days,
        spans=timeline.spans,
        clock=timeline.clock,
        notes=(*timeline.notes, *body.notes),
        ratings=timeline.ratings,
        curves=_curves(body),
        window=window,
        change=before_after(context, question.change_label),
        selftest=_selftest(body, settings, kept) if question.self_test else None,
        varied=vary(context, findings),
        hours=_hours(body),
        scored=scored.summary(timeline, window, settings, context.rng("scored")),
        traces=traces,
        beats=_beats(timeline, body, traces[0].day if traces else None, settings),
    )


def _selftest(body: _Body, settings: Settings, kept: KeptDays | None) -> dict[str, Any] | None:
    """What the program finds of known recoveries in this person's own quiet time."""
    if body.grid is None or body.expectation is None or not body.fits:
        return None
    if kept is not None and body.made_of is not None:
        before = kept.load_self_test(body.made_of)
        if before is not None:
            return before
    rng = np.random.default_rng([settings.seed, *b"selftest"])
    found = selftest.spike_in(body.grid, body.expectation, body.episodes, body.fits, settings, rng)
    if isinstance(found, Missing):
        said = {"why_unknown": found.code, **found.facts}
    else:
        said = selftest.facts(found)
    if kept is not None and body.made_of is not None:
        kept.save_self_test(body.made_of, said)
    return said


def _with_beats(body: _Body, timeline: Timeline, settings: Settings) -> _Body:
    """The recoveries with what beats say of them, where there are any."""
    if body.minute is None or not body.minute.rmssd_known.any():
        return body
    return replace(body, fits=vagal.beside(body.fits, timeline, settings))


def _window(timeline: Timeline, settings: Settings, question: Question) -> tuple[int, int]:
    """First and last local day of the primary window: the last half year, or what was asked."""
    days = [int(timeline.clock.day(t_s)) for t_s in _ends(timeline)]
    days += [value.day for value in timeline.day_values]
    if not days:
        days = [int(timeline.clock.day(span.start_s)) for span in timeline.spans] or [0]
    last = max(days) if question.until is None else as_day(question.until)
    since = max(min(days), last - settings.verdict.window_days + 1)
    if question.since is not None:
        since = as_day(question.since)
        since = max(since, min(days)) if since <= last else since
    if question.change_date is not None and question.since is None:
        since = max(min(days), min(since, as_day(question.change_date) - _BEFORE_DAYS))
    if since > last:
        raise SettingsError(
            f"a period from {as_date(since)} to {as_date(last)} ends before it begins",
            way_out=f"The recordings run from {as_date(min(days))} to {as_date(max(days))}",
        )
    if question.change_date is not None and not since < as_day(question.change_date) <= last:
        raise SettingsError(
            f"nothing to compare around {question.change_date}: the period runs from "
            f"{as_date(since)} to {as_date(last)}",
            way_out="Name a date inside it, or move it with --since and --until",
        )
    return since, last


def _ends(timeline: Timeline) -> list[float]:
    """Times of the first and last samples."""
    ends = []
    for day in timeline.utc_days[:1] + timeline.utc_days[-1:]:
        block = timeline.read_block(day)
        kinds = (block.rr, block.heart_rate, block.motion, block.stress, block.rmssd)
        series = [one for kind in kinds for one in kind if one.t_s.size]
        ends += [float(t_s) for one in series for t_s in (one.t_s[0], one.t_s[-1])]
    return ends


def _reduced(
    timeline: Timeline,
    settings: Settings,
    window: tuple[int, int],
    on_progress: Told,
    kept: KeptDays | None,
) -> list[DayFeatures]:
    """The days of the window, one at a time; a day of margin for nights and zones."""
    steps = features.steps_for(timeline.hr_period_s, settings.features)
    wanted = [d for d in timeline.utc_days if window[0] - 1 <= d <= window[1] + 1]
    days = []
    for done, day in enumerate(wanted):
        on_progress("reading days", done / len(wanted))
        key = None if kept is None else features.identity(day, timeline, steps, settings)
        found = kept.load(day, key) if kept is not None and key is not None else None
        if found is None:
            found = features.reduce_day(timeline.read_block(day), timeline, steps, settings)
            if kept is not None and key is not None:
                kept.save(key, found)
        days.append(found)
    return days


def _found(timeline: Timeline, days: list[DayFeatures], settings: Settings) -> _Body:
    """Episodes, on the finest grid that the stream allows."""
    minute = features.join(days, fine=False)
    if minute is None or not minute.measured.any():
        return _Body(hrv=baseline.windows(days))
    calm = episodes.expect(minute, settings)
    grid, expectation = features.join(days, fine=True), calm
    if grid is None:
        grid = minute
    else:
        expectation = episodes.expect(grid, settings)
    period = timeline.hr_period_s or settings.features.minute_s
    found: tuple[Episode, ...] = ()
    if period <= settings.features.minute_needs_period_s:
        found = episodes.detect(grid, expectation, _lasting(timeline.spans, settings), settings)
    return _Body(
        minute=minute,
        calm=calm,
        grid=grid,
        expectation=expectation,
        episodes=found,
        hrv=baseline.windows(days),
        notes=expectation.notes,
    )


def _lasting(spans: Sequence[Span], settings: Settings) -> list[Span]:
    """Spans in which a technique without an end has the length that it counts as."""
    length_s = settings.baseline.technique_mark_min * 60.0
    return [
        replace(span, end_s=span.start_s + length_s)
        if span.kind is SpanKind.TECHNIQUE and span.end_s <= span.start_s
        else span
        for span in spans
    ]


def _body(
    timeline: Timeline, days: list[DayFeatures], settings: Settings, kept: KeptDays | None
) -> _Body:
    """Episodes and their recoveries."""
    body = _found(timeline, days, settings)
    grid, expectation, found = body.grid, body.expectation, body.episodes
    if grid is None or expectation is None:
        return body
    spans = _lasting(timeline.spans, settings)
    techniques = [span for span in spans if span.kind is SpanKind.TECHNIQUE]
    begun_s = recovery.technique_starts(found, techniques)
    made_of = (
        None
        if kept is None
        else _content(grid, expectation, _unnamed(found), list(begun_s.items()), settings)
    )
    fits = None if kept is None or made_of is None else kept.load_fits(made_of, found)
    if fits is None:
        fits = recovery.fit(found, grid, expectation, settings, begun_s)
        if kept is not None and made_of is not None:
            kept.save_fits(made_of, fits)
    return replace(body, fits=fits, made_of=made_of)


def _unnamed(found: Sequence[Episode]) -> list[Episode]:
    """The episodes without what a person called them, which no recovery follows from; when a
    technique began does."""
    return [replace(episode, label="", technique=False) for episode in found]


def _content(*nouns: object) -> str:
    """A digest of nouns and numbers, arrays to the last bit."""
    digest = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        elif is_dataclass(value):
            for one in fields(value):
                digest.update(one.name.encode())
                add(getattr(value, one.name))
        elif isinstance(value, list | tuple):
            digest.update(f"{len(value)} of".encode())
            for part in value:
                add(part)
        else:
            digest.update(f"{type(value).__name__} {value!r};".encode())

    for noun in nouns:
        add(noun)
    return digest.hexdigest()


def _context(
    timeline: Timeline,
    body: _Body,
    settings: Settings,
    question: Question,
    window: tuple[int, int],
) -> Context:
    """What the markers may look at; measures are chosen here, before any trend is computed."""
    nights = baseline.nights(body.minute, timeline.spans, timeline.clock, settings.baseline)
    days = baseline.days(
        body.minute,
        expectation=body.calm,
        hrv=body.hrv,
        nights=nights,
        day_values=timeline.day_values,
        spans=timeline.spans,
        settings=settings.baseline,
        episodes=body.episodes,
        window=window,
    )
    return Context(
        window=window,
        days=days,
        measure=baseline.choose(days, settings.baseline, window),
        fits=body.fits,
        episodes=body.episodes,
        nights=nights,
        spans=timeline.spans,
        ratings=timeline.ratings,
        day_values=timeline.day_values,
        grid=body.grid,
        expectation=body.expectation,
        coverage=features.coverage(timeline, body.minute, len(nights), settings),
        clock=timeline.clock,
        settings=settings,
        breaks=breaks(timeline, settings.markers),
        trends={},
        change_day=None if question.change_date is None else as_day(question.change_date),
        answers=timeline.answers,
    )


def _year_before(
    timeline: Timeline, settings: Settings, window: tuple[int, int], kept: KeptDays | None
) -> Context | None:
    """The resting days of the same months a year before; None where nothing was recorded."""
    before = (window[0] - verdict.YEAR_DAYS, window[1] - verdict.YEAR_DAYS)
    recorded = {*timeline.utc_days, *(value.day for value in timeline.day_values)}
    if before[1] >= window[0] or not any(before[0] <= day <= before[1] for day in recorded):
        return None
    days = _reduced(timeline, settings, before, _nobody, kept)
    return _context(timeline, _found(timeline, days, settings), settings, Question(), before)


def _recorded(settings: Settings, question: Question, window: tuple[int, int]) -> dict[str, object]:
    """Everything that fixes the result, for the record in the report."""
    asked = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in ((f.name, getattr(question, f.name)) for f in fields(question))
    }
    shown = {"window": [as_date(day).isoformat() for day in window], **asked}
    return {**settings.as_dict(), **{f"question.{name}": value for name, value in shown.items()}}


def _recovery_summary(context: Context, finding: MarkerFinding) -> RecoverySummary:
    """Where the first primary stands: levels now, then and now, and the trend of `finding`."""
    free = context.technique_free()
    scale = finding.facts.get("scale")
    endpoint = ENDPOINTS.get(str(scale), "half_time")
    level = partial(
        trend.level, free, settings=context.settings.trend, recovery=context.settings.recovery
    )
    then, now = trend.then_now(
        free,
        settings=context.settings.trend,
        recovery=context.settings.recovery,
        endpoint=endpoint,
        rng=context.rng("then_now"),
        window=context.window,
    )
    return RecoverySummary(
        scale=None if scale is None else str(scale),
        half_time_s=level(endpoint="half_time", rng=context.rng("level_half_time")),
        settling_min=_in_minutes(level(endpoint="settled", rng=context.rng("level_settled"))),
        then_s=None if isinstance(then, Missing) else then,
        now_s=None if isinstance(now, Missing) else now,
        then_at_most_s=_at_most(then),
        now_at_most_s=_at_most(now),
        n=len(free),
        censored=_cut_short(free, endpoint),
        at_most=sum(fit.censored is Censored.LEFT for fit in free),
        resolution_s=max((fit.resolution_s for fit in free), default=None),
        state=finding.state,
        trend=finding.trend,
        why_unknown=finding.why_unknown,
    )


def _cut_short(fits: Sequence[RecoveryFit], endpoint: str) -> int:
    """How many recoveries ended before the endpoint was reached."""
    if endpoint == "settled":
        return sum(fit.settled_censored for fit in fits)
    return sum(fit.censored is Censored.RIGHT for fit in fits)


def _at_most(found: Estimate | Missing) -> float | None:
    """The bound of a level that is below what the sampling resolves, s."""
    if isinstance(found, Missing) and found.code == "faster_than_sampling":
        return float(found.facts["at_most_s"])
    return None


def _in_minutes(found: Estimate | Missing) -> Estimate | Missing:
    if isinstance(found, Missing):
        return found
    minutes = {name: getattr(found, name) / 60.0 for name in ("value", "low", "high")}
    return replace(found, **minutes)


def _curves(body: _Body) -> tuple[RecoveryCurve, ...]:
    """Curves of accepted recoveries for the overlay: the earliest and the latest."""
    if body.grid is None or body.expectation is None:
        return ()
    usable = [
        fit for fit in body.fits if fit.accepted and fit.episode.kind is not EpisodeKind.EXERCISE
    ]
    third = max(1, len(usable) // 3)
    chosen = usable[:third][-_DRAWN:] + usable[-third:][-_DRAWN:] if len(usable) > 1 else usable
    return tuple(recovery.curve(fit, body.grid, body.expectation) for fit in chosen)


def _hours(body: _Body) -> HourMap | None:
    if body.minute is None or body.calm is None:
        return None
    return extracts.hour_map(body.minute, body.calm)


def _must_have(days: Iterable[DayFeatures], asked: date, window: tuple[int, int]) -> None:
    """An error that names the nearest days with heart rate, unless this one has some."""
    grids = [one.minute for one in days]
    known = np.unique(np.concatenate([g.day[g.measured] for g in grids] or [np.empty(0, int)]))
    known = known[(known >= window[0]) & (known <= window[1])]
    day = as_day(asked)
    if day in known:
        return
    before, after = known[known < day][-1:].tolist(), known[known > day][:1].tolist()
    nearest = " and ".join(as_date(one).isoformat() for one in [*before, *after])
    period = f"{as_date(window[0])} to {as_date(window[1])}"
    raise SettingsError(
        f"{asked} has no heart rate within the period looked at ({period})",
        way_out=f"Nearest that have some: {nearest}; --since and --until move the period"
        if nearest
        else "No day of this period holds heart rate through the day",
    )


def _traces(body: _Body, window: tuple[int, int], asked: date | None) -> tuple[DayTrace, ...]:
    """The day that was asked for, and one that stands for the others, to be drawn."""
    if body.minute is None or body.calm is None:
        return ()
    typical = extracts.typical_day(body.minute, body.fits, window)
    wanted = [None if asked is None else as_day(asked), typical]
    found = [
        extracts.day_trace(body.minute, body.calm, day)
        for day in dict.fromkeys(wanted)
        if day is not None
    ]
    return tuple(trace for trace in found if trace is not None)


def _beats(timeline: Timeline, body: _Body, day: int | None, settings: Settings) -> Cleaned | None:
    """A few minutes of beats that stand for their day, the one drawn where it has some."""
    efforts = [span for span in timeline.spans if span.kind is SpanKind.EXERCISE]
    end_s = extracts.middle_window(body.hrv, timeline.clock, day, efforts)
    if end_s is None:
        return None
    span_s = settings.features.hrv_window_s
    utc_day = int((end_s - span_s) // DAY_S)
    series = timeline.read_block(utc_day).rr
    return correct(series[0], settings.clean).between(end_s - span_s, end_s) if series else None


# --------------------------------------------------------------------------- out


def render(
    analysis: Analysis,
    out: str | Path,
    formats: Sequence[str] = ("html", "json", "png"),
    *,
    language: str = "en",
    paper: str = "a4",
) -> dict[str, Path]:
    """Write the report's files into the folder `out`; gives the path of each format."""
    from hrv import report

    return report.render(
        analysis, Path(out), formats=tuple(formats), language=language, paper=paper
    )
