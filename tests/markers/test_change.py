"""Before and after a named date."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hrv.calibrate.counts import ALPHA, clopper_pearson, count
from hrv.calibrate.people import FIRST_DAY, Person, context
from hrv.markers import Break
from hrv.markers.change import before_after
from hrv.model import Tier
from tests.benchmarks import quiet_month

MIDDLE = FIRST_DAY + 60


def test_without_a_date_there_is_nothing_to_say() -> None:
    assert before_after(context(Person(), 120, np.random.default_rng(1))) is None


def test_a_date_outside_the_window_is_not_compared() -> None:
    seen = context(Person(), 60, np.random.default_rng(1), change_day=FIRST_DAY + 400)
    assert before_after(seen) is None


def test_a_step_at_the_date_is_found_and_sized() -> None:
    person = Person(step=(0.5, -2.0))
    seen = context(person, 120, np.random.default_rng(2), change_day=MIDDLE)
    found = before_after(seen, "therapy began")
    assert found is not None
    assert found["label"] == "therapy began"
    resting = found["baseline"]
    assert resting["state"] == "improving"
    spread = np.std([d.arousal_z for d in seen.days[:28] if d.arousal_z is not None], ddof=1)
    assert resting["difference"]["value"] == pytest.approx(-2.0 * spread, abs=0.8)
    assert resting["before"]["value"] > resting["after"]["value"]
    assert found["recovery"]["state"] == "undetermined"


@pytest.mark.parametrize(("apart", "told"), [(0, False), (1, False), (25, True)])
def test_a_new_device_at_the_date_leaves_no_answer(apart: int, told: bool) -> None:
    person = Person(step=(0.5, -2.0))
    known = (Break(day=MIDDLE + apart, kind="device", label="new"),)
    seen = context(person, 120, np.random.default_rng(2), change_day=MIDDLE, breaks=known)
    found = before_after(seen)
    assert found is not None
    assert (found["baseline"]["state"] == "improving") is told
    if not told:
        assert found["baseline"]["why_unknown"]["code"] == "confounded"
        assert found["recovery"]["why_unknown"]["code"] == "confounded"


def test_steady_people_get_no_step() -> None:
    told = 0
    for k in range(12):
        seen = context(Person(), 90, np.random.default_rng([3, k]), change_day=FIRST_DAY + 45)
        found = before_after(seen)
        assert found is not None
        told += found["baseline"]["state"] in ("improving", "worsening")
    assert told <= 2


def test_two_halves_of_a_quiet_month_are_not_called_different() -> None:
    found = quiet_month.simulated(Person(phi=0.7), 28, people=20)
    assert len(found.primaries) == 20
    assert clopper_pearson(count(found.primaries))[0] <= ALPHA


@pytest.mark.slow
@pytest.mark.parametrize("days", [28, 56])
def test_two_halves_of_real_quiet_time_are_not_called_different(
    shared_data: Path, days: int
) -> None:
    found = quiet_month.real(shared_data / "studies", days)
    for tally in found.values():
        assert clopper_pearson(count(tally.primaries))[0] <= ALPHA
    assert found["lifesnaps"].primaries
    assert days > 28 or found["fitabase"].primaries


def test_stretches_do_not_overlap_and_hold_most_of_their_days() -> None:
    known = [d for d in range(100, 170) if d not in (105, 106, 107, 108)]
    assert list(quiet_month.stretches(known, 28)) == [107, 135]
    assert list(quiet_month.stretches(range(10), 28)) == []


def test_a_week_after_the_date_is_too_short() -> None:
    seen = context(Person(), 67, np.random.default_rng(4), change_day=FIRST_DAY + 60)
    found = before_after(seen)
    assert found is not None
    assert found["baseline"]["why_unknown"]["code"] == "few_days_a_side"


def test_what_the_tier_cannot_time_is_said() -> None:
    seen = context(Person(), 120, np.random.default_rng(5), change_day=MIDDLE)
    daily = replace(seen, coverage=replace(seen.coverage, tier=Tier.DAILY))
    found = before_after(daily)
    assert found is not None
    assert found["recovery"]["why_unknown"]["code"] == "needs_continuous_hr"


def test_the_section_can_be_written_down() -> None:
    seen = context(Person(), 120, np.random.default_rng(6), change_day=MIDDLE)
    found = before_after(seen, "move")
    assert json.loads(json.dumps(found, allow_nan=False))["date"] == "2024-12-03"
