"""What moves a heart besides stress: alcohol, illness, cycle, season, medicine, bad months."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hrv.model import DAY_S, FloatArray
from hrv.simulate.scenarios import Scenario
from hrv.simulate.streams import Part, Streams

ALCOHOL_BPM, ALCOHOL_LN_RMSSD = 6.0, -0.25
ILLNESS_BPM, ILLNESS_RATE = 6.0, 1.3
LUTEAL_BPM, CYCLE_DAYS = 2.5, 28
CRISIS_PHI, CRISIS_DAYS = 0.97, 1500
CRISIS_BPM, CRISIS_LN_H, CRISIS_LN_RATE = 1.0, 0.10, 0.20

Tag = tuple[float, float | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Additions by day; index 0 is the day before the first. Nights belong to the day of waking."""

    day_bpm: FloatArray
    night_bpm: FloatArray
    night_ln_rmssd: FloatArray
    ln_half_time: FloatArray
    rate: FloatArray  # a multiplier
    tags: dict[int, tuple[Tag, ...]] = field(
        default_factory=dict
    )  # by day, since the first midnight


def moved(scenario: Scenario, streams: Streams, days: int) -> Moved:
    """All confounders of a life."""
    n = days + 3
    out = Moved(
        day_bpm=np.zeros(n), night_bpm=np.zeros(n), night_ln_rmssd=np.zeros(n),
        ln_half_time=np.zeros(n), rate=np.ones(n),
    )  # fmt: skip
    u = streams.of(Part.CONFOUNDERS).random((n, 2))
    for index in range(n - 1):
        if u[index, 0] < scenario.alcohol_per_week / 7.0:
            _drink(out, index, u[index, 1])
    if scenario.illness_at is not None:
        _fall_ill(out, scenario, days)
    if scenario.medicine_at is not None:
        day = int(np.ceil(scenario.medicine_at * (days - 1)))
        _tag(out, day, (day * DAY_S + 28_800.0, None, "medicine", "beta blocker"))
    if scenario.cycle:
        phase = (np.arange(n) + int(28 * u[0, 1])) % CYCLE_DAYS
        out.day_bpm[phase >= 14] += LUTEAL_BPM
    if scenario.crisis:
        _crisis(out, streams, n)
    return out


def _tag(out: Moved, day: int, tag: Tag) -> None:
    out.tags[day] = (*out.tags.get(day, ()), tag)


def _drink(out: Moved, index: int, when: float) -> None:
    """An evening with alcohol: the night after, and half as much the next day."""
    out.night_bpm[index + 1] += ALCOHOL_BPM
    out.night_ln_rmssd[index + 1] += ALCOHOL_LN_RMSSD
    out.day_bpm[index + 1] += 0.5 * ALCOHOL_BPM
    out.night_bpm[index + 1] -= 0.5 * ALCOHOL_BPM  # the day's half is already in it
    evening = (index - 1) * DAY_S + (19.0 + 2.5 * when) * 3600.0
    _tag(out, index - 1, (evening, None, "alcohol", "wine"))


def _fall_ill(out: Moved, scenario: Scenario, days: int) -> None:
    """Ten days of illness, then an exponential tail."""
    first = int((scenario.illness_at or 0.0) * days)
    last = first + scenario.illness_days
    index = np.arange(out.day_bpm.size) - 1
    ill = (index >= first) & (index < last)
    out.day_bpm[ill] += ILLNESS_BPM
    after = index >= last
    out.day_bpm[after] += ILLNESS_BPM * np.exp(-(index[after] - last + 1) / 4.0)
    out.rate[ill] *= ILLNESS_RATE
    if scenario.illness_told:
        _tag(out, first, (first * DAY_S, last * DAY_S - 1.0, "illness", "flu"))


def _crisis(out: Moved, streams: Streams, n: int) -> None:
    """A steady process of good and bad months, looked at from its worst month on."""
    whole = max(CRISIS_DAYS, 3 * n)
    z = streams.of(Part.CONFOUNDERS, 1).standard_normal(whole)
    level = np.empty(whole)
    level[0] = z[0]
    scale = np.sqrt(1.0 - CRISIS_PHI**2)
    for i in range(1, whole):
        level[i] = CRISIS_PHI * level[i - 1] + scale * z[i]
    month = np.convolve(level, np.full(30, 1.0 / 30.0), "valid")
    first = int(np.argmax(month[: whole - n]))
    piece = level[first : first + n]
    out.day_bpm[:] += CRISIS_BPM * piece
    out.ln_half_time[:] += CRISIS_LN_H * piece
    out.rate[:] *= np.exp(CRISIS_LN_RATE * piece)
