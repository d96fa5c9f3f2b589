"""Catalogues of the report's words: reads a .po file, and makes the .mo file that gettext loads.

After a change of a .po file: `python -m tests.report.catalogue`. A new language is a new folder
beside `de` with a `hrv.po` of its own.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from pathlib import Path

from hrv.report.text import LOCALE, SENTENCES


def messages(po: str) -> dict[str, str]:
    """Message ids and their translations; the header is under the empty id."""
    found: dict[str, str] = {}
    for key, text in _fields(po):
        if key == "msgid":
            last = text
        elif text or not last:
            found[last] = text
    return found


def _fields(po: str) -> Iterator[tuple[str, str]]:
    key = ""
    parts: list[str] = []
    for line in [*po.splitlines(), "msgid"]:
        if line.startswith(("msgid", "msgstr")):
            if key:
                yield key, "".join(parts)
            key, _, line = line.partition(" ")
            parts = []
        if line.startswith('"'):
            parts.append(ast.literal_eval(line))


def compiled(found: dict[str, str]) -> bytes:
    """The binary catalogue, ids in order: gettext manual, section "The Format of GNU MO Files"."""
    ids = [key.encode() for key in sorted(found)]
    texts = [found[key].encode() for key in sorted(found)]
    start = 28 + 16 * len(ids)
    tables, data = [b"", b""], b""
    for i, strings in enumerate((ids, texts)):
        for string in strings:
            tables[i] += struct.pack("<II", len(string), start + len(data))
            data += string + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(ids), 28, 28 + 8 * len(ids), 0, start)
    return head + tables[0] + tables[1] + data


def template(translated: dict[str, str] | None = None, language: str = "") -> str:
    """A .po file of every sentence, with its codes as comments."""
    codes: dict[str, list[str]] = {}
    for code, sentence in SENTENCES.items():
        if sentence:
            codes.setdefault(sentence, []).append(code)
    header = (translated or {}).get("") or (
        f"Language: {language}\nContent-Type: text/plain; charset=UTF-8\n"
        "Plural-Forms: nplurals=2; plural=(n != 1);\n"
    )
    parts = [f'msgid ""\nmsgstr ""\n{_quoted(header)}\n']
    for sentence, named in codes.items():
        told = (translated or {}).get(sentence, "")
        parts.append(f"#: {' '.join(named)}\nmsgid {_quoted(sentence)}\nmsgstr {_quoted(told)}\n")
    return "\n".join(parts)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def sources() -> list[Path]:
    """Every .po file that ships."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/hrv.po"))


def main() -> None:
    """Bring every catalogue up to the table of sentences and compile it."""
    for path in sources():
        known = messages(path.read_text(encoding="utf-8"))
        text = template(known, path.parents[1].name)
        path.write_text(text, encoding="utf-8", newline="\n")
        path.with_suffix(".mo").write_bytes(compiled(messages(text)))


if __name__ == "__main__":
    main()
