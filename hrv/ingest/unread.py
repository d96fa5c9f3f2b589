"""Exports that are known and not read: what they are and what to give instead."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

NAME = "name:"


@dataclass(frozen=True, slots=True)
class Unread:
    """An export that people hold and that is not read."""

    title: str
    instead: str
    sign: tuple[str, ...]  # patterns of the first lines, or after "name:" of the file's name

    def fits(self, name: str, text: str) -> bool:
        base = name.rsplit("/", 1)[-1]
        return any(
            re.search(sign.removeprefix(NAME), base if sign.startswith(NAME) else text, re.I | re.S)
            for sign in self.sign
        )


@cache
def unread() -> tuple[Unread, ...]:
    """All of them, from the table beside this file."""
    raw = tomllib.loads(resources.files("hrv.ingest").joinpath("unread.toml").read_text("utf-8"))
    return tuple(
        Unread(item["title"], item["instead"], tuple(item["sign"])) for item in raw["export"]
    )


def unread_of(name: str, text: str) -> Unread | None:
    """The known export that a file is, by its name or its first lines."""
    return next((item for item in unread() if item.fits(name, text)), None)
