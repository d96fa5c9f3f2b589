"""How fast the heart comes back from one episode, with what the data cannot tell.

Model: `excess(t) = B + A g(t; onset, release, half-time) + n(t)`, A > 0, B around the local rest,
n with the wearer's own covariance. Everything but the three times is linear and integrated out;
the times live on grids, so there is no start value and no local minimum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hrv.curves import EXPONENTIAL, LOGISTIC, Curve, risen
from hrv.model import (
    BoolArray,
    Censored,
    Episode,
    EpisodeKind,
    Estimate,
    Expectation,
    FloatArray,
    Grid,
    IntArray,
    RecoveryCurve,
    RecoveryFit,
    Span,
    WearerNoise,
)
from hrv.settings import RecoverySettings, Settings
from hrv.stats.windows import running_median, runs

BEFORE_S = 240.0  # of calm before the onset that enters the fit
SHORTEST_PLATEAU_S = 45.0
PLATEAU_S, PLATEAU_SD = 300.0, 1.0  # stressors last minutes: log-normal, weak
LATER_S = 60.0  # a release may lie after the end of the high part
SOONER_S = 180.0  # or before it; anywhere before, where other episodes tell how long they last
STOP_MOTION_MET = 1.0
MOST_RELEASES = 30
SHAPE_STEP_S = 60.0  # coarser streams do not show the shape
SHAPE_EPISODES = 120  # that decide on the shape
CLEARLY_LIKELIER = 3.0  # log Bayes factor
LN_PLATEAUS = np.linspace(np.log(45.0), np.log(7200.0), 24)
LN_PLATEAU_WIDTH = float(LN_PLATEAUS[1] - LN_PLATEAUS[0])
TRAIT_NODES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])  # in SDs of what is known of each trait
TRAIT_ROUNDS = 12
LN_USUAL_SPREAD = float(np.log(0.5))  # between one wearer's episodes: where the search begins
LEAST_SPREAD = 0.3  # ln; neither stressors nor half-times of one wearer are all alike


# --------------------------------------------------------------------------- the fit's machinery


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What all fits of one wearer share: grids of times, the fall in bins, the covariance."""

    curve: Curve
    step_s: float
    points: int  # parts of a bin, over which the curve is averaged
    onset_parts: IntArray  # candidates relative to the detected onset, in parts
    stride: int  # parts between two candidates
    half_s: FloatArray
    log_prior: FloatArray
    fall: FloatArray  # (half-times, lags): mean in a bin that starts `lag` parts after release
    first_lag: int
    covariance: FloatArray  # by lag in bins
    whiten: FloatArray  # inverse Cholesky factor of the covariance, for unbroken windows

    @property
    def part_s(self) -> float:
        return self.step_s / self.points


def _plan(step_s: float, noise: WearerNoise, rules: RecoverySettings, curve: Curve) -> _Plan:
    points = 4 if step_s >= 30.0 else 2
    part_s = step_s / points
    stride = 2 if step_s >= 30.0 else (1 if step_s > 10.0 else round(10.0 / part_s))
    unit_s = stride * part_s
    reach_on = max(unit_s * 3, 60.0)
    onset = np.arange(-round(reach_on / unit_s), round(reach_on / unit_s) + 1) * stride
    half_s = np.geomspace(max(5.0, step_s / 4.0), 2700.0, 36)
    z = (np.log(half_s) - np.log(rules.prior_median_s)) / rules.prior_sd
    longest = round((rules.cap_s + rules.settle_cap_s) / step_s) + 8
    first_lag = -longest * points
    lags = np.arange(first_lag, longest * points)
    centre = (lags[None, :, None] + np.arange(points)[None, None, :] + 0.5) * part_s
    after = centre >= 0.0
    fall = np.where(after, curve.fall(centre, half_s[:, None, None]), 0.0).mean(axis=2)
    lag_s = step_s * np.arange(longest)
    covariance = noise.covariance_bpm2(lag_s) + rules.rest_sd_bpm**2
    covariance[0] += 0.05 * noise.sigma_bpm**2
    size = min(longest, round((BEFORE_S + rules.cap_s + 1800.0) / step_s))
    return _Plan(
        curve,
        step_s,
        points,
        onset.astype(np.int64),
        stride,
        half_s,
        -0.5 * z**2,
        fall,
        first_lag,
        covariance,
        _whitener(covariance[np.abs(np.subtract.outer(np.arange(size), np.arange(size)))]),
    )


def _whitener(covariance: FloatArray) -> FloatArray:
    """Inverse of the lower Cholesky factor."""
    from scipy.linalg import solve_triangular

    factor = np.linalg.cholesky(covariance)
    inverse: FloatArray = solve_triangular(factor, np.eye(factor.shape[0]), lower=True)
    return inverse


@dataclass(frozen=True, slots=True)
class _Law:
    """What is known of one ln half-time (s)."""

    ln_h: float
    sd: float
    low: float  # 2.5 %
    high: float  # 97.5 %


@dataclass(frozen=True, slots=True, eq=False)
class _Posterior:
    """Joint posterior over (onset, release, half-time) of one episode."""

    half: _Law
    onset_part: float
    release_part: float
    amplitude: float
    rest: float
    outlier: BoolArray
    likelihood: FloatArray  # (plateau, half-time), any scale
    log_scale: float  # of the likelihood


def _release_parts(plan: _Plan, first_bin: int, last_bin: int) -> IntArray:
    """Candidates for the release, at most `MOST_RELEASES`, in parts of the window."""
    first, last = first_bin * plan.points, max(last_bin, first_bin + 1) * plan.points
    stride = plan.stride * max(1, int(np.ceil((last - first) / plan.stride / MOST_RELEASES)))
    return np.arange(first, last + 1, stride)


def _templates(
    plan: _Plan, n: int, onset: IntArray, release: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rise part (onset, release, n), fall part (release, half-time, n), level at the release."""
    parts = np.arange(n * plan.points) + 0.5
    rise = risen((parts[None, :] - onset[:, None]) * plan.part_s)
    before = parts[None, :] < release[:, None]
    rising = (rise[:, None, :] * before[None, :, :]).reshape(
        onset.size, release.size, n, plan.points
    )
    bins = np.arange(n) * plan.points
    lag = bins[None, :] - release[:, None] - plan.first_lag
    falling = plan.fall[:, lag].transpose(1, 0, 2)
    level = risen((release[None, :] - onset[:, None]) * plan.part_s)
    return rising.mean(axis=3), falling, level


def _posterior(
    plan: _Plan,
    y: FloatArray,
    variance: FloatArray,
    onset_bin: int,
    release_bins: tuple[int, int],
    rest_sd: float,
) -> _Posterior | None:
    """Posterior of the half-time from a window of excess.

    `variance` is added per bin: 0 where the bin is trusted, infinite where it is missing.
    By bin of the window, `onset_bin` is the detected start, `release_bins` bound the release.
    """
    keep = np.isfinite(variance)
    if keep.sum() < 4:
        return None
    onset = onset_bin * plan.points + plan.onset_parts
    release = _release_parts(plan, *release_bins)
    rising, falling, level = _templates(plan, y.size, onset, release)
    index = np.flatnonzero(keep)
    if keep.all() and not variance.any() and y.size <= plan.whiten.shape[0]:
        whiten = plan.whiten[: y.size, : y.size]
    else:
        lags = np.abs(np.subtract.outer(index, index))
        whiten = _whitener(plan.covariance[lags] + np.diag(variance[keep]))
    R = rising[..., index] @ whiten.T
    D = falling[..., index] @ whiten.T
    v = whiten @ y[index]
    RR, DD = np.sum(R * R, axis=2), np.sum(D * D, axis=2)
    RD = np.matmul(R.transpose(1, 0, 2), D.transpose(0, 2, 1)).transpose(1, 0, 2)
    Ry, Dy = R @ v, D @ v
    c = level[:, :, None]
    gg = RR[:, :, None] + 2.0 * c * RD + c**2 * DD[None]
    gy = Ry[:, :, None] + c * Dy[None]
    gg = np.maximum(gg, 1e-9)
    z = gy / np.sqrt(gg)
    log_like = 0.5 * z**2 - 0.5 * np.log(gg) + _log_positive(z)
    plateau = (release[None, :] - onset[:, None]) * plan.part_s
    ln_plateau = np.log(np.maximum(plateau, 1.0))
    # candidates are even in time, the prior is one of ln plateau: the last term is the measure
    log_like = np.where(
        (plateau >= SHORTEST_PLATEAU_S)[:, :, None],
        log_like - ln_plateau[:, :, None],
        -np.inf,
    )
    if not np.isfinite(log_like).any():
        return None
    usual = -0.5 * ((ln_plateau - np.log(PLATEAU_S)) / PLATEAU_SD) ** 2
    log_weight = log_like + usual[:, :, None] + plan.log_prior
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    amplitude = float(np.sum(weight * np.maximum(gy / gg, 0.0)))
    a, b, k = np.unravel_index(int(np.argmax(weight)), weight.shape)
    best = R[a, b] + level[a, b] * D[b, k]
    left = v - best * amplitude
    rest = rest_sd**2 * float(whiten.sum(axis=1) @ left)
    outlier = np.zeros(y.size, dtype=bool)
    outlier[index] = np.abs(left) > 3.5
    return _Posterior(
        _law(weight.sum(axis=(0, 1)), plan),
        float(np.sum(weight.sum(axis=(1, 2)) * onset)),
        float(np.sum(weight.sum(axis=(0, 2)) * release)),
        amplitude,
        rest,
        outlier,
        _by_plateau(np.exp(log_like - log_like.max()), ln_plateau),
        float(log_like.max()),
    )


def _by_plateau(likelihood: FloatArray, ln_plateau: FloatArray) -> FloatArray:
    """Likelihood (plateau, half-time), summed over the candidates of each length of plateau."""
    place = np.clip(
        np.searchsorted(LN_PLATEAUS, ln_plateau.ravel() - LN_PLATEAU_WIDTH / 2),
        0,
        LN_PLATEAUS.size - 1,
    )
    table = np.zeros((LN_PLATEAUS.size, likelihood.shape[2]))
    np.add.at(table, place, likelihood.reshape(place.size, -1))
    return table


def _law(over_h: FloatArray, plan: _Plan) -> _Law:
    """Mean, SD and central 95 % of ln half-time under weights on its grid."""
    ln_half = np.log(plan.half_s)
    width = ln_half[1] - ln_half[0]
    weight = over_h / over_h.sum()
    mean = float(weight @ ln_half)
    spread = float(np.sqrt(max(float(weight @ (ln_half - mean) ** 2), 0.0)))
    edges = np.concatenate((ln_half - width / 2, [ln_half[-1] + width / 2]))
    low, high = np.interp([0.025, 0.975], np.concatenate(([0.0], np.cumsum(weight))), edges)
    return _Law(mean, float(np.hypot(spread, width / np.sqrt(12.0))), float(low), float(high))


def _log_positive(z: FloatArray) -> FloatArray:
    """Log of the normal distribution function: the amplitude is positive."""
    from scipy.special import log_ndtr

    value: FloatArray = log_ndtr(z)
    return value


# --------------------------------------------------------------------------- follow-up


@dataclass(frozen=True, slots=True)
class _Stop:
    """First bin after the high part that may not be used, and why."""

    bin: int
    reason: str


class _Stops:
    """Where follow-up ends: the first of several causes after a bin, in constant time."""

    def __init__(self, grid: Grid, episodes: Sequence[Episode]) -> None:
        step = grid.step_s
        seen = grid.measured & ~grid.off_wrist
        # one lost bin of a minute stream is not an interruption
        tolerated = 1 if step >= 30.0 else int(30.0 / step)
        lost = np.zeros(len(grid), dtype=bool)
        for a, b in runs(~seen):
            lost[a:b] = b - a > tolerated
        motion = grid.motion_known & (grid.motion_met > STOP_MOTION_MET)
        self._causes = (
            ("gap", np.flatnonzero(lost)),
            (
                "motion",
                np.flatnonzero(motion | (grid.steps_per_min >= 40.0) | grid.exercise),
            ),
            ("asleep", np.flatnonzero(grid.asleep)),
            ("next_episode", np.array(sorted(grid.index(e.start_s) for e in episodes))),
        )
        self._size = len(grid)

    def after(self, start: int, cap: int) -> _Stop:
        """The first cause at or after `start`, at most `cap` bins later."""
        best = _Stop(min(start + cap, self._size), "cap" if start + cap <= self._size else "gap")
        for reason, bins in self._causes:
            place = int(np.searchsorted(bins, start))
            if place < bins.size and bins[place] < best.bin:
                best = _Stop(int(bins[place]), reason)
        return best


# --------------------------------------------------------------------------- one episode


@dataclass(frozen=True, slots=True, eq=False)
class _Wearer:
    """What one wearer's fits share."""

    grid: Grid
    expectation: Expectation
    seen: BoolArray
    excess: FloatArray
    level: FloatArray  # running median
    calm: FloatArray  # running mean of five minutes, for settling
    calm_known: BoolArray
    range_bpm: float  # upper end of one's own resting range
    plan: _Plan
    stops: _Stops
    rules: RecoverySettings
    alone: bool  # too few episodes to inform each other


def fit(
    episodes: Sequence[Episode],
    grid: Grid,
    expectation: Expectation,
    settings: Settings,
    begun_s: Mapping[int, float] | None = None,
) -> tuple[RecoveryFit, ...]:
    """One fit per episode, in their order; bouts of exercise get the heart-rate recovery.

    A rise during which a technique began, `begun_s` by its place (`technique_starts`), has a
    second fit, `untreated`, whose follow-up ends there.

    Rejected for reasons known without looking at the half-time only: precision depends on the
    half-time, so a filter on it would bias every trend. Interrupted recoveries are right-censored,
    those faster than the sampling resolves left-censored.
    """
    wearer, done = _shaped(episodes, _wearer(episodes, grid, expectation, settings))
    begun_s = begun_s or {}
    fits, evidence = [], []
    untreated: list[RecoveryFit] = []
    seen_until = []
    for place, episode in enumerate(episodes):
        if episode.kind is EpisodeKind.EXERCISE:
            fits.append(_exercise(episode, wearer))
            continue
        fitted, found = done[place] if place in done else _stress(episode, wearer)
        if found is not None and fitted.accepted:
            evidence.append((len(fits), found.likelihood))
        fits.append(fitted)
        if place in begun_s:
            fitted, found = _stress(episode, wearer, begun_s[place])
            if found is not None and fitted.accepted:
                seen_until.append((len(untreated), found.likelihood))
            untreated.append(fitted)
    if len(evidence) >= settings.recovery.day_one_episodes:
        traits = _traits(np.array([table for _, table in evidence]), wearer.plan, wearer.rules)
        _borrow(fits, evidence, traits, wearer)
        _borrow(untreated, seen_until, traits, wearer)
    for place, fitted in zip(begun_s, untreated, strict=True):
        fits[place] = replace(fits[place], untreated=fitted)
    return tuple(fits)


def technique_starts(episodes: Sequence[Episode], techniques: Sequence[Span]) -> dict[int, float]:
    """When the first technique of a rise began, s, by the rise's place; none that ran before it."""
    begun_s = {}
    for place, one in enumerate(episodes):
        during = [s.start_s for s in techniques if s.start_s < one.end_s and s.end_s > one.start_s]
        if during and min(during) > one.start_s and one.kind is not EpisodeKind.EXERCISE:
            begun_s[place] = min(during)
    return begun_s


_Fitted = tuple[RecoveryFit, _Posterior | None]


def _shaped(episodes: Sequence[Episode], wearer: _Wearer) -> tuple[_Wearer, dict[int, _Fitted]]:
    """The wearer with the curve that their episodes speak for, and the fits made on the way.

    The half-time of one shape is not that of another, so all episodes of a person share one.
    The exponential stands unless the logistic is clearly likelier.
    """
    raised = [k for k, e in enumerate(episodes) if e.kind is not EpisodeKind.EXERCISE]
    asked = raised[:: max(1, -(-len(raised) // SHAPE_EPISODES))]
    if len(asked) < wearer.rules.day_one_episodes or wearer.grid.step_s > SHAPE_STEP_S:
        return wearer, {}
    plan = _plan(wearer.grid.step_s, wearer.expectation.noise, wearer.rules, LOGISTIC)
    other = replace(wearer, plan=plan)
    fitted = [{k: _stress(episodes[k], w) for k in asked} for w in (wearer, other)]
    both = [
        (one, two)
        for k in asked
        if (one := fitted[0][k][1]) is not None and (two := fitted[1][k][1]) is not None
    ]
    if len(both) < wearer.rules.day_one_episodes:
        return wearer, fitted[0]
    support = [
        _traits(np.array([pair[k].likelihood for pair in both]), w.plan, w.rules).log_evidence
        + sum(pair[k].log_scale for pair in both)
        for k, w in enumerate((wearer, other))
    ]
    if support[1] - support[0] > CLEARLY_LIKELIER:
        return other, fitted[1]
    return wearer, fitted[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Traits:
    """What a wearer's episodes have in common: normal laws, each node a centre and a spread."""

    weight: FloatArray  # (plateau node, half-time node), sum 1
    half: FloatArray  # density (node, half-time)
    plateau: FloatArray  # density (node, plateau)
    log_evidence: float  # the same constant left out for every shape


def _traits(likelihood: FloatArray, plan: _Plan, rules: RecoverySettings) -> _Traits:
    """Posterior of centre and spread of both traits over the likelihoods (episode, plateau, half).

    A product grid that moves to where the posterior lies. Taking the likeliest centre and spread
    for known would make the interval of every episode too narrow. The prior of a spread is
    s exp(-s^2 / 2): it keeps clear of zero, where few and noisy episodes would often put it.

    References: Carlin & Louis (2000), Bayes and Empirical Bayes Methods, ch. 3; Chung et al.
    (2013), Psychometrika 78:685.
    """
    ln_half = np.log(plan.half_s)
    usual_half = float(np.log(rules.prior_median_s)), rules.prior_sd
    usual_plateau = float(np.log(PLATEAU_S)), PLATEAU_SD
    # centre and ln spread, of plateau and of half-time
    middle = np.array([usual_plateau[0], LN_USUAL_SPREAD, usual_half[0], LN_USUAL_SPREAD])
    sd = np.full(4, 0.5)
    for _ in range(TRAIT_ROUNDS):
        axes = middle[:, None] + sd[:, None] * TRAIT_NODES
        plateau = _laws(LN_PLATEAUS, axes[0], axes[1])
        half = _laws(ln_half, axes[2], axes[3])
        over_h = np.einsum("eph,np->neh", likelihood, plateau, optimize=True)
        each = np.einsum("neh,mh->nme", over_h, half, optimize=True)
        log_weight = (
            np.log(np.maximum(each, 1e-300)).sum(axis=2)
            + _log_prior(axes[0], axes[1], usual_plateau)[:, None]
            + _log_prior(axes[2], axes[3], usual_half)
        )
        top = float(log_weight.max())
        weight = np.exp(log_weight - top)
        log_evidence = top + float(np.log(weight.sum()) + np.log(sd).sum())
        weight /= weight.sum()
        by_axis = weight.reshape(4 * TRAIT_NODES.shape)
        over = [by_axis.sum(axis=tuple(set(range(4)) - {k})) for k in range(4)]
        at = np.array([o @ x for o, x in zip(over, axes, strict=True)])
        wide = np.array([np.sqrt(o @ (x - m) ** 2) for o, x, m in zip(over, axes, at, strict=True)])
        wide = np.maximum(wide, 0.3 * sd)
        settled = np.all(np.abs(at - middle) < 0.1 * sd) and np.all(np.abs(wide / sd - 1.0) < 0.1)
        middle, sd = at, wide
        if settled:
            break
    return _Traits(weight, half, plateau, log_evidence)


def _laws_of_each(
    likelihood: FloatArray, traits: _Traits, plan: _Plan
) -> tuple[FloatArray, FloatArray]:
    """Laws (episode, half-time), any scale: under the weak prior, and under the wearer's own.

    Both are averaged over what is known of the wearer's centres and spreads.
    """
    over_h = np.einsum("eph,np->neh", likelihood, traits.plateau, optimize=True)
    each = np.einsum("neh,mh->nme", over_h, traits.half, optimize=True)
    share = traits.weight[:, :, None] / np.maximum(each, 1e-300)
    own = np.einsum("neh,nme,mh->eh", over_h, share, traits.half, optimize=True)
    weak = np.einsum("neh,n->eh", over_h, traits.weight.sum(axis=1)) * np.exp(plan.log_prior)
    return weak, own


def _laws(x: FloatArray, centres: FloatArray, ln_spreads: FloatArray) -> FloatArray:
    """Normal densities on a grid (law, x), each of sum 1; the spread varies fastest."""
    centre, ln_spread = (one.ravel() for one in np.meshgrid(centres, ln_spreads, indexing="ij"))
    spread = np.maximum(np.exp(ln_spread), LEAST_SPREAD)[:, None]
    density: FloatArray = np.exp(-0.5 * ((x - centre[:, None]) / spread) ** 2)
    density /= np.maximum(density.sum(axis=1, keepdims=True), 1e-300)
    return density


def _log_prior(
    centres: FloatArray, ln_spreads: FloatArray, usual: tuple[float, float]
) -> FloatArray:
    """Log prior of the nodes of `_laws`, the measure of ln spread included."""
    centre, ln_spread = (one.ravel() for one in np.meshgrid(centres, ln_spreads, indexing="ij"))
    value: FloatArray = (
        -0.5 * ((centre - usual[0]) / usual[1]) ** 2
        - 0.5 * np.exp(2.0 * ln_spread)
        + np.where(ln_spread >= np.log(LEAST_SPREAD), 2.0 * ln_spread, -np.inf)
    )
    return value


def _borrow(
    fits: list[RecoveryFit],
    found: list[tuple[int, FloatArray]],
    traits: _Traits,
    wearer: _Wearer,
) -> None:
    """Let the wearer's episodes, whose `traits` these are, inform each other.

    How long the plateau lasts and when the fall begins cannot be told from one noisy episode; a
    long plateau with a fast fall looks like a short one with a slow fall. The lengths of all
    episodes together can, and become the prior of each. For the estimate that is shown, so do the
    half-times; `ln_h` keeps the weak prior, which a trend can divide out.
    """
    if not found:
        return
    plan = wearer.plan
    weak, shared = _laws_of_each(np.array([table for _, table in found]), traits, plan)
    for (index, _), own, known in zip(found, weak, shared, strict=True):
        fitted = _censor(fits[index], _law(own, plan), plan, wearer.rules)
        if fitted.half_time_s is not None:
            fitted = replace(fitted, half_time_s=_estimate(_law(known, plan), plan.step_s))
        fits[index] = fitted


def _estimate(half: _Law, step_s: float) -> Estimate:
    """Half-time with its interval, at least half a bin wide."""
    half_s = float(np.exp(half.ln_h))
    return Estimate(
        value=half_s,
        low=max(min(float(np.exp(half.low)), half_s - step_s / 4.0), 0.0),
        high=max(float(np.exp(half.high)), half_s + step_s / 4.0),
    )


def _wearer(
    episodes: Sequence[Episode],
    grid: Grid,
    expectation: Expectation,
    settings: Settings,
) -> _Wearer:
    rules = settings.recovery
    excess = expectation.excess_bpm.astype(np.float64)
    seen = grid.measured & ~grid.off_wrist
    calm, known = _five_minutes(excess, seen, grid.step_s)
    return _Wearer(
        grid,
        expectation,
        seen,
        excess,
        running_median(excess, seen, settings.episodes.median_half_bins(grid.step_s)),
        calm,
        known,
        1.645 * expectation.noise.mean_sd_bpm(max(1, round(300.0 / grid.step_s))),
        _plan(grid.step_s, expectation.noise, rules, EXPONENTIAL),
        _Stops(grid, episodes),
        rules,
        sum(e.kind is not EpisodeKind.EXERCISE for e in episodes) < rules.day_one_episodes,
    )


def _five_minutes(
    excess: FloatArray, seen: BoolArray, step_s: float
) -> tuple[FloatArray, BoolArray]:
    """Mean of the five minutes that start with each bin, and where most of them were seen."""
    width = max(1, round(300.0 / step_s))
    sums = np.concatenate(([0.0], np.cumsum(np.where(seen, excess, 0.0))))
    counts = np.concatenate(([0], np.cumsum(seen)))
    first = np.arange(excess.size)
    last = np.minimum(first + width, excess.size)
    n = counts[last] - counts[first]
    mean: FloatArray = (sums[last] - sums[first]) / np.maximum(n, 1)
    known: BoolArray = n >= 0.6 * width
    return mean, known


def _stress(
    episode: Episode, wearer: _Wearer, until_s: float = np.inf
) -> tuple[RecoveryFit, _Posterior | None]:
    """The recovery from a rise, with its posterior; nothing from `until_s` on is looked at."""
    grid, rules, plan = wearer.grid, wearer.rules, wearer.plan
    step = grid.step_s
    a, b = grid.index(episode.start_s), grid.index(min(episode.end_s, until_s) - 1e-6) + 1
    inside = wearer.level[a:b]
    high = a + int(np.flatnonzero(inside >= 0.85 * np.quantile(inside, 0.9))[-1]) + 1
    stop = _stop(wearer, high, rules.cap_s, until_s)
    blank = RecoveryFit(
        episode=episode,
        accepted=False,
        resolution_s=rules.resolved_factor * step,
        stop_reason=stop.reason,
        follow_up_s=(stop.bin - high) * step,
    )
    why_not = _design_reason(episode, wearer, a, high, stop)
    if episode.peak_s >= until_s:
        why_not = "follow_up"
    if why_not in ("follow_up", "missing"):
        return replace(blank, why_not=why_not), None
    first = max(0, a - round(BEFORE_S / step))
    y = wearer.excess[first : stop.bin]
    variance = _extra_variance(wearer, first, a, stop.bin)
    latest = min(max(b, high + round(LATER_S / step)), stop.bin)
    earliest = max(high - round(SOONER_S / step), a) if wearer.alone else a
    between = (earliest - first, latest - first)
    found = _posterior(plan, y, variance, a - first, between, rules.rest_sd_bpm)
    if found is None:
        return replace(blank, why_not="missing"), None
    if found.outlier.any():
        variance = variance + np.where(
            found.outlier, 9.0 * wearer.expectation.noise.sigma_bpm**2, 0
        )
        again = _posterior(plan, y, variance, a - first, between, rules.rest_sd_bpm)
        found = again or found
    t_first = grid.t0_s + first * step
    onset_s = t_first + found.onset_part * plan.part_s
    release_s = t_first + found.release_part * plan.part_s
    follow_up_s = max(grid.t0_s + stop.bin * step - release_s, 0.0)
    fitted = replace(
        blank,
        accepted=not why_not,
        why_not=why_not,
        follow_up_s=follow_up_s,
        amplitude_bpm=found.amplitude,
        rest_bpm=_rest_level(wearer, a, high) + found.rest,
        onset_s=onset_s,
        release_s=release_s,
        curve=plan.curve.name,
    )
    fitted = _censor(fitted, found.half, plan, rules)
    return _settle(fitted, wearer, (a, high), found.rest, until_s), found


def _stop(wearer: _Wearer, after: int, cap_s: float, until_s: float) -> _Stop:
    """Where follow-up from a bin on ends, and why."""
    grid = wearer.grid
    stop = wearer.stops.after(after, round(cap_s / grid.step_s))
    if np.isfinite(until_s) and grid.index(until_s) < stop.bin:
        return _Stop(grid.index(until_s), "technique")
    return stop


def _design_reason(episode: Episode, wearer: _Wearer, a: int, high: int, stop: _Stop) -> str:
    """Code of the reason to leave an episode out, from its design alone; empty if none."""
    rules, step = wearer.rules, wearer.grid.step_s
    follow_up_s = (stop.bin - high) * step
    if follow_up_s < max(rules.min_follow_up_s, 2.0 * step):
        return "follow_up"
    seen = wearer.seen[a : stop.bin]
    if 1.0 - float(seen.mean()) > rules.max_missing_share:
        return "missing"
    if episode.rise_bpm < rules.min_height_sigma * wearer.expectation.noise.sigma_bpm:
        return "low"
    return ""


def _extra_variance(wearer: _Wearer, first: int, a: int, stop: int) -> FloatArray:
    """Added variance per bin: infinite where not seen, or not usable before the onset."""
    grid = wearer.grid
    seen = wearer.seen[first:stop]
    variance = np.where(seen, 0.0, np.inf)
    calm_before = wearer.expectation.usable[first:a]
    variance[: a - first][~calm_before] = np.inf
    restless = seen & grid.motion_known[first:stop] & (grid.motion_met[first:stop] > 0.3)
    variance[restless] += wearer.expectation.noise.sigma_bpm**2
    return variance


def _rest_level(wearer: _Wearer, a: int, high: int) -> float:
    """Expected heart rate under the episode, bpm."""
    near = slice(a, max(high, a + 1))
    seen = wearer.grid.measured[near]
    expected = wearer.grid.hr_bpm[near].astype(np.float64) - wearer.excess[near]
    return float(np.median(expected[seen])) if seen.any() else float("nan")


def _percent_back(curve: Curve, ln_h: float, follow_up_s: float) -> tuple[float | None, ...]:
    """Share of the rise that is gone after 1, 2 and 5 min, percent, by the fitted curve."""
    return tuple(
        100.0 * (1.0 - float(curve.fall(after, np.exp(ln_h)))) if follow_up_s >= after else None
        for after in (60.0, 120.0, 300.0)
    )


def _censor(fitted: RecoveryFit, half: _Law, plan: _Plan, rules: RecoverySettings) -> RecoveryFit:
    """Right- or left-censor, or give the half-time with its interval.

    Bounds do not depend on the half-time found, only on the follow-up and the sampling.
    """
    fitted = replace(
        fitted,
        ln_h=half.ln_h,
        ln_h_sd=half.sd,
        half_time_s=None,
        censored=Censored.NO,
        bound_s=float("nan"),
        percent_back=_percent_back(plan.curve, half.ln_h, fitted.follow_up_s),
    )
    half_s = float(np.exp(half.ln_h))
    right_s = 0.9 * fitted.follow_up_s
    left_s = rules.resolved_factor * plan.step_s
    if half_s > right_s:
        return replace(fitted, censored=Censored.RIGHT, bound_s=right_s)
    if half_s < left_s:
        return replace(fitted, censored=Censored.LEFT, bound_s=left_s)
    return replace(fitted, half_time_s=_estimate(half, plan.step_s))


def _settle(
    fitted: RecoveryFit, wearer: _Wearer, rise: tuple[int, int], rest: float, until_s: float
) -> RecoveryFit:
    """Time from release until five minutes lie within one's own resting range; area until then.

    Where follow-up ends sooner, all that is known is that no five minutes had begun by then.
    """
    grid, step = wearer.grid, wearer.grid.step_s
    a, high = rise
    stop = _stop(wearer, high, wearer.rules.settle_cap_s, until_s)
    release = int(np.clip(grid.index(fitted.release_s), a, high))
    last = max(stop.bin - max(1, round(300.0 / step)) + 1, release)
    bins = np.arange(release, last)
    back = wearer.calm_known[bins] & (wearer.calm[bins] <= wearer.range_bpm)
    settled = bins[np.argmax(back)] if back.any() else last  # five minutes must be seen
    end_s = grid.t0_s + float(settled) * step
    settled_s = max(end_s - fitted.release_s, 0.0)
    seen = wearer.seen[a:settled]
    area = float(np.sum(np.where(seen, wearer.excess[a:settled] - rest, 0.0))) * step / 60.0
    return replace(
        fitted,
        settled_s=settled_s,
        settled_censored=not back.any(),
        settled_follow_up_s=max(grid.t0_s + last * step - fitted.release_s, 0.0),
        active_s=max(end_s - fitted.onset_s, 0.0),
        active_censored=not back.any(),
        area_bpm_min=area,
    )


# --------------------------------------------------------------------------- exercise


def _exercise(episode: Episode, wearer: _Wearer) -> RecoveryFit:
    """Heart-rate recovery after the end of effort: fall within 60 and 120 s, time to half.

    The effort ends with the last bin within 5 bpm of the top of the last five minutes of the bout;
    times count from that bin's end.
    A jump of more than 30 bpm within 15 s is a sensor that lost the pulse: nothing is reported.

    Reference: Cole et al. (2000), Ann Intern Med 132:552.
    """
    grid, step = wearer.grid, wearer.grid.step_s
    b = min(grid.index(episode.end_s - 1e-6) + 1, len(grid))
    a = max(grid.index(episode.start_s), b - round(300.0 / step))
    reach = min(len(grid), b + round(600.0 / step))
    seen = wearer.seen
    blank = RecoveryFit(
        episode=episode,
        accepted=False,
        resolution_s=wearer.rules.resolved_factor * step,
    )
    hr = grid.hr_bpm[a:reach].astype(np.float64)
    known = seen[a:reach]
    if not known[: b - a].any() or known.mean() < 0.8:
        return replace(blank, why_not="missing")
    hr = np.interp(np.arange(hr.size), np.flatnonzero(known), hr[known])
    top = float(hr[: b - a + round(30.0 / step)].max())
    end = int(np.flatnonzero(hr[: b - a + round(30.0 / step)] >= top - 5.0)[-1])
    peak = float(hr[end])
    t: FloatArray = (np.arange(-end, hr.size - end, dtype=np.float64) - 0.5) * step
    follow_up_s = float(t[-1])
    blank = replace(blank, follow_up_s=follow_up_s, peak_hr_bpm=peak)
    if follow_up_s < 60.0:
        return replace(blank, why_not="follow_up")
    span = max(1, round(15.0 / step))
    falls = hr[: hr.size - span] - hr[span:]
    if step <= 15.0 and np.any(np.abs(falls[max(end - span, 0) :]) > 30.0):
        return replace(blank, why_not="dropout")
    hrr60 = peak - float(np.interp(60.0, t, hr))
    hrr120 = peak - float(np.interp(120.0, t, hr)) if follow_up_s >= 120.0 else None
    before = max(0, grid.index(episode.start_s) - round(300.0 / step))
    rest_bins = seen[before : grid.index(episode.start_s)]
    rest = (
        float(np.median(grid.hr_bpm[before : grid.index(episode.start_s)][rest_bins]))
        if rest_bins.any()
        else float(hr[end:].min())
    )
    fitted = replace(
        blank,
        accepted=True,
        hrr60_bpm=hrr60,
        hrr120_bpm=hrr120,
        amplitude_bpm=peak - rest,
        rest_bpm=rest,
        release_s=grid.t0_s + (a + end + 1.0) * step,
    )
    return _exercise_half(fitted, hr[end:], t[end:], step)


def _exercise_half(fitted: RecoveryFit, hr: FloatArray, t: FloatArray, step: float) -> RecoveryFit:
    """First time below half of the way to rest, or how long it surely was not."""
    half = fitted.rest_bpm + 0.5 * fitted.amplitude_bpm
    below = np.flatnonzero(hr <= half)
    if fitted.amplitude_bpm < 20.0:
        return replace(fitted, accepted=False, why_not="low")
    if below.size == 0:
        return replace(fitted, censored=Censored.RIGHT, bound_s=float(t[-1]))
    at = int(below[0])
    if at == 0 or t[at] < fitted.resolution_s:
        return replace(fitted, censored=Censored.LEFT, bound_s=fitted.resolution_s)
    share = (hr[at - 1] - half) / max(hr[at - 1] - hr[at], 1e-6)
    half_s = float(t[at - 1] + share * step)
    estimate = Estimate(value=half_s, low=max(half_s - step, 0.0), high=half_s + step)
    return replace(
        fitted,
        half_time_s=estimate,
        ln_h=float(np.log(half_s)),
        ln_h_sd=float(step / 2.0 / half_s),
    )


# --------------------------------------------------------------------------- for drawing


def curve(
    fitted: RecoveryFit, grid: Grid, expectation: Expectation, after_s: float = 900.0
) -> RecoveryCurve:
    """Measured excess from five minutes before the release on, for the overlay figure."""
    release_s = fitted.release_s
    first = max(0, grid.index(release_s - 300.0))
    last = min(len(grid), grid.index(release_s + min(after_s, fitted.follow_up_s)) + 1)
    seen = grid.measured[first:last] & ~grid.off_wrist[first:last]
    t: FloatArray = grid.t_s[first:last] + 0.5 * grid.step_s - release_s
    return RecoveryCurve(
        t[seen],
        expectation.excess_bpm[first:last][seen].astype(np.float64),
        fitted.episode.start_s,
        fitted.follow_up_s,
    )
