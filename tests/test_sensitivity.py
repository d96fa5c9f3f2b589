"""What the answer hangs on, on people whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hrv import sensitivity, verdict
from hrv.calibrate.people import Person, context
from hrv.markers import MARKERS, Context, find_all
from hrv.model import State
from hrv.settings import Settings

HEALS = context(Person(half_time=-0.7, baseline_sd=-2.0), 120, np.random.default_rng(3), trends={})


@pytest.fixture(scope="module")
def varied() -> dict[tuple[str, float], State]:
    rows = sensitivity.vary(HEALS, find_all(HEALS))
    return {(one.name, one.tried): one.state for one in rows}


def test_every_gate_is_halved_and_doubled(varied: dict[tuple[str, float], State]) -> None:
    assert len(sensitivity.GATES) <= 8
    assert len(varied) == 16
    assert {("trend.alpha", 0.025), ("trend.alpha", 0.1)} <= set(varied)
    assert {("verdict.probable", 0.985), ("verdict.probable", 0.94)} <= set(varied)
    assert {("verdict.min_days", 28.0), ("verdict.min_days", 112.0)} <= set(varied)


def test_a_clear_answer_hangs_on_no_test(varied: dict[tuple[str, float], State]) -> None:
    tests = {state for (name, _), state in varied.items() if name.startswith("trend.")}
    assert tests == {State.HEALING}


def test_a_gate_that_closes_changes_the_answer() -> None:
    """Sixty days are enough at 56 and not at 112."""
    short = context(Person(), 60, np.random.default_rng(4), trends={})
    told = {(v.name, v.tried): v.state for v in sensitivity.vary(short, find_all(short))}
    assert told["verdict.min_days", 112.0] is State.INSUFFICIENT
    assert told["verdict.min_days", 28.0] is not State.INSUFFICIENT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trend.alpha", 0.1),
        ("trend.alpha_worse", 0.04),
        ("verdict.jump_over_line", 4.0),
        ("verdict.min_episodes", 80),
    ],
)
def test_it_is_what_the_whole_way_gives(
    name: str, value: float, varied: dict[tuple[str, float], State]
) -> None:
    anew: Context = replace(HEALS, settings=Settings().altered(name, value), trends=None)
    assert varied[name, float(value)] is verdict.judge(anew, find_all(anew)).state


def test_gates_name_their_markers() -> None:
    known = {m.id for m in MARKERS}
    settings = Settings().as_dict()
    for gate in sensitivity.EVERY:
        assert gate.name in settings
        assert set(gate.markers) <= known
