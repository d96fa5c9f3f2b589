"""The outside of a simulated life: sleep, motion, effort, stressors, the watch on or off.

Times are seconds since the first day's local midnight. Every day can be drawn on its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrv.model import DAY_S, FloatArray
from hrv.simulate.body import Body
from hrv.simulate.confounders import Moved, moved
from hrv.simulate.scenarios import Scenario
from hrv.simulate.streams import Part, Streams

SECONDS = 86_400
MOST_PER_H = 2.0  # candidates for stressors; thinning keeps the share that the rate asks for
REFRACTORY_S = 360.0
LATENCY_S = 600.0
MET_SIT, MET_STAND, MET_WALK, MET_TRAIN = 0.05, 0.5, 2.2, 6.0
SIT, STAND, WALK, TRAIN = 0, 1, 2, 3
VISIBLE_BPM = 8.0
TECHNIQUES = ("breathing", "grounding", "body scan")
EVENTS = ("conflict", "deadline", "call", "traffic", "worry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stressor:
    """One true reaction: the heart rises at `on_s`, is held to `off_s`, and comes back."""

    on_s: float
    off_s: float
    height_bpm: float
    half_time_s: float
    technique: tuple[float, float, str] | None = None  # start, end, what
    tag: tuple[float, str] | None = None  # when it was tagged, as what
    interrupted_s: float | None = None  # a walk ends the recovery
    visible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """One day from the outside."""

    asleep: NDArray[np.bool_]  # per second
    wake_s: float  # since the day's own midnight
    bed_s: float  # same; beyond 24 h when after midnight
    state: NDArray[np.int8]  # per second: SIT, STAND, WALK, TRAIN
    met: NDArray[np.float32]  # above rest, per second
    training: tuple[tuple[float, float], ...]  # bouts, since the first midnight
    stressors: tuple[Stressor, ...]
    worn: NDArray[np.bool_]  # per second
    false_tag: tuple[float, str] | None = None
    life_tags: tuple[tuple[float, float | None, str, str], ...] = ()  # start, end, kind, label


@dataclass(slots=True)
class Life:
    """A person in a scenario over a number of days."""

    scenario: Scenario
    body: Body
    streams: Streams
    days: int
    weekday: int  # of the first day, Monday 0
    base_bpm: FloatArray = field(init=False)  # day-to-day part of the resting level
    night_bpm: FloatArray = field(init=False)  # of single nights, by the day of waking
    day_ln_h: FloatArray = field(init=False)
    day_ln_rmssd: FloatArray = field(init=False)
    moved: Moved = field(init=False)  # by alcohol, illness and the like
    _wake: FloatArray = field(init=False)
    _bed: FloatArray = field(init=False)
    _off: NDArray[np.bool_] = field(init=False)
    _no_night: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        n = self.days + 3  # one day before, two after
        level = self.streams.of(Part.DAY_LEVEL).standard_normal((n, 3))
        self.base_bpm = self.body.day_sd_bpm * _ar1(level[:, 0], self.scenario.day_phi)
        self.day_ln_h = self.body.day_half_time_sd * _ar1(level[:, 1], self.body.day_half_time_phi)
        self.day_ln_rmssd = self.body.day_rmssd_sd * _ar1(level[:, 2], 0.4)
        night = self.streams.of(Part.NIGHT_LEVEL).standard_normal(n)
        self.night_bpm = self.body.night_sd_bpm * _ar1(night, self.body.night_phi)
        self.moved = moved(self.scenario, self.streams, self.days)
        self.day_ln_h = self.day_ln_h + self.moved.ln_half_time
        self._schedule(n)
        self._absences(n)

    def f(self, day: int) -> float:
        """Fraction of the window that has passed."""
        return min(max(day / max(self.days - 1, 1), 0.0), 1.0)

    def _schedule(self, n: int) -> None:
        z = self.streams.of(Part.SCHEDULE).standard_normal((n, 2))
        rare = self.streams.of(Part.SHORT_NIGHTS).random((n, 2))
        weekend = (np.arange(n) - 1 + self.weekday) % 7 >= 5
        self._wake = (7.0 + 0.7 * weekend + 0.4 * z[:, 0]) * 3600.0
        self._bed = (23.0 + 0.5 * z[:, 1]) * 3600.0
        following = np.append(self._wake[1:], 7.0 * 3600.0) + DAY_S
        short = rare[:, 0] < 0.02
        self._bed[short] = following[short] - LATENCY_S - (3.5 + 1.4 * rare[short, 1]) * 3600.0

    def _absences(self, n: int) -> None:
        u = self.streams.of(Part.DAYS_OFF).random((n, 3))
        self._off = np.zeros(n, bool)
        for day in np.flatnonzero(u[:, 0] < 0.01):
            length = 1 + int(np.log(u[day, 1]) / np.log(0.5))
            self._off[day : day + length] = True
        share = np.array([self.scenario.night_missing(self.f(d - 1)) for d in range(n)])
        self._no_night = u[:, 2] < share

    def wake_s(self, day: int) -> float:
        """Waking, since that day's midnight."""
        return float(self._wake[day + 1])

    def bed_s(self, day: int) -> float:
        """Bed time of the evening, since that day's midnight."""
        return float(self._bed[day + 1])

    def outside(self, day: int, previous_on_s: float = -np.inf) -> Outside:
        """Everything that happens on one day."""
        wake, bed = self.wake_s(day), self.bed_s(day)
        asleep = np.zeros(SECONDS, bool)
        asleep[max(0, int(self.bed_s(day - 1) + LATENCY_S - DAY_S)) : int(wake)] = True
        asleep[int(bed + LATENCY_S) :] = True
        state, met = self._activity(day, asleep)
        training = self._train(day, wake, bed, state, met)
        stressors = self._stressors(day, wake, bed, previous_on_s)
        for stressor in stressors:
            _walk_in(stressor, day, state, met)
        worn = self._worn(day)
        for a, b in training:  # nobody takes it off in the middle of a run
            piece = slice(int(a - day * DAY_S), int(b - day * DAY_S) + 300)
            worn[piece] = worn[piece.start]
        stressors = tuple(_seen(each, day, state, worn) for each in stressors)
        return Outside(
            asleep=asleep, wake_s=wake, bed_s=bed, state=state, met=met, training=training,
            stressors=stressors, worn=worn,
            false_tag=self._false_tag(day, wake, bed), life_tags=self.moved.tags.get(day, ()),
        )  # fmt: skip

    def _activity(
        self, day: int, asleep: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """Bouts of sitting, standing and walking."""
        rng = self.streams.of(Part.ACTIVITY, day)
        n = 240
        kind = np.searchsorted((0.55, 0.83), rng.random(n)).astype(np.int8)
        length_s = rng.gamma(2.0, 60.0, n) * np.array((14.0, 3.0, 4.0))[kind]
        level = np.array((MET_SIT, MET_STAND, MET_WALK))[kind]
        level = level * np.exp(0.15 * rng.standard_normal(n))
        repeats = np.maximum(np.rint(length_s), 1).astype(int)
        end = np.cumsum(repeats)
        last = int(np.searchsorted(end, SECONDS)) + 1
        state = np.repeat(kind[:last], repeats[:last])[:SECONDS]
        met = np.repeat(level[:last].astype(np.float32), repeats[:last])[:SECONDS]
        state[asleep] = SIT
        met[asleep] = 0.0
        return state, met

    def _train(
        self, day: int, wake: float, bed: float, state: NDArray[np.int8], met: NDArray[np.float32]
    ) -> tuple[tuple[float, float], ...]:
        u = self.streams.of(Part.EXERCISE, day).standard_normal(3)
        chance = self.streams.of(Part.EXERCISE, day, 1).random()
        if chance >= self.scenario.exercise_per_week(self.f(day)) / 7.0:
            return ()
        start = int(np.clip(17.5 * 3600 + 5400 * u[0], wake + 3600, min(bed, DAY_S) - 3 * 3600))
        end = start + int(np.clip(2400 + 300 * u[1], 1500, 3600))
        state[start:end] = TRAIN
        met[start:end] = MET_TRAIN * float(np.exp(0.15 * u[2]))
        state[end : end + 240] = STAND  # the watch still records
        met[end : end + 240] = MET_STAND
        return ((day * DAY_S + start, day * DAY_S + end),)

    def _stressors(
        self, day: int, wake: float, bed: float, previous_on_s: float
    ) -> tuple[Stressor, ...]:
        scenario, body, f = self.scenario, self.body, self.f(day)
        rng = self.streams.of(Part.STRESS, day)
        n = int(rng.poisson(MOST_PER_H * 24.0))
        at = np.sort(rng.random(n)) * DAY_S
        mark = rng.random(n)
        z = rng.standard_normal((n, 3))
        chance = self.streams.of(Part.TECHNIQUE, day).random((n, 4))
        cuts = self.streams.of(Part.TECHNIQUE, day, 1).random((n, 2))
        tags = self.streams.of(Part.TAGS, day).random((n, 3))
        rate = body.stress_per_h * scenario.rate(f) * self._load(day) * self.moved.rate[day + 1]
        found: list[Stressor] = []
        last = previous_on_s - day * DAY_S
        for i in range(n):
            if mark[i] >= rate / MOST_PER_H or not wake <= at[i] < bed:
                continue
            if at[i] - last < REFRACTORY_S:
                continue
            last = at[i]
            found.append(self._stressor(day, at[i], z[i], chance[i], cuts[i], tags[i]))
        return tuple(found)

    def _load(self, day: int) -> float:
        """Runs of full days: two and a half times the stressors for nine days."""
        runs = self.scenario.overload_runs
        starts = [(k + 0.7) / (runs + 0.5) * self.days for k in range(runs)]
        return 2.5 if any(0 <= day - start < 9 for start in starts) else 1.0

    def _stressor(
        self,
        day: int,
        at: float,
        z: FloatArray,
        chance: FloatArray,
        cuts: FloatArray,
        tags: FloatArray,
    ) -> Stressor:
        scenario, body, f = self.scenario, self.body, self.f(day)
        on = day * DAY_S + at
        length = float(np.clip(body.stress_min * 60.0 * np.exp(0.5 * z[0]), 120.0, 1800.0))
        height = body.reaction_bpm * scenario.amplitude(f) * float(np.exp(0.35 * z[1]))
        ln_h = (
            np.log(body.half_time_s * scenario.half_time(f))
            + body.half_time_by_height * z[1]
            + self.day_ln_h[day + 1]
            + body.half_time_spread * z[2]
        )
        late = 300.0 if scenario.technique_by_indication else 0.0
        start = on + 45.0 + late + 120.0 * chance[1]
        fallen = max(float(start) - on - length, 0.0) / float(np.exp(ln_h))
        technique = None
        if self._uses_technique(f, height * 0.5**fallen, float(chance[0])):
            until = max(start + 300.0 + 600.0 * chance[2], on + length + 120.0)
            technique = (start, until, TECHNIQUES[int(3 * chance[3])])
            ln_h += np.log(scenario.technique_half_time(f))
            height *= scenario.technique_amplitude
        tagged = height >= VISIBLE_BPM and tags[0] < 0.4
        delay = -300.0 * float(np.log1p(-tags[1]))
        half = float(np.exp(ln_h))
        cut = cuts[0] < scenario.interruption(f)
        return Stressor(
            on_s=on,
            off_s=on + length,
            height_bpm=height,
            half_time_s=half,
            technique=technique,
            tag=(on + delay, EVENTS[int(5 * tags[2])]) if tagged else None,
            interrupted_s=on + length + (0.3 + 1.2 * float(cuts[1])) * half if cut else None,
        )

    def _uses_technique(self, f: float, raised_bpm: float, chance: float) -> bool:
        """By chance; by indication the likelier the higher the heart still is at that moment."""
        share = self.scenario.technique_share(f)
        if not self.scenario.technique_by_indication:
            return chance < share
        worst = 1.0 / (1.0 + np.exp(0.35 * self.body.reaction_bpm - 0.5 * raised_bpm))
        return bool(chance < min(1.0, share * 2.5 * worst))

    def _worn(self, day: int) -> NDArray[np.bool_]:
        """Gaps while awake, one for charging, nights and days without the watch."""
        worn = np.ones(SECONDS, bool)
        if self._off[day + 1]:
            worn[:] = False
            return worn
        rng = self.streams.of(Part.WEAR, day)
        pair = rng.exponential(1.0, (40, 2))
        on = pair[:, 0] * self.scenario.wear_on_h * 3600.0
        off = pair[:, 1] * self.scenario.gap_min * 60.0
        t = self.wake_s(day) - on[0] * rng.random()
        for k in range(40):
            t += on[k]
            if t >= SECONDS:
                break
            worn[max(int(t), 0) : max(int(t + off[k]), 0)] = False
            t += off[k]
        charging = int(self.wake_s(day) + (self.bed_s(day) - self.wake_s(day)) * rng.random())
        worn[charging : charging + 2700] = False
        if self._no_night[day]:  # the night before
            worn[: int(self.wake_s(day) + 1200)] = False
        if self._no_night[day + 1]:
            worn[int(self.bed_s(day) - 1800) :] = False
        return worn

    def _false_tag(self, day: int, wake: float, bed: float) -> tuple[float, str] | None:
        u = self.streams.of(Part.TAGS, day, 1).random(3)
        if u[0] >= 0.2:
            return None
        return day * DAY_S + wake + (bed - wake) * float(u[1]), EVENTS[int(5 * u[2])]


def _ar1(z: FloatArray, phi: float) -> FloatArray:
    """Stationary AR(1) of unit variance; longer series begin with the shorter ones."""
    out: FloatArray = np.empty_like(z)
    out[0] = z[0]
    scale = np.sqrt(1.0 - phi * phi)
    for i in range(1, z.size):
        out[i] = phi * out[i - 1] + scale * z[i]
    return out


def _walk_in(
    stressor: Stressor, day: int, state: NDArray[np.int8], met: NDArray[np.float32]
) -> None:
    if stressor.interrupted_s is None:
        return
    start = int(stressor.interrupted_s - day * DAY_S)
    piece = slice(start, start + 480)
    still = state[piece] != TRAIN
    state[piece][still] = WALK
    met[piece][still] = MET_WALK


def _seen(
    stressor: Stressor, day: int, state: NDArray[np.int8], worn: NDArray[np.bool_]
) -> Stressor:
    """High enough, the watch on, and no walking around it."""
    start = max(int(stressor.on_s - day * DAY_S) - 60, 0)
    end = int(stressor.off_s - day * DAY_S) + 60
    visible = (
        stressor.height_bpm >= VISIBLE_BPM
        and bool(np.mean(worn[start:end]) > 0.95)
        and bool(np.mean(state[start:end] >= WALK) < 0.05)
    )
    if visible:
        return stressor
    values: dict[str, Any] = {
        name: getattr(stressor, name) for name in Stressor.__dataclass_fields__
    }
    return Stressor(**(values | {"visible": False}))
