"""`hrv tags`: moments to ask about, and an empty sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hrv.cli import main


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(main, arguments)
    return found.exit_code, found.stdout, found.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of minutes at rest with a rise every three waking hours."""
    path = tmp_path_factory.mktemp("rec") / "hr.csv"
    rng = np.random.default_rng(3)
    hr = 62.0 + 1.2 * rng.standard_normal(2 * 1440)
    for start in [d * 1440 + h * 60 for d in range(2) for h in (9, 12, 15, 18, 21)]:
        hr[start : start + 25] += 22.0 * 0.5 ** (np.maximum(np.arange(25) - 8, 0) / 3.0)
    lines = [
        f"2026-03-{2 + i // 1440:02d}T{i // 60 % 24:02d}:{i % 60:02d}:00Z,{v:.0f}"
        for i, v in enumerate(hr)
    ]
    path.write_text("time,hr\n" + "\n".join(lines) + "\n")
    return path


def test_moments_are_listed_and_written_without_heights(recorded: Path, tmp_path: Path) -> None:
    out = tmp_path / "tags.csv"
    code, said, _ = run("tags", "--ask", str(recorded), "--out", str(out))
    assert code == 0
    listed = [line for line in said.splitlines() if line.strip()[:1].isdigit()]
    rows = [r for r in out.read_text().splitlines() if r[:1].isdigit()]
    assert 4 <= len(listed) == len(rows) <= 10
    assert "bpm" not in said
    assert all(row.endswith(",,,") for row in rows)
    code, _, error = run("tags", "--ask", str(recorded), "--out", str(out))
    assert code == 2
    assert "there already" in error


def test_the_same_moments_every_time_and_as_json(recorded: Path) -> None:
    first, second = (run("tags", "--ask", "--json", str(recorded))[1] for _ in range(2))
    assert json.loads(first) == json.loads(second)
    assert set(json.loads(first)[0]) == {"start", "end"}


def test_the_template_goes_to_standard_output() -> None:
    code, said, _ = run("tags", "--template")
    assert code == 0
    assert said.splitlines()[-1] == "start,end,kind,label,intensity"


@pytest.mark.parametrize("arguments", [(), ("--ask",), ("--ask", "--template")])
def test_wrong_use_is_named(arguments: tuple[str, ...]) -> None:
    assert run("tags", *arguments)[0] == 2
