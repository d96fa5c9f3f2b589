"""Moments asked about afterwards."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from hrv.model import EpisodeKind
from hrv.web.questions import APART_S, QUIET_S, RECENT_DAYS, moments
from tests.report import builders


def written(t_s: float) -> str:
    """The local minute of an instant."""
    return str(np.datetime64(int((t_s + builders.OFFSET_S) // 60 * 60), "s"))


def test_moments_are_recent_mixed_and_the_newest_first() -> None:
    analysis = builders.healing()
    found = moments(analysis)
    starts = [datetime.fromisoformat(row["start"]) for row in found]
    assert 4 <= len(found) <= 10
    assert starts == sorted(starts, reverse=True)
    assert (starts[0] - starts[-1]).days <= RECENT_DAYS
    assert all(set(row) == {"start", "end"} for row in found)
    assert moments(analysis) == found


def test_quiet_moments_are_far_from_every_rise() -> None:
    analysis = builders.healing()
    rises = [fit.episode for fit in analysis.fits]
    local = {written(e.start_s) for e in rises}
    quiet = [row for row in moments(analysis) if row["start"] not in local]
    assert quiet
    for row in quiet:
        t_s = float(np.datetime64(row["start"], "s").astype(int)) - builders.OFFSET_S
        assert row["end"] == written(t_s + QUIET_S)
        assert all(t_s + QUIET_S <= e.start_s - APART_S or t_s >= e.end_s + APART_S for e in rises)


def test_workouts_and_tagged_rises_are_not_asked_about() -> None:
    analysis = builders.healing()
    asked = {row["start"] for row in moments(analysis)}
    for fit in analysis.fits:
        if fit.episode.kind is EpisodeKind.EXERCISE or fit.episode.label:
            assert written(fit.episode.start_s) not in asked


def test_without_a_rise_nothing_is_asked() -> None:
    assert moments(builders.nothing()) == []
