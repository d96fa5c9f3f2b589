"""The routes, as a browser without scripting uses them."""

from __future__ import annotations

import html
import logging
import re
from pathlib import Path

import pytest

from hrv.web import guard, words
from hrv.web.keep import Upload, write_json
from tests.web.pages import HOST, Desk
from tests.web.pages import desk as opened


def test_the_start_page_has_a_form_and_no_inline_code(desk: Desk) -> None:
    page = desk.get("/")
    assert page.status_code == 200
    assert 'type="file"' in page.text
    assert "webkitdirectory" in page.text
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|javascript:", page.text)
    assert not re.search(r"https?://", page.text)


def test_the_cookie_is_strict_and_hidden_from_scripts(desk: Desk) -> None:
    cookie = desk.get("/").headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie
    assert "Set-Cookie" not in desk.get("/").headers


def test_an_upload_becomes_a_page_and_a_row_of_the_history(desk: Desk) -> None:
    upload = desk.uploaded([("my export.csv", b"ok")], tz="Europe/Berlin")
    assert desk.finished(upload)["state"] == "done"
    page = desk.get(f"/u/{upload.id}").text
    assert "A headline." in page
    assert upload.request["tz"] == "Europe/Berlin"
    assert "my export.csv" in desk.get("/").text
    assert list((desk.room.base / "incoming").iterdir()) == []


def test_a_large_file_passes_whole(desk: Desk) -> None:
    content = b"ok" + b"1700000000,61\n" * 20_000
    upload = desk.uploaded([("large.csv", content), ("after.csv", b"x" * 150_000)])
    assert (upload.folder / "files" / "1").read_bytes() == content
    assert upload.facts["files"][1]["bytes"] == 150_000


def test_the_script_gets_an_address_instead_of_a_redirect(desk: Desk) -> None:
    token = desk.token()
    desk.headers["X-Token"] = token
    seen = desk.send([("a.csv", b"ok")])
    assert seen.status_code == 200
    assert seen.json is not None
    assert seen.json["location"].startswith("/u/")


def test_nothing_chosen_is_said_by_the_field(desk: Desk) -> None:
    seen = desk.send([])
    assert seen.status_code == 422
    assert words.say("error.no_file") in seen.text
    assert 'aria-invalid="true"' in seen.text
    assert desk.room.uploads() == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("tz", "Middle/Earth", "error.zone"),
        ("tz", "../../etc/localtime", "error.zone"),
        ("since", "2026-13-01", "error.date"),
        ("change_date", "soon", "error.date"),
    ],
)
def test_a_setting_that_cannot_be_is_said_and_nothing_is_kept(
    desk: Desk, field: str, value: str, code: str
) -> None:
    seen = desk.send([("a.csv", b"ok")], **{field: value})
    assert seen.status_code == 422
    assert html.escape(words.say(code)) in seen.text
    assert desk.room.uploads() == []
    assert list((desk.room.base / "incoming").iterdir()) == []


def test_a_period_that_ends_before_it_starts_is_refused(desk: Desk) -> None:
    seen = desk.send([("a.csv", b"ok")], since="2026-02-01", until="2026-01-01")
    assert words.say("error.order") in seen.text


def test_tags_and_ratings_are_listed_marked_as_new_and_removed(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    where = f"/u/{upload.id}"
    day = "2026-01-02"
    times = {"start_date": day, "start_time": "08:30", "end_date": day, "end_time": "08:45"}
    desk.post(f"{where}/add/tags", None, None, kind="technique", label="breathing", **times)
    desk.post(f"{where}/add/ratings", date="2026-01-02", scale="present", value="6")
    assert upload.added["tags"][0]["start"] == "2026-01-02T08:30:00"
    page = desk.get(where).text
    assert "breathing" in page
    assert words.say("up.changed", n=2) in page
    desk.post(f"{where}/drop/{upload.added['tags'][0]['id']}")
    assert upload.added["tags"] == []
    assert words.say("up.changed", n=1) in desk.get(where).text


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("tags", {"kind": "spell", "start_date": "2026-01-01"}),
        ("tags", {"kind": "event"}),
        ("tags", {"kind": "event", "start_date": "2026-01-02", "end_date": "2026-01-01"}),
        ("tags", {"kind": "event", "start_date": "2026-01-02", "start_time": "25:00"}),
        ("tags", {"kind": "event", "start_date": "2026-01-02", "intensity": "11"}),
        ("tags", {"kind": "event", "start_date": "2026-01-02", "intensity": "nan"}),
        ("ratings", {"date": "2026-01-01", "scale": "present", "value": "11"}),
        ("ratings", {"date": "2026-01-01", "scale": "present", "value": "much"}),
        ("ratings", {"date": "2026-01-01", "scale": "other", "value": "3"}),
        ("ratings", {"date": "", "scale": "present", "value": "3"}),
    ],
)
def test_an_entry_that_cannot_be_is_refused_by_its_field(
    desk: Desk, kind: str, fields: dict[str, str]
) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    seen = desk.post(f"/u/{upload.id}/add/{kind}", None, None, **fields)
    assert seen.status_code == 422
    assert 'class="wrong"' in seen.text
    assert upload.entries() == set()


def test_moments_become_tags_or_are_asked_no_more(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    day = "2026-01-0"
    asked = [{"start": f"{day}{n}T10:00:00", "end": f"{day}{n}T10:20:00"} for n in (3, 2, 1)]
    write_json(upload.folder / "runs" / "1" / "moments.json", asked)
    assert words.say("ask.open", n=3) in desk.get(f"/u/{upload.id}").text
    answers = {"what_0": "event", "label_0": "call", "what_1": "nothing", "what_9": "event"}
    desk.post(f"/u/{upload.id}/answer", None, None, **answers)
    assert [(t["start"], t["label"]) for t in upload.added["tags"]] == [
        (f"{day}3T10:00:00", "call")
    ]
    page = desk.get(f"/u/{upload.id}").text
    assert words.say("ask.open", n=1) in page
    assert "Thu 2026-01-01, 10:00–10:20" in page


def test_two_runs_can_be_compared(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    assert desk.post(f"/u/{upload.id}/again").status_code == 303
    desk.finished(upload)
    page = desk.get(f"/compare?run={upload.id}.1&run={upload.id}.2")
    assert page.status_code == 200
    assert page.text.count("1:30 (1:00–2:00)") == 2
    assert desk.get(f"/compare?run={upload.id}.1").status_code == 400
    own = desk.get(f"/u/{upload.id}").text
    assert all(f'name="run" value="{upload.id}.{run}"' in own for run in (1, 2))


def test_a_folder_is_named_as_a_whole(desk: Desk) -> None:
    desk.uploaded([("GARMIN/Sleep/a.fit", b"ok"), ("GARMIN/b.fit", b"ok")])
    assert re.search(r"<bdi>GARMIN</bdi>\s*with 2 files", desk.get("/").text)
    desk.uploaded([("x/a.fit", b"ok"), ("b.fit", b"ok")])
    assert re.search(r"<bdi>x/a.fit</bdi>\s*and 1 more", desk.get("/").text)


def test_a_file_that_could_not_be_used_is_asked_nothing_more(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"crash")])
    desk.finished(upload)
    page = desk.get(f"/u/{upload.id}").text
    assert 'id="five"' not in page
    assert 'id="again"' in page


def test_delete_leaves_nothing(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    assert desk.post(f"/u/{upload.id}/delete").status_code == 303
    assert desk.get(f"/u/{upload.id}").status_code == 404
    left = [p for p in desk.room.base.rglob("*") if p.is_file()]
    assert left == []


def test_a_report_that_is_not_ours_may_do_nothing(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    seen = desk.get(f"/u/{upload.id}/1/report.html")
    assert seen.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")


def test_the_policy_of_a_report_is_kept_only_when_it_is_strict() -> None:
    good = (
        "default-src 'none'; img-src data:; style-src 'sha256-" + "A" * 43 + "='; "
        "script-src 'sha256-" + "b" * 43 + "='; base-uri 'none'; form-action 'none'"
    )
    assert guard.report_policy([good]) == good + "; frame-ancestors 'none'"
    for bad in ("script-src *", good + "; script-src *", good.replace("'none'; img", "*; img")):
        assert "sandbox" in guard.report_policy([bad])


def test_a_page_that_waits_refreshes_without_scripting(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"hang")])
    page = desk.get(f"/u/{upload.id}").text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "<progress" in page
    state = desk.get(f"/u/{upload.id}/state").json
    assert state is not None
    assert state["state"] in {"running", "waiting"}
    assert desk.post(f"/u/{upload.id}/stop").status_code == 303
    assert 'http-equiv="refresh"' not in desk.get(f"/u/{upload.id}").text


def test_the_log_names_no_file_and_no_value(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("secret 61 bpm of anna.csv")

    monkeypatch.setattr(desk.room, "keep", broken)
    with caplog.at_level(logging.DEBUG):
        seen = desk.send([("anna.csv", b"ok")])
    assert seen.status_code == 500
    assert "anna" not in caplog.text + seen.text
    assert "61 bpm" not in caplog.text + seen.text
    assert "ValueError in" in caplog.text
    assert list((desk.room.base / "incoming").iterdir()) == []


def test_the_folders_are_private(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    folders = [desk.room.base, *(p for p in desk.room.base.rglob("*") if p.is_dir())]
    assert {p.stat().st_mode & 0o777 for p in folders} == {0o700}


def test_a_full_disk_and_a_full_queue_are_said(tmp_path: Path) -> None:
    full = opened(tmp_path / "a", spare_bytes=1 << 60)
    assert full.send([("a.csv", b"ok")]).status_code == 507
    full.jobs.close()
    busy = opened(tmp_path / "b", waiting=0)
    assert busy.send([("a.csv", b"ok")]).status_code == 503
    assert busy.room.uploads() == []
    busy.jobs.close()


def test_a_password_is_asked_of_everybody(desk: Desk, tmp_path: Path) -> None:
    from hrv.web.app import Page, create

    door = guard.Door(port=8765, password="correct horse battery")
    app = create(
        Page(room=desk.room, jobs=desk.jobs, door=door, limits=desk.limits, history=desk.history)
    )
    client = app.test_client()
    for path in ("/", "/static/page.css", "/nothing"):
        assert client.get(path, headers={"Host": HOST}).status_code == 401
    wrong = client.get("/", headers={"Host": HOST}, auth=("x", "wrong"))
    assert wrong.status_code == 401
    right = client.get("/", headers={"Host": HOST}, auth=("x", "correct horse battery"))
    assert right.status_code == 200


def test_every_sentence_that_is_used_is_in_the_table() -> None:
    folder = Path(words.__file__).parent
    text = "".join(p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*.html")))
    text += "".join(p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.py")))
    used = set(re.findall(r"""\bt\(["']([a-z0-9_.]+)["'][,)]""", text))
    used |= set(re.findall(r"""\bsay\(["']([a-z0-9_.]+)["'][,)]""", text))
    assert len(used) > 80
    assert used - set(words.SENTENCES) == set()


def test_every_sentence_of_the_page_is_there_in_german_with_the_same_facts() -> None:
    english, german = (words.table(language) for language in words.LANGUAGES)
    assert set(english) == set(german)
    for code, sentence in english.items():
        found = [sorted(re.findall(r"{(\w+)}", one)) for one in (sentence, german[code])]
        assert found[0] == found[1], code


def test_the_page_speaks_as_the_browser_asks_and_as_it_is_told(desk: Desk) -> None:
    assert '<html lang="de">' in desk.get("/", **{"Accept-Language": "de-AT,de;q=0.9"}).text
    assert '<html lang="en">' in desk.get("/", **{"Accept-Language": "fr"}).text
    seen = desk.post("/language", language="de", back="/formats")
    assert seen.location == "/formats"
    assert "SameSite=Strict" in seen.headers["Set-Cookie"]
    page = desk.get("/").text
    assert words.say("home.go", "de") in page
    assert desk.post("/language", language="de", back="//evil.example/").location == "/"
    assert desk.post("/language", language="xx", back="/").status_code == 400


def reported(desk: Desk) -> Upload:
    """An upload whose report has a week with nights, and rises."""
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    record = {
        "settings": {"question.window": ["2026-01-01", "2026-01-10"]},
        "episodes": [{"start": f"2026-01-0{n}T10:00:00+01:00", "half_time_s": 60.0 * n,
                      "accepted": True, "kind": "stress"} for n in range(1, 6)],
        "baseline": {"measure": "night_hr_bpm"},
        "days": [{"date": f"2026-01-0{n}", "night_hr_bpm": 50.0 + n} for n in range(1, 6)],
    }  # fmt: skip
    write_json(upload.folder / "runs" / "1" / "report.json", record)
    return upload


def test_a_tag_is_drawn_at_once_on_every_time_axis(desk: Desk) -> None:
    upload = reported(desk)
    where = f"/u/{upload.id}"
    page = desk.get(where).text
    assert page.count('class="dots"') == 2
    assert 'class="tag' not in page
    (upload.folder / "files" / "1").write_bytes(b"hang")  # the report does not follow in this test
    begun = {"start_date": "2026-01-06", "start_time": "12:00"}
    desk.post(f"{where}/add/tags", None, None, kind="event", label="call", **begun)
    desk.post(f"{where}/add/tags", None, None, kind="illness", start_date="2026-01-09")
    drawn = desk.get(where).text
    assert drawn.count('<path class="tag new" d="M550.0 0V100"/>') == 2
    assert drawn.count('<rect class="tag new" x="800.0"') == 2
    assert words.say("draw.tag.new", what="call", when="2026-01-06 12:00") in drawn


def test_a_tag_can_be_changed_and_nothing_else_becomes_of_it(desk: Desk) -> None:
    upload = reported(desk)
    where = f"/u/{upload.id}"
    desk.post(f"{where}/add/tags", None, None, kind="event", label="call", start_date="2026-01-06")
    old = upload.added["tags"][0]["id"]
    form = desk.get(f"{where}?edit={old}").text
    assert words.say("tags.save") in form
    assert 'value="call"' in form
    new = {"kind": "technique", "label": "breathing", "start_date": "2026-01-07"}
    assert desk.post(f"{where}/change/tags/{old}", None, None, **new).status_code == 303
    (row,) = upload.added["tags"]
    assert (row["kind"], row["label"], row["start"]) == ("technique", "breathing", "2026-01-07")
    assert desk.post(f"{where}/change/tags/{old}", None, None, **new).status_code == 404
    wrong = {**new, "start_date": "soon"}
    seen = desk.post(f"{where}/change/tags/{row['id']}", None, None, **wrong)
    assert seen.status_code == 422
    assert f"/change/tags/{row['id']}" in seen.text


def test_a_report_that_is_there_is_made_anew_when_something_is_said(desk: Desk) -> None:
    upload = reported(desk)
    desk.post(f"/u/{upload.id}/add/tags", None, None, kind="event", start_date="2026-01-06")
    desk.until(lambda: len(upload.runs()) == 2)
    assert desk.finished(upload)["state"] == "done"


def test_the_five_questions_are_kept_once_and_may_stay_open(desk: Desk) -> None:
    upload = reported(desk)
    where = f"/u/{upload.id}"
    assert words.say("five.answered", n=0, of=5) in desk.get(where).text
    desk.post(f"{where}/five", training="more", training_since="2026-01-02", rhythm="no", cycle="")
    (row,) = upload.added["questions"]
    assert row["training"] == {"choice": "more", "since": "2026-01-02"}
    assert set(row) == {"id", "training", "rhythm"}
    page = desk.get(where).text
    assert words.say("five.answered", n=2, of=5) in page
    assert '<option value="more" selected>' in page
    desk.post(f"{where}/five", training="less")
    assert [row["training"]["choice"] for row in upload.added["questions"]] == ["less"]
    desk.post(f"{where}/five")
    assert upload.added["questions"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"training": "a lot"},
        {"illness": "yes", "illness_since": "2026-02-30"},
        {"illness": "yes", "illness_since": "2026-02-02", "illness_until": "2026-02-01"},
    ],
)
def test_an_answer_that_cannot_be_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    upload = reported(desk)
    seen = desk.post(f"/u/{upload.id}/five", None, None, **fields)
    assert seen.status_code == 422
    assert 'class="wrong"' in seen.text
    assert upload.added["questions"] == []
