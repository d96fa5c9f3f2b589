"""How long until a change of a given size would show, from a person's own noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtri

from hrv.model import Trend

LONGEST_WEEKS = 104.0  # beyond two years there is no plan to make


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A change of this size over the whole window would show 4 times in 5 after so many weeks.

    `weeks` counts from the start of the window, `more_weeks` from its end; None: not in two years.
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


def noise_interval(found: Trend, level: float = 0.95) -> tuple[float, float]:
    """By which factors a waiting time may be off because the noise itself was only estimated.

    Weeks go with the variance of a total change; the interval is that of a variance with the
    trend's degrees of freedom.
    """
    df, tail = max(found.df, 1.0), 0.5 * (1.0 - level)
    return df / float(chdtri(df, tail)), df / float(chdtri(df, 1.0 - tail))


def ladder(found: Trend, changes: tuple[float, ...], least_days: int = 56) -> tuple[Wait, ...]:
    """The same for several sizes."""
    return tuple(wait(found, change, least_days) for change in changes)
