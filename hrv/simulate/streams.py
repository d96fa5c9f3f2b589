"""One stream of random numbers per part of a simulated life and per day.

Changing one knob never reshuffles what another part draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Part(IntEnum):
    """What a stream is for. Numbers are part of the seed: append, never renumber."""

    PERSON = 0
    DAY_LEVEL = 1
    SCHEDULE = 2
    SHORT_NIGHTS = 3
    ACTIVITY = 4
    EXERCISE = 5
    STRESS = 6
    TECHNIQUE = 7
    NOISE = 8
    BREATH = 9
    SLEEP = 10
    WEAR = 11
    DAYS_OFF = 12
    SENSOR = 13
    SCORE = 14
    RMSSD = 15
    TAGS = 16
    RATINGS = 17
    BEATS = 18
    CONFOUNDERS = 19
    ARTEFACTS = 20
    NIGHT_LEVEL = 21
    FEW_STEPS = 22


@dataclass(frozen=True, slots=True)
class Streams:
    """Generators by `SeedSequence(seed).spawn`, addressed instead of enumerated."""

    seed: int

    def of(self, part: Part, *where: int) -> np.random.Generator:
        """The stream of one part, for one day (and what else `where` names), always the same."""
        key = (int(part), *where)
        return np.random.Generator(
            np.random.SFC64(np.random.SeedSequence(self.seed, spawn_key=key))
        )
