"""Lives with a known direction: what changes over the window, and what may be said about it.

`f` is the fraction of the window that has passed, 0 on the first day and 1 on the last.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from hrv.model import State


@dataclass(frozen=True, slots=True)
class Course:
    """A knob over the window: from `start` to `end`, as `shape` says.

    geometric: linear in the logarithm; linear; step: `end` from `at` on; constant: `start`;
    bump: `end` between `at` and `until`, `start` elsewhere.
    """

    shape: str
    start: float
    end: float
    at: float = 0.0
    until: float = 1.0

    def __call__(self, f: float) -> float:
        if self.shape == "geometric":
            return float(self.start * (self.end / self.start) ** f)
        if self.shape == "linear":
            return self.start + (self.end - self.start) * f
        if self.shape == "step":
            return self.end if f >= self.at else self.start
        if self.shape == "bump":
            return self.end if self.at <= f < self.until else self.start
        return self.start

    def as_dict(self) -> dict[str, float | str]:
        """For the truth file."""
        return {name.name: getattr(self, name.name) for name in fields(self)}


def constant(value: float) -> Course:
    """The same on all days."""
    return Course("constant", value, value)


def geometric(end: float, start: float = 1.0) -> Course:
    """`start` times a power of f; a multiplier that ends at `end`."""
    return Course("geometric", start, end)


def linear(end: float, start: float = 0.0) -> Course:
    """A straight line from `start` to `end`."""
    return Course("linear", start, end)


def step(at: float, end: float, start: float) -> Course:
    """`start` before the fraction `at`, `end` from then on."""
    return Course("step", start, end, at)


def bump(at: float, until: float, height: float, ground: float) -> Course:
    """`height` between two fractions of the window, `ground` elsewhere."""
    return Course("bump", ground, height, at, until)


ONE = constant(1.0)
NONE = constant(0.0)
USUAL_SHARE = constant(0.2)
USUAL_HELP = constant(0.6)
USUAL_TRAINING = constant(3.0)
USUAL_ABSENCE = constant(0.08)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What changes in a life. Multipliers are 1 and additions 0 where nothing is said."""

    name: str
    title: str
    expected: tuple[State, ...]  # answers that fit the truth
    never: tuple[State, ...] = ()  # answers that would be false
    half_time: Course = ONE  # times the half-time of heart-rate recovery
    base_bpm: Course = NONE  # added to the resting level, bpm
    amplitude: Course = ONE  # times the height of reactions
    rate: Course = ONE  # times the number of stressors
    deep_sleep: Course = ONE  # times the share of deep sleep
    fitness: Course = ONE  # times the time constants of exercise heart rate
    effort: Course = ONE  # times the heart-rate cost of motion
    technique_share: Course = USUAL_SHARE  # of stressors met with a technique
    technique_half_time: Course = USUAL_HELP  # times half-time when a technique is used
    technique_amplitude: float = 0.9
    technique_rebound_bpm: float = 0.0  # after the technique
    technique_by_indication: bool = False  # used on the worst episodes, late
    symptoms: Course = ONE  # times the weight of the day's stress in the ratings
    effort_rating: Course = NONE  # added to the rating of effort
    exercise_per_week: Course = USUAL_TRAINING
    interruption: Course = NONE  # share of recoveries cut short by walking
    night_missing: Course = USUAL_ABSENCE  # share of nights without the watch
    wear_on_h: float = 7.6  # mean time between gaps, awake
    gap_min: float = 25.0  # mean gap, awake
    rmssd_factor: Course = ONE  # times beat-to-beat variability
    medicine_at: float | None = None  # fraction of the window; a dated tag
    illness_at: float | None = None  # fraction of the window
    illness_days: int = 10
    illness_told: bool = True  # a tag says so
    cycle: bool = False  # 28 days
    crisis: bool = False  # a steady life, looked at from its worst month on
    device_at: float | None = None  # another watch from this fraction on
    device_told: bool = True  # the files name the new device
    ectopic_share: float = 0.001
    day_phi: float = 0.6  # of the resting level from day to day
    overload_runs: int = 0  # runs of very full days
    alcohol_per_week: float = 0.0

    def knobs(self) -> dict[str, Any]:
        """All knobs for the truth file."""
        out: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            out[each.name] = value.as_dict() if isinstance(value, Course) else value
        return out


FALSE_ALARMS = (State.HEALING, State.WORSENING, State.COPING)

HEALING = Scenario(
    name="healing",
    title="recovers faster, rests lower, reacts softer and less often, with or without a technique",
    expected=(State.HEALING,),
    never=(State.WORSENING, State.COPING, State.UNCHANGED),
    half_time=geometric(0.65),
    base_bpm=linear(-5.0),
    amplitude=geometric(0.80),
    rate=geometric(0.70),
    deep_sleep=geometric(1.25),
    symptoms=geometric(0.4),
    effort_rating=linear(-2.0),
)
COPING = Scenario(
    name="coping",
    title="softer and rarer peaks with ever more techniques; recovery and rest stay as they were",
    expected=(State.COPING, State.UNDETERMINED, State.UNCHANGED, State.PARTIAL),
    never=(State.HEALING, State.WORSENING),
    amplitude=geometric(0.70),
    rate=geometric(0.70),
    technique_share=linear(0.7, 0.1),
    effort_rating=linear(2.0),
)
TECHNIQUE_DEPENDENT = Scenario(
    name="technique_dependent",
    title="recovers ever faster with a technique, as before without one",
    expected=(State.COPING, State.UNDETERMINED, State.UNCHANGED),
    never=(State.HEALING, State.WORSENING),
    technique_share=constant(0.5),
    technique_half_time=geometric(0.5),
    technique_amplitude=1.0,
    technique_rebound_bpm=2.0,
    effort_rating=linear(1.0),
)
UNCHANGED = Scenario(
    name="unchanged",
    title="nothing changes but the days",
    expected=(State.UNCHANGED, State.UNDETERMINED),
    never=FALSE_ALARMS,
)
WORSENING = Scenario(
    name="worsening",
    title="recovers slower, rests higher, more stressors, lighter sleep",
    expected=(State.WORSENING,),
    never=(State.HEALING, State.COPING, State.UNCHANGED),
    half_time=geometric(1.45),
    base_bpm=linear(4.0),
    amplitude=geometric(1.1),
    rate=geometric(1.5),
    deep_sleep=geometric(0.8),
    symptoms=geometric(1.6),
    effort_rating=linear(1.0),
    overload_runs=2,
)
FITNESS_GAIN = Scenario(
    name="fitness_gain",
    title="trains more: rests lower and recovers faster after effort; stress is as it was",
    expected=(State.UNDETERMINED, State.UNCHANGED, State.PARTIAL, State.HEALING),
    never=(State.WORSENING, State.COPING),
    half_time=geometric(0.88),
    base_bpm=linear(-6.0),
    deep_sleep=geometric(1.05),
    fitness=geometric(0.65),
    effort=geometric(0.90),
    exercise_per_week=linear(5.0, 1.0),
)
SPARSE = Scenario(
    name="sparse",
    title="heals, but the watch is in the drawer more often than not",
    expected=(State.INSUFFICIENT, State.UNDETERMINED),
    never=(State.WORSENING, State.COPING),
    half_time=geometric(0.65),
    base_bpm=linear(-5.0),
    night_missing=constant(0.55),
    wear_on_h=2.0,
    gap_min=180.0,
)

HEALING_LATE = Scenario(
    name="healing_late",
    title="nothing for half of the window, then recovers faster and rests lower",
    expected=(State.HEALING, State.PARTIAL, State.UNDETERMINED),
    never=(State.WORSENING, State.COPING, State.UNCHANGED),
    half_time=step(0.5, 0.6, 1.0),
    base_bpm=step(0.5, -5.0, 0.0),
)
DEVICE_CHANGE = Scenario(
    name="device_change",
    title="another watch from the middle on, and the files say so; the person is as before",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    device_at=0.5,
)
FIRMWARE_SILENT = Scenario(
    name="firmware_silent",
    title="the same watch reads otherwise from the middle on, and nothing says so",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    device_at=0.5,
    device_told=False,
)
SEASON = Scenario(
    name="season",
    title="winter to summer: rests lower, recovers as before",
    expected=(State.UNDETERMINED, State.UNCHANGED, State.PARTIAL),
    never=FALSE_ALARMS,
    base_bpm=linear(-2.5),
)
MEDICATION = Scenario(
    name="medication",
    title="a dated beta blocker: lower and softer from one day on, recovers as before",
    expected=(State.UNDETERMINED, State.UNCHANGED, State.PARTIAL),
    never=FALSE_ALARMS,
    base_bpm=step(0.6, -8.0, 0.0),
    amplitude=step(0.6, 0.7, 1.0),
    medicine_at=0.6,
)
BUSY_PERIOD = Scenario(
    name="busy_period",
    title="ever more stressors, ever more recoveries cut short; the heart is as before",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    rate=geometric(1.8),
    interruption=linear(0.45, 0.15),
)
SOFT_ONLY = Scenario(
    name="soft_only",
    title="reactions soften, without a technique; recovery and rest as before",
    expected=(State.PARTIAL, State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    amplitude=geometric(0.65),
)
ILLNESS_MID = Scenario(
    name="illness_mid",
    title="ten days of flu in the middle, tagged",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    illness_at=0.5,
)
ILLNESS_UNTOLD = Scenario(
    name="illness_untold",
    title="ten days of flu in the middle, not tagged",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    illness_at=0.5,
    illness_told=False,
)
ARRHYTHMIA = Scenario(
    name="arrhythmia",
    title="one beat in twelve is early; nothing changes",
    expected=(State.UNDETERMINED, State.UNCHANGED, State.INSUFFICIENT),
    never=FALSE_ALARMS,
    ectopic_share=0.08,
)
STARTS_IN_CRISIS = Scenario(
    name="starts_in_crisis",
    title="good and bad months as ever, looked at from the worst one on",
    expected=(State.UNDETERMINED, State.UNCHANGED, State.PARTIAL),
    never=FALSE_ALARMS,
    crisis=True,
)
EASIER_LIFE = Scenario(
    name="easier_life",
    title="far fewer stressors and a lower rest; recovers as before",
    expected=(State.PARTIAL, State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    rate=geometric(0.4),
    base_bpm=linear(-3.0),
)
TECHNIQUE_BY_INDICATION = Scenario(
    name="technique_by_indication",
    title="a technique without effect, used late and on the worst reactions",
    expected=(State.UNDETERMINED, State.UNCHANGED),
    never=FALSE_ALARMS,
    technique_share=constant(0.3),
    technique_half_time=ONE,
    technique_amplitude=1.0,
    technique_by_indication=True,
)

ALL = (
    HEALING,
    COPING,
    UNCHANGED,
    WORSENING,
    SPARSE,
    FITNESS_GAIN,
    TECHNIQUE_DEPENDENT,
    HEALING_LATE,
    DEVICE_CHANGE,
    FIRMWARE_SILENT,
    SEASON,
    MEDICATION,
    BUSY_PERIOD,
    SOFT_ONLY,
    ILLNESS_MID,
    ILLNESS_UNTOLD,
    ARRHYTHMIA,
    STARTS_IN_CRISIS,
    EASIER_LIFE,
    TECHNIQUE_BY_INDICATION,
)
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in ALL}
