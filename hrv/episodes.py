"""Where the heart beats faster than motion and time of day explain.

`expect` says what heart rate motion and the hour let us expect; `detect` finds the stretches
above it. Raised heart rate is arousal of unknown cause: joy and coffee look like fear.

Posture is not among what is explained: the formats that give three axes are worn at the wrist or
chest, and gravity tells sitting from standing only at the thigh (Edwardson et al. 2016, Med Sci
Sports Exerc 48:1085: at least 91 % of sitting is told right there, 58 % at the waist). Few steps
are what gives away who stands.

References: Verkuil et al. (2016), Ann Behav Med 50:704; Brown et al. (2020), Front Neurosci
14:564123; van de Ven et al. (2025), Psychophysiology 62:e14721.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hrv.model import (
    BoolArray,
    Episode,
    EpisodeKind,
    Expectation,
    FloatArray,
    Grid,
    IntArray,
    Note,
    Span,
    SpanKind,
    WearerNoise,
)
from hrv.settings import EpisodeSettings, Settings
from hrv.stats.windows import (
    autocovariance,
    fill,
    past_mean,
    rolling_percentile,
    running_mean,
    running_median,
    running_share,
    runs,
    spread,
    within,
)

# Prior for recordings too short to learn from: chest-strap order of magnitude.
PRIOR_SIGMA_BPM = 3.5
PRIOR_BINS_S = 1800.0  # the prior counts as much as half an hour of data
PRIOR_BPM_PER_MET = 6.0
NOISE_TAUS_S = (0.0, 10.0, 30.0, 75.0, 200.0, 600.0, 1500.0, 4000.0)
LOW_SHARE = 0.35  # percentile of still residuals that carries the local offset
LOW_TO_MEAN_SIGMA = 0.385  # distance of that percentile from the mean of a normal law
SECOND_LOW_SHARE = 0.45  # the same once the episodes found are left out
SECOND_TO_MEAN_SIGMA = 0.126
LOWER_SIGMA = 1.1157  # a normal law has 1 / LOWER_SIGMA sigma between its 10 and 35 %


# --------------------------------------------------------------------------- masks


def _bins(duration_s: float, step_s: float) -> int:
    return int(np.ceil(duration_s / step_s - 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class _Masks:
    """What each bin may be used for."""

    motion: FloatArray  # MET above rest, 0 where unknown
    worn: BoolArray
    moving: BoolArray
    effort: BoolArray  # sustained effort and its shadow
    exercise: BoolArray  # of it, what motion does not explain
    waking: BoolArray
    relock: BoolArray
    usable: BoolArray


def _masks(grid: Grid, settings: EpisodeSettings) -> _Masks:
    """What may be used. Motion counts by its running load: a gesture is not a walk.

    Few steps give away who stands: posture costs ten beats and leaves no other trace. Wrists move
    while people talk and write. What marks exercise is that stillness is gone for
    long, so a bin also needs a half hour around it that is still for a third of its time.
    """
    step = grid.step_s
    worn = grid.measured & ~grid.off_wrist
    known = grid.motion_known
    motion = np.where(known, grid.motion_met, 0.0).astype(np.float64)
    load = past_mean(motion, settings.load_s, step)
    walking = grid.steps_per_min >= settings.still_steps_per_min
    moving = (load > settings.load_met) | walking
    brisk = walking | (motion > settings.brisk_met)
    calm = running_share(motion <= settings.still_met, worn & known, settings.calm_s, step)
    moving |= known & (calm < settings.calm_share)
    feet = grid.steps_per_min >= settings.feet_steps_per_min
    after_motion = moving | within(feet, _bins(settings.after_feet_s, step))
    after_motion |= within(brisk, _bins(settings.after_motion_s, step))
    exercise = _exercise(grid, worn, load, settings)
    sustained = past_mean(motion, 600.0, step) > 1.0
    effort = _shadow(exercise | sustained, step, settings)
    exercise = _shadow(exercise, step, settings)
    waking = within(grid.asleep, _bins(settings.after_waking_s, step))
    long_gaps = runs(~worn)
    long_gaps = long_gaps[(long_gaps[:, 1] - long_gaps[:, 0]) * step >= 300.0]
    relock = within(fill(long_gaps, len(grid)), _bins(settings.after_gap_s, step))
    usable = worn & ~after_motion & ~effort & ~waking & ~relock
    return _Masks(motion, worn, moving, effort, exercise, waking, relock, usable)


def _exercise(
    grid: Grid, worn: BoolArray, load: FloatArray, settings: EpisodeSettings
) -> BoolArray:
    """Workouts, and a heart rate far up for five minutes while the wrist is not at rest.

    On a bicycle the wrist hardly moves.
    """
    hr = grid.hr_bpm.astype(np.float64)
    rest = rolling_percentile(hr, worn, grid.step_s, 10_800.0, 0.2)
    far_up = running_share(hr - rest > settings.effort_bpm, worn, 300.0, grid.step_s) > 0.8
    restless = (load > 0.5 * settings.still_met) | ~grid.motion_known
    effort: BoolArray = grid.exercise | (worn & far_up & restless)
    return effort


def _shadow(effort: BoolArray, step_s: float, settings: EpisodeSettings) -> BoolArray:
    """Effort with the five minutes in which it begins and the time it takes to fade."""
    before = within(effort[::-1], _bins(300.0, step_s))[::-1]
    shadow: BoolArray = within(effort, _bins(settings.after_exercise_s, step_s)) | before
    return shadow


# --------------------------------------------------------------------------- expectation


def _design(grid: Grid, masks: _Masks, short: bool) -> FloatArray:
    """Columns that explain heart rate: motion now and before, cadence, the hour."""
    step = grid.step_s
    motion, mild = masks.motion, np.minimum(masks.motion, 1.0)
    columns = [
        np.ones(len(grid)),
        past_mean(motion, 60.0, step),
        past_mean(motion, 180.0, step),
        motion,
        past_mean(mild, 180.0, step),
        past_mean(motion, 600.0, step),
        past_mean((motion > 0.2).astype(np.float64), 60.0, step),
        past_mean(grid.steps_per_min.astype(np.float64) / 100.0, 60.0, step),
    ]
    if not short:
        turn = 2.0 * np.pi * grid.hour.astype(np.float64) / 24.0
        columns += [np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)]
    design: FloatArray = np.column_stack(columns)
    return design


def _robust(
    X: FloatArray, y: FloatArray, ridge: FloatArray, start: FloatArray, rounds: int = 6
) -> FloatArray:
    """Regression that episodes cannot lift: Huber below, 0.15 above 1.5 sigma.

    `ridge` pulls the coefficients towards `start`, in units of observations.
    """
    beta: FloatArray = start.copy()
    weight = np.ones(y.size)
    for _ in range(rounds):
        XW = X * weight[:, None]
        solved = np.linalg.solve(XW.T @ X + np.diag(ridge), XW.T @ y + ridge * start)
        beta = solved.astype(np.float64)
        residual = y - X @ beta
        sigma = max(spread(residual), 0.3)
        u = residual / sigma
        weight = np.where(u > 1.5, 0.15, np.where(u < -1.5, 1.5 / np.maximum(-u, 1.5), 1.0))
    return beta


def _explained(grid: Grid, masks: _Masks, settings: Settings, short: bool) -> FloatArray:
    """Heart rate that motion and the hour explain, fitted anew every 28 days."""
    X = _design(grid, masks, short)
    fit_on = masks.worn & ~masks.exercise & ~masks.waking & ~masks.relock & ~grid.asleep
    if fit_on.sum() < 5:
        fit_on = masks.worn
    hr = grid.hr_bpm.astype(np.float64)
    start = np.zeros(X.shape[1])
    start[0] = float(np.median(hr[fit_on])) if fit_on.any() else 70.0
    start[1] = start[2] = PRIOR_BPM_PER_MET / 2.0
    prior = PRIOR_BINS_S / grid.step_s if short else 30.0
    ridge = np.full(X.shape[1], prior)
    ridge[0] = 1e-6
    overall = _robust(X[fit_on], hr[fit_on], ridge, start)
    explained: FloatArray = X @ overall
    block = np.floor_divide(grid.day - grid.day.min(), settings.baseline.reference_days)
    if short or block.max() == 0:
        return explained
    for number in np.unique(block):
        here = block == number
        use = here & fit_on
        if use.sum() * grid.step_s < 86_400.0:
            continue
        local = _robust(X[use], hr[use], np.full(X.shape[1], 14_400.0 / grid.step_s), overall, 3)
        explained[here] = X[here] @ local
    return explained


def _sigma(excess: FloatArray, mask: BoolArray, short: bool) -> float:
    """Noise of still bins, bpm. In a short recording the smaller of lower side and whole.

    Half of a laboratory session may be stress, and its upper side then not noise; lost beats of a
    wrist sensor pull at the lower side.
    """
    n = int(mask.sum())
    if n < 10:
        return PRIOR_SIGMA_BPM
    whole = spread(excess[mask])
    low, middle = np.quantile(excess[mask], [0.10, LOW_SHARE])
    lower = float(middle - low) * LOWER_SIGMA
    return max(min(lower, whole) if short else whole, 0.5)


def _noise(excess: FloatArray, quiet: BoolArray, step_s: float, short: bool) -> WearerNoise:
    """Noise of quiet still bins: a sum of exponentials with non-negative variances.

    Breathing, ten-second waves, minutes and half-hours are not one AR(1); the sum of exponentials
    is a proper covariance on any step.
    """
    from scipy.optimize import nnls

    n = int(quiet.sum())
    sigma = _sigma(excess, quiet, short)
    if short:
        share = n * step_s / (n * step_s + PRIOR_BINS_S)
        sigma = float(np.sqrt(share * sigma**2 + (1.0 - share) * PRIOR_SIGMA_BPM**2))
    sigma = max(sigma, 0.5)
    centred = np.clip(excess - (np.median(excess[quiet]) if n else 0.0), -3.0 * sigma, 3.0 * sigma)
    farthest = min(_bins(1800.0, step_s), quiet.size - 1)
    lags = np.unique(np.round(np.geomspace(1, max(farthest, 1), 24)).astype(np.int64)) - 1
    lags = np.unique(np.concatenate((lags, [0, 1])))
    lags = lags[lags <= max(farthest, 0)]
    found = autocovariance(centred, quiet, lags)
    known = np.isfinite(found)
    phi = 0.6
    parts: tuple[tuple[float, float], ...] = ((0.0, 0.3 * sigma**2), (200.0, 0.7 * sigma**2))
    if known.sum() >= 4 and found[0] > 0:
        taus = [tau for tau in NOISE_TAUS_S if tau == 0.0 or tau >= 0.5 * step_s]
        lag_s = lags[known] * step_s
        basis = np.column_stack(
            [np.exp(-lag_s / tau) if tau else np.where(lag_s == 0, 1.0, 0.0) for tau in taus]
        )
        variances, _ = nnls(basis, found[known])
        if variances.sum() > 0:
            scale = sigma**2 / variances.sum()
            phi = float(basis[1] @ variances / variances.sum()) if lags[known][1] == 1 else phi
            parts = tuple(
                (tau, float(v * scale)) for tau, v in zip(taus, variances, strict=True) if v > 0
            )
    return WearerNoise(sigma_bpm=sigma, phi=phi, step_s=step_s, n=n, parts=parts)


def expect(grid: Grid, settings: Settings) -> Expectation:
    """Expected heart rate from motion, its past and the hour; the excess above it, bpm.

    The local offset is a low percentile of still bins over three hours, so a slow recovery does
    not lift its own floor; bins of found episodes are left out of it in a second pass. The
    threshold comes from the reference phase alone and holds for the whole window: otherwise
    softer reactions would quietly lower the bar by which they are counted. Recordings under a day
    use the hour not at all and lean on priors.
    """
    rules = settings.episodes
    masks = _masks(grid, rules)
    still = masks.usable
    short = float(still.sum() * grid.step_s) < 6 * 3600.0
    hr = grid.hr_bpm.astype(np.float64)
    residual = hr - _explained(grid, masks, settings, short)
    window_s = rules.short_window_s if short else rules.window_s
    offset = rolling_percentile(residual, still, grid.step_s, window_s, LOW_SHARE)
    sigma = _sigma(residual - offset, still, short)
    excess = residual - offset - LOW_TO_MEAN_SIGMA * sigma
    found = _raised(excess, still, grid.step_s, _bar(sigma, rules, short), rules)
    quiet = still & ~fill(found, len(grid))
    if quiet.sum() > 0.5 * still.sum():
        again = rolling_percentile(residual, quiet, grid.step_s, window_s, SECOND_LOW_SHARE)
        excess = residual - again - SECOND_TO_MEAN_SIGMA * sigma
    noise = _noise(excess, quiet, grid.step_s, short)
    reference = quiet & _reference_phase(grid, quiet, settings.baseline.reference_days)
    frozen = noise.sigma_bpm if short else max(spread(excess[reference]), 0.5)
    notes = []
    moved = grid.motion_known & grid.measured
    motion_known = bool(moved.sum() > 0.05 * max(int(grid.measured.sum()), 1))
    if not motion_known:
        notes.append(Note("episodes", "no motion: raised heart rate may be movement"))
    if short:
        notes.append(Note("episodes", "under six still hours: the noise leans on a prior"))
    return Expectation(
        excess_bpm=excess.astype(np.float32),
        usable=still,
        noise=noise,
        threshold_bpm=_bar(frozen, rules, short).peak_bpm,
        reference_sigma_bpm=frozen,
        shrunk_to_prior=short,
        motion_known=motion_known,
        notes=tuple(notes),
    )


def _reference_phase(grid: Grid, quiet: BoolArray, days: int) -> BoolArray:
    """Bins of the first days that have quiet data."""
    known = np.unique(grid.day[quiet])
    if known.size == 0:
        return quiet
    first: BoolArray = grid.day <= known[min(days, known.size) - 1]
    return first


# --------------------------------------------------------------------------- detection


@dataclass(frozen=True, slots=True)
class _Bar:
    """The levels of the hysteresis, bpm above local rest."""

    enter_bpm: float
    stay_bpm: float
    peak_bpm: float
    sharp_bpm: float  # peak of a rise too short for three-minute means


def _bar(sigma: float, rules: EpisodeSettings, short: bool) -> _Bar:
    """An hour gives noise few chances, so a short recording asks no higher peak of short rises."""
    sharp_sigma = rules.peak_sigma if short else rules.fine_peak_sigma
    return _Bar(
        max(rules.enter_bpm, rules.enter_sigma * sigma),
        max(rules.stay_bpm, rules.stay_sigma * sigma),
        max(rules.peak_bpm, rules.peak_sigma * sigma),
        max(rules.peak_bpm, sharp_sigma * sigma),
    )


def _level(
    excess: FloatArray, usable: BoolArray, step_s: float, rules: EpisodeSettings
) -> FloatArray:
    """Running median of the excess over usable bins."""
    return running_median(excess, usable, rules.median_half_bins(step_s))


def _raised(
    excess: FloatArray, usable: BoolArray, step_s: float, bar: _Bar, rules: EpisodeSettings
) -> IntArray:
    """Rows of [first, past the last) bins of raised stretches, by hysteresis.

    A fine stream has two ways in: as on minutes, by three-minute means; or, for rises shorter
    than that, by a higher peak, since many more short stretches have a chance to be noise.
    """
    level = _level(excess, usable, step_s, rules)
    staying = runs(usable & (level >= bar.stay_bpm))
    if staying.size == 0:
        return staying
    apart = staying[1:, 0] - staying[:-1, 1] >= _bins(rules.merge_s, step_s)
    first = staying[np.append(True, apart), 0]
    last = staying[np.append(apart, True), 1]
    found = np.column_stack((first, last))
    if step_s <= rules.fine_step_s:
        slow = running_mean(level, usable, rules.median_s, step_s)
        lasting = _lasting(found, usable & (slow >= bar.enter_bpm), _bins(120.0, step_s))
        keep = lasting & (_tops(found, np.where(usable, slow, -np.inf)) >= bar.peak_bpm)
        need, peak_bpm = _bins(rules.fine_min_s, step_s), bar.sharp_bpm
    else:
        keep = np.zeros(first.size, dtype=bool)
        need, peak_bpm = max(_bins(rules.min_s, step_s), 2) if step_s <= 60.0 else 2, bar.peak_bpm
    lasting = _lasting(found, usable & (level >= bar.enter_bpm), need)
    keep |= lasting & (_tops(found, np.where(usable, level, -np.inf)) >= peak_bpm)
    keep &= (last - first) * step_s <= rules.max_s
    keep &= _onset_seen(usable & (level < bar.stay_bpm), first, _bins(600.0, step_s))
    kept: IntArray = found[keep]
    return kept


def _lasting(found: IntArray, high: BoolArray, bins: int) -> BoolArray:
    """Which stretches hold a run of high bins of at least this length."""
    long_runs = runs(high)
    long_runs = long_runs[long_runs[:, 1] - long_runs[:, 0] >= bins]
    owner = np.searchsorted(found[:, 0], long_runs[:, 0], side="right") - 1
    holds = np.zeros(found.shape[0], dtype=bool)
    holds[owner[owner >= 0]] = True
    return holds


def _tops(found: IntArray, values: FloatArray) -> FloatArray:
    """Largest value of each stretch."""
    flat = found.ravel()
    flat = flat[:-1] if flat[-1] >= values.size else flat
    tops: FloatArray = np.maximum.reduceat(values, flat)[::2][: found.shape[0]]
    return tops


def _onset_seen(low: BoolArray, first: IntArray, within: int) -> BoolArray:
    """Whether a calm usable bin precedes; else the rise may be the tail of something excluded."""
    total = np.concatenate(([0], np.cumsum(low)))
    seen: BoolArray = total[first] - total[np.maximum(first - within, 0)] > 0
    return seen


def detect(
    grid: Grid, expectation: Expectation, spans: Sequence[Span], settings: Settings
) -> tuple[Episode, ...]:
    """Episodes of raised heart rate and bouts of exercise, by start.

    Spans label what was found; they never make an episode nor move its borders.
    """
    rules = settings.episodes
    masks = _masks(grid, rules)
    excess = expectation.excess_bpm.astype(np.float64)
    bar = _bar(expectation.reference_sigma_bpm, rules, expectation.shrunk_to_prior)
    raised = _raised(excess, expectation.usable, grid.step_s, bar, rules)
    raised = raised[_clearness(expectation, raised) >= rules.min_z]
    level = _level(excess, expectation.usable, grid.step_s, rules)
    found = [
        *_stress(grid, expectation, masks, raised, level, spans),
        *_bouts(grid, masks),
    ]
    return tuple(sorted(found, key=lambda e: (e.start_s, e.kind)))


def _mean_before(values: FloatArray, mask: BoolArray, first: IntArray, bins: int) -> FloatArray:
    """Mean over the masked bins of the hour before each start; 0 where there are none."""
    sums = np.concatenate(([0.0], np.cumsum(np.where(mask, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(mask)))
    since = np.maximum(first - bins, 0)
    n = counts[first] - counts[since]
    mean: FloatArray = (sums[first] - sums[since]) / np.maximum(n, 1)
    return mean


def _stress(
    grid: Grid,
    expectation: Expectation,
    masks: _Masks,
    raised: IntArray,
    level: FloatArray,
    spans: Sequence[Span],
) -> list[Episode]:
    step, t0 = grid.step_s, grid.t0_s
    excess = expectation.excess_bpm.astype(np.float64)
    hour_bins = _bins(3600.0, step)
    first = raised[:, 0]
    load = _mean_before(excess, expectation.usable, first, hour_bins)
    activity = _mean_before(masks.motion, grid.motion_known & masks.worn, first, hour_bins)
    techniques = [s for s in spans if s.kind is SpanKind.TECHNIQUE]
    events = [s for s in spans if s.kind is SpanKind.EVENT and not s.all_day]
    found = []
    clear = _clearness(expectation, raised)
    for (a, b), load_before, activity_before, z in zip(raised, load, activity, clear, strict=True):
        inside = np.where(expectation.usable[a:b], level[a:b], -np.inf)
        peak = int(a + np.argmax(inside))
        start_s, end_s = t0 + float(a) * step, t0 + float(b) * step
        event = _nearest_event(events, start_s, end_s)
        found.append(
            Episode(
                start_s=start_s,
                peak_s=t0 + (peak + 0.5) * step,
                end_s=end_s,
                rise_bpm=float(inside.max()),
                kind=EpisodeKind.TAGGED if event else EpisodeKind.STRESS,
                label=event.label if event else "",
                confidence=_confidence(grid, float(z), int(a), int(b)),
                technique=any(s.start_s < end_s and s.end_s > start_s for s in techniques),
                step_s=step,
                day=int(grid.day[a]),
                hour=float(grid.hour[a]),
                load_before=float(load_before),
                activity_before=float(activity_before),
                excluded=_left_out(grid, masks, int(a), int(b)),
            )
        )
    return found


def _nearest_event(events: Sequence[Span], start_s: float, end_s: float) -> Span | None:
    """The tagged event whose search window [-15 min, +5 min] holds the onset, the nearest first.

    People tag late: the body's onset may lie a quarter of an hour before the tag.
    """
    near = [
        e
        for e in events
        if e.start_s - 900.0 <= start_s <= max(e.start_s + 300.0, e.end_s)
        or (e.end_s > e.start_s and e.start_s < end_s and e.end_s > start_s)
    ]
    return min(near, key=lambda e: abs(e.start_s - start_s), default=None)


def _clearness(expectation: Expectation, raised: IntArray) -> FloatArray:
    """Mean excess of each stretch in standard deviations of such a mean under the noise.

    Noise is correlated: a quarter of an hour of slow drift is no better evidence than a minute.
    """
    excess = np.where(expectation.usable, expectation.excess_bpm, 0.0).astype(np.float64)
    sums = np.concatenate(([0.0], np.cumsum(excess)))
    counts = np.concatenate(([0], np.cumsum(expectation.usable)))
    a, b = raised[:, 0], raised[:, 1]
    mean = (sums[b] - sums[a]) / np.maximum(counts[b] - counts[a], 1)
    lengths = np.minimum(b - a, 480)
    sd = {n: expectation.noise.mean_sd_bpm(int(n)) for n in np.unique(lengths)}
    z: FloatArray = mean / np.maximum([sd[n] for n in lengths], 1e-3)
    return z


def _confidence(grid: Grid, z: float, a: int, b: int) -> float:
    """How surely the stretch is more than noise, 0 to 1; RMSSD falling along raises it."""
    before = slice(max(0, a - 2 * (b - a)), a)
    now_known, then_known = grid.rmssd_known[a:b], grid.rmssd_known[before]
    if now_known.any() and then_known.any():
        fall = float(
            grid.ln_rmssd[before][then_known].mean() - grid.ln_rmssd[a:b][now_known].mean()
        )
        z += float(np.clip(fall / 0.3, -1.0, 1.0))
    return float(1.0 / (1.0 + np.exp(-1.5 * (z - 3.0))))


def _left_out(grid: Grid, masks: _Masks, a: int, b: int) -> tuple[str, ...]:
    """Codes of what was excluded within ten minutes around the episode."""
    near = slice(max(0, a - _bins(600.0, grid.step_s)), b + _bins(600.0, grid.step_s))
    causes = (
        ("motion", masks.moving[near] & masks.worn[near]),
        ("exercise", masks.effort[near]),
        ("gap", ~masks.worn[near]),
        ("sleep", grid.asleep[near]),
    )
    return tuple(code for code, mask in causes if mask.any())


def _bouts(grid: Grid, masks: _Masks) -> list[Episode]:
    """Workouts, and sustained effort that nobody recorded as one."""
    step = grid.step_s
    vigorous = past_mean(masks.motion, 120.0, step) > 3.0
    bouts = runs(grid.exercise | vigorous)
    found = []
    for a, b in bouts[(bouts[:, 1] - bouts[:, 0]) * step >= 300.0]:
        hr = np.where(masks.worn[a:b], grid.hr_bpm[a:b], 0.0)
        if not masks.worn[a:b].any():
            continue
        rest = float(np.median(hr[masks.worn[a:b]][:3]))
        found.append(
            Episode(
                start_s=grid.t0_s + float(a) * step,
                peak_s=grid.t0_s + (float(a) + float(np.argmax(hr)) + 0.5) * step,
                end_s=grid.t0_s + float(b) * step,
                rise_bpm=float(hr.max()) - rest,
                kind=EpisodeKind.EXERCISE,
                step_s=step,
                day=int(grid.day[a]),
                hour=float(grid.hour[a]),
            )
        )
    return found
