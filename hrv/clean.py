"""RR to NN: which beats to trust.

Detection is Lipponen & Tarvainen (2019). Correction keeps total time: a false beat is deleted, a
missed one inserted, a displaced one moved; what cannot be explained so becomes a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, percentile_filter

from hrv.errors import InputError
from hrv.model import (
    BeatLabel,
    BoolArray,
    Cleaned,
    FloatArray,
    IntArray,
    NNSeries,
    Quality,
    RRSeries,
)
from hrv.settings import CleanSettings


@dataclass(frozen=True, slots=True, eq=False)
class _Beats:
    """Intervals under correction.

    `first[i]`: nothing known ends where interval i begins. `block`: intervals of one number
    share thresholds. `live`: findings count here; around lie beats that only give context.
    """

    t_s: FloatArray
    rr: FloatArray
    first: BoolArray
    fixed: BoolArray
    source: IntArray  # recorded interval that ends with the same beat; -1 for an inserted beat
    block: IntArray
    live: BoolArray

    def at(self, where: IntArray | BoolArray) -> _Beats:
        """Some of the intervals, as they are."""
        return _Beats(*(getattr(self, name)[where] for name in _COLUMNS))

    def cut(self, kept: BoolArray) -> _Beats:
        """Some stretches of them, with gaps between."""
        first = self.first.copy()
        first[1:] |= ~kept[:-1]
        return replace(self, first=first).at(kept)


_COLUMNS = ("t_s", "rr", "first", "fixed", "source", "block", "live")


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Detection of one pass. `cycles`: heart cycles in a missed interval; `partner`: how far off
    the other half of an extra one lies, -1 or 1."""

    hopeless: BoolArray  # no heart beats so
    ectopic: BoolArray
    missed: BoolArray
    extra: BoolArray
    long: BoolArray
    short: BoolArray
    cycles: IntArray
    partner: IntArray
    local: FloatArray  # running median RR, ms
    tolerance: FloatArray  # of a repaired cycle, ms
    deviation: FloatArray  # mRR / Th2

    def any(self) -> BoolArray:
        """Intervals with a finding."""
        return self.hopeless | self.ectopic | self.missed | self.extra | self.long | self.short

    def at(self, where: BoolArray) -> _Found:
        """What was found of some of the intervals."""
        return _Found(*(getattr(self, field.name)[where] for field in fields(self)))


def correct(rr: RRSeries, settings: CleanSettings) -> Cleaned:
    """Corrected NN intervals with a label for every recorded one.

    Thresholds are 5.2 quartile deviations of the signed series: only that covers 99.95 % of a
    normal distribution, as the paper states (quartiles of absolute values cover 97 %). Departures
    from the paper: thresholds have a floor for quantised devices; several missed beats in a row
    are recognised; a displaced beat is placed by interpolating both its intervals at constant sum;
    longer runs of bad beats become gaps. Repeated until nothing is found, so correcting twice is
    correcting once. Intervals that touch an inserted or moved beat are not `joined`.

    Raises InputError for intervals that can only be seconds.

    Reference: Lipponen & Tarvainen (2019), doi:10.1080/03091902.2019.1640306.
    """
    n = rr.rr_ms.size
    book = _Book(np.zeros(n, dtype=np.uint8), np.zeros(n, dtype=bool))
    if n and float(np.median(rr.rr_ms)) < 10.0:
        raise InputError("RR intervals look like seconds", way_out="Give them in ms")
    beats = _placed(rr, settings)
    optical = bool(rr.optical)
    beats = _masked(beats, beats.rr > 1000.0 * settings.gap_s, book, settings)
    while beats.rr.size:
        beats = _in_blocks(beats, settings)
        near = _around(beats.live, settings.window_beats, beats)
        piece = beats.cut(near)
        found = _detect(piece, settings, optical)
        bad = found.any()
        if not bad.any():
            break
        moves = _around(bad, settings.window_beats // 2 + settings.median_beats, piece)
        here = near.copy()
        here[near] = moves
        part = _repaired(beats.cut(here), found.at(moves), book, settings, optical)
        beats = _spliced(beats, here, part)
    joined = ~beats.first
    joined[1:] &= ~(beats.fixed[1:] | beats.fixed[:-1])
    nn = NNSeries(beats.t_s, beats.rr, joined)
    return Cleaned(nn, beats.fixed, rr.t_s, rr.rr_ms, book.label, book.masked)


def _around(here: BoolArray, reach: int, beats: _Beats) -> BoolArray:
    """Intervals whose running thresholds see a marked one, `reach` places away at most.

    Windows run over differences, so a place counts only where a difference of three exists.
    """
    if here.all():
        return here
    place = np.cumsum(_inner(beats.first))
    seen = place[here]
    edges = np.zeros(here.size + 1, dtype=np.int64)
    np.add.at(edges, np.searchsorted(place, seen - reach), 1)
    np.add.at(edges, np.searchsorted(place, seen + reach, side="right"), -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def _spliced(beats: _Beats, here: BoolArray, part: _Beats) -> _Beats:
    """Repaired stretches put back in their place; only there is anything left to find."""
    start = np.flatnonzero(here[1:] & ~here[:-1]) + 1
    rest = beats.at(~here)
    rest.live[:], part.live[:] = False, True
    both = _Beats(
        *(np.concatenate((getattr(rest, name), getattr(part, name))) for name in _COLUMNS)
    )
    both = both.at(np.argsort(both.t_s, kind="stable"))
    both.first[np.searchsorted(both.t_s, beats.t_s[start])] = beats.first[start]
    return both


def _repaired(
    beats: _Beats, found: _Found, book: _Book, settings: CleanSettings, optical: bool
) -> _Beats:
    """One step of correction: the gravest kind of finding, the others wait for a second look."""
    if found.hopeless.any():
        return _masked(beats, found.hopeless, book, settings)
    if found.missed.any() or found.extra.any():
        return _recounted(beats, found, book, settings)
    return _moved(beats, found, book, 2 if optical else settings.longest_run, settings)


def quality(cleaned: Cleaned, start_s: float, end_s: float, settings: CleanSettings) -> Quality:
    """How far the beats of `[start_s, end_s)` may be trusted."""
    lo, hi = np.searchsorted(cleaned.t_s, [start_s, end_s])
    nn = cleaned.nn.between(start_s, end_s)
    count = int(hi - lo)
    share = float(np.mean(cleaned.label[lo:hi] != BeatLabel.NORMAL)) if count else 0.0
    coverage = float(nn.nn_ms.sum()) / 1000.0 / (end_s - start_s) if end_s > start_s else 0.0
    return Quality(
        beats=int(nn.nn_ms.size),
        corrected_share=share,
        coverage=coverage,
        grade=grade(share, settings),
    )


def grade(corrected_share: float, settings: CleanSettings) -> str:
    """Colour of a share of corrected beats."""
    if corrected_share <= settings.amber_share:
        return "green"
    return "amber" if corrected_share <= settings.red_share else "red"


# --------------------------------------------------------------------------- time axis


def _placed(rr: RRSeries, settings: CleanSettings) -> _Beats:
    """Beats on an exact time axis, split where the clock and the intervals part.

    Devices that stamp beats to the second, or in packets, disagree with their own intervals at
    every beat. There the intervals are cumulated, and only a drift of `gap_s` is a gap.
    """
    t, ms = rr.t_s, rr.rr_ms
    slack = np.diff(t) - ms[1:] / 1000.0
    off = settings.time_tolerance_s
    rough = slack.size > 0 and np.mean(np.abs(slack) > off) > 0.5 and np.mean(slack < -off) > 0.1
    if rough:  # more intervals than time is another fault, and stays visible
        near = np.abs(slack) < settings.gap_s
        rough = slack[near].sum() > -0.05 * ms[1:][near].sum() / 1000.0
    first = np.ones(t.size, dtype=bool)
    if not rough:
        first[1:] = np.abs(slack) > off
    else:
        first[1:] = _drifted(slack, settings.gap_s)
        t = _cumulated(t, ms, first, off)
    none = np.zeros(t.size, dtype=bool)
    return _Beats(t, ms, first, none, np.arange(t.size), np.zeros(t.size, dtype=np.int64), ~none)


def _drifted(slack: FloatArray, limit_s: float) -> BoolArray:
    """Where the clock has run away from the intervals by `limit_s` since the last such place."""
    total = np.concatenate(([0.0], np.cumsum(slack)))
    breaks = np.zeros(slack.size, dtype=bool)
    start = 0
    while True:
        away = np.flatnonzero(np.abs(total[start:] - total[start]) > limit_s)
        if away.size == 0:
            return breaks
        start += int(away[0])
        breaks[start - 1] = True


def _cumulated(t: FloatArray, ms: FloatArray, first: BoolArray, least_gap_s: float) -> FloatArray:
    """Beat times from the intervals, each segment laid on its own median clock time."""
    out = np.empty_like(t)
    end = -np.inf
    bounds = [*np.flatnonzero(first), t.size]
    for lo, hi in pairwise(bounds):
        run = np.cumsum(ms[lo:hi]) / 1000.0
        origin = float(np.median(t[lo:hi] - run))
        origin = max(origin, end + 2.0 * least_gap_s)
        out[lo:hi] = origin + run
        end = out[hi - 1]
    return out


# --------------------------------------------------------------------------- detection


def _marked(marks: BoolArray, where: IntArray) -> BoolArray:
    """The marks and some more."""
    out = marks.copy()
    out[where] = True
    return out


def _quartile_deviation(x: FloatArray, window: int) -> FloatArray:
    """Half the running interquartile range of the signed values."""
    size = min(window, x.size)
    upper: FloatArray = percentile_filter(x, 75, size=size, mode="reflect")
    lower: FloatArray = percentile_filter(x, 25, size=size, mode="reflect")
    return (upper - lower) / 2.0


def _pauses_s(beats: _Beats, where: IntArray) -> FloatArray:
    """Time before intervals that none covers."""
    return beats.t_s[where] - beats.t_s[where - 1] - beats.rr[where] / 1000.0


def _in_blocks(beats: _Beats, settings: CleanSettings) -> _Beats:
    """Thresholds are shared across gaps up to `borrow_s`."""
    gap = np.flatnonzero(beats.first[1:]) + 1
    begins = np.zeros(beats.rr.size, dtype=np.int64)
    begins[gap[_pauses_s(beats, gap) > settings.borrow_s]] = 1
    return replace(beats, block=np.cumsum(begins))


@dataclass(frozen=True, slots=True, eq=False)
class _Thresholds:
    local: FloatArray  # running median RR, ms
    off: FloatArray  # mRR, ms
    th1: FloatArray  # of dRR, ms
    th2: FloatArray  # of mRR, ms
    usual: FloatArray  # quartile deviation of dRR / running median RR; 0 if not known


def _thresholds(beats: _Beats, settings: CleanSettings) -> _Thresholds:
    """Running thresholds (eq. 2 and 5), never below the floor."""
    local, off, th1, th2, usual = (np.zeros_like(beats.rr) for _ in range(5))
    cuts = np.flatnonzero(np.diff(beats.block)) + 1
    for lo, hi in pairwise([0, *cuts.tolist(), beats.rr.size]):
        part = slice(lo, hi)
        rr = beats.rr[part]
        local[part] = median_filter(rr, size=min(settings.median_beats, rr.size), mode="reflect")
        follows = ~beats.first[part]
        step = np.flatnonzero(follows)
        th1[part] = np.inf
        if step.size:
            qd = _quartile_deviation(rr[step] - rr[step - 1], settings.window_beats)
            qd = qd[np.maximum(np.cumsum(follows) - 1, 0)]
            th1[part] = settings.alpha * qd
            if step.size >= settings.few_beats:
                usual[part] = qd / local[part]
        off[part] = _off_median(rr, local[part])
        th2[part] = settings.alpha * _quartile_deviation(off[part], settings.window_beats)
        if rr.size < settings.few_beats:
            cap = settings.few_cap * local[part]
            th1[part], th2[part] = np.minimum(th1[part], cap), np.minimum(th2[part], cap)
    floor = settings.floor_ms
    return _Thresholds(local, off, np.maximum(th1, floor), np.maximum(th2, floor), usual)


def _off_median(rr: FloatArray, median: FloatArray) -> FloatArray:
    """mRR: distance to the running median, doubled below it (eq. 4)."""
    off = rr - median
    return np.where(off < 0, 2.0 * off, off)


def _detect(beats: _Beats, settings: CleanSettings, optical: bool) -> _Found:
    """The decision tree of Lipponen & Tarvainen (2019), figure 2, for all beats at once."""
    rr, first, live = beats.rr, beats.first, beats.live
    limits = _thresholds(beats, settings)
    local = limits.local
    none = np.zeros_like(first)
    d = np.zeros(rr.size + 3)  # dRR / Th1, with a place before and two after
    d[2:-2] = np.where(first[1:], 0.0, np.diff(rr)) / limits.th1[1:]
    m = limits.off / limits.th2
    at = np.flatnonzero((np.abs(d[1:-2]) > 1) | (np.abs(m) > 3))
    here, before, after = d[at + 1], d[at], d[at + 2]
    after2 = np.where(np.append(first, True)[at + 1], 0.0, d[at + 3])
    s12 = np.where(here > 0, np.maximum(before, after), np.minimum(before, after))
    s22 = np.where(here >= 0, np.minimum(after, after2), np.maximum(after, after2))
    c1, c2 = settings.c1, settings.c2
    alone = (here > 1) & (s12 < -c1 * here - c2) | (here < -1) & (s12 > -c1 * here + c2)
    ectopic = _marked(none, at[alone])
    follower = at[~alone & (np.abs(after) < np.abs(after2))] + 1  # no step follows a gap
    low, high = settings.rr_min_ms, settings.rr_max_ms
    outside = (rr < low) | (rr > high)
    hopeless = outside & ((local < low) | (local > high))
    hopeless |= limits.usual > (settings.irregular_optical if optical else settings.irregular)
    candidate = (_marked(outside, at) | _marked(none, follower)) & ~ectopic & live
    far = outside | ((np.abs(m) > 3) & (np.abs(rr - local) > settings.far * local))
    long = candidate & (_marked(none, at[(here > 1) & (s22 < -1)]) | (far & (m > 0)))
    short = candidate & (_marked(none, at[(here < -1) & (s22 > 1)]) | (far & (m < 0)))
    tolerance = np.maximum(limits.th2, settings.cycle_tolerance * local)
    cycles, partner = np.ones(rr.size, dtype=np.int64), np.zeros(rr.size, dtype=np.int64)
    at = np.flatnonzero(long)
    cycles[at] = np.maximum(np.rint(rr[at] / local[at]), 1)
    fits = np.abs(rr[at] / cycles[at] - local[at]) < np.minimum(tolerance[at], 0.5 * local[at])
    missed = _marked(none, at[fits & (cycles[at] >= 2) & (cycles[at] <= settings.longest_run)])
    at = np.flatnonzero(short)
    partner[at], rest = _partner(at, rr, first, local)
    extra = _marked(none, at[rest < tolerance[at]])
    ectopic |= _displaced(beats, local, settings)
    return _Found(
        hopeless=hopeless & live,
        ectopic=ectopic & live,
        missed=missed,
        extra=extra,
        long=long & ~missed,
        short=short & ~extra,
        cycles=cycles,
        partner=partner,
        local=local,
        tolerance=tolerance,
        deviation=m,
    )


def _displaced(beats: _Beats, local: FloatArray, settings: CleanSettings) -> BoolArray:
    """Intervals that begin with a beat out of place.

    A beat shifted by s changes three successive differences by s, -2 s, s; weighting them so
    finds smaller shifts than each difference alone (a matched filter; not in the paper).
    """
    index = np.flatnonzero(_inner(beats.first))
    if index.size < settings.few_beats:
        return np.zeros_like(beats.first)
    rr = beats.rr
    d, before, after = (rr[index + k] - rr[index + k - 1] for k in (0, -1, 1))
    shift = (2.0 * d - before - after) / 6.0
    limit = np.maximum(
        settings.alpha * _quartile_deviation(shift, settings.window_beats),
        np.maximum(settings.displaced_share * local[index], settings.floor_ms),
    )
    turns = (d * before < 0) & (d * after < 0)
    peak = (np.abs(d) >= np.abs(before)) & (np.abs(d) >= np.abs(after))
    return _marked(np.zeros_like(beats.first), index[turns & peak & (np.abs(shift) > limit)])


def _inner(first: BoolArray) -> BoolArray:
    """Intervals with a neighbour before and after, and one before that."""
    inner = ~first
    inner[1:] &= ~first[:-1]
    inner[:-1] &= ~first[1:]
    inner[-1:] = False
    return inner


def _partner(
    at: IntArray, rr: FloatArray, first: BoolArray, local: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Where the neighbour lies with which an interval adds up best to one cycle, -1 or 1, and
    what is left over, ms; infinite without a neighbour."""
    before, after = np.maximum(at - 1, 0), np.minimum(at + 1, rr.size - 1)
    left = np.where(first[at], np.inf, np.abs(rr[at] + rr[before] - local[at]))
    alone = (after == at) | first[after]
    right = np.where(alone, np.inf, np.abs(rr[at] + rr[after] - local[at]))
    return np.where(left < right, -1, 1), np.minimum(left, right)


# --------------------------------------------------------------------------- correction


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """What became of every recorded interval; the first finding stands."""

    label: NDArray[np.uint8]
    masked: BoolArray

    def write(self, source: IntArray, kind: BeatLabel | NDArray[np.uint8]) -> None:
        fresh = (source >= 0) & (self.label[source] == BeatLabel.NORMAL)
        self.label[source[fresh]] = np.broadcast_to(np.asarray(kind), source.shape)[fresh]

    def mask(self, source: IntArray) -> None:
        self.write(source, BeatLabel.UNUSABLE)
        self.masked[source[source >= 0]] = True


def _recounted(beats: _Beats, found: _Found, book: _Book, settings: CleanSettings) -> _Beats:
    """False beats deleted, missed beats inserted."""
    j = np.flatnonzero(found.extra)
    pair = np.unique(np.minimum(j, j + found.partner[j]))
    pair = pair[np.diff(pair, prepend=-9) > 1]
    gap = np.flatnonzero(found.missed)
    gap = gap[~np.isin(gap, pair) & ~np.isin(gap, pair + 1)]
    twice = np.zeros(beats.rr.size, dtype=bool)
    twice[gap] = beats.fixed[gap]
    twice[pair] = twice[pair + 1] = beats.fixed[pair] | beats.fixed[pair + 1]
    if twice.any():
        return _masked(beats, twice, book, settings)
    book.write(beats.source[pair], BeatLabel.EXTRA)
    book.write(beats.source[gap], BeatLabel.MISSED)
    start = np.concatenate((pair, gap))
    order = np.argsort(start)
    length = np.concatenate((np.full(pair.size, 2), np.ones(gap.size, dtype=np.int64)))
    cycles = np.concatenate((np.ones(pair.size, dtype=np.int64), found.cycles[gap]))
    return _rebuilt(beats, found.local, start[order], length[order], cycles[order], book, settings)


def _masked(beats: _Beats, bad: BoolArray, book: _Book, settings: CleanSettings) -> _Beats:
    """Intervals made part of a gap."""
    start = np.flatnonzero(bad)
    one = np.ones_like(start)
    return _rebuilt(beats, beats.rr, start, one, 0 * one, book, settings) if start.size else beats


def _moved(
    beats: _Beats, found: _Found, book: _Book, longest: int, settings: CleanSettings
) -> _Beats:
    """Displaced beats put where their neighbours expect them; what does not fit is masked."""
    displaced = found.ectopic.copy()
    displaced[:-1] |= found.ectopic[1:]
    bad = displaced | found.long | found.short
    kind = np.where(found.deviation > 0, BeatLabel.LONG, BeatLabel.SHORT).astype(np.uint8)
    kind[displaced] = BeatLabel.ECTOPIC
    repairs = []
    free = 0
    for lo, hi in _runs(bad, beats.first):
        a, b = _trimmed(lo, hi, found)
        if b - a == 1:
            a, b = _with_other_half(a, free, beats, found, bad)
        free = b
        total = float(beats.rr[a:b].sum())
        local = float(np.median(found.local[a:b]))
        n = max(round(total / local), 1)
        fits = abs(total / n - local) < float(found.tolerance[a:b].max())
        short_run = (1 < b - a <= longest or n > 1) and n <= longest
        repaired = fits and short_run and not beats.fixed[a:b].any()
        repairs.append((a, b - a, n if repaired else 0))
        if displaced[a:b].any():
            kind[a:b] = BeatLabel.ECTOPIC
        end = max(b - 1, a + 1) if repaired else b  # a repair leaves the last beat where it is
        book.write(beats.source[a:end], kind[a:end])
    start, length, cycles = np.array(repairs).T
    return _rebuilt(beats, found.local, start, length, cycles, book, settings)


def _runs(bad: BoolArray, first: BoolArray) -> list[tuple[int, int]]:
    """Bounds of neighbouring bad intervals; a gap ends a run."""
    index = np.flatnonzero(bad)
    if index.size == 0:
        return []
    cut = np.flatnonzero((np.diff(index) > 1) | first[index[1:]])
    lo = index[np.concatenate(([0], cut + 1))]
    hi = index[np.concatenate((cut, [index.size - 1]))] + 1
    return list(zip(lo.tolist(), hi.tolist(), strict=True))


def _trimmed(lo: int, hi: int, found: _Found) -> tuple[int, int]:
    """A run of three or more without ends that are of normal length themselves."""
    while hi - lo >= 3 and abs(found.deviation[lo]) <= 1:
        lo += 1
    while hi - lo >= 3 and abs(found.deviation[hi - 1]) <= 1:
        hi -= 1
    return lo, hi


def _with_other_half(
    i: int, free: int, beats: _Beats, found: _Found, bad: BoolArray
) -> tuple[int, int]:
    """The interval found, with the neighbour that makes up for it: a beat spoils two."""
    off = beats.rr[i] - found.local[i]
    best, bounds = abs(off), (i, i + 1)
    if i > free and not beats.first[i] and not bad[i - 1]:
        rest = abs(off + beats.rr[i - 1] - found.local[i - 1])
        if rest < best:
            best, bounds = rest, (i - 1, i + 1)
    if i + 1 < beats.rr.size and not beats.first[i + 1] and not bad[i + 1]:
        rest = abs(off + beats.rr[i + 1] - found.local[i + 1])
        if rest < best:
            bounds = (i, i + 2)
    return bounds


def _rebuilt(
    beats: _Beats,
    local: FloatArray,
    start: IntArray,
    length: IntArray,
    cycles: IntArray,
    book: _Book,
    settings: CleanSettings,
) -> _Beats:
    """Stretches of intervals replaced by `cycles` intervals of the same total; 0 leaves a gap.

    New intervals lie on the line between their neighbours, scaled to the total. One interval in
    place of several is bounded by two recorded beats, hence not marked as fixed.
    """
    n = beats.rr.size
    count = np.ones(n, dtype=np.int64)
    inside = _members(start, length)
    count[inside] = 0
    count[start] = cycles
    gone = _members(start[cycles == 0], length[cycles == 0])
    book.mask(beats.source[gone])
    total = np.add.reduceat(np.append(beats.rr, 0.0), np.stack((start, start + length), 1).ravel())[
        ::2
    ]
    last = start + length - 1
    t = beats.t_s.copy()
    rr = beats.rr.copy()
    first = beats.first.copy()
    fixed = beats.fixed.copy()
    source = beats.source.copy()
    t[start], rr[start], source[start] = beats.t_s[last], total, beats.source[last]
    fixed[start] = (cycles > 1) | ((length == 1) & fixed[start])
    origin = np.repeat(np.arange(n), count)
    rank = np.arange(origin.size) - (np.cumsum(count) - count)[origin]
    out = _Beats(t, rr, first, fixed, source, beats.block, beats.live).at(origin)
    out.first[rank > 0] = False
    many = np.flatnonzero(count[origin] > 1)
    if many.size:
        group = np.searchsorted(start, origin[many])
        left = _near(beats, local, start - 1, start, settings)[group]
        right = _near(beats, local, start + length, last, settings)[group]
        k, whole = rank[many] + 1, cycles[group]
        weight = left + (right - left) * k / (whole + 1)
        sums = np.bincount(group, weights=weight, minlength=start.size)[group]
        out.rr[many] = total[group] * weight / sums
        done = np.cumsum(out.rr[many])
        opened = (done - out.rr[many])[rank[many] == 0]
        nth = np.cumsum(rank[many] == 0) - 1
        begin = out.t_s[many] - total[group] / 1000.0
        end = begin + (done - opened[nth]) / 1000.0
        out.t_s[many] = np.where(k == whole, out.t_s[many], end)
        out.source[many] = np.where(k == whole, out.source[many], -1)
    after = np.zeros(n + 1, dtype=bool)
    after[gone + 1] = True
    opened = (rank == 0) & after[origin]
    out.first[opened] = True
    return _with_wide_gaps(out, opened, book, settings)


def _members(start: IntArray, length: IntArray) -> IntArray:
    """All indices of the stretches."""
    return np.repeat(start - np.cumsum(length) + length, length) + np.arange(int(length.sum()))


def _near(
    beats: _Beats, local: FloatArray, index: IntArray, edge: IntArray, settings: CleanSettings
) -> FloatArray:
    """Neighbouring intervals of stretches, held near the running median."""
    middle = local[edge]
    there = (index >= 0) & (index < beats.rr.size)
    value = np.where(there, beats.rr[np.clip(index, 0, beats.rr.size - 1)], middle)
    room = settings.cycle_tolerance * middle
    return np.clip(value, middle - room, middle + room)


def _with_wide_gaps(
    beats: _Beats, opened: BoolArray, book: _Book, settings: CleanSettings
) -> _Beats:
    """Without intervals that follow a new gap too short to be seen on the time axis."""
    while True:
        gap = np.flatnonzero(opened[1:]) + 1
        gap = gap[np.abs(_pauses_s(beats, gap)) <= 2.0 * settings.time_tolerance_s]
        if not gap.size:
            return beats
        book.mask(beats.source[gap])
        narrow = _marked(np.zeros_like(beats.first), gap)
        opened = np.append(False, narrow[:-1])[~narrow]
        beats = beats.cut(~narrow)
