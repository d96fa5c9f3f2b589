"""What a large upload costs the page itself, and whether many at once are all answered.

    python -m tests.benchmarks.page

A real `hrv serve` on this machine is sent one file of a gigabyte, then 20 small ones by 20 callers
at once. Writes `results/page.md`. Memory is the page's own (Linux); workers are not counted.
"""

from __future__ import annotations

import http.client
import os
import platform
import re
import tempfile
import threading
import time
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from tests.web.live import Live, live
from tests.web.test_serving import Caller

OUT = Path(__file__).with_name("results") / "page.md"
MEGABYTES, CALLERS = 1000, 20
EDGE = "----edge"


def memory_mb(page: Live, what: str) -> float:
    """VmRSS is now, VmHWM the most so far."""
    status = Path(f"/proc/{page.process.pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+)", status)
    assert found
    return int(found[1]) / 1024


def processor_s(page: Live) -> float:
    fields = Path(f"/proc/{page.process.pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def gigabyte(page: Live, caller: Caller) -> int:
    """Send the large file piece by piece; gives how much of it the page keeps, bytes."""
    part = f"--{EDGE}\r\nContent-Disposition: form-data; name="
    head = f'{part}"token"\r\n\r\n{caller.token}\r\n{part}"files"; filename="big.csv"\r\n\r\n'
    tail = f"\r\n--{EDGE}--\r\n"
    block = os.urandom(1 << 20)
    length = len(head) + len(tail) + MEGABYTES * len(block)
    told = {"Origin": f"http://{caller.host}", "Cookie": caller.cookie,
            "Content-Type": f"multipart/form-data; boundary={EDGE}"}  # fmt: skip
    link = http.client.HTTPConnection("127.0.0.1", page.port, timeout=600)
    with closing(link):
        link.putrequest("POST", "/upload")
        for name, value in {**told, "Content-Length": str(length)}.items():
            link.putheader(name, value)
        link.endheaders(head.encode())
        for _ in range(MEGABYTES):
            link.send(block)
        link.send(tail.encode())
        assert link.getresponse().status == 303
    return max(path.stat().st_size for path in page.base.glob("uploads/*/files/*"))


def many(page: Live) -> tuple[list[str], float]:
    """The addresses that callers at once were given, and the seconds of the slowest."""
    found: list[tuple[str, float]] = []

    def call(number: int) -> None:
        begun = time.monotonic()
        rows = "".join(f"{1_700_000_000 + 60 * i},{60 + number}\n" for i in range(1000))
        found.append((Caller(page.port).upload(f"time,hr\n{rows}".encode()),
                      time.monotonic() - begun))  # fmt: skip

    threads = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [address for address, _ in found], max(took for _, took in found)


def main() -> None:
    with tempfile.TemporaryDirectory() as base, live(Path(base)) as page:
        caller = Caller(page.port)
        before, spent = memory_mb(page, "VmRSS"), processor_s(page)
        begun = time.monotonic()
        kept = gigabyte(page, caller)
        took, spent = time.monotonic() - begun, processor_s(page) - spent
        most = memory_mb(page, "VmHWM")
        addresses, slowest = many(page)
        answered = [caller.get(address)[0] for address in addresses]
        there = len(list((page.base / "uploads").iterdir())) - 1
        in_all = memory_mb(page, "VmHWM")
    text = f"""# The page under load

`python -m tests.benchmarks.page`; Python {platform.python_version()}, waitress
{version("waitress")}, Flask {version("flask")}.

| What | Seen |
|---|---|
| one upload, bytes sent and kept | {MEGABYTES << 20}, {kept} |
| its seconds, on the wall and of the page's processor | {took:.0f}, {spent:.1f} |
| memory of the page before it, and the most during it, MB | {before:.0f}, {most:.0f} |
| uploads at once | {CALLERS} |
| answered with a page of their own | {len(set(addresses))} |
| of these there afterwards, in the folder and on the page | {there}, {answered.count(200)} |
| slowest answer, s | {slowest:.1f} |
| memory of the page at the end, the most, MB | {in_all:.0f} |
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
