"""How long until a change of a given size would show, from a person's own noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hrv.model import Trend

LONGEST_WEEKS = 260.0  # beyond five years there is no plan to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A change of this size over the whole window would show 4 times in 5 after so many weeks.

    `weeks` counts from the start of the window, `more_weeks` from its end; None: not in five years.
    """

    change: float
    weeks: float | None
    more_weeks: float | None


def days_needed(found: Trend, change: float) -> float:
    """Length of a window, days, in which a total change of this size would show 4 times in 5.

    The error of a total change falls with the square root of the window, as long as values keep
    coming at the same pace and with the same autocorrelation; Student's quantile is kept at
    that of the window seen, which errs on the long side.
    """
    if not change or not math.isfinite(change):
        return math.inf
    return found.days * (found.smallest_change / abs(change)) ** 2


def wait(found: Trend, change: float, least_days: int = 56) -> Wait:
    """Weeks until a change of this size would show; never under the shortest window judged."""
    days = max(days_needed(found, change), float(least_days))
    weeks = days / 7.0
    if weeks > LONGEST_WEEKS:
        return Wait(change=change, weeks=None, more_weeks=None)
    return Wait(change=change, weeks=weeks, more_weeks=max(0.0, (days - found.days) / 7.0))


def ladder(found: Trend, changes: tuple[float, ...], least_days: int = 56) -> tuple[Wait, ...]:
    """The same for several sizes."""
    return tuple(wait(found, change, least_days) for change in changes)
