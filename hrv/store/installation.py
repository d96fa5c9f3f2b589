"""What this installation consists of, and what it lacks."""

from __future__ import annotations

import platform
import re
import sqlite3
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from hrv import __version__

_OLDEST_SQLITE = (3, 27, 0)  # VACUUM INTO
_ZONE = "Europe/Berlin"


def examined() -> dict[str, Any]:
    """Versions by name, and under `problems` a sentence for everything that is wrong."""
    problems: list[str] = []
    libraries = {}
    for name in _required():
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            problems.append(f"{name} is not installed: pip install {name}")
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        problems.append(f"SQLite {sqlite3.sqlite_version} is too old: update Python")
    problems += _zones() + _folder()
    return {
        "hrv": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": ", ".join(f"{name} {number}" for name, number in libraries.items()),
        "problems": problems,
    }


def _required() -> list[str]:
    try:
        said = requires("hrv-recovery") or []
    except PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line)[0] for line in said if "extra ==" not in line]


def _zones() -> list[str]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(_ZONE)
    except ZoneInfoNotFoundError:
        return ["no time zones: pip install tzdata"]
    return []


def _folder() -> list[str]:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"1")
    except OSError as error:
        return [f"temporary files cannot be written ({error.strerror})"]
    return []
