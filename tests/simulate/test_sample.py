"""The sample is what its documented command makes."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from hrv import simulate
from hrv.simulate import export, heart
from hrv.simulate.fit_export import FitExport

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".fit", ".csv")
    }


def test_the_first_days_of_the_sample_are_those_the_simulation_writes(tmp_path: Path) -> None:
    life = simulate.life("healing", 112, 1, 120.0)
    watch = FitExport(tmp_path, life, export.origin_s(simulate.START), export.OFFSET_S)
    for day in islice(heart.days(life), 3):
        watch.add(day)
    kept = _bytes(SAMPLE)
    made = _bytes(tmp_path)
    assert len(made) >= 5
    for name, data in made.items():
        assert kept[name] == data, f"{name}: run `make sample`"


@pytest.mark.slow
def test_the_whole_sample_is_what_the_simulation_writes(tmp_path: Path) -> None:
    made = simulate.write("healing", tmp_path / "export", 112, 1, 120.0)
    assert _bytes(made) == _bytes(SAMPLE), "run `make sample`"


def test_the_sample_is_long_and_small_enough() -> None:
    files = _bytes(SAMPLE)
    assert sum(map(len, files.values())) < 10_000_000
    assert sum("Monitor" in name for name in files) >= 84
