"""What files hold, source by source and together, and which markers that allows; no analysis.

The tier is told by the rule of the analysis from the time that the streams cover.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hrv import features, ingest, timeline
from hrv.ingest import Identity
from hrv.markers import MARKERS
from hrv.markers.recovery_speed import SCALES
from hrv.model import FloatArray, LocalClock, ReadOptions, Recording, SpanKind, Tier
from hrv.settings import Settings
from hrv.verdict import BETTER_EXPORT

COLUMNS = ("hr", "rr", "hrv", "sleep", "motion", "tags")
OWN = frozenset(
    kind.value
    for kind in list(SpanKind)[list(SpanKind).index(SpanKind.EVENT) :]
    if kind is not SpanKind.OTHER  # laps of a watch are among those
)
HRV = frozenset({"rmssd", "rmssd_ms", "sdnn_ms"})
SLEEP = frozenset({"sleep", "sleep_stage", "sleep_min", "deep_min", "light_min", "rem_min"})
RESTING = HRV | {"resting_hr_bpm", "night_hr_bpm"}
LONGEST_S = 1200.0  # longer steps are gaps
WAKING_S = 3600.0  # a recorded day, on average
RISES = (Tier.BEATS, Tier.FINE, Tier.MINUTE)  # single rises can be followed


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one marker can say of these data. `how` and `why` are codes of the report's table."""

    id: str
    can: str  # yes, part, no
    how: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one source holds, or all together. Days are local; nights count on waking."""

    source: str
    format: str = ""
    first_day: int | None = None
    last_day: int | None = None
    days: int = 0
    by: Mapping[str, int] = field(default_factory=dict)  # days with each of COLUMNS
    hr_every_s: float | None = None
    tier: Tier = Tier.NOTHING
    markers: tuple[Allowed, ...] = ()
    better: str = ""  # code of the export that would allow more
    note: str = ""  # what the vendor's format says of its exports


@dataclass(slots=True)
class _Sum:
    """Days and seconds of the files of one source so far."""

    days: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    steps: dict[str, FloatArray] = field(default_factory=dict)
    hr_s: float = 0.0
    workout_s: float = 0.0  # of the heart-rate time
    beats_s: float = 0.0
    waking_s: float = 0.0  # of heart rate or beats, by day

    def add(self, found: Identity, recording: Recording) -> None:
        """One file."""
        for stream, days in found.days.items():
            self.days[stream] |= days
        for device, spent in timeline.hr_steps(recording).items():
            self.steps[device] = self.steps.get(device, np.zeros(spent.size)) + spent
            self.hr_s += float(spent.sum())
        self.workout_s += _in_workouts(recording)
        self.waking_s += _by_day(recording)
        self.beats_s += sum(float(series.rr_ms.sum()) for series in recording.rr) / 1000.0

    def join(self, other: _Sum) -> None:
        """Another source's."""
        for stream, days in other.days.items():
            self.days[stream] |= days
        for device, spent in other.steps.items():
            self.steps[device] = self.steps.get(device, np.zeros(spent.size)) + spent
        self.hr_s += other.hr_s
        self.workout_s += other.workout_s
        self.beats_s += other.beats_s
        self.waking_s += other.waking_s

    def holding(self, source: str, format_id: str, settings: Settings) -> Holding:
        """The line of a source."""
        every = set().union(*self.days.values())
        period = timeline.hr_period_s(self.steps)
        measured = self.hr_s or self.beats_s
        tier = features.tier_of(
            measured, measured - self.workout_s, max(self.beats_s - self.workout_s, 0.0), period,
            len(set().union(*(self.days[kind] for kind in self.days.keys() & RESTING))),
            settings.features,
        )  # fmt: skip
        known = {item.id: item.note for item in ingest.formats()}
        return Holding(
            source=source,
            format=format_id,
            first_day=min(every, default=None),
            last_day=max(every, default=None),
            days=len(every),
            by={column: len(self._days(column)) for column in COLUMNS},
            hr_every_s=period,
            tier=tier,
            markers=allowed(tier, self.days.keys(), waking=self._waking()),
            better=BETTER_EXPORT.get(tier, ""),
            note=known.get(format_id, ""),
        )

    def _waking(self) -> bool:
        """Whether the heart is recorded by day, for more than short sessions."""
        recorded = self.days.get("hr", set()) | self.days.get("rr", set())
        return self.waking_s >= WAKING_S * max(len(recorded), 1)

    def _days(self, column: str) -> set[int]:
        names = {"hrv": HRV, "sleep": SLEEP, "tags": OWN}.get(column, {column})
        rated = (name for name in self.days if column == "tags" and name.startswith("rating"))
        return set().union(*(self.days.get(name, set()) for name in (*names, *rated)))


@dataclass(frozen=True, slots=True)
class Found:
    """Each file, each source, and all together."""

    files: tuple[Identity, ...]
    sources: tuple[Holding, ...]
    together: Holding


def look(
    paths: Sequence[str | Path], options: ReadOptions, settings: Settings | None = None
) -> Found:
    """Read the files and sum up what they hold."""
    settings = settings or Settings()
    return summed(ingest.identified(paths, options, settings.ingest), settings)


def summed(
    found: Iterable[tuple[Identity, Recording | None]], settings: Settings | None = None
) -> Found:
    """Files and their recordings, by source and together; recordings are not kept."""
    settings = settings or Settings()
    files: list[Identity] = []
    sums: dict[str, _Sum] = defaultdict(_Sum)
    titles: dict[str, str] = {}
    for item, recording in found:
        files.append(item)
        if recording is not None and item.format and item.rows_used:
            sums[item.format].add(item, recording)
            titles[item.format] = item.title
    whole = _Sum()
    for each in sums.values():
        whole.join(each)
    sources = [each.holding(titles[name], name, settings) for name, each in sums.items()]
    return Found(tuple(files), tuple(sources), whole.holding("", "", settings))


def _in_workouts(recording: Recording) -> float:
    """Seconds of heart rate, or of beats where there is none, within workouts of the same file."""
    bouts = [(s.start_s, s.end_s) for s in recording.spans if s.kind is SpanKind.EXERCISE]
    if not bouts:
        return 0.0
    total = 0.0
    for t_s, held_s in _held(recording):
        inside = np.zeros(t_s.size, dtype=bool)
        for start, end in bouts:
            inside |= (t_s >= start) & (t_s <= end)
        total += float(held_s[inside].sum())
    return total


def _by_day(recording: Recording) -> float:
    """Seconds of heart rate or beats between nine and nine, local time where it is known."""
    clock = recording.clock or LocalClock.fixed()
    hours = ((clock.hour(t_s), held_s) for t_s, held_s in _held(recording))
    return sum(float(held_s[(hour >= 9.0) & (hour < 21.0)].sum()) for hour, held_s in hours)


def _held(recording: Recording) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Times of heart rate, or of beats where there is none, and how long each stands, s."""
    for series in recording.heart_rate or recording.rr:
        yield series.t_s, np.minimum(np.diff(series.t_s, append=series.t_s[-1:]), LONGEST_S)


# --------------------------------------------------------------------------- markers


def allowed(tier: Tier, streams: Iterable[str], *, waking: bool = True) -> tuple[Allowed, ...]:
    """What each of the fifteen markers can say, in their order.

    `streams` are the names of `Identity.days`; `waking` says that the heart is recorded by day.
    """
    has = _Has(tier, frozenset(streams), waking)
    return tuple(_RULES[marker.id](has, marker.id) for marker in MARKERS)


@dataclass(frozen=True, slots=True)
class _Has:
    """What is there to go by."""

    tier: Tier
    streams: frozenset[str]
    waking: bool

    @property
    def rises(self) -> bool:
        """Single rises of waking time can be followed."""
        return self.tier in RISES and self.waking

    @property
    def no_rises(self) -> str:
        """Why they cannot."""
        kind = "waking" if self.tier in RISES else "continuous"
        return f"missing.needs_{kind}_hr"

    @property
    def heart(self) -> bool:
        """Heart rate outside workouts."""
        return self.tier in RISES or self.tier is Tier.SPARSE

    @property
    def resting(self) -> bool:
        """A resting value on days."""
        return self.heart or bool(self.streams & RESTING)


def _speed(has: _Has, name: str) -> Allowed:
    scale = SCALES.get(has.tier)
    if has.rises:
        return Allowed(name, "yes", f"holds.{scale}")
    if has.resting:
        return Allowed(name, "part", "holds.days", has.no_rises)
    workouts = has.tier is Tier.WORKOUTS
    return Allowed(
        name, "no", why="missing.recovery_not_from_workouts" if workouts else "missing.no_data"
    )


def _baseline(has: _Has, name: str) -> Allowed:
    if has.heart:
        return Allowed(name, "yes", "holds.nights")
    if has.resting:
        return Allowed(name, "part", "holds.daily")
    return Allowed(name, "no", why="missing.baseline_no_days.bare")


def _rises(has: _Has, name: str) -> Allowed:
    if has.rises:
        return Allowed(name, "yes", "holds.rises")
    return Allowed(name, "no", why=has.no_rises)


def _load(has: _Has, name: str) -> Allowed:
    if has.heart and has.waking:
        return Allowed(name, "yes", "holds.waking")
    return Allowed(name, "no", why="missing.needs_waking_hr")


def _resting(has: _Has, name: str) -> Allowed:
    if has.resting:
        return Allowed(name, "yes", "holds.resting")
    return Allowed(name, "no", why="missing.baseline_no_days.bare")


def _technique(has: _Has, name: str) -> Allowed:
    if "technique" not in has.streams:
        return Allowed(name, "no", why="missing.no_technique_tags")
    if has.rises:
        return Allowed(name, "yes", "holds.rises")
    if has.resting:
        return Allowed(name, "part", "holds.practice", has.no_rises)
    return Allowed(name, "no", why="missing.no_data")


def _effort(has: _Has, name: str) -> Allowed:
    if "technique" in has.streams:
        return Allowed(name, "yes", "holds.tags")
    return Allowed(name, "no", why="missing.no_technique_tags")


def _sleep(has: _Has, name: str) -> Allowed:
    if has.heart and has.streams & {"sleep", "sleep_stage"}:
        return Allowed(name, "yes", "holds.settle")
    if "deep_min" in has.streams:
        return Allowed(name, "part", "holds.deep")
    return Allowed(name, "no", why="missing.needs_sleep_times")


def _events(has: _Has, name: str) -> Allowed:
    if not has.streams & {"event", "life"}:
        return Allowed(name, "no", why="missing.no_event_tags")
    if has.rises:
        return Allowed(name, "yes", "holds.rises")
    if has.resting:
        return Allowed(name, "part", "holds.night_after", has.no_rises)
    return Allowed(name, "no", why="missing.no_data")


def _release(has: _Has, name: str) -> Allowed:
    tagged = bool(has.streams & {"event", "life"})
    if tagged and has.rises:
        return Allowed(name, "yes", "holds.rises")
    why = has.no_rises if tagged else "missing.no_event_tags"
    if has.resting:
        return Allowed(name, "part", "holds.step", why)
    return Allowed(name, "no", why=why)


def _ratings(has: _Has, name: str) -> Allowed:
    if any(stream.startswith("rating") for stream in has.streams):
        return Allowed(name, "yes", "holds.ratings")
    return Allowed(name, "no", why="missing.no_ratings")


def _exercise(has: _Has, name: str) -> Allowed:
    if not (has.rises or has.tier is Tier.WORKOUTS):
        return Allowed(name, "no", why=has.no_rises)
    if "exercise" in has.streams:
        return Allowed(name, "yes", "holds.workouts")
    if "motion" in has.streams:
        return Allowed(name, "part", "holds.walking")
    return Allowed(name, "no", why="missing.no_effort")


_RULES = {
    "recovery_speed": _speed,
    "baseline_arousal": _baseline,
    "activation_time": _rises,
    "reactivity": _rises,
    "episode_rate": _rises,
    "technique_dependence": _technique,
    "management_effort": _effort,
    "sleep_depth": _sleep,
    "tagged_recovery": _events,
    "chronic_load": _load,
    "flexibility": _resting,
    "rebound": _resting,
    "release": _release,
    "core_suffering": _ratings,
    "exercise_recovery": _exercise,
}
