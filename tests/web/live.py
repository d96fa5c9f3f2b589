"""A real page in a process of its own, as `hrv serve` starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Live:
    """A running page."""

    url: str
    port: int
    process: subprocess.Popen[str]
    base: Path


# A test run started in the background inherits a deaf ear for interrupts.
START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from hrv.cli import main
main()
"""


@contextmanager
def live(folder: Path, *more: str) -> Iterator[Live]:
    """`hrv serve` on a free port with a store in the folder."""
    command = [sys.executable, "-c", START, "serve", "--no-open",
               "--port", "0", "--store", str(folder / "store"), *more]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+:(\d+)/", line)
        assert found, line + process.stdout.read()
        yield Live(found[0], int(found[1]), process, folder / "store.page")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
