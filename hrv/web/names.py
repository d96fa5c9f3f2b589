"""Names of uploaded files: shown as they came, never used as paths as they came."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

LONGEST = 80
DEEPEST = 8
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def shown(name: str) -> str:
    """The name for people: control characters and direction tricks gone, at most 200 letters."""
    kept = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return kept[:200] or "file"


def folder(listed: Sequence[str]) -> str:
    """The one folder that all of several names lie in; else empty."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in listed}
    return tops.pop() if len(tops) == 1 else ""


def safe(name: str) -> PurePosixPath:
    """A relative path inside a folder of ours that keeps what a format may look at."""
    parts = [_part(part) for part in re.split(r"[/\\]+", name)]
    kept = [part for part in parts if part]
    return PurePosixPath(*(kept[-DEEPEST:] or ["file"]))


def _part(part: str) -> str:
    plain = unicodedata.normalize("NFKC", part)
    plain = re.sub(r"[^\w.\- ()+\[\]@]", "_", plain).strip(" .")
    if len(plain) > LONGEST:
        stem, dot, suffix = plain.rpartition(".")
        ending = dot + suffix if dot and len(suffix) <= 12 else ""
        plain = plain[: LONGEST - len(ending)] + ending
        del stem
    return f"_{plain}" if _RESERVED.match(plain) else plain


def unlike(names: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """The same paths, those that would collide told apart by a number."""
    seen: set[str] = set()
    out = []
    for path in names:
        fresh, number = path, 2
        while str(fresh).casefold() in seen:
            fresh = path.with_name(f"{path.stem} ({number}){path.suffix}")
            number += 1
        seen.add(str(fresh).casefold())
        out.append(fresh)
    return out
