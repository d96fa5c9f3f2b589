"""What a store holds after its importer was killed at random moments.

    python -m tests.benchmarks.store_kill --kills 200

A child imports one export after another (each of several files and days) into one store and
writes a line when an import has returned. It is killed (SIGKILL) after a random time; then the
store is checked: every page, every block, and every import that was acknowledged, sample by
sample. The same store is used on until it holds many imports, then a new one is begun. Writes
`results/store_kill.md`. Killing tests the death of the process, not of the power.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np

from hrv import timeline
from hrv.model import DAY_S, HeartRateSeries, LocalClock, Recording, RRSeries, Source
from hrv.store import Store, open_store

OUT = Path(__file__).with_name("results") / "store_kill.md"
ROOT = Path(__file__).parents[2]
FILES, PER_STORE = 6, 40


def export(number: int) -> list[Recording]:
    """Export `number`: files of two days each, always the same."""
    rng = np.random.default_rng(number)
    found = []
    for k in range(FILES):
        begin_s = (20_000 + number * FILES + k) * DAY_S
        t_s = begin_s + np.arange(0, 2 * DAY_S, 10.0)
        rr = rng.integers(700, 1000, 5000).astype(np.float64)
        found.append(
            Recording(
                source=Source(name=f"{number}/{k}.fit", format="test", sha256=f"{number}/{k}"),
                clock=LocalClock.fixed(3600.0, "file"),
                heart_rate=(
                    HeartRateSeries(t_s, rng.integers(50, 99, t_s.size).astype(np.float64), "W"),
                ),
                rr=(RRSeries(begin_s + np.cumsum(rr) / 1000, rr, "S"),),
                rows_used=t_s.size + rr.size,
            )
        )
    return found


def importer(folder: Path) -> None:
    """Import export after export; a line says that one has returned."""
    with open_store(folder) as store:
        done = {int(upload.name) for upload in store.history()}
        print("ready", flush=True)
        for number in range(10_000):
            if number not in done:
                store.add(export(number), person="ada", name=str(number))
                print(number, flush=True)


def whole(store: Store, number: int) -> bool:
    """Whether everything of an export is there, to the sample."""
    wanted, held = timeline.build(export(number)), store.timeline("ada")
    for day in wanted.utc_days[:-1]:  # the last one is shared with the next export
        a, b = wanted.read_block(day), held.read_block(day)
        for kind in ("rr", "heart_rate"):
            for one, other in zip(getattr(a, kind), getattr(b, kind), strict=True):
                if not np.isin(one.t_s, other.t_s).all():
                    return False
    return True


def killed(folder: Path, after_s: float) -> set[int]:
    """Imports acknowledged before the importer was killed."""
    line = [sys.executable, "-m", "tests.benchmarks.store_kill", "--child", str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
        time.sleep(after_s)
        child.send_signal(signal.SIGKILL)
        said = child.stdout.read().split()
    return {int(line) for line in said}


def counted(kills: int, base: Path) -> Counter[str]:
    """Kill an importer so many times; what was found afterwards."""
    rng = np.random.default_rng(8)
    seen: Counter[str] = Counter()
    acknowledged: set[int] = set()
    folder = base / "0"
    for kill in range(kills):
        if len(acknowledged) >= PER_STORE:
            folder, acknowledged = base / str(kill), set()
        new = killed(folder, float(rng.uniform(0.0, 0.8)))
        acknowledged |= new
        log = folder / "history.sqlite3-wal"
        seen["log left behind"] += log.exists() and log.stat().st_size > 0
        with closing(sqlite3.connect(folder / "history.sqlite3")) as raw:
            sound = raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        with open_store(folder) as store:
            kept = {int(upload.name) for upload in store.history()}
            seen["intact"] += sound and store.check().ok
            seen["acknowledged"] += len(new)
            seen["lost"] += len(acknowledged - kept)
            seen["lost"] += sum(not whole(store, number) for number in new & kept)
            seen["half kept"] += sum(upload.files != FILES for upload in store.history())
        acknowledged |= kept  # an import may be durable though its line was cut off
        print(kill + 1, dict(seen), flush=True)
    return seen


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--kills", type=int, default=200)
    ask.add_argument("--child", type=Path)
    given = ask.parse_args()
    if given.child:
        importer(given.child)
        return
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as base:
        seen = counted(given.kills, Path(base))
    text = f"""# The store after its importer was killed

`python -m tests.benchmarks.store_kill --kills {given.kills}`; SQLite {sqlite3.sqlite_version},
Python {platform.python_version()}, {time.monotonic() - begun:.0f} s.

| What | Count |
|---|---|
| kills (SIGKILL, 0 to 0.8 s after the first moment of importing) | {given.kills} |
| store intact afterwards (every page, every block by its hash) | {seen["intact"]} |
| kills that left a log to recover from | {seen["log left behind"]} |
| imports acknowledged, {FILES} files each | {seen["acknowledged"]} |
| acknowledged imports lost, or with a sample missing | {seen["lost"]} |
| imports kept in part | {seen["half kept"]} |
"""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
