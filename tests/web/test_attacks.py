"""What a hostile page, file or program tries, what it should get, and what it gets."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from hrv import holdings
from hrv.model import ReadOptions
from hrv.web import worker
from tests.web.pages import BROWSER, HOST, ORIGIN, Desk

EVIL = "http://evil.example"
NOWHERE = "0" * 32
Sent = Callable[[Desk], TestResponse]


def asked(path: str, **headers: str | None) -> Sent:
    """GET with the browser's headers; None leaves one out."""
    given = {"Host": HOST, **{k.replace("_", "-"): v for k, v in headers.items()}}
    kept = {k: v for k, v in given.items() if v is not None}
    environ = {"HTTP_HOST": ""} if "Host" not in kept else {}
    return lambda desk: desk.client.get(
        path, headers=kept, base_url=ORIGIN, environ_overrides=environ
    )


def posted(path: str, data: dict[str, Any] | None = None, **headers: str | None) -> Sent:
    """POST with everything right except what the headers change."""
    changed = {**BROWSER, **{k.replace("_", "-"): v for k, v in headers.items()}}
    kept = {k: v for k, v in changed.items() if v is not None}

    def send(desk: Desk) -> TestResponse:
        fields = {"token": desk.token()} if data is None else data
        return desk.client.post(path, data=fields, headers=kept, base_url=ORIGIN)

    return send


def without_cookie(desk: Desk) -> TestResponse:
    token = desk.token()
    desk.client.delete_cookie("hrv", domain="127.0.0.1")
    return desk.post("/upload", {"token": token})


def with_foreign_cookie(desk: Desk) -> TestResponse:
    token = desk.token()
    desk.client.set_cookie("hrv", "a" * 32, domain="127.0.0.1")
    return desk.post("/upload", {"token": token})


def with_broken_cookie(desk: Desk) -> TestResponse:
    token = desk.token()
    desk.client.set_cookie("hrv", "../../x", domain="127.0.0.1")
    return desk.post("/upload", {"token": token})


def bare(path: str, **environ: Any) -> Sent:
    """A POST whose WSGI environment is changed after all headers are right."""

    def send(desk: Desk) -> TestResponse:
        desk.token()
        return desk.client.post(
            path, data=b"", headers=BROWSER, base_url=ORIGIN, environ_overrides=environ
        )

    return send


def many_parts(desk: Desk) -> TestResponse:
    files = [(io.BytesIO(b"x"), "a") for _ in range(desk.limits.files + 1)]
    return desk.client.post(
        "/upload", data={"token": desk.token(), "files": files}, headers=BROWSER, base_url=ORIGIN
    )


def long_field(desk: Desk) -> TestResponse:
    data = {"token": desk.token(), "tz": "x" * (desk.limits.field_bytes + 1),
            "files": (io.BytesIO(b"x"), "a")}  # fmt: skip
    return desk.client.post("/upload", data=data, headers=BROWSER, base_url=ORIGIN)


def deleting_elsewhere(desk: Desk) -> TestResponse:
    return desk.post(f"/u/..%2f..%2f{NOWHERE}/delete")


PROBES: list[tuple[str, Sent, int]] = [
    # other machines and rebound names
    ("a rebound name", asked("/", Host="evil.example"), 421),
    ("a rebound name with our port", asked("/", Host="evil.example:8765"), 421),
    ("our name with another port", asked("/", Host="127.0.0.1:1"), 421),
    ("our name without a port", asked("/", Host="localhost"), 421),
    ("no name at all", asked("/", Host=None), 421),
    ("a name that begins like ours", asked("/", Host="127.0.0.1.evil.example:8765"), 421),
    ("a name that ends like ours", asked("/", Host="evil.localhost:8765"), 421),
    ("a name with a user part", asked("/", Host="127.0.0.1:8765@evil.example"), 421),
    ("another spelling of the address", asked("/", Host="2130706433:8765"), 421),
    ("the address of all interfaces", asked("/", Host="0.0.0.0:8765"), 421),
    ("a rebound name on a static file", asked("/static/page.js", Host="evil.example"), 421),
    ("a rebound name on a missing page", asked("/nothing", Host="evil.example"), 421),
    ("a rebound name on a state", asked(f"/u/{NOWHERE}/state", Host="evil.example"), 421),
    ("a rebound name that agrees with its origin",
     posted("/upload", Host="evil.example:8765", Origin="http://evil.example:8765"), 421),
    ("a forwarded name", asked("/", Host="evil.example", X_Forwarded_Host=HOST), 421),
    # requests of other sites
    ("a form of another site", posted("/upload", Origin=EVIL), 403),
    ("a form from a sandboxed frame", posted("/upload", Origin="null"), 403),
    ("a form without an origin", posted("/upload", Origin=None), 403),
    ("an origin with another port", posted("/upload", Origin="http://127.0.0.1:1"), 403),
    ("an origin over https", posted("/upload", Origin="https://127.0.0.1:8765"), 403),
    ("an origin that begins like ours", posted("/upload", Origin=ORIGIN + ".evil.example"), 403),
    ("our other name as origin", posted("/upload", Origin="http://localhost:8765"), 403),
    ("a cross-site post", posted("/upload", Sec_Fetch_Site="cross-site"), 403),
    ("a same-site post", posted("/upload", Sec_Fetch_Site="same-site"), 403),
    ("a post typed by hand", posted("/upload", Sec_Fetch_Site="none"), 403),
    ("an embedded picture", asked("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors",
                                  Sec_Fetch_Dest="image"), 403),
    ("a foreign script tag", asked("/static/page.js", Sec_Fetch_Site="cross-site",
                                   Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="script"), 403),
    ("a foreign frame", asked("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate",
                              Sec_Fetch_Dest="iframe"), 403),
    ("a foreign fetch of a state", asked(f"/u/{NOWHERE}/state", Sec_Fetch_Site="cross-site",
                                         Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty"), 403),
    ("no token", posted("/upload", {"other": "1"}), 403),
    ("an empty token", posted("/upload", {"token": ""}), 403),
    ("a made-up token", posted("/upload", {"token": "0" * 64}), 403),
    ("a token that is no letter of ASCII", posted("/upload", {"token": "é" * 64}), 403),
    ("a made-up header token", posted("/upload", X_Token="0" * 64), 403),
    ("a token without its cookie", without_cookie, 403),
    ("a token with another's cookie", with_foreign_cookie, 403),
    ("a cookie that is a path", with_broken_cookie, 403),
    ("a foreign deletion", posted(f"/u/{NOWHERE}/delete", Origin=EVIL), 403),
    ("a deletion without a token", posted(f"/u/{NOWHERE}/delete", {"other": "1"}), 403),
    ("a tag without a token", posted(f"/u/{NOWHERE}/add/tags", {"label": "x"}), 403),
    ("a changed tag without a token", posted(f"/u/{NOWHERE}/change/tags/x", {"kind": "x"}), 403),
    ("a changed tag of another site", posted(f"/u/{NOWHERE}/change/tags/x", Origin=EVIL), 403),
    ("answers without a token", posted(f"/u/{NOWHERE}/five", {"training": "more"}), 403),
    ("answers of another site", posted(f"/u/{NOWHERE}/five", Origin=EVIL), 403),
    ("a change of language of another site", posted("/language", Origin=EVIL), 403),
    ("a change of language without a token", posted("/language", {"language": "de"}), 403),
    ("foreign two pages", asked(f"/u/{NOWHERE}/two-pages.pdf", Sec_Fetch_Site="cross-site",
                                Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="object"), 403),
    ("a rebound name on two pages",
     asked(f"/u/{NOWHERE}/two-pages.pdf", Host="evil.example"), 421),
    # methods
    ("a change of language by a link", asked("/language?language=de"), 405),
    ("answers by a link", asked(f"/u/{NOWHERE}/five?training=more"), 405),
    ("deletion by a link", asked(f"/u/{NOWHERE}/delete"), 405),
    ("an upload by a link", asked("/upload"), 405),
    ("PUT", lambda d: d.client.put("/", headers=BROWSER, base_url=ORIGIN), 405),
    ("DELETE", lambda d: d.client.delete("/", headers=BROWSER, base_url=ORIGIN), 405),
    ("TRACE", lambda d: d.client.open("/", method="TRACE", headers=BROWSER, base_url=ORIGIN), 405),
    ("a preflight of another site",
     lambda d: d.client.options("/upload", headers={"Host": HOST, "Origin": EVIL,
                                "Access-Control-Request-Method": "POST"}, base_url=ORIGIN), 405),
    # floods
    ("a body of unknown length", bare("/upload", CONTENT_LENGTH=""), 411),
    ("a chunked body", bare("/upload", HTTP_TRANSFER_ENCODING="chunked"), 411),
    ("a body larger than allowed", bare("/upload", CONTENT_LENGTH=str(5 << 30)), 413),
    ("a form larger than a form", bare("/u/0/again", CONTENT_LENGTH=str(1 << 20)), 413),
    ("a length that is no number", bare("/upload", CONTENT_LENGTH="ten"), 411),
    ("a negative length", bare("/upload", CONTENT_LENGTH="-5"), 411),
    ("a field larger than a form", long_field, 413),
    # paths
    ("a path out of the static folder", asked("/static/../app.py"), 404),
    ("an encoded path out of it", asked("/static/%2e%2e%2fapp.py"), 404),
    ("a path out of the uploads", asked("/u/../../etc/passwd"), 404),
    ("an encoded path as an upload", asked("/u/%2e%2e%2f%2e%2e"), 404),
    ("two pages of nobody", asked(f"/u/{NOWHERE}/two-pages.pdf"), 404),
    ("two pages of a path", asked("/u/..%2f..%2fx/two-pages.pdf"), 404),
    ("a kind of entry that is a path", posted(f"/u/{NOWHERE}/change/..%2fx/y"), 404),
    ("an order of people that is none", asked("/?sort=../../healing"), 200),
    ("a path as a file of a run", asked(f"/u/{NOWHERE}/1/..%2foutcome.json"), 404),
    ("a file of a run that is not offered", asked(f"/u/{NOWHERE}/1/outcome.json"), 404),
    ("a negative run", asked(f"/u/{NOWHERE}/-1/report.html"), 404),
    ("a deletion of a path", deleting_elsewhere, 404),
    ("a NUL in an id", asked("/u/%00" + "0" * 31), 404),
    ("capital letters in an id", asked("/u/" + "A" * 32), 404),
    ("a comparison of paths", asked("/compare?run=../../x.1&run=../../y.1"), 400),
    ("a comparison with a huge number", asked(f"/compare?run={NOWHERE}.{'9' * 5000}"), 400),
    ("a backslash path", asked("/static/..\\app.py"), 404),
    ("a page of Flask's debugger", asked("/?__debugger__=yes&cmd=resource&f=style.css"), 200),
]  # fmt: skip


@pytest.mark.parametrize(("name", "send", "expected"), PROBES, ids=[p[0] for p in PROBES])
def test_a_probe_gets_what_it_should(desk: Desk, name: str, send: Sent, expected: int) -> None:
    seen = send(desk)
    assert seen.status_code == expected, (name, seen.status)
    policy = seen.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-referrer" in seen.headers["Referrer-Policy"]
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert seen.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in seen.headers
    assert desk.room.uploads() == []
    assert list((desk.room.base / "incoming").iterdir()) == []


def test_there_are_forty_probes_and_more() -> None:
    assert len({name for name, _, _ in PROBES}) == len(PROBES) >= 40


def test_too_many_files_are_refused(desk: Desk) -> None:
    desk.client.application.config["MAX_FORM_PARTS"] = 20
    files = [(io.BytesIO(b"x"), "a") for _ in range(30)]
    seen = desk.client.post(
        "/upload", data={"token": desk.token(), "files": files}, headers=BROWSER, base_url=ORIGIN
    )
    assert seen.status_code == 413
    assert list((desk.room.base / "incoming").iterdir()) == []


# --------------------------------------------------------------------------- hostile names

NAMES = (
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\x.dll",
    "/etc/cron.d/x",
    "C:\\autoexec.bat",
    "a/../../b.csv",
    "....//....//b",
    "nul",
    "x\x00.csv",
    "\u202egnp.exe",
    "<img src=x onerror=alert(1)>.csv",
    '"><script>alert(1)</script>',
    "{{7*7}}.csv",
    "%2e%2e%2fx",
    "-rf *.csv",
    "a" * 3000 + ".csv",
    "CON.csv",
    "~/.ssh/id",
    "$(reboot).csv",
    " . ",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_stays_inside_and_is_only_text(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    upload = desk.uploaded([(name, b"ok"), (name, b"ok too")])
    outside = {p for p in tmp_path.rglob("*") if desk.room.base not in (p, *p.parents)}
    assert outside == set()
    assert sorted(p.name for p in (upload.folder / "files").iterdir()) == ["1", "2"]
    base = tmp_path / "view"
    paths = worker.view(upload, base)
    assert all(path.resolve().is_relative_to(base.resolve()) for path in paths)
    assert sum(p.is_file() for p in base.rglob("*")) == 2
    desk.finished(upload)
    shown = desk.get(f"/u/{upload.id}").text + desk.get("/").text
    assert "<img src=x" not in shown
    assert "<script>alert" not in shown
    assert not re.search(r">49\.csv|\u202e", shown)


def test_hostile_tags_are_only_text(desk: Desk) -> None:
    upload = desk.uploaded([("a.csv", b"ok")])
    desk.finished(upload)
    label = "<svg onload=alert(1)>"
    seen = desk.post(f"/u/{upload.id}/add/tags", kind="event", start_date="2026-01-01", label=label)
    assert seen.status_code == 303
    desk.post(f"/u/{upload.id}/five", intake="medicine", intake_what=label)
    assert upload.added["questions"][0]["intake"]["what"] == label
    tag = upload.added["tags"][0]["id"]
    shown = desk.get(f"/u/{upload.id}?edit={tag}").text
    assert "<svg onload" not in shown
    assert "&lt;svg onload" in shown


# --------------------------------------------------------------------------- hostile archives


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def overlapping() -> bytes:
    """Two entries of the directory that point at the same bytes."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(b"0" * 100_000) + packed.flush()
    crc = zlib.crc32(b"0" * 100_000)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), 100_000, 1, 0)
    body = local + b"a" + data
    entries = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(data), 100_000,
                    1, 0, 0, 0, 0, 0, 0) + name
        for name in (b"a", b"b")
    )  # fmt: skip
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2, 2, len(entries), len(body), 0)
    return body + entries + end


BILLION = (
    b'<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><HealthData>&c;</HealthData>'
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<HealthData>&x;</HealthData>"
)


def nested(depth: int) -> bytes:
    data = zipped(("a.csv", b"time,hr\n1,60\n"))
    for _ in range(depth):
        data = zipped(("inner.zip", data))
    return data


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a bomb of zeros": lambda: zipped(("big.csv", b"0" * (64 << 20))),
    "members that overlap": overlapping,
    "names that point outside": lambda: zipped(("../../evil.csv", b"time,hr\n1,60\n")),
    "an absolute name": lambda: zipped(("/etc/evil.csv", b"time,hr\n1,60\n")),
    "archives five deep": lambda: nested(5),
    "cut in the middle": lambda: zipped(("a.csv", b"time,hr\n1,60\n" * 999))[:200],
    "entities that multiply": lambda: zipped(("export.xml", BILLION)),
    "an entity that reads a file": lambda: zipped(("export.xml", OUTSIDE)),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_not_used(desk: Desk, tmp_path: Path, name: str) -> None:
    upload = desk.uploaded([("export.zip", ARCHIVES[name]())])
    found = holdings.look(worker.view(upload, tmp_path / "view"), ReadOptions())
    assert found.files
    assert all(item.rows_used == 0 for item in found.files)
    assert "root:" not in repr(found)
    described = worker.described(found)
    assert not any(row["known"] for row in described["files"])
