"""The house stands as drawn: imports go down only, libraries have one owner, start-up is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "hrv"

# Floors from the ground up; rooms on one floor never import each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("model", "settings", "errors"),
    ("stats", "curves", "fit"),
    ("metrics", "clean"),
    (
        "asking",
        "ingest",
        "timeline",
        "features",
        "episodes",
        "recovery",
        "baseline",
        "trend",
        "power",
        "report",
        "scored",
        "simulate",
        "vagal",
    ),
    ("markers", "selftest", "table", "store"),
    ("verdict",),
    ("sensitivity",),
    ("pipeline",),
    ("calibrate", "cohort", "holdings"),
    ("web",),
    ("cli",),
)
OWNERS = {
    "fitparse": {"ingest"},
    "matplotlib": {"report"},
    "jinja2": {"report", "web"},
    "sqlite3": {"store", "ingest"},
    "flask": {"web"},
    "waitress": {"web"},
    "dask": {"cohort"},
    "distributed": {"cohort"},
    "click": {"cli"},
    "rich": {"cli", "calibrate"},
    "platformdirs": {"store", "cli"},
}
HEAVY = ("numpy", "scipy", "pandas", "matplotlib", "flask", "jinja2", "dask", "fitparse", "rich")


def rooms() -> Iterator[tuple[str, Path]]:
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        if parts not in (("__init__",), ("__main__",)):
            yield room_of(parts[0]), path


def room_of(name: str) -> str:
    return "cli" if name.startswith("cli") else name


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "hrv":
                yield from (f"hrv.{alias.name}" for alias in node.names)
            else:
                yield node.module


def floor(room: str) -> int:
    for number, names in enumerate(FLOORS):
        if room in names:
            return number
    raise AssertionError(f"room {room!r} has no floor: draw it in FLOORS")


@pytest.mark.parametrize(("room", "path"), list(rooms()), ids=lambda value: str(value)[-40:])
def test_imports_go_down_only(room: str, path: Path) -> None:
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "hrv" or len(parts) < 2 or parts[1].startswith("_"):
            continue
        other = room_of(parts[1])
        if other != room:
            assert floor(other) < floor(room), f"{room} must not import {other}"


@pytest.mark.parametrize(("room", "path"), list(rooms()), ids=lambda value: str(value)[-40:])
def test_every_library_has_one_owner(room: str, path: Path) -> None:
    for name in imported(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room in owners, f"{name} belongs to {owners}"


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom hrv.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print('loaded:', *[m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_the_project_speaks_of_itself_alone() -> None:
    words = ("/" + "work/", "/" + "root/", "index" + "-url", "TO" + "DO", "FIX" + "ME")
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.md", "*.toml", "*.txt", "Makefile", ".ci/run"],
        cwd=HOUSE.parent, capture_output=True, text=True, check=False,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, tracked):
        path = HOUSE.parent / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [word for word in words if word in text], name
