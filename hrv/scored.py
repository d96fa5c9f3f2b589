"""Stretches of a vendor's high stress score, where heart rate is too coarse to follow a rise.

A score is ordinal, smoothed by its vendor and blind while the person moves: its half-way times
are not those of a heart rate, stand in a series of their own and enter no other level or trend.

A time between two samples is known as that interval: censored log-normal regression.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hrv.model import (
    BoolArray,
    DayBlock,
    Estimate,
    FloatArray,
    Missing,
    MotionKind,
    ScoreEpisode,
    ScoreSummary,
    Span,
    SpanKind,
    StressScoreSeries,
    Timeline,
)
from hrv.settings import EpisodeSettings, Settings
from hrv.stats.survival import median_imputed
from hrv.stats.windows import runs, spread

BEFORE = 2  # values before a rise
LASTING = 2  # high values that make one; low ones that end its follow-up
BETWEEN = 1  # value at most that holds the rise itself: vendors give means, and smooth them
MEANS_S = 180.0  # what vendors publish; finer scores are brought to it
HIGH_SHARE = 0.85  # of the rise; the last value above it starts the clock


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """All values of one source, and where a new stretch begins."""

    t_s: FloatArray
    score: FloatArray
    usable: BoolArray  # awake, off one's feet, away from exercise
    period_s: float
    broken: BoolArray  # a gap lies before this value
    vendor: str


def summary(
    timeline: Timeline, window: tuple[int, int], settings: Settings, rng: np.random.Generator
) -> ScoreSummary | Missing:
    """The stretches of high score in the window and how soon they were half-way down.

    Only where heart rate comes too rarely for recoveries; otherwise, and where the score itself
    is too coarse, the reason why not.
    """
    period_s = timeline.hr_period_s
    if period_s is not None and period_s <= settings.features.minute_needs_period_s:
        return Missing("score_not_needed")
    found = _scores(timeline, window, settings)
    if isinstance(found, Missing):
        return found
    episodes = tuple(_episodes(found, timeline, settings))
    return ScoreSummary(
        vendor=found.vendor,
        period_s=found.period_s,
        episodes=episodes,
        half_back_s=level(episodes, settings, rng),
    )


def _scores(timeline: Timeline, window: tuple[int, int], settings: Settings) -> _Scores | Missing:
    """The source with most values; sources are never mixed."""
    parts: dict[tuple[str, str], list[StressScoreSeries]] = {}
    stepped = []
    for day in timeline.utc_days:
        if window[0] - 1 <= day <= window[1] + 1:
            block = timeline.read_block(day)
            stepped.append(_steps(block, settings.episodes))
            for one in block.stress:
                parts.setdefault((one.vendor, one.device), []).append(one)
    if not parts:
        return Missing("no_score")
    source = max(parts, key=lambda key: sum(one.t_s.size for one in parts[key]))
    feet = np.concatenate(stepped)
    t_s = np.concatenate([one.t_s for one in parts[source]])
    score = np.concatenate([one.score for one in parts[source]])
    local = timeline.clock.day(t_s)
    keep = (local >= window[0]) & (local <= window[1])
    t_s, score = t_s[keep], score[keep]
    if t_s.size < 2:
        return Missing("no_score")
    period_s = float(np.median(np.diff(t_s)))
    most_s = settings.episodes.score_period_s
    if period_s > most_s:
        return Missing("score_too_coarse", {"period_s": period_s, "needed_s": most_s})
    recovering = np.concatenate([one.recovering_s for one in parts[source]])
    usable = ~_excluded(t_s, timeline.spans, recovering, settings)
    usable &= ~_on_feet(t_s, period_s, feet, settings.episodes)
    if period_s < MEANS_S / 1.5:
        t_s, score, usable = _means(t_s, score, usable, period_s)
        period_s = MEANS_S
    broken = np.append(True, np.diff(t_s) > settings.baseline.gap_periods * period_s)
    return _Scores(t_s, score, usable, period_s, broken, source[0] or source[1])


def _means(
    t_s: FloatArray, score: FloatArray, usable: BoolArray, period_s: float
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Means of three minutes, each at its end, where most of its scores are there."""
    block, group = np.unique(np.ceil(t_s / MEANS_S), return_inverse=True)
    n = np.bincount(group)
    mean = np.bincount(group, score) / n
    whole = np.bincount(group, usable) == n
    enough = n > 0.5 * MEANS_S / period_s
    return block[enough] * MEANS_S, mean[enough], whole[enough]


def _on_feet(
    t_s: FloatArray, period_s: float, feet: FloatArray, settings: EpisodeSettings
) -> BoolArray:
    """Scores with steps in their period or shortly before: standing up raises a score, too.

    `feet` has a row for each stretch with steps: start and end, s.
    """
    if feet.size == 0:
        return np.zeros(t_s.size, dtype=bool)
    order = np.argsort(feet[:, 0])
    last = np.searchsorted(feet[order, 0], t_s) - 1  # begun before the score
    until = np.maximum.accumulate(feet[order, 1])
    reached = until[np.maximum(last, 0)] > t_s - period_s - settings.after_feet_s
    out: BoolArray = (last >= 0) & reached
    return out


def _steps(block: DayBlock, settings: EpisodeSettings) -> FloatArray:
    """Stretches of a day with the steps of someone who stands: start and end, s."""
    counted = [one for one in block.motion if one.kind is MotionKind.STEPS_PER_MIN]
    rows = [np.empty((0, 2))]
    for one in counted:
        standing = one.value >= settings.feet_steps_per_min
        rows.append(np.column_stack((one.t_s, one.t_s + one.period_s))[standing])
    return np.concatenate(rows)


def _excluded(
    t_s: FloatArray, spans: Sequence[Span], recovering_s: FloatArray, settings: Settings
) -> BoolArray:
    """Asleep, or in exercise and its shadow, which the vendor may mark itself."""
    shadow_s = settings.episodes.after_exercise_s
    reach = [(s.start_s, s.end_s) for s in spans if s.kind is SpanKind.SLEEP]
    reach += [(s.start_s, s.end_s + shadow_s) for s in spans if s.kind is SpanKind.EXERCISE]
    out = np.zeros(t_s.size, dtype=bool)
    for start_s, end_s in reach:
        a, b = np.searchsorted(t_s, [start_s, end_s])
        out[a:b] = True
    marks = np.sort(recovering_s)
    if marks.size:
        last = np.searchsorted(marks, t_s, side="right") - 1
        out |= (last >= 0) & (t_s - marks[np.maximum(last, 0)] <= shadow_s)
    return out


def _episodes(scores: _Scores, timeline: Timeline, settings: Settings) -> Iterator[ScoreEpisode]:
    """Rises to high values: the person's own 85th percentile, at least 51, and for long enough.

    Rises by as many SDs of the score as a rise of heart rate needs of its own.
    """
    known = scores.score[scores.usable]
    if known.size == 0:
        return
    rules = settings.episodes
    high = max(rules.score_high, float(np.quantile(known, rules.score_quantile)))
    least = rules.peak_sigma * spread(known)
    reach_s = settings.recovery.settle_cap_s
    until = 0
    for a, b in runs((scores.score >= high) & scores.usable):
        rest = _before(scores, int(a))
        if b - a < LASTING or a < until or rest is None or scores.broken[a + 1 : b].any():
            continue
        if float(scores.score[a:b].max()) - rest < least:
            continue
        found = _followed(scores, int(a), int(b), rest, reach_s)
        until = int(np.searchsorted(scores.t_s, found[2], side="right"))
        start_s = float(scores.t_s[a])
        yield ScoreEpisode(
            start_s=start_s,
            peak_s=float(scores.t_s[a + int(np.argmax(scores.score[a:b]))]),
            end_s=found[2],
            before=rest,
            peak=float(scores.score[a:b].max()),
            back_low_s=found[0],
            back_high_s=found[1],
            day=int(timeline.clock.day(start_s)),
            hour=float(timeline.clock.hour(start_s)),
        )


def _before(scores: _Scores, a: int) -> float | None:
    """Level that a run of high values at `a` rose from; a value of the rise itself is left out."""
    first = a - BEFORE - BETWEEN
    if first < 0 or scores.broken[first + 1 : a + 1].any() or not scores.usable[first:a].all():
        return None
    return float(np.min(np.convolve(scores.score[first:a], np.full(BEFORE, 1.0 / BEFORE), "valid")))


def _followed(
    scores: _Scores, a: int, b: int, rest: float, reach_s: float
) -> tuple[float, float, float]:
    """Bounds of the time from the last high value until half-way down, and where it was seen.

    Two values in a row must be at or below half-way; a gap, sleep, exercise or the cap end it.
    """
    peak = float(scores.score[a:b].max())
    top = rest + HIGH_SHARE * (peak - rest)
    from_ = a + int(np.flatnonzero(scores.score[a:b] >= top)[-1])
    half = 0.5 * (rest + peak)
    i = from_ + 1
    while (
        i < scores.t_s.size
        and scores.usable[i]
        and not scores.broken[i]
        and scores.t_s[i] - scores.t_s[from_] <= reach_s
    ):
        pair = scores.score[i : i + LASTING]
        if pair.size == LASTING and np.all(pair <= half) and not scores.broken[i + 1]:
            low_s, high_s = scores.t_s[i - 1 : i + 1] - scores.t_s[from_]
            return float(low_s), float(high_s), float(scores.t_s[i])
        i += 1
    return float(scores.t_s[i - 1] - scores.t_s[from_]), float("inf"), float(scores.t_s[i - 1])


def level(
    episodes: Sequence[ScoreEpisode], settings: Settings, rng: np.random.Generator
) -> Estimate | Missing:
    """Median time until half-way down, s, of interval-censored times."""
    followed = [e for e in episodes if e.back_high_s > 0 and (e.back_low_s > 0 or e.seen)]
    needed = settings.recovery.day_one_episodes
    if len(followed) < needed:
        return Missing("few_score_episodes", {"n": len(followed), "needed": needed})
    seen = sum(e.seen for e in followed) / len(followed)
    if seen < settings.trend.seen_min_share:
        return Missing("mostly_censored", {"share": 1.0 - seen})
    with np.errstate(divide="ignore"):
        low, high = (
            np.log([getattr(e, name) for e in followed]) for name in ("back_low_s", "back_high_s")
        )
    mixture = median_imputed(
        [e.day for e in followed],
        low,
        high,
        rng=rng,
        draws=settings.trend.imputations,
        exponent=settings.trend.level_lrv_exponent,
    )
    below, above = mixture.interval(settings.trend.level)
    value = float(np.clip(mixture.estimate, below, above))
    return Estimate(
        value=float(np.exp(value)), low=float(np.exp(below)), high=float(np.exp(above)),
        level=settings.trend.level, n=len(followed),
    )  # fmt: skip
