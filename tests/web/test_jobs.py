"""A worker may crash, hang, lie or be killed: that upload says so, and the page lives on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from hrv.store import open_store
from hrv.web.history import number_of
from hrv.web.keep import Room
from tests.store.test_reduced import day
from tests.web.pages import Desk
from tests.web.pages import desk as opened


def test_a_crash_is_an_error_of_that_upload_alone(desk: Desk) -> None:
    bad = desk.uploaded([("a.csv", b"crash")])
    good = desk.uploaded([("b.csv", b"ok")])
    assert desk.finished(bad) == {"state": "failed", "code": "crashed"}
    assert desk.finished(good)["state"] == "done"
    assert "broke off" in desk.get(f"/u/{bad.id}").text
    assert desk.get("/").status_code == 200


def test_a_worker_that_ends_without_a_word_failed(desk: Desk) -> None:
    assert desk.finished(desk.uploaded([("a.csv", b"exit")]))["code"] == "crashed"


def test_a_result_of_a_worker_that_broke_off_is_not_believed(desk: Desk) -> None:
    assert desk.finished(desk.uploaded([("a.csv", b"lie")]))["state"] == "failed"


def test_a_hang_is_ended(tmp_path: Path) -> None:
    desk = opened(tmp_path, wall_s=0.5)
    upload = desk.uploaded([("a.csv", b"hang")])
    assert desk.finished(upload) == {"state": "failed", "code": "too_long"}
    assert desk.finished(desk.uploaded([("b.csv", b"ok")]))["state"] == "done"
    desk.jobs.close()


def test_a_killed_worker_is_an_error_and_can_be_run_again(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"hang")])
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert desk.finished(upload) == {"state": "failed", "code": "killed"}
    (upload.folder / "files" / "1").write_bytes(b"ok")
    desk.post(f"/u/{upload.id}/again")
    assert desk.finished(upload)["state"] == "done"


def test_two_run_at_once_and_the_others_wait_their_turn(desk: Desk) -> None:
    uploads = [desk.uploaded([("a.csv", b"hang")]) for _ in range(4)]
    desk.until(lambda: [desk.jobs.place(u.id) for u in uploads] == [0, 0, 1, 2])
    desk.jobs.stop(uploads[0].id)
    desk.until(lambda: [desk.jobs.place(u.id) for u in uploads] == [None, 0, 0, 1])


def test_deleting_a_running_upload_ends_it(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"hang")])
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    assert process is not None
    assert desk.post(f"/u/{upload.id}/delete").status_code == 303
    assert process.poll() is not None
    assert not upload.folder.exists()


def test_who_is_forgotten_is_not_brought_back_by_an_upload_under_way(desk: Desk) -> None:
    with open_store(desk.history.path) as store:
        store.add([day(0)], person="ada", name="a")
    upload = desk.uploaded([("b.csv", b"hang")], keep="yes", keep_person="ada")
    other = desk.uploaded([("c.csv", b"ok")], keep="yes", keep_person="bob")
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    assert process is not None
    assert desk.post(f"/u/{number_of('ada')}/delete").status_code == 303
    assert process.poll() is not None
    assert not upload.folder.exists()
    assert other.folder.exists()
    assert desk.history.people() == []


def test_a_failed_second_run_leaves_the_first_report(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    (upload.folder / "files" / "1").write_bytes(b"crash")
    desk.post(f"/u/{upload.id}/again")
    desk.finished(upload)
    page = desk.get(f"/u/{upload.id}").text
    assert "A headline." in page
    assert "The last run failed" in page


def test_figures_are_drawn_when_they_are_asked_for_and_then_kept(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    at_s = upload.runs()[0].at_s
    where = f"/u/{upload.id}/1/figures.zip"
    waiting = desk.get(where)
    assert waiting.status_code == 202
    assert 'http-equiv="refresh"' in waiting.text
    desk.until(lambda: desk.jobs.place(upload.id, 1) is None)
    seen = desk.get(where)
    assert (seen.status_code, seen.data, seen.mimetype) == (200, b"PK", "application/zip")
    assert desk.get(where).status_code == 200
    assert desk.jobs.place(upload.id, 1) is None
    assert upload.runs()[0].at_s == at_s
    assert desk.get(f"/u/{upload.id}/2/figures.zip").status_code == 404


@pytest.mark.parametrize("order", [b"then crash", b"then exit", b"then lie"])
def test_figures_that_cannot_be_drawn_say_so_and_may_be_tried_again(
    desk: Desk, order: bytes
) -> None:
    upload = desk.uploaded([("a.csv", order)])
    desk.finished(upload)
    where = f"/u/{upload.id}/1/figures.zip"
    for _ in range(2):
        assert desk.get(where).status_code == 202
        desk.until(lambda: desk.jobs.place(upload.id, 1) is None)
        failed = desk.get(where)
        assert failed.status_code == 500
        assert "could not be drawn" in failed.text
    assert desk.get(f"/u/{upload.id}").status_code == 200
    assert [path.name for path in upload.folder.glob("runs/*/*.part")] == []


def test_drawing_that_a_new_tag_ended_is_no_failure(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"then hang")])
    desk.finished(upload)
    where = f"/u/{upload.id}/1/figures.zip"
    desk.get(where)
    desk.until(lambda: desk.jobs.process(upload.id, 1) is not None)
    desk.post(f"/u/{upload.id}/add/tags", kind="event", start_date="2026-01-01")
    assert desk.get(where).status_code == 202


def test_deleting_an_upload_ends_the_drawing_of_its_figures(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"then hang")])
    desk.finished(upload)
    desk.get(f"/u/{upload.id}/1/figures.zip")
    desk.until(lambda: desk.jobs.process(upload.id, 1) is not None)
    process = desk.jobs.process(upload.id, 1)
    assert process is not None
    assert desk.post(f"/u/{upload.id}/delete").status_code == 303
    assert process.poll() is not None
    assert not upload.folder.exists()


def test_work_that_is_stopped_while_it_begins_does_not_go_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may = threading.Event(), threading.Event()
    start = desk.jobs._started

    def slowly(part: Path) -> subprocess.Popen[bytes]:
        begun.set()
        may.wait(10.0)
        return start(part)

    monkeypatch.setattr(desk.jobs, "_started", slowly)
    upload = desk.uploaded([("a.csv", b"hang")])
    assert begun.wait(10.0)
    threading.Timer(0.2, may.set).start()
    desk.jobs.stop(upload.id, 5.0)
    assert desk.jobs.place(upload.id) is None


def test_closing_ends_every_worker(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"hang")])
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    desk.jobs.close()
    assert process is not None
    assert process.poll() is not None


def test_a_new_page_forgets_what_was_half_done(tmp_path: Path) -> None:
    room = Room(tmp_path)
    drawing = tmp_path / "uploads" / ("0" * 32) / "runs" / "1" / "figures.part"
    arriving = room.arrive()
    (arriving / "half").write_bytes(b"x")
    (tmp_path / "trash" / "old").mkdir()
    folder = tmp_path / "uploads" / ("0" * 32)
    drawing.mkdir(parents=True)
    (folder / "runs" / "2.part").mkdir()
    again = Room(tmp_path)
    assert list((tmp_path / "incoming").iterdir()) == []
    assert list((tmp_path / "trash").iterdir()) == []
    assert [p.name for p in (folder / "runs").iterdir()] == ["1"]
    assert not drawing.exists()
    again.empty()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_twenty_uploads_at_once_are_all_answered(desk: Desk) -> None:
    uploads = [desk.uploaded([(f"{n}.csv", b"ok")]) for n in range(20)]
    assert {desk.finished(upload)["state"] for upload in uploads} == {"done"}
