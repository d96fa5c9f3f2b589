"""The nouns of the house: frozen dataclasses that keep their promises from construction on.

One clock: `*_s` on a time axis is Unix seconds, UTC, float64. Local time exists in `LocalClock`
and in calendar days, which are whole days since 1970-01-01 (`day`), named by local time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Facts = Mapping[str, Any]

DAY_S = 86_400.0
EPOCH = date(1970, 1, 1)


def as_date(day: int) -> date:
    """Calendar date of a day number."""
    return EPOCH + timedelta(days=int(day))


def as_day(day: date) -> int:
    """Day number of a calendar date."""
    return (day - EPOCH).days


def owned(values: ArrayLike, dtype: Any = np.float64) -> NDArray[Any]:
    """A read-only 1-D array of our own."""
    array = np.array(values, dtype=dtype, ndmin=1)
    if array.ndim != 1:
        raise ValueError("one axis expected")
    array.flags.writeable = False
    return array


def _own(noun: Any, **dtypes: Any) -> None:
    """Replace the named fields of a frozen noun by read-only arrays of equal length."""
    lengths = set()
    for name, dtype in dtypes.items():
        array = owned(getattr(noun, name), dtype)
        lengths.add(array.size)
        object.__setattr__(noun, name, array)
    if len(lengths) > 1:
        raise ValueError(f"{type(noun).__name__}: fields of unequal length {sorted(lengths)}")


def _increasing(noun: Any, name: str, *, strictly: bool = True) -> None:
    steps = np.diff(getattr(noun, name))
    if not np.all(steps > 0 if strictly else steps >= 0):
        raise ValueError(f"{type(noun).__name__}.{name} must increase")


def _finite(noun: Any, *names: str) -> None:
    for name in names:
        if not np.all(np.isfinite(getattr(noun, name))):
            raise ValueError(f"{type(noun).__name__}.{name} must be finite")


# --------------------------------------------------------------------------- what is not known


@dataclass(frozen=True, slots=True)
class Missing:
    """A number that is not there, and why: a code of `hrv.report.text` and its facts."""

    code: str
    facts: Facts = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("Missing is neither true nor false: ask with isinstance")


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know. `text` is a template filled with `facts`."""

    where: str
    text: str
    facts: Facts = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval; unit by the name that holds it."""

    value: float
    low: float
    high: float
    level: float = 0.95
    n: int | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and self.low <= self.value <= self.high):
            raise ValueError(f"estimate {self.value} outside [{self.low}, {self.high}]")


# --------------------------------------------------------------------------- what a file gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where data came from. `name` is a path inside the input; never shown with private parts."""

    name: str
    format: str
    sha256: str = ""
    device: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Rows of a file that were not used, and why."""

    rows: int
    reason: str
    first_place: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LocalClock:
    """Local time as a step function of UTC: from `since_s[i]` on, local = UTC + `offset_s[i]`.

    `known_by` says how: file, column, zone, flag, assumed (UTC was taken for lack of better).
    Times before the first step use the first offset.
    """

    since_s: FloatArray
    offset_s: FloatArray
    known_by: str = "assumed"

    def __post_init__(self) -> None:
        _own(self, since_s=np.float64, offset_s=np.float64)
        if self.since_s.size == 0:
            raise ValueError("a clock needs one offset")
        _increasing(self, "since_s")

    @classmethod
    def fixed(cls, offset_s: float = 0.0, known_by: str = "assumed") -> LocalClock:
        return cls(np.array([0.0]), np.array([offset_s]), known_by)

    def offset_at(self, t_s: ArrayLike) -> FloatArray:
        """Local minus UTC, s, at each time."""
        index = np.searchsorted(self.since_s, np.asarray(t_s, dtype=float), side="right") - 1
        offsets: FloatArray = self.offset_s[np.maximum(index, 0)]
        return offsets

    def local_s(self, t_s: ArrayLike) -> FloatArray:
        """Local wall time as seconds on the same scale as Unix seconds."""
        return np.asarray(t_s, dtype=float) + self.offset_at(t_s)

    def day(self, t_s: ArrayLike) -> IntArray:
        """Local calendar day number of each time."""
        return np.floor(self.local_s(t_s) / DAY_S).astype(np.int64)

    def hour(self, t_s: ArrayLike) -> FloatArray:
        """Local hour of the day, 0 to 24."""
        return np.mod(self.local_s(t_s), DAY_S) / 3600.0


class MotionKind(StrEnum):
    """What a motion value means; the unit is part of the kind."""

    STEPS_PER_MIN = "steps_per_min"
    ACCELERATION_SD_G = "acceleration_sd_g"  # SD of |acceleration| within the period, g
    MET_ABOVE_REST = "met_above_rest"
    INTENSITY_0_7 = "intensity_0_7"  # FIT monitoring intensity


class SpanKind(StrEnum):
    """What a stretch of time was. Kinds from EVENT on are what a person adds."""

    SLEEP = "sleep"
    SLEEP_STAGE = "sleep_stage"  # label: awake, light, deep, rem
    EXERCISE = "exercise"
    OFF_WRIST = "off_wrist"
    PHASE = "phase"  # of a study protocol; label: baseline, stress, recovery, ...
    EVENT = "event"
    TECHNIQUE = "technique"
    THERAPY = "therapy"
    MEDICINE = "medicine"
    ILLNESS = "illness"
    DEVICE = "device"  # another device, or another firmware on it
    ALCOHOL = "alcohol"
    CYCLE = "cycle"
    LIFE = "life"
    OTHER = "other"


class DayQuantity(StrEnum):
    """A vendor's daily figure; HRV kinds are never mixed."""

    RESTING_HR_BPM = "resting_hr_bpm"
    NIGHT_HR_BPM = "night_hr_bpm"
    RMSSD_MS = "rmssd_ms"
    SDNN_MS = "sdnn_ms"
    SLEEP_MIN = "sleep_min"
    DEEP_MIN = "deep_min"
    LIGHT_MIN = "light_min"
    REM_MIN = "rem_min"
    AWAKE_MIN = "awake_min"
    STRESS_SCORE = "stress_score"
    RECOVERY_SCORE = "recovery_score"
    STEPS = "steps"
    RESPIRATION_PER_MIN = "respiration_per_min"
    SKIN_TEMP_C = "skin_temp_c"
    SKIN_TEMP_DEVIATION_C = "skin_temp_deviation_c"


@dataclass(frozen=True, slots=True, eq=False)
class RRSeries:
    """The tachogram as recorded: beat intervals with the time at which each ends.

    `t_s` increases strictly; a step longer than its interval by more than the tolerance of
    `clean` is a gap. `optical` is True for pulse intervals of a light sensor, None if unknown.
    """

    t_s: FloatArray
    rr_ms: FloatArray
    device: str = ""
    optical: bool | None = None

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, rr_ms=np.float64)
        _increasing(self, "t_s")
        _finite(self, "t_s", "rr_ms")
        if self.rr_ms.size and self.rr_ms.min() <= 0:
            raise ValueError("RR intervals must be positive")


@dataclass(frozen=True, slots=True, eq=False)
class HeartRateSeries:
    """Heart rate as the device gives it, each value at its own time."""

    t_s: FloatArray
    hr_bpm: FloatArray
    device: str = ""
    optical: bool | None = None

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, hr_bpm=np.float64)
        _increasing(self, "t_s")
        _finite(self, "t_s", "hr_bpm")
        if self.hr_bpm.size and self.hr_bpm.min() <= 0:
            raise ValueError("heart rate must be positive")


@dataclass(frozen=True, slots=True, eq=False)
class MotionSeries:
    """Motion: value i holds from `t_s[i]` for `period_s[i]`."""

    t_s: FloatArray
    value: FloatArray
    period_s: FloatArray
    kind: MotionKind
    device: str = ""

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, value=np.float64, period_s=np.float64)
        _increasing(self, "t_s")
        _finite(self, "t_s", "value", "period_s")


@dataclass(frozen=True, slots=True, eq=False)
class StressScoreSeries:
    """A vendor's stress score, 0 to 100, where it is one; negative codes are already gone.

    `recovering_s` are times at which the vendor said "recovering from exercise".
    """

    t_s: FloatArray
    score: FloatArray
    vendor: str = ""
    device: str = ""
    recovering_s: FloatArray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, score=np.float64)
        _own(self, recovering_s=np.float64)
        _increasing(self, "t_s")
        _finite(self, "t_s", "score")


@dataclass(frozen=True, slots=True, eq=False)
class RmssdSeries:
    """A vendor's RMSSD over short windows (usually 5 min of sleep), each at its window's end."""

    t_s: FloatArray
    rmssd_ms: FloatArray
    device: str = ""

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, rmssd_ms=np.float64)
        _increasing(self, "t_s")
        _finite(self, "t_s", "rmssd_ms")


Series = RRSeries | HeartRateSeries | MotionSeries | StressScoreSeries | RmssdSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time `[start_s, end_s)` and what it was. A mark has no length.

    `all_day` spans were given by date alone and cover local calendar days.
    """

    kind: SpanKind
    start_s: float
    end_s: float
    label: str = ""
    intensity: float | None = None
    all_day: bool = False
    origin: str = "device"  # device, person, calendar

    def __post_init__(self) -> None:
        if not (np.isfinite(self.start_s) and self.end_s >= self.start_s):
            raise ValueError("a span ends after it starts")


@dataclass(frozen=True, slots=True)
class DayValue:
    """A vendor's figure for one local day (nights: the day of waking).

    `at_s` is when the device wrote it, where the file says so: a file that does not tell local
    time names the day by UTC until the clock of other files is known.
    """

    day: int
    quantity: DayQuantity
    value: float
    device: str = ""
    at_s: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rating:
    """A person's own rating or the total of a known scale."""

    day: int
    scale: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """What one file gave. Rows in = rows used + rows refused."""

    source: Source
    clock: LocalClock | None = None  # None: the file does not say
    heart_rate: tuple[HeartRateSeries, ...] = ()
    rr: tuple[RRSeries, ...] = ()
    motion: tuple[MotionSeries, ...] = ()
    stress: tuple[StressScoreSeries, ...] = ()
    rmssd: tuple[RmssdSeries, ...] = ()
    spans: tuple[Span, ...] = ()
    day_values: tuple[DayValue, ...] = ()
    ratings: tuple[Rating, ...] = ()
    rows_used: int = 0
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def rows_refused(self) -> int:
        return sum(refusal.rows for refusal in self.refusals)

    def series(self) -> Iterator[Series]:
        """All time series, in a fixed order."""
        yield from self.rr
        yield from self.heart_rate
        yield from self.motion
        yield from self.stress
        yield from self.rmssd


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a person says about files that cannot say it themselves."""

    tz: str | None = None  # IANA zone for times without one
    shift_s: float = 0.0  # added to every time: a device clock that was wrong
    start: str | None = None  # ISO local start for files with elapsed time only
    year: int | None = None  # for dates without a year
    input_format: str | None = None  # force this format id
    column_map: str | None = None  # inline mapping, or the path of a TOML file
    fit_reader: str = "ours"  # or "fitparse"
    person: str | None = None  # picks one of several people in a table
    now_s: float | None = None  # later times are refused; None: not checked


# --------------------------------------------------------------------------- one person's timeline


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayBlock:
    """Everything recorded within one UTC day, overlaps settled: at most one series per instant."""

    utc_day: int
    rr: tuple[RRSeries, ...] = ()  # one per device, the best first
    heart_rate: tuple[HeartRateSeries, ...] = ()
    motion: tuple[MotionSeries, ...] = ()
    stress: tuple[StressScoreSeries, ...] = ()
    rmssd: tuple[RmssdSeries, ...] = ()


class BlockReader(Protocol):
    """Loads one UTC day on demand."""

    def __call__(self, utc_day: int) -> DayBlock: ...


class Tier(StrEnum):
    """What the data can answer, from the richest to the poorest."""

    BEATS = "A"  # beat intervals while worn
    FINE = "B"  # heart rate every 1 to 15 s
    MINUTE = "C"  # heart rate every 1 to 2 min
    SPARSE = "C2"  # heart rate every 3 to 15 min
    DAILY = "D"  # one value a day
    WORKOUTS = "E"  # workouts only
    NOTHING = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSummary:
    """One line of provenance: what a file was and what was taken from it."""

    file: str
    format: str
    streams: tuple[str, ...]
    first_s: float | None
    last_s: float | None
    rows_used: int
    rows_refused: int
    refusals: tuple[Refusal, ...] = ()
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """One person's recordings as UTC-day blocks loaded on demand, with one local clock."""

    utc_days: tuple[int, ...]  # days that hold any series, increasing
    read_block: Callable[[int], DayBlock]
    clock: LocalClock
    spans: tuple[Span, ...] = ()  # by start
    day_values: tuple[DayValue, ...] = ()
    ratings: tuple[Rating, ...] = ()
    inputs: tuple[InputSummary, ...] = ()
    notes: tuple[Note, ...] = ()
    hr_period_s: float | None = None  # median step of the main heart-rate stream while it runs
    person: str = ""
    digest: Callable[[int], str] | None = None  # stands for all samples of a UTC day
    answers: frozenset[str] = frozenset()  # questions not answered with no: "training.more"

    def blocks(self) -> Iterator[DayBlock]:
        """Day after day; only one is held at a time."""
        for day in self.utc_days:
            yield self.read_block(day)

    def heart_rate_between(self, start_s: float, end_s: float) -> tuple[FloatArray, FloatArray]:
        """Times and heart rate (bpm) in `[start_s, end_s)`, the best device per instant."""
        days = range(int(start_s // DAY_S), int(end_s // DAY_S) + 1)
        known = set(self.utc_days)
        t: list[FloatArray] = [np.empty(0)]
        hr: list[FloatArray] = [np.empty(0)]
        for day in (d for d in days if d in known):
            for series in self.read_block(day).heart_rate:
                keep = (series.t_s >= start_s) & (series.t_s < end_s)
                t.append(series.t_s[keep])
                hr.append(series.hr_bpm[keep])
        times = np.concatenate(t)
        order = np.argsort(times, kind="stable")
        return times[order], np.concatenate(hr)[order]


# --------------------------------------------------------------------------- beats


@dataclass(frozen=True, eq=False)  # no slots: what metrics share is worked out once and kept
class NNSeries:
    """Normal-to-normal intervals: what is left to measure after correction.

    `joined[i]` says that interval i follows interval i-1 with neither a gap nor a corrected beat
    between them; only such pairs have a successive difference. `joined[0]` is False.
    """

    t_s: FloatArray  # end of each interval
    nn_ms: FloatArray
    joined: BoolArray

    def __post_init__(self) -> None:
        _own(self, t_s=np.float64, nn_ms=np.float64, joined=np.bool_)
        _increasing(self, "t_s")
        _finite(self, "t_s", "nn_ms")
        if self.joined.size and self.joined[0]:
            raise ValueError("the first interval follows nothing")

    @classmethod
    def unbroken(cls, nn_ms: ArrayLike, start_s: float = 0.0) -> NNSeries:
        """Intervals that follow each other without a gap."""
        nn = np.asarray(nn_ms, dtype=float)
        joined = np.ones(nn.size, dtype=bool)
        joined[:1] = False
        return cls(start_s + np.cumsum(nn) / 1000.0, nn, joined)

    def successive_diff_ms(self) -> FloatArray:
        """Differences of true neighbours, ms."""
        return self._steps_ms

    @cached_property
    def _steps_ms(self) -> FloatArray:
        steps = np.diff(self.nn_ms)
        if not self.joined[1:].all():
            steps = steps[self.joined[1:]]
        steps.flags.writeable = False
        return steps

    @cached_property
    def sorted_ms(self) -> FloatArray:
        """The intervals from the shortest to the longest."""
        inorder = np.sort(self.nn_ms)
        inorder.flags.writeable = False
        return inorder

    @cached_property
    def sum_ms(self) -> float:
        """Time that the intervals fill."""
        return float(self.nn_ms.sum())

    @property
    def mean_ms(self) -> float:
        """Mean interval."""
        return self.sum_ms / self.nn_ms.size

    def quantile_ms(self, share: float) -> float:
        """Length that `share` of the intervals do not exceed, by linear interpolation."""
        place = share * (self.nn_ms.size - 1)
        below, above = self.sorted_ms[int(place)], self.sorted_ms[int(np.ceil(place))]
        return float(below + (place - int(place)) * (above - below))

    def counted(self, edges_ms: FloatArray) -> IntArray:
        """How many intervals lie in each bin `[edges_ms[k], edges_ms[k + 1])`."""
        return np.diff(np.searchsorted(self.sorted_ms, edges_ms))

    def between(self, start_s: float, end_s: float) -> NNSeries:
        """The intervals that end in `[start_s, end_s)`."""
        first, last = np.searchsorted(self.t_s, [start_s, end_s])
        joined = self.joined[first:last].copy()
        joined[:1] = False
        return NNSeries(self.t_s[first:last], self.nn_ms[first:last], joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How far a stretch of beats may be trusted."""

    beats: int
    corrected_share: float  # flagged beats / beats, 0 to 1
    coverage: float  # sum of usable intervals / clock time, 0 to 1 and a little over
    grade: str  # green, amber, red


class BeatLabel(IntEnum):
    """What correction found of a recorded interval and the beat at its end.

    A displaced beat spoils two intervals and is counted once, at its own beat.
    """

    NORMAL = 0
    MISSED = 1  # the interval holds two or three cycles, split
    EXTRA = 2  # no beat; the interval is merged with its neighbour
    ECTOPIC = 3  # premature or displaced beat
    LONG = 4
    SHORT = 5
    UNUSABLE = 6  # outside any heart's range, or in a stretch that is no sinus rhythm


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Corrected intervals, and what became of every recorded one.

    `corrected[i]` marks NN intervals that touch an inserted or moved beat. `label`, `t_s` and
    `rr_ms` follow the recorded intervals; `masked` marks those that became part of a gap.
    """

    nn: NNSeries
    corrected: BoolArray
    t_s: FloatArray
    rr_ms: FloatArray
    label: NDArray[np.uint8]
    masked: BoolArray

    def __post_init__(self) -> None:
        _own(self, corrected=np.bool_)
        _own(self, t_s=np.float64, rr_ms=np.float64, label=np.uint8, masked=np.bool_)
        if self.corrected.size != self.nn.nn_ms.size:
            raise ValueError("a mark for every NN interval")

    def between(self, start_s: float, end_s: float) -> Cleaned:
        """The part that ends in `[start_s, end_s)`."""
        a, b = np.searchsorted(self.nn.t_s, [start_s, end_s])
        c, d = np.searchsorted(self.t_s, [start_s, end_s])
        return Cleaned(
            self.nn.between(start_s, end_s),
            self.corrected[a:b],
            self.t_s[c:d],
            self.rr_ms[c:d],
            self.label[c:d],
            self.masked[c:d],
        )

    @property
    def share(self) -> float:
        """Recorded intervals that are not normal / all, 0 to 1; 0 for an empty series."""
        return float(np.mean(self.label != BeatLabel.NORMAL)) if self.label.size else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of heart-rate variability: its formula, and when it may be asked for.

    `formula` takes what `prepare` makes of the intervals (a spectrum, say, shared by several
    metrics), or the intervals themselves. It may ask for at least `min_beats` of them that
    together last `min_span_s`, and gives NaN where the beats hold no answer.
    """

    name: str  # column and option name; the unit follows in `unit`
    label: str
    unit: str
    formula: Callable[[Any], float]
    reference: str
    equation: str
    min_span_s: float = 60.0
    min_beats: int = 50
    better: str = ""  # higher, lower; empty where more is neither
    group: str = "time"  # time, poincare, frequency, nonlinear; load: on request only
    caveat: str = ""
    of: type = NNSeries
    prepare: Callable[[NNSeries], Any] | None = None

    @property
    def column(self) -> str:
        """Name with its unit, as tables carry it."""
        unit = UNIT_SUFFIX.get(self.unit, self.unit)
        return f"{self.name}_{unit}" if unit else self.name

    def lacking(self, nn: NNSeries) -> Missing | None:
        """Why these beats are too few to be asked, or None."""
        beats = int(nn.nn_ms.size)
        if beats < self.min_beats:
            return Missing("too_few_beats", {"beats": beats, "needed": self.min_beats})
        span_s = nn.sum_ms / 1000.0
        if span_s < 0.95 * self.min_span_s:  # the last beat ends later, a few may be masked
            return Missing("too_short", {"span_s": span_s, "needed_s": self.min_span_s})
        return None

    def value(self, nn: NNSeries) -> float | Missing:
        """The number, or why there is none."""
        lacking = self.lacking(nn)
        if lacking is not None:
            return lacking
        return self.of_prepared(nn if self.prepare is None else self.prepare(nn))

    def of_prepared(self, prepared: Any) -> float | Missing:
        """The number from what `prepare` made."""
        value = self.formula(prepared)
        return value if np.isfinite(value) else Missing("no_answer", {"metric": self.name})


UNIT_SUFFIX = {
    "ms": "ms", "bpm": "bpm", "%": "percent", "ms²": "ms2", "1/s²": "per_s2", "Hz": "hz",
    "1/min": "per_min", "1": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spectrum:
    """One-sided power spectral density of the intervals; its integral is their variance."""

    frequency_hz: FloatArray  # evenly spaced
    density_ms2_per_hz: FloatArray
    method: str  # with its parameters

    def __post_init__(self) -> None:
        _own(self, frequency_hz=np.float64, density_ms2_per_hz=np.float64)

    def power_ms2(self, low_hz: float, high_hz: float) -> float:
        """Power in `[low_hz, high_hz)`; NaN for an empty spectrum."""
        if self.frequency_hz.size < 2:
            return float("nan")
        inside = (self.frequency_hz >= low_hz) & (self.frequency_hz < high_hz)
        step_hz = self.frequency_hz[1] - self.frequency_hz[0]
        return float(self.density_ms2_per_hz[inside].sum() * step_hz)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fluctuation:
    """Detrended fluctuation per box size."""

    scale_beats: FloatArray
    fluctuation_ms: FloatArray

    def __post_init__(self) -> None:
        _own(self, scale_beats=np.float64, fluctuation_ms=np.float64)

    def slope(self, low: float, high: float) -> float:
        """Slope of log F over log n between two box sizes, both included; NaN under 3 sizes."""
        kept = (self.scale_beats >= low) & (self.scale_beats <= high) & (self.fluctuation_ms > 0)
        if np.count_nonzero(kept) < 3:
            return float("nan")
        x, y = np.log(self.scale_beats[kept]), np.log(self.fluctuation_ms[kept])
        x = x - x.mean()
        return float((x @ y) / (x @ x))


# --------------------------------------------------------------------------- regular clock


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Heart rate and what explains it on one regular clock; masks say what is missing.

    Bin i covers `[t0_s + i step_s, t0_s + (i+1) step_s)`. Values under a False mask are 0.
    Arrays are float32 to hold years.
    """

    t0_s: float
    step_s: float
    hr_bpm: NDArray[np.float32]
    measured: BoolArray  # heart rate is there
    motion_met: NDArray[np.float32]  # MET above rest
    motion_known: BoolArray
    steps_per_min: NDArray[np.float32]
    asleep: BoolArray
    exercise: BoolArray  # inside a workout
    off_wrist: BoolArray
    ln_rmssd: NDArray[np.float32]  # 5-min window that ends with the bin
    rmssd_known: BoolArray
    stress_score: NDArray[np.float32]
    score_known: BoolArray
    hour: NDArray[np.float32]  # local hour at the start of the bin
    day: NDArray[np.int32]  # local calendar day

    def __len__(self) -> int:
        return int(self.hr_bpm.size)

    @property
    def t_s(self) -> FloatArray:
        """Start of each bin."""
        return self.t0_s + self.step_s * np.arange(self.hr_bpm.size, dtype=np.float64)

    def index(self, t_s: float) -> int:
        """Bin that holds the time; may lie outside the grid."""
        return int((t_s - self.t0_s) // self.step_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayFeatures:
    """What is kept of one UTC day: its part of the grids and its 5-min HRV windows."""

    utc_day: int
    minute: Grid
    fine: Grid | None  # the same at the fine step, where the stream allows
    rmssd_t_s: FloatArray  # ends of 5-min windows
    rmssd_ms: FloatArray
    rr_mean_ms: FloatArray
    sd_ms: FloatArray
    stress_index: FloatArray  # Baevsky, 1/s^2
    corrected_share: FloatArray
    vendor_rmssd_t_s: FloatArray  # the vendor's own windows, never mixed with ours
    vendor_rmssd_ms: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class HrvWindows:
    """RMSSD of short windows, each at its end. 0 says that a companion figure is not known.

    `source[i]` indexes `sources`: "beats" for our own windows, else the vendor's device.
    """

    t_s: FloatArray
    rmssd_ms: FloatArray
    rr_mean_ms: FloatArray
    stress_index: FloatArray
    source: IntArray
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        _own(
            self,
            t_s=np.float64,
            rmssd_ms=np.float64,
            rr_mean_ms=np.float64,
            stress_index=np.float64,
            source=np.int64,
        )
        _increasing(self, "t_s", strictly=False)
        _finite(self, "t_s", "rmssd_ms", "rr_mean_ms", "stress_index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One night, named by the local day of waking."""

    day: int
    start_s: float
    end_s: float
    known_by: str  # device, or clock (taken from the hours of the night)


# --------------------------------------------------------------------------- episodes and recovery


class EpisodeKind(StrEnum):
    STRESS = "stress"  # raised heart rate without motion, cause unknown
    EXERCISE = "exercise"
    TAGGED = "tagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch in which the heart beats faster than motion and time of day explain."""

    start_s: float
    peak_s: float
    end_s: float
    rise_bpm: float  # peak of the smoothed excess above the local rest
    kind: EpisodeKind = EpisodeKind.STRESS
    label: str = ""
    confidence: float = 1.0  # 0 to 1
    technique: bool = False  # a technique was used during it
    step_s: float = 60.0  # of the grid it was found on
    day: int = 0  # local day of the start
    hour: float = 0.0  # local hour of the start
    load_before: float = 0.0  # mean excess of the hour before, bpm
    activity_before: float = 0.0  # mean motion of the hour before, MET above rest
    excluded: tuple[str, ...] = ()  # what was left out around it


class Censored(StrEnum):
    NO = "no"
    RIGHT = "right"  # at least this long: interrupted or unfinished
    LEFT = "left"  # at most this long: faster than the sampling can resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFit:
    """How fast the heart came back from one episode.

    `ln_h` and `ln_h_sd` describe the posterior of the log half-time (s) under the weak prior of the
    settings. With `censored` RIGHT (LEFT) the half-time is at least (at most) `bound_s`; otherwise
    `half_time_s` is the best single estimate, for which the wearer's other episodes are the prior.
    """

    episode: Episode
    accepted: bool
    why_not: str = ""  # code, when not accepted
    half_time_s: Estimate | None = None
    ln_h: float = float("nan")
    ln_h_sd: float = float("nan")
    censored: Censored = Censored.NO
    bound_s: float = float("nan")
    follow_up_s: float = 0.0
    resolution_s: float = 0.0
    stop_reason: str = ""  # next_episode, motion, gap, asleep, technique, cap
    settled_s: float = float("nan")  # from the end of the stressor until back in range
    settled_censored: bool = True
    settled_follow_up_s: float = 0.0
    active_s: float = float("nan")  # from onset until back in range
    active_censored: bool = True
    amplitude_bpm: float = float("nan")
    rest_bpm: float = float("nan")  # local resting level under the curve
    onset_s: float = float("nan")  # fitted start of the rise
    release_s: float = float("nan")  # fitted start of the decay
    area_bpm_min: float = float("nan")
    percent_back: tuple[float | None, ...] = (None, None, None)  # after 1, 2, 5 min
    vagal_percent_per_min: Estimate | Missing | None = None  # growth of RMSSD; None: no beats
    peak_hr_bpm: float | None = None  # exercise: level at the end of effort
    hrr60_bpm: float | None = None  # exercise: fall within 60 s
    hrr120_bpm: float | None = None
    curve: str = "exponential"  # shape of the fall, one for all episodes of a wearer
    untreated: RecoveryFit | None = None  # followed only until a technique began during it

    @property
    def technique_free(self) -> RecoveryFit | None:
        """What was seen of it without a technique; None where that is nothing.

        A technique is taken up in the rises that last: to leave these out would make the others
        look as if recovery had become faster. They count until it begins.
        """
        seen = self.untreated if self.episode.technique else self
        return seen if seen is not None and seen.accepted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEpisode:
    """A stretch of high values of a vendor's stress score, by which alone it is known.

    The time from its last high value until half-way down lies between `back_low_s` and
    `back_high_s`; infinite where follow-up ended before.
    """

    start_s: float
    peak_s: float
    end_s: float  # half-way down, or last seen
    before: float  # score
    peak: float
    back_low_s: float
    back_high_s: float
    day: int = 0  # local day of the start
    hour: float = 0.0
    known_by: str = "score"

    @property
    def seen(self) -> bool:
        """Whether it was seen half-way down."""
        return bool(np.isfinite(self.back_high_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """What a vendor's score says where heart rate is too coarse; never joined with heart rate."""

    vendor: str
    period_s: float
    episodes: tuple[ScoreEpisode, ...]
    half_back_s: Estimate | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class WearerNoise:
    """Residual of the expected heart rate in still, quiet time.

    `sigma_bpm` and `phi` are the AR(1) view at one step. `parts` is the full view: pairs of
    correlation time (s; 0 for white noise) and variance (bpm^2) whose exponentials add up to the
    autocovariance.
    """

    sigma_bpm: float
    phi: float
    step_s: float
    n: int
    parts: tuple[tuple[float, float], ...] = ()

    def covariance_bpm2(self, lag_s: ArrayLike) -> FloatArray:
        """Autocovariance at each lag."""
        lag = np.abs(np.asarray(lag_s, dtype=np.float64))
        total = np.zeros(lag.shape)
        for tau_s, variance in self.parts or self._ar1():
            total = total + variance * (np.exp(-lag / tau_s) if tau_s > 0 else lag == 0.0)
        return total

    def mean_sd_bpm(self, bins: int) -> float:
        """Standard deviation of the mean over so many successive bins."""
        lag = np.arange(bins)
        weights = np.where(lag == 0, bins, 2.0 * (bins - lag))
        variance = float(weights @ self.covariance_bpm2(lag * self.step_s))
        return float(np.sqrt(max(variance, 0.0))) / bins

    def _ar1(self) -> tuple[tuple[float, float], ...]:
        phi = min(max(self.phi, 0.0), 0.99)
        tau_s = -self.step_s / np.log(phi) if phi > 0 else 0.0
        return ((float(tau_s), self.sigma_bpm**2),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """Expected heart rate on a grid, and the excess above it."""

    excess_bpm: NDArray[np.float32]
    usable: BoolArray  # awake, worn, still, away from exercise
    noise: WearerNoise
    threshold_bpm: float  # a smoothed rise below it is not an episode; frozen over the window
    reference_sigma_bpm: float = 3.5  # noise of the reference phase, from which it follows
    shrunk_to_prior: bool = False  # under a day of data
    motion_known: bool = True  # False: nothing says when the person moved
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Recoveries of known half-time, put into a person's own quiet minutes and found again."""

    injections: int
    found: Estimate  # share
    found_visible: Estimate | None  # share of those that rise by 8 bpm or more
    answered_share: float  # with a half-time
    at_most_share: float
    at_least_share: float
    median_error: float | None  # absolute, as a share of the true half-time
    bias_ln: Estimate | None  # of the ln half-time at the middle of those put in
    slope: Estimate | None  # of ln half-time found on ln half-time put in; 1 is right
    mirrored_per_day: float | None  # episodes per 12 still hours in the excess upside down


# --------------------------------------------------------------------------- baseline and trend


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineDay:
    """Resting figures of one local day (night: the day of waking). None: not measured."""

    day: int
    night_hr_bpm: float | None = None
    ln_rmssd: float | None = None
    resting_hr_bpm: float | None = None  # still, awake
    min30_hr_bpm: float | None = None
    vendor_resting_hr_bpm: float | None = None
    vendor_night_hr_bpm: float | None = None
    vendor_ln_rmssd: float | None = None
    vendor_ln_sdnn: float | None = None
    ln_rmssd_per_rr: float | None = None
    sqrt_stress_index: float | None = None
    hrv_source: str = ""  # where ln_rmssd comes from: beats, or a vendor's device
    night_known_by: str = ""  # device or clock, as in Night
    arousal_z: float | None = None
    settle_min: float | None = None  # from sleep onset to the night's own quiet level
    sleep_min: float | None = None
    deep_min: float | None = None
    restless_share: float | None = None  # of the night's minutes with motion
    technique_min: float = 0.0
    steps: float | None = None
    worn_hours: float = 0.0
    still_hours: float = 0.0
    raised_min: float | None = None  # chronic load: minutes above the frozen reference
    eligible_min: float = 0.0
    quality: str = ""  # green, amber, red, or empty


@dataclass(frozen=True, slots=True, eq=False)
class DailySeries:
    """One value a day where there is one."""

    day: IntArray
    value: FloatArray

    def __post_init__(self) -> None:
        _own(self, day=np.int64)
        _own(self, value=np.float64)
        if self.day.size != self.value.size:
            raise ValueError("a value for every day")
        _increasing(self, "day")
        _finite(self, "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Total change of an endpoint over its window, with what the data could have shown.

    `total` is in the endpoint's own unit; for a log endpoint that is a log ratio.
    """

    total: Estimate
    p_value: float  # two-sided
    p_fall: float  # one-sided support for a fall: P(total < 0) under a flat prior
    since_day: int
    until_day: int
    n: int
    se: float
    df: float
    method: str
    log: bool  # the endpoint is a logarithm
    smallest_change: float  # would have shown 4 times in 5
    equivalent: bool | None = None  # a change worth having is excluded; None: not asked
    worth_having: float | None = None  # size of a change worth having, same unit
    censored_share: float | None = None

    @property
    def days(self) -> int:
        return self.until_day - self.since_day + 1

    def per_30_days(self) -> float:
        """Change per 30 days, in the endpoint's unit."""
        return self.total.value * 30.0 / max(self.days - 1, 1)

    def percent(self) -> Estimate | None:
        """Total change in percent, for a log endpoint."""
        if not self.log:
            return None
        value, low, high = (
            float(100.0 * np.expm1(x)) for x in (self.total.value, self.total.low, self.total.high)
        )
        return Estimate(value=value, low=low, high=high, level=self.total.level, n=self.n)


# --------------------------------------------------------------------------- markers and verdict


class MarkerState(StrEnum):
    IMPROVING = "improving"
    WORSENING = "worsening"
    STEADY = "steady"  # only after equivalence
    UNDETERMINED = "undetermined"
    DESCRIBED = "described"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFinding:
    """What the data say on one practical test."""

    id: str
    state: MarkerState
    estimate: Estimate | None = None
    unit: str = ""
    p_value: float | None = None
    q_value: float | None = None
    n: int | None = None
    since_day: int | None = None
    until_day: int | None = None
    trend: Trend | None = None
    why_unknown: Missing | None = None
    facts: Facts = field(default_factory=dict)  # numbers its sentence needs


class State(StrEnum):
    HEALING = "healing"
    PARTIAL = "partial"
    MIXED = "mixed"
    COPING = "coping"
    UNCHANGED = "unchanged"
    UNDETERMINED = "undetermined"
    WORSENING = "worsening"
    INSUFFICIENT = "insufficient"


class NeedKind(StrEnum):
    MORE_TIME = "more_time"
    OTHER_EXPORT = "other_export"
    TAGS = "tags"
    NEVER_WITH_THIS_DEVICE = "never_with_this_device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What would settle the question."""

    kind: NeedKind
    code: str
    weeks: float | None = None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The joined answer; codes only, the words are made in `report`."""

    state: State
    confidence: str | None = None  # supported or probable, for healing
    other: str | None = None  # not_measured, not_shown, opposite: the primary that did not move
    which: str | None = None  # recovery or baseline: the primary that carries the state
    qualifiers: tuple[str, ...] = ()
    reasons: tuple[Missing, ...] = ()  # codes with facts
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """The verdict as it would be with one threshold at another value."""

    name: str
    used: float
    tried: float
    state: State
    confidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySummary:
    """The first primary: level now and trend."""

    scale: str | None  # fast, settling, days; None when nothing can be said
    half_time_s: Estimate | Missing
    settling_min: Estimate | Missing
    then_s: Estimate | None = None  # first third of the window
    now_s: Estimate | None = None  # last third
    then_at_most_s: float | None = None  # where most were faster than the recording can time
    now_at_most_s: float | None = None
    n: int = 0
    censored: int = 0
    at_most: int = 0
    resolution_s: float | None = None
    state: MarkerState = MarkerState.UNKNOWN
    trend: Trend | None = None
    why_unknown: Missing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Where one resting measure stands: the last weeks, one's own range, then and now."""

    value: Estimate
    normal_range: tuple[float, float] | None = None  # 9 of 10 own days
    then: Estimate | None = None
    now: Estimate | None = None
    unit: str = ""
    recent_days: int | None = None  # days that `value` is of, up to the last; None for all


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSummary:
    """The second primary: level now, a person's own range and trend."""

    measure: str | None  # night_hr_bpm, ln_rmssd, arousal_z, vendor_resting_hr_bpm, ...
    value: Estimate | Missing
    normal_range: tuple[float, float] | None = None  # 9 of 10 own days
    then: Estimate | None = None
    now: Estimate | None = None
    state: MarkerState = MarkerState.UNKNOWN
    trend: Trend | None = None
    why_unknown: Missing | None = None
    components: Mapping[str, Trend] = field(default_factory=dict)
    shown: str | None = None  # the measure whose level is shown, when `measure` is a composite
    levels: Mapping[str, Level] = field(default_factory=dict)  # every measure with enough days


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much there is to go by."""

    days: int
    nights: int
    worn_hours: float
    still_hours: float
    tier: Tier
    first_day: int | None = None
    last_day: int | None = None
    hr_period_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """Everything the report says, as codes and numbers."""

    version: str
    settings: Mapping[str, Any]
    seed: int
    as_of_day: int | None
    inputs: tuple[InputSummary, ...]
    coverage: Coverage
    verdict: Verdict
    recovery: RecoverySummary
    baseline: BaselineSummary
    markers: tuple[MarkerFinding, ...]
    fits: tuple[RecoveryFit, ...]
    days: tuple[BaselineDay, ...]
    spans: tuple[Span, ...]
    clock: LocalClock
    notes: tuple[Note, ...] = ()
    change: Mapping[str, Any] | None = None
    ratings: tuple[Rating, ...] = ()
    curves: Sequence[RecoveryCurve] = ()
    window: tuple[int, int] | None = None  # first and last local day of the primary window
    selftest: Mapping[str, Any] | None = None
    varied: tuple[Varied, ...] = ()  # the verdict with its gates halved and doubled
    hours: HourMap | None = None
    scored: ScoreSummary | Missing | None = None  # by a vendor's score, where it is needed
    traces: Sequence[DayTrace] = ()  # the day asked for, if any, then a typical one
    beats: Cleaned | None = None  # a few minutes that stand for the beats of one day

    def episodes_frame(self) -> pd.DataFrame:
        """One row per episode: when, how high, how fast back, and whether that was cut short."""
        import pandas as pd

        rows = [
            {
                "start": fit.episode.start_s,
                "peak": fit.episode.peak_s,
                "end": fit.episode.end_s,
                "kind": str(fit.episode.kind),
                "label": fit.episode.label,
                "technique": fit.episode.technique,
                "rise_bpm": fit.episode.rise_bpm,
                "half_time_s": None if fit.half_time_s is None else fit.half_time_s.value,
                "low_s": None if fit.half_time_s is None else fit.half_time_s.low,
                "high_s": None if fit.half_time_s is None else fit.half_time_s.high,
                "censored": str(fit.censored),
                "bound_s": fit.bound_s,
                "settled_s": fit.settled_s,
                "settled_censored": fit.settled_censored,
                "accepted": fit.accepted,
                "why_not": fit.why_not,
            }
            for fit in self.fits
        ]
        frame = pd.DataFrame(rows, columns=None if rows else ["start", "peak", "end", "kind"])
        for name in ("start", "peak", "end"):
            frame[name] = pd.to_datetime(frame[name], unit="s", utc=True)
        return frame

    def days_frame(self) -> pd.DataFrame:
        """One row per local day (nights: the day of waking) with its resting figures."""
        import pandas as pd

        names = [item.name for item in fields(BaselineDay)]
        frame = pd.DataFrame([[getattr(day, n) for n in names] for day in self.days], columns=names)
        frame.insert(0, "date", pd.to_datetime([as_date(day.day) for day in self.days]))
        return frame


@dataclass(frozen=True, slots=True, eq=False)
class HourMap:
    """Heart rate in still, waking time by weekday (Monday first) and local hour: 7 by 24."""

    above_bpm: NDArray[np.float64]  # mean above the median of all such time
    minutes: NDArray[np.float64]  # how much such time each cell rests on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayTrace:
    """One local day for drawing, minute by minute; NaN where nothing was measured."""

    day: int
    hour: FloatArray  # local hour, 0 to 24
    hr_bpm: FloatArray
    expected_bpm: FloatArray
    moving: BoolArray
    asleep: BoolArray
    exercise: BoolArray
    left_out: BoolArray  # measured and awake, yet not looked at for rises, for no reason above

    def __post_init__(self) -> None:
        _own(self, hour=np.float64, hr_bpm=np.float64, expected_bpm=np.float64)
        _own(self, moving=np.bool_, asleep=np.bool_, exercise=np.bool_, left_out=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class RecoveryCurve:
    """Heart-rate excess around one episode for drawing: time from release, bpm above rest."""

    since_release_s: FloatArray
    excess_bpm: FloatArray
    episode_start_s: float
    stop_s: float  # follow-up after release

    def __post_init__(self) -> None:
        _own(self, since_release_s=np.float64, excess_bpm=np.float64)
