"""Moments asked about afterwards."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from hrv.asking import APART_S, KINDS, LEAST_S, RECENT_DAYS, moments, sheet, template
from hrv.model import EpisodeKind, SpanKind
from tests.ingest.samples import one, write
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


def local_s(text: str) -> float:
    return float(np.datetime64(text, "s").astype(int)) - builders.OFFSET_S


def quiet_moments() -> list[dict[str, str]]:
    analysis = builders.healing()
    local = {written(fit.episode.start_s) for fit in analysis.fits}
    return [row for row in moments(analysis) if row["start"] not in local]


def test_quiet_moments_are_far_from_every_rise() -> None:
    rises = [fit.episode for fit in builders.healing().fits]
    assert quiet_moments()
    for row in quiet_moments():
        start, end = local_s(row["start"]), local_s(row["end"])
        assert all(end <= e.start_s - APART_S or start >= e.end_s + APART_S for e in rises)


def test_quiet_moments_last_as_long_as_the_rises_asked_about() -> None:
    lengths = {round((local_s(r["end"]) - local_s(r["start"])) / 60) for r in quiet_moments()}
    asked = {round((f.episode.end_s - f.episode.start_s) / 60) for f in builders.healing().fits}
    assert lengths <= {max(n, round(LEAST_S / 60)) for n in asked}
    assert {row["start"][14:16] for row in quiet_moments()} != {"00"}


def test_workouts_and_tagged_rises_are_not_asked_about() -> None:
    analysis = builders.healing()
    asked = {row["start"] for row in moments(analysis)}
    for fit in analysis.fits:
        if fit.episode.kind is EpisodeKind.EXERCISE or fit.episode.label:
            assert written(fit.episode.start_s) not in asked


def test_without_a_rise_nothing_is_asked() -> None:
    assert moments(builders.nothing()) == []


def test_the_sheet_is_read_as_tags_once_it_is_filled_in(tmp_path: Path) -> None:
    found = moments(builders.healing())
    text = sheet(found).replace(f"{found[0]['end']},,", f"{found[0]['end']},event,row", 1)
    recording = one(write(tmp_path, "answers.csv", text), tz="Etc/GMT-2")
    assert [(s.kind, s.label, s.start_s) for s in recording.spans] == [
        (SpanKind.EVENT, "row", local_s(found[0]["start"]))
    ]
    assert recording.rows_used == 1
    assert recording.rows_refused == len(found) - 1


def test_the_template_names_every_kind_and_is_read(tmp_path: Path) -> None:
    assert all(kind in template() for kind in KINDS)
    rows = "".join(f"2026-03-{i + 1:02d} 10:00,,{kind},x,\n" for i, kind in enumerate(KINDS))
    recording = one(write(tmp_path, "anything.csv", template() + rows), tz="UTC")
    assert [span.kind for span in recording.spans] == list(KINDS)
