"""Times to an end in matched sets: proportional hazards within each set, one set a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hrv.model import BoolArray, FloatArray, IntArray

ROUNDS = 30
LARGEST = 10.0  # of a coefficient; beyond it the sets do not tell


@dataclass(frozen=True, slots=True, eq=False)
class MatchedSet:
    """Members who were all at risk at time 0."""

    cluster: IntArray  # members of one cluster, also in other sets, share what is not known
    time: FloatArray  # until the end, or last seen
    ended: BoolArray
    traits: FloatArray  # (members, covariates)


@dataclass(frozen=True, slots=True, eq=False)
class Hazards:
    """Log hazard ratios of the covariates."""

    ln_ratio: FloatArray
    se: FloatArray
    df: int  # one less than the sets or the clusters that tell, whichever are fewer

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Bounds of the log hazard ratios, from Student's t."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.df, 0.5 + level / 2.0)) * self.se
        return self.ln_ratio - half, self.ln_ratio + half

    def p_values(self) -> FloatArray:
        """Two-sided."""
        from scipy.special import stdtr

        p: FloatArray = 2.0 * stdtr(self.df, -np.abs(self.ln_ratio) / np.maximum(self.se, 1e-12))
        return p


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What each member of each set adds to the score."""

    score: FloatArray  # (members of all sets, covariates)
    information: FloatArray  # (covariates, covariates), of all together
    of_set: IntArray
    cluster: IntArray


def matched_hazards(sets: Sequence[MatchedSet]) -> Hazards | None:
    """Proportional hazards, one baseline a set; None where the sets do not tell.

    Partial likelihood stratified by set, ties by Breslow. Two parts of the score are dependent
    when they share a set, whose baseline its few members estimate together, or a cluster: a member
    may stand in many sets. Neither alone is enough, so the robust variance (Lin & Wei 1989,
    doi:10.1080/01621459.1989.10478874) adds up by both and takes off what is counted twice
    (Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136). Never less than either alone.
    """
    sets = [one for one in sets if one.ended.any()]
    if not sets:
        return None
    p = sets[0].traits.shape[1]
    beta = np.zeros(p)
    for _ in range(ROUNDS):
        parts = _parts(sets, beta)
        # a trait that all share has no say
        step = np.linalg.pinv(parts.information) @ parts.score.sum(axis=0)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    if not np.all(np.abs(beta) < LARGEST):
        return None
    parts = _parts(sets, beta)
    by_set, n_sets = _variance(parts, parts.of_set)
    by_cluster, n_clusters = _variance(parts, parts.cluster)
    if min(n_sets, n_clusters) < 2:
        return None
    by_both, _ = _variance(parts, np.column_stack((parts.of_set, parts.cluster)))
    variance = np.maximum(by_set + by_cluster - by_both, np.maximum(by_set, by_cluster))
    return Hazards(beta, np.sqrt(variance), min(n_sets, n_clusters) - 1)


def _variance(parts: _Parts, key: IntArray) -> tuple[FloatArray, int]:
    """Robust variance of the coefficients for groups independent of each other; their number."""
    _, group = np.unique(key, axis=0, return_inverse=True)
    n = int(group.max()) + 1
    total = np.zeros((n, parts.score.shape[1]))
    np.add.at(total, group.ravel(), parts.score)
    moved = total @ np.linalg.pinv(parts.information)
    variance: FloatArray = np.sum(moved**2, axis=0) * n / max(n - 1, 1)
    return variance, n


def _parts(sets: Sequence[MatchedSet], beta: FloatArray) -> _Parts:
    score = []
    information = np.zeros((beta.size, beta.size))
    for one in sets:
        weight = np.exp(one.traits @ beta)
        times = np.unique(one.time[one.ended])[:, None]
        at_risk, ending = one.time >= times, one.ended & (one.time == times)
        share = at_risk * weight
        share = share / share.sum(axis=1, keepdims=True)
        mean = share @ one.traits
        d = ending.sum(axis=1)
        surprise = ending - d[:, None] * share
        apart = one.traits[None, :, :] - mean[:, None, :]
        score.append(np.einsum("tm,tmk->mk", surprise, apart))
        information += np.einsum("t,tm,tmk,tml->kl", d, share, apart, apart)
    return _Parts(
        np.concatenate(score),
        information,
        np.repeat(np.arange(len(sets)), [one.time.size for one in sets]),
        np.concatenate([one.cluster for one in sets]),
    )
