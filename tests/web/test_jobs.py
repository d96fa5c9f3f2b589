"""A worker may crash, hang, lie or be killed: that upload says so, and the page lives on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from hrv.web.keep import Room
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


def test_a_failed_second_run_leaves_the_first_report(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    (upload.folder / "files" / "1").write_bytes(b"crash")
    desk.post(f"/u/{upload.id}/again")
    desk.finished(upload)
    page = desk.get(f"/u/{upload.id}").text
    assert "A headline." in page
    assert "The last run failed" in page


def test_closing_ends_every_worker(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"hang")])
    desk.until(lambda: desk.jobs.process(upload.id) is not None)
    process = desk.jobs.process(upload.id)
    desk.jobs.close()
    assert process is not None
    assert process.poll() is not None


def test_a_new_page_forgets_what_was_half_done(tmp_path: Path) -> None:
    room = Room(tmp_path)
    arriving = room.arrive()
    (arriving / "half").write_bytes(b"x")
    (tmp_path / "trash" / "old").mkdir()
    folder = tmp_path / "uploads" / ("0" * 32)
    (folder / "runs" / "1").mkdir(parents=True)
    (folder / "runs" / "2.part").mkdir()
    again = Room(tmp_path)
    assert list((tmp_path / "incoming").iterdir()) == []
    assert list((tmp_path / "trash").iterdir()) == []
    assert [p.name for p in (folder / "runs").iterdir()] == ["1"]
    again.empty()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_twenty_uploads_at_once_are_all_answered(desk: Desk) -> None:
    uploads = [desk.uploaded([(f"{n}.csv", b"ok")]) for n in range(20)]
    assert {desk.finished(upload)["state"] for upload in uploads} == {"done"}
