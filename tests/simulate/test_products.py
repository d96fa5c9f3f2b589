"""Every kind of export is read by the readers it was made for, and says what was simulated."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hrv import ingest, simulate
from hrv.cli_simulate import simulate_command
from hrv.model import DayQuantity, HeartRateSeries, ReadOptions, Recording, RRSeries, SpanKind
from hrv.settings import IngestSettings
from hrv.simulate.export import PRODUCTS

DAYS, SEED = 3, 6
STREAMS = {
    "fit": {"HeartRateSeries", "MotionSeries", "StressScoreSeries", "RmssdSeries", "RRSeries"},
    "garmin-zip": {"HeartRateSeries", "MotionSeries", "StressScoreSeries", "RmssdSeries"},
    "csv": {"HeartRateSeries", "MotionSeries", "RmssdSeries"},
    "hr": {"HeartRateSeries", "MotionSeries"},
    "rr": {"RRSeries"},
    "rr-night": {"RRSeries"},
    "e4": {"HeartRateSeries", "RRSeries", "MotionSeries"},
    "whoop": set(),
    "oura": {"HeartRateSeries"},
}
NIGHTLY = {"fit", "garmin-zip", "csv", "whoop", "oura"}
FORMATS = {
    "fit": "fit",
    "garmin-zip": "fit",
    "csv": "fitbit",
    "hr": "generic",
    "rr": "plain_rr",
    "rr-night": "plain_rr",
    "e4": "empatica_e4",
    "whoop": "whoop",
    "oura": "oura",
}


def test_every_product_is_tested() -> None:
    assert set(STREAMS) == set(FORMATS) == set(PRODUCTS)


def _read(folder: Path) -> list[Recording]:
    return list(ingest.read([folder], ReadOptions(), IngestSettings()))


@pytest.fixture(scope="module", params=list(PRODUCTS))
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, list[Recording]]:
    name: str = request.param
    folder = tmp_path_factory.mktemp("product") / "export"
    simulate.write("healing", folder, DAYS, SEED, products=(name,))
    return name, folder, _read(folder)


def test_its_reader_knows_it(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    formats = Counter(recording.source.format for recording in recordings)
    assert formats[FORMATS[name]] >= 1
    assert formats["tags"] == formats["ratings"] == 1
    kinds = {type(series).__name__ for r in recordings for series in r.series()}
    assert kinds >= STREAMS[name]


def test_nights_have_their_figures(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    made = {
        (value.day, value.quantity): value.value
        for r in simulate.recordings("healing", DAYS, SEED)
        for value in r.day_values
    }
    rmssd = {
        value.day: value.value
        for r in recordings
        for value in r.day_values
        if value.quantity is DayQuantity.RMSSD_MS
    }
    assert bool(rmssd) == (name in NIGHTLY)
    for day, ms in rmssd.items():
        assert ms == pytest.approx(made[day, DayQuantity.RMSSD_MS], abs=0.51)
    spans = [span for r in recordings for span in r.spans if span.kind is SpanKind.SLEEP]
    assert len(spans) == len(rmssd)


def test_heart_rates_are_those_of_the_day(product: tuple[str, Path, list[Recording]]) -> None:
    name, _, recordings = product
    series = [s for r in recordings for s in r.series() if isinstance(s, HeartRateSeries)]
    for heart in series:
        assert 40 < np.median(heart.hr_bpm) < 190, name
    beats = [s for r in recordings for s in r.series() if isinstance(s, RRSeries)]
    for one in beats:
        assert 300 < np.median(one.rr_ms) < 1600


def test_same_seed_same_bytes(product: tuple[str, Path, list[Recording]], tmp_path: Path) -> None:
    name, folder, _ = product
    again = simulate.write("healing", tmp_path / "export", DAYS, SEED, products=(name,))
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for path in files:
        assert (folder / path).read_bytes() == (again / path).read_bytes(), path


def test_the_newest_row_of_a_band_comes_first(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "export", 4, SEED, products=("whoop",))
    with zipfile.ZipFile(tmp_path / "export" / "my_whoop_data.zip") as archive:
        lines = archive.read("physiological_cycles.csv").decode().splitlines()
    starts = [line.split(",")[0] for line in lines[1:]]
    assert starts == sorted(starts, reverse=True)
    assert len(starts) >= 2


def test_an_account_nests_its_files_two_zips_deep(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "export", 2, SEED, products=("garmin-zip",))
    with zipfile.ZipFile(tmp_path / "export" / "garmin_account.zip") as archive:
        names = archive.namelist()
    assert "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip" in names
    assert not (tmp_path / "export" / "unpacked").exists()


def test_the_command_writes_and_says_where(tmp_path: Path) -> None:
    out = tmp_path / "someone"
    done = CliRunner().invoke(
        simulate_command, ["coping", "-o", str(out), "--days", "2", "--as", "hr,whoop"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [str(out), str(out) + ".truth.json"]
    assert (out / "heart_rate.csv").exists()
    assert (out / "my_whoop_data.zip").exists()


def test_the_command_refuses_a_date_that_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        simulate_command, ["coping", "-o", str(tmp_path / "x"), "--start", "soon"]
    )
    assert done.exit_code == 2
    assert "2026-01-05" in done.output
