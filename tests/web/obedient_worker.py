"""Stands in for a worker and does what the first uploaded file says."""

import json
import os
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
figures = folder.name == "figures.part"
order = (folder.parents[1 + figures] / "files" / "1").read_bytes()[:20]
if figures:
    order = order.removeprefix(b"then ")
if order.startswith(b"crash"):
    os.abort()
if order.startswith(b"exit"):
    sys.exit(7)
if order.startswith(b"lie"):
    (folder / "outcome.json").write_text('{"state": "done", "added": []}')
    sys.exit(1)
if order.startswith(b"hang"):
    time.sleep(600)
if order.startswith(b"slow"):
    time.sleep(0.6)
if figures:
    (folder / "figures.zip").write_bytes(b"PK")
    (folder / "outcome.json").write_text('{"state": "done"}')
    sys.exit(0)
(folder / "analysis.pickle").write_bytes(b"")
answer = {
    "language": "en", "headline": "A headline.", "sure": [], "needs": [],
    "tier": "every beat while worn",
    "lines": [{"name": n, "text": "A line.", "more": "", "state": ""} for n in ("R", "B", "T")],
    "coverage": {"days": 1, "nights": 1, "worn_hours": 2.0}, "window": ["2026-01-01", "2026-01-02"],
}  # fmt: skip
record = {
    "recovery": {"half_time_s": {"value": 90.0, "low": 60.0, "high": 120.0, "n": 12},
                 "settling_min": None},
    "baseline": {"measure": "night_hr_bpm", "value": 55.0, "low": 54.0, "high": 56.0},
}  # fmt: skip
(folder / "answer.json").write_text(json.dumps(answer))
(folder / "report.json").write_text(json.dumps(record))
(folder / "report.html").write_text("<!doctype html><title>no policy of ours</title>")
(folder / "outcome.json").write_text('{"state": "done", "added": []}')
