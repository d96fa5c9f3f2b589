from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hrv.cli import main


def test_a_small_table_is_made_and_named(tmp_path: Path) -> None:
    options = ["--part", "trend_daily", "--runs", "10", "--cell", "28d/ar0/gauss"]
    result = CliRunner().invoke(main, ["calibrate", "-o", str(tmp_path), *options])
    assert result.exit_code == 0, result.output
    assert result.stdout.split() == [
        str(tmp_path / "trend_daily.json"),
        str(tmp_path / "trend_daily.md"),
    ]
    assert "10 runs a cell, 1 of 48 cells" in (tmp_path / "trend_daily.md").read_text()


def test_an_unknown_table_lists_the_known_ones(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["calibrate", "-o", str(tmp_path), "--part", "nonsense"])
    assert result.exit_code == 2
    assert "trend_episodes" in result.output
