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

    who: IntArray  # may stand in several sets
    time: FloatArray  # until the end, or last seen
    ended: BoolArray
    traits: FloatArray  # (members, covariates)


def matched_hazards(sets: Sequence[MatchedSet]) -> tuple[FloatArray, FloatArray] | None:
    """Log hazard ratios of the covariates and their covariance; None where the sets do not tell.

    Partial likelihood stratified by set, ties by Breslow. The covariance adds up by member, who
    may stand in many sets: Lin & Wei (1989), doi:10.1080/01621459.1989.10478874.
    """
    sets = [one for one in sets if one.ended.any()]
    if not sets:
        return None
    p = sets[0].traits.shape[1]
    beta = np.zeros(p)
    for _ in range(ROUNDS):
        score, information, _ = _score(sets, beta)
        step = np.linalg.pinv(information) @ score  # a trait that all share has no say
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    if not np.all(np.abs(beta) < LARGEST):
        return None
    _, information, parts = _score(sets, beta)
    inverse = np.linalg.pinv(information)
    covariance: FloatArray = inverse @ (parts.T @ parts) @ inverse
    return beta, covariance


def _score(
    sets: Sequence[MatchedSet], beta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score, information, and what each person adds to the score."""
    size = 1 + max(int(one.who.max()) for one in sets)
    parts = np.zeros((size, beta.size))
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
        np.add.at(parts, one.who, np.einsum("tm,tmk->mk", surprise, apart))
        information += np.einsum("t,tm,tmk,tml->kl", d, share, apart, apart)
    score: FloatArray = parts.sum(axis=0)
    return score, information, parts
