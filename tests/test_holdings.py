"""What files hold is what the analysis of them finds, and what they allow is what it can say."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from hrv import holdings, pipeline, simulate
from hrv.cli import main
from hrv.markers import MARKERS
from hrv.model import MarkerState, ReadOptions, Tier
from hrv.report.text import SENTENCES

DAYS = 8
KINDS = {
    "fit": Tier.MINUTE,
    "hr:15": Tier.FINE,
    "oura": Tier.SPARSE,
    "whoop": Tier.DAILY,
    "rr-night": Tier.BEATS,
}
PARAMS = [
    pytest.param(name, marks=pytest.mark.slow) if name in {"hr:15", "rr-night"} else name
    for name in KINDS
]
LACKS_KIND = {"needs_continuous_hr", "needs_waking_hr", "needs_sleep_times", "no_technique_tags",
              "no_event_tags", "no_ratings", "no_data", "recovery_not_from_workouts"}  # fmt: skip


@pytest.fixture(scope="module", params=PARAMS)
def export(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("holdings") / "export"
    simulate.write("healing", folder, DAYS, 3, products=(request.param,))
    return request.param, folder


def test_the_tier_and_the_markers_are_those_of_the_analysis(export: tuple[str, Path]) -> None:
    name, folder = export
    found = holdings.look([folder], ReadOptions()).together
    analysis = pipeline.analyse(pipeline.read([folder], ReadOptions()))
    assert found.tier is analysis.coverage.tier is KINDS[name]
    assert [each.id for each in found.markers] == [marker.id for marker in MARKERS]
    said = {each.id: each for each in analysis.markers}
    for each in found.markers:
        why = said[each.id].why_unknown
        code = "" if why is None else why.code
        if each.can == "no":
            assert said[each.id].state is MarkerState.UNKNOWN, each
        elif each.can == "yes":
            assert code not in LACKS_KIND, (each, code)


def test_days_are_counted_source_by_source_and_together(tmp_path: Path) -> None:
    simulate.write("healing", tmp_path / "e", 4, 3, products=("whoop", "oura"))
    found = holdings.look([tmp_path / "e"], ReadOptions())
    by = {one.format: one for one in found.sources}
    assert set(by) == {"whoop", "oura", "tags", "ratings"}
    assert by["whoop"].by == {"hr": 0, "rr": 0, "hrv": 4, "sleep": 4, "motion": 0,
                              "tags": by["whoop"].by["tags"]}  # fmt: skip
    assert by["oura"].by["hr"] >= 4
    assert by["oura"].hr_every_s == 300.0
    assert by["whoop"].tier is Tier.DAILY
    assert found.together.by["hrv"] == 4
    assert found.together.by["tags"] >= by["ratings"].by["tags"] == 4
    days = set().union(*(days for item in found.files for days in item.days.values()))
    assert found.together.days == len(days)
    assert (found.together.first_day, found.together.last_day) == (min(days), max(days))


def test_days_of_utc_files_are_local_and_like_files_stand_once(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "e", 2, 3, products=("samsung",))
    archive = next((tmp_path / "e").glob("*.zip"))
    (one,) = holdings.look([archive], ReadOptions()).sources
    assert (one.days, one.by["hr"], one.by["motion"]) == (2, 2, 2)  # three days in UTC
    shown = CliRunner().invoke(main, ["identify", str(archive)]).stdout
    minutes = [line for line in shown.splitlines() if "heart_rate.binning_data" in line]
    assert len(minutes) == 1
    assert "more like it" in minutes[0]


def test_a_poor_export_names_the_better_one(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "e", 3, 3, products=("whoop",))
    shown = CliRunner().invoke(main, ["identify", str(tmp_path / "e" / "my_whoop_data.zip")]).stdout
    assert "Data kind D: one value a day" in shown
    assert SENTENCES["need.export_continuous_hr"].split(";")[0] in " ".join(shown.split())
    assert "A trend needs 56 days" in shown


def test_the_table_is_readable_at_a_hundred_columns(export: tuple[str, Path]) -> None:
    shown = CliRunner().invoke(main, ["identify", str(export[1])]).stdout
    table = shown[shown.index("days with") :]
    assert all(len(line) <= 100 for line in table.splitlines())
    assert "together" in table
    assert sum(line.startswith(("  yes", "  in part", "  no")) for line in table.splitlines()) == 15


def test_the_same_facts_as_json(tmp_path: Path) -> None:
    simulate.write("unchanged", tmp_path / "e", 2, 3, products=("hr",))
    told = json.loads(CliRunner().invoke(main, ["identify", str(tmp_path), "--json"]).stdout)
    together = told["coverage"]["together"]
    assert together["tier"] == "C"
    assert together["first_day"] == "2026-01-05"
    assert together["by"]["hr"] == 2
    assert {each["id"] for each in together["markers"]} == {marker.id for marker in MARKERS}
    assert all(isinstance(n, int) for item in told["files"] for n in item["days"].values())


def test_what_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "hello")
    found = holdings.look([tmp_path / "x.zip"], ReadOptions())
    assert not found.sources
    assert found.together.tier is Tier.NOTHING
    assert all(each.can == "no" for each in found.together.markers)
    shown = CliRunner().invoke(main, ["identify", str(tmp_path / "x.zip")]).stdout
    assert "Nothing here can be used" in shown


def test_every_code_has_a_sentence() -> None:
    streams = ["technique", "event", "rating effort", "sleep", "deep_min", "motion", "exercise",
               "rmssd_ms"]  # fmt: skip
    for tier in Tier:
        for chosen in (streams, streams[3:], []):
            for each in holdings.allowed(tier, chosen):
                assert f"holds.can.{each.can}" in SENTENCES
                assert all(code in SENTENCES for code in (each.how, each.why) if code), each
                assert each.how or each.can == "no"
                assert each.why or each.can != "no"
