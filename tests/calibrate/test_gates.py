"""What the verdict hangs on, counted over people of known truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from hrv import sensitivity
from hrv.calibrate import calibrate, gates, verdicts
from hrv.calibrate.counts import Result
from hrv.calibrate.tables import gate_table
from hrv.settings import Settings

CELL = gates.GateCell("unchanged", 0)


@pytest.fixture(scope="module")
def counted() -> Result:
    return gates.run(CELL, 2, Settings(), np.random.default_rng(1))


def test_every_gate_is_counted_halved_and_doubled(counted: Result) -> None:
    states = counted["states"]
    assert isinstance(states, Mapping)
    assert len(states) == 1 + 2 * len(sensitivity.EVERY)
    assert all(sum(told.values()) == 2 for told in states.values())
    assert {"verdict.min_days=28", "verdict.min_days=112"} <= set(states)


def test_people_are_those_of_the_verdict_s_own_table(counted: Result) -> None:
    alone = [
        verdicts.found("unchanged", gates.DAYS, k, Settings().seed, Settings()) for k in (0, 1)
    ]
    states = counted["states"]
    assert isinstance(states, Mapping)
    assert sum(states[gates.USED].values()) == len(alone)
    assert set(states[gates.USED]) == {row["state"] for row in alone}


def test_who_gets_another_state_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        0: {gates.USED: "partial", "trend.alpha=0.025": "undetermined"},
        1: {gates.USED: "healing", "trend.alpha=0.025": "healing"},
    }
    monkeypatch.setattr(gates, "answers", lambda *asked: told[asked[1]])
    found = gates.run(CELL, 2, Settings(), np.random.default_rng(1))
    assert found["changed"] == {gates.USED: 0, "trend.alpha=0.025": 1}
    page = gate_table({CELL.name: found})
    assert "## unchanged, 2 people" in page
    assert "| threshold | healing | partial | undetermined | other |" in page
    assert "| trend.alpha 0.025 (set: 0.05) | .500 | .000 | .500 | 0.500 [0.013, 0.987] |" in page


def test_the_table_is_written_and_names_its_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "answers", lambda *_: {gates.USED: "coping"})
    _, page = calibrate(
        tmp_path, parts=("sensitivity",), runs=20, only=lambda name: "/coping/" in name
    )
    assert "## coping, 20 people" in page.read_text()
