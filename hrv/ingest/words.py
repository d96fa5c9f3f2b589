"""What kind of thing a person's word means, from a shipped table of English and German words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources

from hrv.model import SpanKind


def plain(text: str) -> str:
    """Lower case, without accents and signs."""
    text = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", " ", text).strip()


@cache
def _table() -> dict[str, SpanKind]:
    raw = tomllib.loads(resources.files("hrv.ingest").joinpath("words.toml").read_text("utf-8"))
    return {
        plain(word): SpanKind(kind)
        for kind, languages in raw.items()
        for words in languages.values()
        for word in words
    }


def word_of(text: str) -> tuple[SpanKind, str] | None:
    """Kind and the longest known word in a text, None where no word is known."""
    words = plain(text)
    known = _table()
    if words in known:
        return known[words], words
    padded = f" {words} "
    found = [word for word in known if f" {word} " in padded]
    if not found:
        return None
    best = max(found, key=len)
    return known[best], best


def kind_of(text: str) -> SpanKind | None:
    """The kind of the longest known word in a text, None where no word is known."""
    found = word_of(text)
    return found[0] if found else None
