"""Importing, looking, reporting and forgetting on the command line."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hrv.cli import main


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HRV_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def hrv(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def answered(*arguments: object) -> str:
    result = hrv(*arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def export(folder: Path, days: range, name: str = "hr.csv") -> Path:
    """Heart rate every minute, one file a day, in a ZIP."""
    path = folder / f"{name}-{days.start}-{days.stop}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for day in days:
            rng = np.random.default_rng(day)
            rows = [["timestamp", "heart_rate"]]
            for minute in range(1440):
                at = f"2026-03-{day + 1:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z"
                rows.append([at, str(int(60 + rng.integers(0, 9)))])
            text = "\n".join(",".join(row) for row in rows)
            archive.writestr(f"{day}.csv", text + "\n")
    return path


def test_the_same_export_twice_adds_nothing(store: Path, tmp_path: Path) -> None:
    file = export(tmp_path, range(3))
    first = json.loads(answered("import", file, "--json"))
    again = json.loads(answered("import", file, "--json"))
    assert (first["files_new"], first["rows_added"], first["days_added"]) == (3, 3 * 1440, 3)
    assert (again["files_known"], again["rows_added"], again["days_added"]) == (3, 0, 0)
    assert again["upload"] is None
    assert "3 known already" in answered("import", file)


def test_only_what_is_new_of_a_grown_export_arrives(store: Path, tmp_path: Path) -> None:
    answered("import", export(tmp_path, range(3)), "--person", "ada")
    grown = json.loads(answered("import", export(tmp_path, range(5)), "--json"))
    assert (grown["person"], grown["files_known"], grown["files_new"]) == ("ada", 3, 2)
    assert (grown["days_before"], grown["days_after"]) == (3, 5)
    uploads = json.loads(answered("history", "--files", "--json"))
    assert [u["days"] for u in uploads] == [5, 3]
    assert len(uploads[0]["file_list"]) == 5
    assert "2026-03-01 to 2026-03-05" in answered("history")


def test_a_report_without_input_reads_the_store(store: Path, tmp_path: Path) -> None:
    file = export(tmp_path, range(4))
    answered("import", file, "--person", "ada")
    common = ("--format", "json", "--as-of", "2026-04-01", "--no-self-test")
    answered("report", "-o", tmp_path / "kept", *common)
    answered("report", file, "-o", tmp_path / "fresh", "--name", "ada", *common)
    kept, fresh = ((tmp_path / way / "ada" / "report.json") for way in ("kept", "fresh"))
    assert kept.read_bytes() == fresh.read_bytes()
    (row,) = json.loads(answered("clients", "--json"))
    assert (row["person"], row["last_day"], row["last_report"]["tier"]) == (
        "ada",
        "2026-03-04",
        "C",
    )
    assert "ada: 4 days, newest 2026-03-04" in answered("clients")


def test_files_given_beside_the_store_join_the_report_and_are_not_kept(
    store: Path, tmp_path: Path
) -> None:
    answered("import", export(tmp_path, range(2)))
    tags = tmp_path / "tags.csv"
    with tags.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["start", "kind", "label"], ["2026-03-01T10:00:00Z", "event", "argument"]]
        )
    out = answered("report", "-o", tmp_path / "r", "--tags", tags, "--json", "--format", "json",
                   "--no-self-test")  # fmt: skip
    assert "tags.csv" in [Path(row["file"]).name for row in json.loads(out)["inputs"]]
    assert len(json.loads(answered("history", "--files", "--json"))[0]["file_list"]) == 2


def test_several_people_must_be_named(store: Path, tmp_path: Path) -> None:
    for code, days in (("ada", range(2)), ("bob", range(2, 4))):
        answered("import", export(tmp_path, days), "--person", code)
    result = hrv("report", "-o", tmp_path / "r")
    assert result.exit_code == 2
    assert "ada, bob" in result.output
    assert hrv("import", export(tmp_path, range(1))).exit_code == 2
    assert hrv("report", "--person", "eve").exit_code == 2
    assert [row["person"] for row in json.loads(answered("clients", "--sort", "age", "--json"))] \
        == ["ada", "bob"]  # fmt: skip


def test_forgetting_asks_and_then_deletes(store: Path, tmp_path: Path) -> None:
    answered("import", export(tmp_path, range(4)), "--person", "ada")
    assert hrv("forget", "--person", "ada").exit_code == 1
    assert json.loads(answered("clients", "--json"))[0]["days"] == 4
    answered("forget", "--before", "2026-03-03", "--yes")
    assert json.loads(answered("clients", "--json"))[0]["first_day"] == "2026-03-03"
    done = json.loads(answered("forget", "--upload", 1, "--yes", "--json"))
    assert (done["people"], done["complete"]) == (1, True)
    assert hrv("forget", "--yes").exit_code == 2
    assert hrv("forget", "--upload", 9, "--yes").exit_code == 3


def test_the_doctor_finds_damage_and_writes_a_backup(store: Path, tmp_path: Path) -> None:
    assert "none yet" in answered("doctor")
    answered("import", export(tmp_path, range(2)))
    assert "Nothing is wrong." in answered("doctor", "--backup", tmp_path / "copy.sqlite3")
    assert (tmp_path / "copy.sqlite3").stat().st_size > 0
    (store / "history.sqlite3").write_bytes(b"not a database" * 1000)
    result = hrv("doctor", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["problems"]


def test_a_report_reads_files_or_the_store_but_not_both(store: Path, tmp_path: Path) -> None:
    assert hrv("report", export(tmp_path, range(1)), "--store", store).exit_code == 2
    assert hrv("history").exit_code == 3
    assert not store.exists()
