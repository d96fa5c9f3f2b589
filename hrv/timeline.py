"""Many recordings to one person's timeline: clocks joined, overlaps settled, losses counted.

Samples are held packed by UTC day (5 to 9 bytes each) and unpacked one day at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hrv.model import (
    DAY_S,
    DayBlock,
    DayValue,
    FloatArray,
    HeartRateSeries,
    InputSummary,
    LocalClock,
    MotionKind,
    MotionSeries,
    Note,
    Rating,
    Recording,
    RmssdSeries,
    RRSeries,
    Series,
    Span,
    SpanKind,
    StressScoreSeries,
    Timeline,
)

TICKS_PER_S = 16_000  # 1/16 ms: exact for milliseconds and for 1/64 s; a UTC day fits 32 bits
_SAME_BEAT = 0.6  # a beat nearer than this share of its own interval is another source's copy
_LISTED = 3  # files are named one by one up to here
_LONGEST_STEP_S = 1200.0  # longer steps are gaps, not a sampling period
Range = tuple[float | None, float | None]
_KNOWN = ("zone", "column", "file", "flag")  # a named zone is for what does not say its own
_HEART = frozenset({"heart_rate", "rr"})
_BOUTS = frozenset({SpanKind.SLEEP, SpanKind.SLEEP_STAGE, SpanKind.EXERCISE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What tells one stream of a day from another."""

    kind: str
    device: str
    optical: bool | None = None
    motion: MotionKind | None = None
    vendor: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """One file's part of one stream and UTC day, packed."""

    ticks: NDArray[np.uint32]
    value: NDArray[Any]
    period_s: NDArray[np.float32] | float = 0.0
    recovering_s: FloatArray | None = None


class Later(Protocol):
    """Samples that are loaded when their day is asked for; `sha256` stands for them."""

    @property
    def sha256(self) -> str: ...

    def __call__(self) -> Chunk: ...


Held = Chunk | Later
Cut = tuple[int, Stream, Held]  # the UTC day first
_Days = dict[int, dict[Stream, list[Held]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packed:
    """What one file gave, its samples cut at UTC midnights and packed.

    `whole` gives the recording again where its times are local: `join` places them on the clock
    that other files know, and uses `cuts` only where no file knows one.
    """

    summary: InputSummary
    clock: LocalClock | None
    cuts: tuple[Cut, ...] = ()
    steps: Mapping[str, FloatArray] = field(default_factory=dict)  # by device: seconds at each step
    spans: tuple[Span, ...] = ()
    day_values: tuple[DayValue, ...] = ()
    ratings: tuple[Rating, ...] = ()
    notes: tuple[Note, ...] = ()
    whole: Callable[[], Recording] | None = None

    @property
    def range(self) -> Range:
        """First and last time, Unix s."""
        return self.summary.first_s, self.summary.last_s


def build(recordings: Iterable[Recording], person: str = "") -> Timeline:
    """Join recordings, in any order, into one timeline.

    Times of files that do not know their zone are local times; where other files know the
    offset, it is taken from them and a note says so.
    """
    return join((pack(recording) for recording in recordings), person)


def join(parts: Iterable[Packed], person: str = "") -> Timeline:
    """Join packed recordings, in any order, into one timeline; samples are loaded day by day."""
    packed = _Packer()
    naive: list[Packed] = []
    clocks: list[tuple[Range, LocalClock]] = []
    for part in parts:
        packed.inputs.append(part.summary)
        packed.notes.extend(part.notes)
        if part.clock is not None and part.clock.known_by in _KNOWN:
            clocks.append((part.range, part.clock))
        if part.whole is None:
            packed.add(part)
        else:
            naive.append(part)
    clock = _join_clocks(clocks)
    if clock.known_by not in _KNOWN and naive:
        naive = packed.apart(naive)
    packed.add_naive(naive, clock)
    return packed.timeline(clock, person)


def pack(recording: Recording) -> Packed:
    """One recording packed; what cannot be placed before its clock is known stays whole."""
    naive = is_naive(recording)
    found = Packed(
        summary=_summary(recording),
        clock=recording.clock,
        spans=recording.spans,
        day_values=recording.day_values,
        ratings=recording.ratings,
        notes=recording.notes,
        whole=(lambda: recording) if naive else None,
    )
    return found if naive else _cut(found, recording)


def is_naive(recording: Recording) -> bool:
    """Whether the times are local and nobody said of which zone."""
    clock = recording.clock
    return clock is not None and clock.known_by == "assumed" and _has_times(recording)


def _cut(part: Packed, recording: Recording) -> Packed:
    """The same part with everything of the recording placed as it stands."""
    cuts, steps = cut(recording)
    return replace(
        part,
        cuts=cuts,
        steps=steps,
        spans=recording.spans,
        day_values=recording.day_values,
        ratings=recording.ratings,
    )


def _without_bouts(part: Packed) -> Packed:
    """The same part without sleep and workouts; itself where it has none."""
    if not any(span.kind in _BOUTS for span in part.spans):
        return part
    whole = part.whole

    def cut_down() -> Recording:
        assert whole is not None
        recording = whole()
        kept = tuple(span for span in recording.spans if span.kind not in _BOUTS)
        return replace(recording, spans=kept)

    spans = tuple(span for span in part.spans if span.kind not in _BOUTS)
    return replace(part, spans=spans, whole=cut_down)


def _unplaced(file: str) -> Note:
    text = (
        "{file}: sleep and workouts were left out, for nobody says how its times lie to those of "
        "the heart; --tz ZONE places them"
    )
    return Note(file, text, {"file": file})


def _has_times(recording: Recording) -> bool:
    return bool(recording.spans) or any(True for _ in recording.series())


def _range(recording: Recording) -> Range:
    edges = [edge for s in recording.series() if s.t_s.size for edge in (s.t_s[0], s.t_s[-1])]
    edges += [edge for span in recording.spans for edge in (span.start_s, span.end_s)]
    return (float(min(edges)), float(max(edges))) if edges else (None, None)


def _join_clocks(clocks: Sequence[tuple[Range, LocalClock]]) -> LocalClock:
    """One step function from all files that know their offset; a zone that the person named
    speaks only where no file does."""
    steps: dict[float, float] = {}
    if not clocks:
        return LocalClock.fixed()
    best = min((clock.known_by for _, clock in clocks), key=_KNOWN.index)
    for (first, last), clock in clocks:
        if first is None or last is None or (clock.known_by == "flag" != best):
            continue
        steps[first] = float(clock.offset_at(first)[()])
        inside = (clock.since_s > first) & (clock.since_s <= last)
        steps.update(
            zip(clock.since_s[inside].tolist(), clock.offset_s[inside].tolist(), strict=True)
        )
    if not steps:
        clock = clocks[0][1]
        return LocalClock(clock.since_s, clock.offset_s, best)
    times = np.array(sorted(steps))
    offsets = np.array([steps[t] for t in times])
    changes = np.concatenate([[True], np.diff(offsets) != 0])
    return LocalClock(times[changes], offsets[changes], best)


class _Packer:
    """Collects recordings; holds samples packed by UTC day."""

    def __init__(self) -> None:
        self.days: _Days = defaultdict(lambda: defaultdict(list))
        self.spans: dict[tuple[Any, ...], Span] = {}
        self.day_values: dict[tuple[int, str, str], DayValue] = {}
        self.undated: list[DayValue] = []
        self.ratings: dict[tuple[int, str], Rating] = {}
        self.inputs: list[InputSummary] = []
        self.notes: list[Note] = []
        self.steps: dict[str, NDArray[np.float64]] = {}

    def add(self, part: Packed) -> None:
        for day, stream, chunk in part.cuts:
            self.days[day][stream].append(chunk)
        for device, spent in part.steps.items():
            self.steps[device] = self.steps.get(device, np.zeros(spent.size)) + spent
        for span in part.spans:
            key = (span.kind, round(span.start_s), round(span.end_s), span.label, span.origin)
            self.spans.setdefault(key, span)
        for value in part.day_values:
            if part.clock is None and value.at_s is not None:
                self.undated.append(value)
            else:
                self.day_values.setdefault((value.day, value.quantity, value.device), value)
        for rating in part.ratings:
            self.ratings.setdefault((rating.day, rating.scale), rating)

    def apart(self, naive: Sequence[Packed]) -> list[Packed]:
        """Local parts of which nobody knows the zone, beside what stands in UTC.

        Sleep and workouts of the other kind of clock than the heart's cannot be laid beside it,
        and are left out with a note.
        """
        if any(stream.kind in _HEART for day in self.days.values() for stream in day):
            parts = [_without_bouts(part) for part in naive]
            pairs = zip(naive, parts, strict=True)
            self.notes += [_unplaced(old.summary.file) for old, new in pairs if old is not new]
            return parts
        if any(_HEART & set(part.summary.streams) for part in naive):
            local = {part.summary.file for part in naive}
            self.notes += [_unplaced(one.file) for one in self.inputs
                           if _BOUTS & set(one.streams) and one.file not in local]  # fmt: skip
            for key in [key for key, span in self.spans.items() if span.kind in _BOUTS]:
                del self.spans[key]
        return list(naive)

    def add_naive(self, parts: Sequence[Packed], clock: LocalClock) -> None:
        """Place local times on the clock that the other files know."""
        known = clock.known_by in _KNOWN
        for part in parts:
            assert part.whole is not None
            if known:
                self.add(_cut(part, _to_utc(part.whole(), clock)))
                name = part.summary.file
                text = "{file}: times without a zone were placed with the offset of the other files"
                self.notes.append(Note(name, text, {"file": name}))
            else:
                self.add(part if part.cuts else _cut(part, part.whole()))
        if parts and not known:
            text = "{n} file(s) hold local times without a zone; --tz ZONE makes them certain"
            self.notes.append(Note("time zone", text, {"n": len(parts)}))

    def _date(self, clock: LocalClock) -> None:
        """Name the days of figures whose file did not tell local time."""
        for value in self.undated:
            named = replace(value, day=int(clock.day(value.at_s or 0.0)))
            self.day_values.setdefault((named.day, named.quantity, named.device), named)

    def timeline(self, clock: LocalClock, person: str) -> Timeline:
        self._date(clock)
        days = dict(self.days)
        return Timeline(
            utc_days=tuple(sorted(days)),
            read_block=_reader(days),
            clock=clock,
            spans=tuple(sorted(self.spans.values(), key=lambda s: (s.start_s, s.end_s, s.kind))),
            day_values=tuple(
                self.day_values[key] for key in sorted(self.day_values, key=lambda k: tuple(k))
            ),
            ratings=tuple(self.ratings[key] for key in sorted(self.ratings)),
            inputs=tuple(sorted(self.inputs, key=lambda i: (i.file, i.first_s or 0.0))),
            notes=_gathered(self.notes),
            hr_period_s=hr_period_s(self.steps),
            person=person,
            digest=partial(_digest, days),
        )


def _summary(recording: Recording) -> InputSummary:
    first, last = _range(recording)
    streams = sorted({stream_of(series).kind for series in recording.series() if series.t_s.size})
    streams += sorted({str(span.kind) for span in recording.spans})
    streams += sorted({str(value.quantity) for value in recording.day_values})
    streams += ["rating"] if recording.ratings else []
    return InputSummary(
        file=recording.source.name,
        format=recording.source.format,
        streams=tuple(streams),
        first_s=first,
        last_s=last,
        rows_used=recording.rows_used,
        rows_refused=recording.rows_refused,
        refusals=recording.refusals,
        device=recording.source.device,
    )


def cut(recording: Recording) -> tuple[tuple[Cut, ...], dict[str, FloatArray]]:
    """All series cut at UTC midnights and packed, and the seconds at each sampling step."""
    cuts: list[Cut] = []
    for series in recording.series():
        if series.t_s.size == 0:
            continue
        stream = stream_of(series)
        for day, part in midnights(series.t_s):
            period = series.period_s[part] if isinstance(series, MotionSeries) else None
            recovering = series.recovering_s if isinstance(series, StressScoreSeries) else None
            values = values_of(series)[part]
            cuts.append((day, stream, chunk(day, series.t_s[part], values, period, recovering)))
    return tuple(cuts), hr_steps(recording)


def hr_steps(recording: Recording) -> dict[str, FloatArray]:
    """Seconds that each device's heart rate spends at sampling steps of 0, 1, 2 ... s."""
    steps: dict[str, FloatArray] = {}
    for series in recording.heart_rate:
        if series.t_s.size:
            spent = _time_at_steps(series.t_s)
            steps[series.device] = steps.get(series.device, np.zeros(spent.size)) + spent
    return steps


def midnights(t_s: FloatArray) -> Iterator[tuple[int, slice]]:
    """The UTC days of increasing times, each with its part."""
    utc_day = np.floor(t_s / DAY_S).astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(utc_day) > 0]))
    for start, end in zip(starts, np.append(starts[1:], utc_day.size), strict=True):
        yield int(utc_day[start]), slice(int(start), int(end))


def chunk(
    day: int,
    t_s: FloatArray,
    value: FloatArray,
    period_s: FloatArray | None = None,
    recovering_s: FloatArray | None = None,
) -> Chunk:
    """Samples of one UTC day, packed."""
    ticks = np.rint((t_s - day * DAY_S) * TICKS_PER_S).astype(np.uint32)
    return Chunk(
        ticks,
        _small(value),
        0.0 if period_s is None else _constant(period_s),
        None if recovering_s is None else recovering_s[(recovering_s // DAY_S) == day],
    )


def hr_period_s(steps: Mapping[str, FloatArray]) -> float | None:
    """Sampling step at which the busiest stream spends its median second.

    `steps` are the seconds that each device spends at steps of 0, 1, 2 ... s.
    """
    if not steps:
        return None
    spent = max(steps.items(), key=lambda item: (item[1].sum(), item[0]))[1]
    if spent.sum() == 0:
        return None
    return max(float(np.searchsorted(np.cumsum(spent), 0.5 * spent.sum())), 1.0)


def _time_at_steps(t_s: FloatArray) -> FloatArray:
    """Time spent at each sampling step: a workout at 1 s must not hide a day at 60 s."""
    steps = np.diff(t_s)
    steps = steps[steps <= _LONGEST_STEP_S]
    seconds = np.rint(steps).astype(np.int64)
    spent = np.bincount(seconds, weights=steps, minlength=int(_LONGEST_STEP_S) + 1)
    return spent.astype(np.float64)


def _gathered(notes: Sequence[Note]) -> tuple[Note, ...]:
    """A note that many files share stands once, with their number as its fact `files`."""
    alike: dict[str, list[Note]] = {}
    for note in notes:
        alike.setdefault(note.text, []).append(note)
    out: list[Note] = []
    for same in alike.values():
        files = {note.where for note in same}
        if len(files) > _LISTED:
            out.append(replace(same[0], where="", facts={**same[0].facts, "files": len(files)}))
            continue
        told: set[tuple[str, str]] = set()
        for note in same:
            if (note.where, str(note)) not in told:
                told.add((note.where, str(note)))
                out.append(note)
    return tuple(out)


def _reader(days: _Days) -> Callable[[int], DayBlock]:
    @lru_cache(maxsize=4)
    def read_block(utc_day: int) -> DayBlock:
        held = days.get(utc_day, {})
        return _unpack(
            utc_day,
            {
                stream: [chunk if isinstance(chunk, Chunk) else chunk() for chunk in chunks]
                for stream, chunks in held.items()
            },
        )

    return read_block


def _digest(days: _Days, utc_day: int) -> str:
    """Hash of everything that a day's block is made of, in its order."""
    found = sha256()
    for stream, chunks in days.get(utc_day, {}).items():
        found.update(f"\n{stream!r}".encode())
        for chunk in chunks:
            if not isinstance(chunk, Chunk):
                found.update(f" kept {chunk.sha256}".encode())
                continue
            for part in (chunk.ticks, chunk.value, chunk.period_s, chunk.recovering_s):
                array = np.asarray([] if part is None else part)
                found.update(f" {array.dtype.str} {array.size} ".encode() + array.tobytes())
    return found.hexdigest()


def stream_of(series: Series) -> Stream:
    """The stream that a series is part of."""
    match series:
        case RRSeries():
            return Stream(kind="rr", device=series.device, optical=series.optical)
        case HeartRateSeries():
            return Stream(kind="heart_rate", device=series.device, optical=series.optical)
        case MotionSeries():
            return Stream(kind="motion", device=series.device, motion=series.kind)
        case StressScoreSeries():
            return Stream(kind="stress", device=series.device, vendor=series.vendor)
        case RmssdSeries():
            return Stream(kind="rmssd", device=series.device)


def values_of(series: Series) -> FloatArray:
    """What the series measures."""
    match series:
        case RRSeries():
            return series.rr_ms
        case HeartRateSeries():
            return series.hr_bpm
        case MotionSeries():
            return series.value
        case StressScoreSeries():
            return series.score
        case RmssdSeries():
            return series.rmssd_ms


def _small(values: FloatArray) -> NDArray[Any]:
    """The narrowest type that holds the values as they are (float32 where they are not whole)."""
    whole = np.rint(values)
    if not np.array_equal(whole, values) or values.min(initial=0) < 0:
        return values.astype(np.float32)
    top = values.max(initial=0)
    if top < 2**8:
        return whole.astype(np.uint8)
    return whole.astype(np.uint16) if top < 2**16 else values.astype(np.float32)


def _constant(period_s: FloatArray) -> NDArray[np.float32] | float:
    return float(period_s[0]) if np.all(period_s == period_s[0]) else period_s.astype(np.float32)


def _to_utc(recording: Recording, clock: LocalClock) -> Recording:
    """The same recording with its local times placed on the clock."""

    def utc(t_s: FloatArray) -> FloatArray:
        # The offset in force is looked up at the nearest guess of UTC.
        guess = t_s - clock.offset_at(t_s)
        placed = t_s - clock.offset_at(guess)
        return np.maximum.accumulate(placed)

    def moved(series: Any) -> Any:
        t_s = utc(series.t_s)
        keep = np.concatenate([[True], np.diff(t_s) > 0]) if t_s.size else np.ones(0, dtype=bool)
        names = ("rr_ms", "hr_bpm", "value", "period_s", "score", "rmssd_ms")
        values = {n: getattr(series, n)[keep] for n in names if hasattr(series, n)}
        return replace(series, t_s=t_s[keep], **values)

    edges = np.array([[span.start_s, span.end_s] for span in recording.spans]).reshape(-1, 2)
    placed = edges - clock.offset_at(edges - clock.offset_at(edges))
    return replace(
        recording,
        heart_rate=tuple(map(moved, recording.heart_rate)),
        rr=tuple(map(moved, recording.rr)),
        motion=tuple(map(moved, recording.motion)),
        stress=tuple(map(moved, recording.stress)),
        rmssd=tuple(map(moved, recording.rmssd)),
        spans=tuple(
            replace(span, start_s=float(start), end_s=float(max(start, end)))
            for span, (start, end) in zip(recording.spans, placed, strict=True)
        ),
    )


# --------------------------------------------------------------------------- one day, unpacked


@dataclass(frozen=True, slots=True, eq=False)
class _Merged:
    t_s: FloatArray
    value: FloatArray
    period_s: FloatArray
    recovering_s: FloatArray


def _unpack(utc_day: int, streams: dict[Stream, list[Chunk]]) -> DayBlock:
    merged = {stream: _merge(utc_day, stream, chunks) for stream, chunks in streams.items()}
    of = {
        kind: _settled(kind, merged) for kind in ("rr", "heart_rate", "motion", "stress", "rmssd")
    }
    return DayBlock(
        utc_day=utc_day,
        rr=tuple(RRSeries(m.t_s, m.value, s.device, s.optical) for s, m in of["rr"]),
        heart_rate=tuple(
            HeartRateSeries(m.t_s, m.value, s.device, s.optical) for s, m in of["heart_rate"]
        ),
        motion=tuple(
            MotionSeries(
                m.t_s, m.value, m.period_s, s.motion or MotionKind.MET_ABOVE_REST, s.device
            )
            for s, m in of["motion"]
        ),
        stress=tuple(
            StressScoreSeries(m.t_s, m.value, s.vendor, s.device, m.recovering_s)
            for s, m in of["stress"]
        ),
        rmssd=tuple(RmssdSeries(m.t_s, m.value, s.device) for s, m in of["rmssd"]),
    )


def _merge(utc_day: int, stream: Stream, chunks: Sequence[Chunk]) -> _Merged:
    """The chunks of one stream as one series: a time that stands twice counts once."""
    if stream.kind == "rr" and len(chunks) > 1:
        chunks = _without_copies(chunks)
    ticks = np.concatenate([chunk.ticks for chunk in chunks])
    value = np.concatenate([chunk.value.astype(np.float64) for chunk in chunks])
    period = np.concatenate(
        [np.broadcast_to(np.float64(chunk.period_s), chunk.ticks.shape) for chunk in chunks]
    )
    recovering = [c.recovering_s for c in chunks if c.recovering_s is not None]
    if len(chunks) > 1 or np.any(np.diff(ticks.astype(np.int64)) <= 0):
        order = np.argsort(ticks, kind="stable")
        ticks, value, period = ticks[order], value[order], period[order]
        keep = np.concatenate([[True], np.diff(ticks) > 0])
        ticks, value, period = ticks[keep], value[keep], period[keep]
    t_s = utc_day * DAY_S + ticks / TICKS_PER_S
    return _Merged(t_s, value, period, np.unique(np.concatenate(recovering or [np.empty(0)])))


def _without_copies(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Beats of later chunks that lie between the beats of an earlier one are its copies."""
    kept: list[Chunk] = []
    for chunk in sorted(chunks, key=lambda c: (int(c.ticks[0]), -c.ticks.size)):
        free = np.ones(chunk.ticks.size, dtype=bool)
        for earlier in kept:
            reach = _SAME_BEAT * chunk.value.astype(np.float64) / 1000.0 * TICKS_PER_S
            free &= _distance(earlier.ticks.astype(np.float64), chunk.ticks) >= reach
        if free.any():
            kept.append(Chunk(chunk.ticks[free], chunk.value[free]))
    return kept


def _distance(times: FloatArray, at: NDArray[Any]) -> FloatArray:
    """From each of `at` to the nearest of the sorted times."""
    after = np.searchsorted(times, at)
    left = np.abs(at - times[np.maximum(after - 1, 0)])
    right = np.abs(at - times[np.minimum(after, times.size - 1)])
    nearest: FloatArray = np.minimum(left, right)
    return nearest


def _settled(kind: str, merged: dict[Stream, _Merged]) -> list[tuple[Stream, _Merged]]:
    """Streams of a kind, the best first; a lesser device counts only where no better one runs.

    Best: not optical, then finer, then longer, then by name. Motion kinds do not compete.
    """
    mine = [(s, m) for s, m in merged.items() if s.kind == kind and m.t_s.size]
    mine.sort(key=lambda item: (item[0].optical is not False, _step_s(item[1]), -item[1].t_s.size,
                                item[0].device, str(item[0].motion), item[0].vendor))  # fmt: skip
    if kind == "motion" or len(mine) < 2:
        return mine
    kept: list[tuple[Stream, _Merged]] = []
    for stream, series in mine:
        free = np.ones(series.t_s.size, dtype=bool)
        for _, better in kept:
            free &= ~_runs_at(better, series.t_s)
        if free.any():
            parts = (series.t_s[free], series.value[free], series.period_s[free])
            kept.append((stream, _Merged(*parts, series.recovering_s)))
    return kept


def _step_s(series: _Merged) -> float:
    steps = np.diff(series.t_s)
    steps = steps[steps <= _LONGEST_STEP_S]
    return float(np.median(steps)) if steps.size else _LONGEST_STEP_S


def _runs_at(series: _Merged, t_s: FloatArray) -> NDArray[np.bool_]:
    """Whether the series has a sample near each time."""
    near: NDArray[np.bool_] = _distance(series.t_s, t_s) <= max(2.5 * _step_s(series), 30.0)
    return near
