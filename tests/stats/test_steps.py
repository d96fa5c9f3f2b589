"""A step is found where it is, and noise with memory is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from hrv.model import FloatArray
from hrv.stats import Step, largest_step

DAYS = np.arange(20_000, 20_120)


def noise(seed: int, phi: float = 0.0, n: int = DAYS.size) -> FloatArray:
    rng = np.random.default_rng(seed)
    value = np.empty(n)
    value[0] = rng.standard_normal()
    for k in range(1, n):
        value[k] = phi * value[k - 1] + (1.0 - phi**2) ** 0.5 * rng.standard_normal()
    return value


def searched(value: FloatArray, seed: int = 0) -> Step:
    step = largest_step(DAYS, value, edge_days=21, rng=np.random.default_rng(seed), exponent=-1.0)
    assert step is not None
    return step


def test_a_clear_step_is_dated_and_sized() -> None:
    step = searched(noise(1) + 3.0 * (DAYS >= 20_070))
    assert abs(step.day - 20_070) <= 1
    assert step.size == pytest.approx(3.0, abs=0.5)
    assert step.p_value < 0.01
    assert step.over_line > 10.0


def test_a_slope_is_told_from_a_step() -> None:
    step = searched(0.3 * noise(2) + 3.0 * (DAYS - 20_000) / 120.0)
    assert step.p_value < 0.05
    assert step.over_line < -10.0


def test_size_and_scale_go_together() -> None:
    value = noise(3) + 2.0 * (DAYS >= 20_050)
    one, other = searched(value), searched(7.0 - 10.0 * value)
    assert other.day == one.day
    assert other.size == pytest.approx(-10.0 * one.size)
    assert other.p_value == one.p_value


def test_what_is_held_constant_is_no_step() -> None:
    known = (DAYS >= 20_060).astype(float)
    step = largest_step(
        DAYS,
        noise(4) + 5.0 * known,
        edge_days=21,
        rng=np.random.default_rng(0),
        held=known[:, None],
    )
    assert step is not None
    assert abs(step.size) < 1.5


def test_there_must_be_room_for_a_step() -> None:
    rng = np.random.default_rng(0)
    assert largest_step(DAYS[:40], noise(5)[:40], edge_days=21, rng=rng) is None
    assert largest_step(DAYS, np.ones(DAYS.size), edge_days=21, rng=rng) is None


def test_noise_with_memory_is_rarely_a_step() -> None:
    rejected = [searched(noise(100 + k, 0.5), k).p_value <= 0.05 for k in range(60)]
    assert np.mean(rejected) <= 0.12
