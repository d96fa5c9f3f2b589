"""The page on a real socket: raw bytes, many at once, killed and started again."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path

import pytest
from click.testing import CliRunner
from waitress.adjustments import Adjustments

from hrv.cli import main
from hrv.web.guard import Door
from hrv.web.limits import Limits
from hrv.web.serving import PATIENCE_S, channel_for
from tests.web.live import Live, live


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("live")) as found:
        yield found


def said(page: Live, raw: str) -> str:
    """The first line of the answer to raw bytes; {host} stands for the right one."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as link:
        link.sendall(raw.replace("{host}", f"127.0.0.1:{page.port}").encode())
        return link.recv(65536).split(b"\r\n")[0].decode()


RAW = [
    ("no host", "GET / HTTP/1.1\r\n\r\n", 421),
    ("no host in the old protocol", "GET / HTTP/1.0\r\n\r\n", 421),
    ("two hosts", "GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n", 421),
    ("another host in the request line",
     "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ("a chunked body", "POST /upload HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\nhello\r\n0\r\n\r\n", 411),
    ("a chunked body with a length",
     "POST /upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    ("an odd transfer encoding", "POST /upload HTTP/1.1\r\nHost: {host}\r\n"
     "Transfer-Encoding: xchunked\r\n\r\n", 501),
    ("no length", "POST /upload HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\r\n", 411),
    ("a body of another site, not sent yet",
     "POST /upload HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n"
     "Content-Type: text/plain\r\nContent-Length: 1000000000\r\n\r\n", 403),
    ("a body for a rebound name, not sent yet",
     "POST /upload HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n"
     "Content-Length: 1000000000\r\n\r\n", 421),
    ("a body of somebody without our cookie, not sent yet",
     "POST /upload HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
     "Content-Length: 1000000000\r\n\r\n", 403),
    ("a form larger than a form, not sent yet",
     "POST /u/0/five HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
     "Content-Length: 1000000000\r\n\r\n", 413),
    ("a link with a body, not sent yet",
     "PUT / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000000\r\n\r\n", 405),
    ("a length that is no number",
     "POST /upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: ten\r\n\r\n", 400),
    ("a length beyond the cap, nothing sent",
     "POST /upload HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999\r\n\r\n", 413),
    ("endless headers", "GET / HTTP/1.1\r\nX: " + "a" * 300_000 + "\r\n\r\n", 431),
    ("not HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "expected"), RAW, ids=[row[0] for row in RAW])
def test_raw_bytes_get_what_they_should(page: Live, name: str, raw: str, expected: int) -> None:
    assert f" {expected} " in said(page, raw), name
    assert " 200 " in said(page, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")


def test_a_body_that_was_refused_is_no_second_request(page: Live) -> None:
    smuggled = "GET /static/page.js HTTP/1.1\r\nHost: {host}\r\n\r\n"
    head = "POST /upload HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n"
    raw = f"{head}Content-Length: {len(smuggled)}\r\n\r\n{smuggled}"
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as link:
        link.sendall(raw.replace("{host}", f"127.0.0.1:{page.port}").encode())
        with link.makefile("rb") as stream:
            answer = stream.read()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"GET / HTTP/1.1\r\nX: ", b"a"),
     (b"POST /upload HTTP/1.1\r\nHost: 127.0.0.1:1\r\nOrigin: http://127.0.0.1:1\r\n"
      b"Cookie: hrv=" + b"a" * 32 + b"\r\nContent-Length: 1000000\r\n\r\n", b"x")],
)  # fmt: skip
def test_who_sends_drop_by_drop_is_let_go(head: bytes, drop: bytes) -> None:
    parser = channel_for(Door(port=1), Limits()).parser_class(Adjustments())
    parser.received(head)
    parser.received(drop)
    assert not parser.completed
    parser.begun_s -= PATIENCE_S + 1.0
    parser.received(drop)
    assert parser.completed
    assert (parser.error.code, parser.connection_close) == (408, True)
    parser.close()


def test_nobody_listens_on_other_addresses(page: Live) -> None:
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((own, page.port), timeout=5)


class Caller:
    """A browser of few words."""

    def __init__(self, port: int) -> None:
        self.port, self.host = port, f"127.0.0.1:{port}"
        _, headers, text = self.ask("GET", "/", b"", {})
        self.cookie = headers["Set-Cookie"].split(";")[0]
        found = re.search(r'name="token" value="(\w+)"', text)
        assert found
        self.token = found[1]

    def ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Message, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(link):
            link.request(method, path, body, {"Host": self.host, **headers})
            answer = link.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def upload(self, content: bytes, **fields: str) -> str:
        """Send one file; gives the path of its page."""
        edge = "----edge"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
                 for k, v in {"token": self.token, **fields}.items()]  # fmt: skip
        parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="files"; '
                     'filename="a.csv"\r\n\r\n')  # fmt: skip
        body = "".join(parts).encode() + content + f"\r\n--{edge}--\r\n".encode()
        status, headers, text = self.ask("POST", "/upload", body, {
            "Origin": f"http://{self.host}", "Cookie": self.cookie,
            "Content-Type": f"multipart/form-data; boundary={edge}",
        })  # fmt: skip
        assert status == 303, text
        return str(headers["Location"])

    def get(self, path: str) -> tuple[int, str]:
        status, _, text = self.ask("GET", path, b"", {})
        return status, text


def test_twenty_callers_at_once_are_all_answered(page: Live) -> None:
    found: list[str] = []

    def call() -> None:
        found.append(Caller(page.port).upload(b"nothing of use\n"))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(found)) == 20
    caller = Caller(page.port)
    for path in found:
        assert caller.get(path)[0] == 200
    assert len(list((page.base / "uploads").iterdir())) >= 20


def test_a_killed_page_leaves_nothing_that_was_not_to_be_kept(tmp_path: Path) -> None:
    with live(tmp_path) as first:
        caller = Caller(first.port)
        thrown = caller.upload(b"time,hr\n1,60\n").rsplit("/", 1)[1]
        promised = caller.upload(b"time,hr\n1,60\n", keep="yes", keep_person="anna")
        name = promised.rsplit("/", 1)[1]
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    with live(tmp_path) as second:
        assert not (second.base / "uploads" / thrown).exists()
        assert Caller(second.port).get(promised)[0] == 200
        assert [p.name for p in (second.base / "uploads").iterdir()] == [name]
        assert list((second.base / "incoming").iterdir()) == []


def test_two_pages_do_not_share_a_folder(page: Live) -> None:
    store = page.base.with_suffix("")
    done = CliRunner().invoke(main, ["serve", "--no-open", "--port", "0", "--store", str(store)])
    assert done.exit_code == 2
    assert "another upload page" in done.output


def test_a_taken_port_is_said(page: Live, tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="try --port"),
        live(tmp_path, "--port", str(page.port)),
    ):
        pass


@pytest.mark.parametrize(
    ("more", "told"),
    [(["--bind", "0.0.0.0"], "--i-know"),
     (["--bind", "0.0.0.0", "--i-know"], "too short")],
)  # fmt: skip
def test_other_addresses_need_a_switch_and_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], told: str
) -> None:
    monkeypatch.setenv("HRV_PASSWORD", "short")
    done = CliRunner().invoke(main, ["serve", "--no-open", "--store", str(tmp_path / "s"), *more])
    assert done.exit_code == 2
    assert told in done.output


def test_an_interrupt_closes_the_page_and_deletes_everything(tmp_path: Path) -> None:
    with live(tmp_path) as page:
        Caller(page.port).upload(b"nothing of use\n")
        page.process.send_signal(signal.SIGINT)
        assert page.process.wait(20) == 0
        end = time.monotonic() + 5
        while list((page.base / "uploads").iterdir()) and time.monotonic() < end:
            time.sleep(0.05)
        assert list((page.base / "uploads").iterdir()) == []
        assert page.process.stdout is not None
        assert "Traceback" not in page.process.stdout.read()
