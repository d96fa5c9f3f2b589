"""How long until a change shows, on the command line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from scipy.stats import chi2

from hrv import power
from hrv.cli import main
from hrv.cli_power import lines
from tests.report.builders import undetermined
from tests.test_power import seen

SAMPLES = Path(__file__).parent / "samples"


def test_each_sign_has_its_weeks_with_an_interval() -> None:
    analysis = undetermined()
    shown = replace(seen(0.25), log=True)
    analysis = replace(analysis, recovery=replace(analysis.recovery, trend=shown))
    text = "\n".join(lines(analysis))
    found = re.search(r"20 % +(\d+) weeks \((\d+)-(\d+)\)", text)
    assert found is not None
    weeks, low, high = map(int, found.groups())
    assert low < weeks < high
    assert weeks == pytest.approx(power.wait(shown, 0.2231).weeks, abs=0.6)
    assert "The 90 days seen would have shown a change of 22 %" in text


def test_the_interval_is_that_of_a_variance() -> None:
    low, high = power.noise_interval(seen(0.4))
    assert low == pytest.approx(50.0 / chi2.ppf(0.975, 50.0))
    assert high == pytest.approx(50.0 / chi2.ppf(0.025, 50.0))


def test_days_too_few_for_a_trend_say_so() -> None:
    done = CliRunner().invoke(main, ["power", str(SAMPLES / "whoop")])
    assert done.exit_code == 0, done.output
    assert done.output.count("no trend yet: ") == 2


def test_without_input_or_store_it_says_what_to_give(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["power", "--store", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "hrv power INPUT" in done.output
