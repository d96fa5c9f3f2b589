"""The command line as a person uses it: answers on stdout, errors that say the way out."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hrv.cli import main

SAMPLE = Path(__file__).parents[1] / "sample_data"
KEYS = {
    "schema", "version", "settings", "seed", "inputs", "coverage", "verdict", "markers",
    "recovery", "baseline", "episodes", "days", "change", "ratings", "notes",
}  # fmt: skip


def hrv(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first month of the sample export, with its tags."""
    folder = tmp_path_factory.mktemp("month") / "export"
    for path in sorted((SAMPLE / "GARMIN").rglob("*.fit")):
        if "2026-01" in path.name:
            target = folder / path.relative_to(SAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for name in ("tags.csv", "ratings.csv"):
        shutil.copy(SAMPLE / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def reported(month: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("reports")
    result = hrv("report", month, "-o", out, "--no-self-test", "--as-of", "2026-05-01",
                 "--format", "html,json")  # fmt: skip
    return result, out / "export"


def test_a_month_gets_an_answer_with_levels(reported: tuple[Result, Path]) -> None:
    result, folder = reported
    assert result.exit_code == 0, result.output
    for head in ("Recovery", "Baseline", "Together", "Report:"):
        assert head in result.stdout
    assert (folder / "report.html").stat().st_size > 50_000


def test_the_record_has_the_stable_keys_and_no_nan(reported: tuple[Result, Path]) -> None:
    text = (reported[1] / "report.json").read_text(encoding="utf-8")
    record = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in report.json"))
    assert set(record) >= KEYS
    assert record["verdict"]["state"] == "insufficient"
    assert record["baseline"]["low"] < record["baseline"]["value"] < record["baseline"]["high"]
    assert len(record["markers"]) == 15
    for marker in record["markers"]:
        told = marker["estimate"] is not None or marker["why_unknown"]
        assert told or (marker["state"] == "described" and marker["sentence"]), marker["id"]
    for row in record["inputs"]:
        assert row["rows_refused"] == sum(r["rows"] for r in row["refusals"])


def test_the_same_input_gives_the_same_bytes(
    month: Path, reported: tuple[Result, Path], tmp_path: Path
) -> None:
    again = hrv("report", month, "-o", tmp_path, "--no-self-test", "--as-of", "2026-05-01",
                "--format", "html,json")  # fmt: skip
    assert again.exit_code == 0
    for name in ("report.json", "report.html"):
        assert (tmp_path / "export" / name).read_bytes() == (reported[1] / name).read_bytes()


def test_a_zip_says_the_same_as_its_folder(
    month: Path, reported: tuple[Result, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(month.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(month))
    result = hrv("report", tmp_path / "export.zip", "-o", tmp_path, "--no-self-test",
                 "--as-of", "2026-05-01", "--format", "json")  # fmt: skip
    assert result.exit_code == 0
    one = json.loads((reported[1] / "report.json").read_text())
    two = json.loads((tmp_path / "export" / "report.json").read_text())
    for key in ("verdict", "recovery", "baseline", "markers", "episodes", "days"):
        assert one[key] == two[key], key


def test_tags_that_are_none_are_an_error_and_lost_rows_are_told(
    month: Path, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.md"
    letter.write_text("# Dear Anna\n")
    done = hrv("report", month, "--tags", letter, "-o", tmp_path, "--no-self-test")
    assert done.exit_code == 3
    assert "letter.md: nothing in it can be used as tags" in done.stderr
    tags = tmp_path / "more.csv"
    tags.write_text("start,kind\n2026-01-09,event\n2026-02-30,event\n")
    done = hrv("report", month, "--tags", tags, "-o", tmp_path, "--no-self-test",
               "--format", "json")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "more.csv: 1 not used: " in done.stderr


def test_a_day_to_come_that_is_taken_for_today_is_no_wrong_clock(tmp_path: Path) -> None:
    rows = "".join(f"2099-01-{day:02d},60\n" for day in range(1, 29))
    (tmp_path / "resting.csv").write_text("date,resting heart rate (bpm)\n" + rows)
    used = []
    for more in ([], ["--as-of", "2099-02-01"]):
        done = hrv("report", tmp_path / "resting.csv", "-o", tmp_path, "--json", *more,
                   "--format", "json")  # fmt: skip
        inputs = json.loads(done.stdout)["inputs"] if done.exit_code == 0 else []
        used.append(sum(row["rows_used"] for row in inputs))
    assert used == [0, 28]


def test_json_goes_to_standard_output_alone(month: Path, tmp_path: Path) -> None:
    result = hrv("report", month, "-o", tmp_path, "--no-self-test", "--json", "--format", "json")
    assert json.loads(result.stdout)["verdict"]["state"] == "insufficient"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "empty.csv", "empty"),
        (b"\x0e\x10\x43\x08\xff\xff\xff\x7f.FIT", "cut.fit", "cut.fit"),
        (b"once upon a time\nthere was a heart\n", "story.txt", "no known format"),
        (b"PK\x03\x04 not a zip", "broken.zip", "broken.zip"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cut.csv.gz", "cut.csv"),
    ],
)
def test_what_cannot_be_used_is_named_and_ends_with_three(
    tmp_path: Path, content: bytes, name: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = hrv("report", path, "-o", tmp_path / "out")
    assert result.exit_code == 3, result.output
    assert expected in result.stderr
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_one_bad_file_among_good_ones_is_a_note(month: Path, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("once upon a time\n")
    result = hrv("report", month, tmp_path / "story.txt", "-o", tmp_path / "out", "--no-self-test",
                 "--format", "json", "--name", "r")  # fmt: skip
    assert result.exit_code == 0
    record = json.loads((tmp_path / "out" / "r" / "report.json").read_text())
    assert any("story.txt" in f"{row['file']}" for row in record["inputs"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["report"], "no input"),
        (["report", "nowhere.fit"], "nowhere.fit"),
        (["report", str(SAMPLE), "--format", "docx"], "docx"),
        (["report", str(SAMPLE), "--since", "yesterday"], "yesterday"),
        (["report", str(SAMPLE / "tags.csv"), "--tz", "Mars/Base"], "Mars/Base"),
        (["report", str(SAMPLE / "tags.csv"), "--tz", "Berlin"], "Europe/Berlin"),
        (["report", str(SAMPLE / "tags.csv"), "--since", "2026-04-01", "--until", "2026-03-01"],
         "ends before it begins"),
        (["report", str(SAMPLE / "tags.csv"), "--change-date", "2031-01-01"],
         "nothing to compare around 2031-01-01"),
        (["formats", "garmim"], "garmim"),
        (["explain", "rmsd"], "rmssd"),
    ],
)  # fmt: skip
def test_a_wrong_request_ends_with_two(arguments: list[str], expected: str) -> None:
    result = hrv(*arguments)
    assert result.exit_code == 2, result.output
    assert expected in result.output


def test_identify_says_what_files_are_and_why(month: Path) -> None:
    result = hrv("identify", month)
    assert result.exit_code == 0
    assert "tags.csv" in result.stdout
    assert "why:" in result.stdout
    told = json.loads(hrv("identify", month, "--json").stdout)
    assert {item["format"] for item in told["files"]} >= {"fit"}
    assert told["coverage"]


def test_every_format_and_every_name_is_explained() -> None:
    known, _, rest = hrv("formats").stdout.partition("\n\n")
    assert "Kubios" in rest
    listed = [line.split()[0] for line in known.splitlines()]
    assert len(listed) > 30
    for name in listed:
        shown = hrv("formats", name)
        assert shown.exit_code == 0
        told = ("How to export:", "What is read:", "Times:", "HRV:", "Limits:", "gives ")
        assert all(f"\n{title}" in shown.stdout for title in told), name
    for name in hrv("explain").stdout.split():
        assert len(hrv("explain", name).stdout) > 40, name


def test_a_change_date_gives_before_and_after(month: Path, tmp_path: Path) -> None:
    result = hrv("report", month, "-o", tmp_path, "--no-self-test", "--format", "json", "--name",
                 "r", "--change-date", "2026-01-16", "--change-label", "moved house")  # fmt: skip
    assert result.exit_code == 0, result.output
    change = json.loads((tmp_path / "r" / "report.json").read_text())["change"]
    assert change["date"] == "2026-01-16"
    assert change["label"] == "moved house"
