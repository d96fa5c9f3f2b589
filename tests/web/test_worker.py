"""The worker itself, on small real exports: what it shows, keeps, and when it gives up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from hrv.cli import main
from hrv.model import LocalClock, owned
from hrv.report.text import SENTENCES
from hrv.web import words, worker
from hrv.web.jobs import WORKER
from hrv.web.keep import write_json
from tests.web.pages import Desk
from tests.web.pages import desk as opened

SAMPLES = Path(__file__).parents[1] / "samples"


def packed(folder: Path) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(folder).as_posix())
    return out.getvalue()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = opened(tmp_path_factory.mktemp("real") / "page", WORKER)
    yield made
    made.jobs.close()


def test_an_export_becomes_a_report_in_every_format(real: Desk) -> None:
    export = packed(SAMPLES / "whoop")
    upload = real.uploaded([("my whoop.zip", export), ("notes.txt", b"no data here\n")])
    assert real.finished(upload, 120)["state"] == "done"
    page = real.get(f"/u/{upload.id}").text
    assert words.say("up.yes") in page
    assert words.say("up.not") in page
    assert "WHOOP" in page
    assert words.say("data.daily") in page
    assert words.say("up.allows", tier=SENTENCES["tier.D"]) in page
    assert page.count(f">{SENTENCES['holds.can.no']}<") >= 5  # rises need more than a day's value
    assert SENTENCES["holds.resting"] in page
    assert real.get(f"/u/{upload.id}/1/figures.zip").status_code == 202
    real.until(lambda: real.jobs.place(upload.id, 1) is None, 120)
    for name, begin in (("report.html", b"<!doctype"), ("report.pdf", b"%PDF"),
                        ("report.json", b"{"), ("figures.zip", b"PK")):  # fmt: skip
        seen = real.get(f"/u/{upload.id}/1/{name}")
        assert seen.status_code == 200
        assert seen.data.startswith(begin), name
    report = real.get(f"/u/{upload.id}/1/report.html")
    policy = report.headers["Content-Security-Policy"]
    assert "sandbox" not in policy
    assert "script-src 'sha256-" in policy
    assert not (upload.folder / "runs" / "1" / "view").exists()


def test_a_second_run_reads_no_file_and_says_the_same(real: Desk) -> None:
    upload = real.uploaded([("whoop.zip", packed(SAMPLES / "whoop"))])
    real.finished(upload, 120)
    read = (upload.folder / "understood.json").stat().st_mtime_ns
    real.post(f"/u/{upload.id}/again")
    assert real.finished(upload, 120)["state"] == "done"
    first, second = (run.folder / "report.json" for run in reversed(upload.runs()))
    assert first.read_bytes() == second.read_bytes()
    assert (upload.folder / "understood.json").stat().st_mtime_ns == read
    real.post(f"/u/{upload.id}/again", None, None, tz="Asia/Tokyo", language="en")
    assert real.finished(upload, 120)["state"] == "done"
    assert (upload.folder / "understood.json").stat().st_mtime_ns > read


def test_the_page_and_the_command_line_say_the_same(real: Desk, tmp_path: Path) -> None:
    export = tmp_path / "whoop.zip"
    export.write_bytes(packed(SAMPLES / "whoop"))
    upload = real.uploaded([("whoop.zip", export.read_bytes())])
    assert real.finished(upload, 120)["state"] == "done"
    run = upload.runs()[0]
    done = CliRunner().invoke(main, ["report", str(export), "-o", str(tmp_path / "out"), "--as-of",
                                     upload.request["as_of"]])  # fmt: skip
    assert done.exit_code == 0, done.output
    written = (tmp_path / "out" / "whoop" / "report.json").read_bytes()
    assert run.read("report.json")["markers"] == json.loads(written)["markers"]
    assert (run.folder / "report.json").read_bytes() == written


def test_a_wrong_file_is_refused_with_the_reason(real: Desk) -> None:
    upload = real.uploaded([("letter.txt", b"Dear Anna, how are you?\n")])
    outcome = real.finished(upload, 120)
    assert (outcome["state"], outcome["code"]) == ("failed", "refused")
    page = real.get(f"/u/{upload.id}").text
    assert words.say("failed.refused") in page
    assert "no known format" in page
    assert "hrv formats" not in page
    assert "--map" not in page


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("a text, no table. See 'hrv formats', or name it with --map", "a text, no table."),
        ("nothing can be used:\n  a.csv: row 2.5 is empty. See 'hrv formats'\n  b.fit: cut off",
         "nothing can be used:\n  a.csv: row 2.5 is empty.\n  b.fit: cut off"),
        ("Export it again", "Export it again"),
    ],
)  # fmt: skip
def test_the_page_names_no_command(told: str, shown: str) -> None:
    assert worker._on_the_page(told) == shown


def test_kept_recordings_stay_and_their_files_go(real: Desk) -> None:
    export = packed(SAMPLES / "whoop")
    said = {"keep": "yes", "keep_person": "anna", "tz": "Europe/Berlin", "language": "de"}
    upload = real.uploaded([("whoop.zip", export)], **said)
    outcome = real.finished(upload, 120)
    assert outcome["state"] == "done", outcome
    assert outcome["imported"]["days_added"] == outcome["imported"]["days_given"] > 0
    assert not (upload.folder / "files").exists()
    people = real.history.people()
    assert [one["code"] for one in people] == ["anna"]
    assert people[0]["sentence"]
    assert real.history.settings("anna") == {"tz": "Europe/Berlin", "language": "de"}
    paper = real.get(f"/u/{people[0]['number']}/two-pages.pdf")
    assert paper.data == (upload.folder / "runs" / "1" / "report.pdf").read_bytes()
    assert '<html lang="de"' in real.get(f"/u/{upload.id}/1/report.html").text
    again = real.uploaded([("whoop.zip", export)], keep="yes", keep_person="anna")
    assert real.finished(again, 120)["imported"]["days_added"] == 0

    number = people[0]["number"]
    assert "anna" in real.get("/").text
    assert real.get(f"/u/{number}").status_code == 200
    day = people[0]["last"]
    real.post(f"/u/{number}/add/tags", None, None, kind="illness", start_date=day, label="flu")
    assert real.history.added("anna")["tags"][0]["label"] == "flu"
    real.post(f"/u/{number}/five", rhythm="irregular")
    real.post(f"/u/{number}/again")
    person = real.room.upload(number)
    assert person is not None
    assert real.finished(person, 120)["state"] == "done"
    from hrv.store import open_store

    with open_store(real.history.path) as store:
        assert [span.label for span in store.spans("anna")] == ["flu"]
        assert store.answers("anna")["questions"] == {"rhythm": {"choice": "irregular"}}
    assert "unregelmäßig" in real.get(f"/u/{number}/1/report.html").text
    real.post(f"/u/{number}/delete")
    assert real.history.people() == []


def test_a_tag_in_local_time_finds_its_instant_across_the_change_of_clocks() -> None:
    clock = LocalClock(owned([0.0, 1774746000.0]), owned([3600.0, 7200.0]))  # 2026-03-29 01:00 UTC
    row = {"kind": "event", "label": "", "intensity": "", "end": ""}
    winter = worker.span_of({**row, "start": "2026-03-29T01:30:00"}, clock)
    assert winter.start_s == 1774746000.0 - 1800.0
    summer = worker.span_of({**row, "start": "2026-03-29T03:30:00"}, clock)
    assert summer.start_s == 1774746000.0 + 1800.0
    whole = worker.span_of({**row, "start": "2026-03-29"}, clock)
    assert whole.all_day
    assert whole.end_s - whole.start_s == 23 * 3600.0


@pytest.mark.slow
def test_what_was_promised_to_the_store_survives_a_kill(tmp_path: Path) -> None:
    desk = opened(tmp_path / "page", WORKER, at_once=1)
    export = packed(SAMPLES / "whoop")
    upload = desk.uploaded([("whoop.zip", export)], keep="yes", keep_person="anna")
    other = desk.uploaded([("whoop.zip", export)])
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    desk.jobs.close()
    later = opened(tmp_path / "page", WORKER, at_once=1)
    promised = later.room.empty()
    assert [one.id for one in promised] == [upload.id]
    assert later.room.upload(other.id) is None
    later.jobs.start(upload.id)
    assert later.finished(upload, 120)["state"] == "done"
    assert [one["code"] for one in later.history.people()] == ["anna"]
    later.jobs.close()


def test_a_worker_ends_when_its_page_is_gone(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    part = upload.folder / "runs" / "9.part"
    part.mkdir()
    write_json(part / "job.json", {"limits": {"wall_s": 60, "memory_bytes": 1 << 32}})
    process = subprocess.Popen([*WORKER, str(part)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 3
    assert not (part / "outcome.json").exists()


def test_too_little_memory_is_said_and_harms_nobody(tmp_path: Path) -> None:
    desk = opened(tmp_path / "page", WORKER, memory_bytes=120 << 20)
    upload = desk.uploaded([("whoop.zip", packed(SAMPLES / "whoop"))])
    outcome = desk.finished(upload, 60)
    assert outcome["state"] == "failed"
    assert outcome["code"] in {"memory", "crashed", "killed"}
    assert desk.get("/").status_code == 200
    desk.jobs.close()


def test_nothing_of_the_person_is_in_the_place_of_an_error() -> None:
    try:
        raise ValueError("61 bpm in anna.csv")
    except ValueError as error:
        said = worker._place(error)
    assert said.startswith("ValueError, test_worker.py line")
    assert "anna" not in json.dumps(said)
