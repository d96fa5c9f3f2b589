"""What a text file is: encoding, header line, delimiter, and the one format that claims it."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache

from hrv.errors import AmbiguousInputError, InputError, UnknownFormatError
from hrv.ingest.specs import DELIMITERS, Table, normalise, tables
from hrv.ingest.unread import unread_of

ACCEPT = 0.8  # mean of recall and precision from which a name is not needed
NEAR = 0.1  # scores this close to the best are rivals
HEADER_LINES = 6  # lines in which a header is looked for
CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\r\n\f\x0b\x1a")
LINE_END = re.compile(r"\r\n|\r|\n")
LETTER = re.compile(r"[^\W\d_]")
KEPT = 4  # heads whose text is kept: every claim looks at the same one
SHOWN = 12  # column names in an error


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the table of a text file begins and how its cells are parted."""

    encoding: str
    delimiter: str
    header_line: int  # from 0
    header: tuple[str, ...]  # as written

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(clean_name(cell) for cell in self.header)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a table description fits a header."""

    table: Table
    score: float
    missing: tuple[str, ...]
    named: bool  # the file's name fits too
    bound: int  # columns in use

    @property
    def accepted(self) -> bool:
        table = self.table
        if self.missing or (table.name_required and not self.named):
            return False
        return table.generic or self.score >= ACCEPT or self.named


@lru_cache(maxsize=4096)
def clean_name(cell: str) -> str:
    """A normalised name; a vendor's long prefix goes."""
    text = cell.strip()
    if text.startswith("com.samsung."):
        text = text.rsplit(".", 1)[-1]
    return normalise(text)


@lru_cache(maxsize=KEPT)
def encoding_of(head: bytes) -> str | None:
    """utf-8-sig, utf-16, cp1252 or None for what is no text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    sample = head[:4096]
    if b"\x00" in sample:
        zeros = [sample[k::2].count(0) / max(1, len(sample[k::2])) for k in (0, 1)]
        if max(zeros) > 0.4 and min(zeros) < 0.1:
            return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252" if _printable(sample) else None
    return "utf-8" if _printable(sample) else None


def _printable(sample: bytes) -> bool:
    """Hardly any control characters."""
    odd = len(sample) - len(sample.translate(None, CONTROLS))
    return odd <= len(sample) * 0.01


@lru_cache(maxsize=KEPT)
def decoded(head: bytes, encoding: str) -> str:
    """Text of a head that may end within a character."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(head)


def lines_of(text: str) -> list[str]:
    """Lines as a table reader parts them: at CR and LF, not at the rarer marks of Unicode."""
    return LINE_END.split(text.removesuffix("\n"))


@lru_cache(maxsize=KEPT)
def shapes(head: bytes) -> list[Shape]:
    """Every reading of the first lines as a header."""
    encoding = encoding_of(head)
    if encoding is None:
        return []
    lines = lines_of(decoded(head, encoding).lstrip("\ufeff"))
    found: list[Shape] = []
    for number, line in enumerate(lines[:HEADER_LINES]):
        if not line.strip() or line.lower().startswith("sep="):
            continue
        for delimiter in DELIMITERS:
            if delimiter not in line and delimiter != ",":
                continue
            cells = _cells(line, delimiter)
            if sum(1 for cell in cells if LETTER.search(cell)) * 2 >= len(
                [c for c in cells if c.strip()]
            ):
                found.append(Shape(encoding, delimiter, number, tuple(cells)))
    return found


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)
    if len(cells) == 1 and delimiter in cells[0]:  # a header quoted as a whole
        return _cells(cells[0].replace('""', '"'), delimiter) if '"' in line[:1] else cells
    return cells


def match(table: Table, shape: Shape, name: str) -> Match:
    """Recall of the required columns and precision over the header's columns."""
    return replace(_fit(table, shape.delimiter, shape.names), named=named(table, name))


def _known_names(table: Table) -> frozenset[str]:
    """Every column name of a table; those of the shipped ones are kept."""
    return _kept_names().get(id(table)) or _names(table)


@lru_cache(maxsize=1)
def _kept_names() -> dict[int, frozenset[str]]:
    return {id(table): _names(table) for table in tables()}


def _names(table: Table) -> frozenset[str]:
    return frozenset(a for c in table.columns.values() for a in c.aliases) | table.also


def _fit(table: Table, delimiter: str, names: tuple[str, ...]) -> Match:
    header = set(names)
    if names[0] or len(names) < 2:  # a first cell may be empty above the dates
        header.discard("")
    known = _known_names(table)
    required = [column.name for column in table.required]
    if required and header.isdisjoint(known):
        return Match(table, 0.0, tuple(required), False, 0)
    bound = {c.name for c in table.columns.values() if header & set(c.aliases)}
    missing = tuple(column for column in required if column not in bound)
    precision = len(header & known) / max(1, len(header))
    recall = (len(required) - len(missing)) / max(1, len(required))
    if table.needs_any and not any(
        table.columns[column].quantity in table.quantities
        or table.columns[column].scale in table.quantities
        for column in bound
        if not table.columns[column].required
    ):
        missing = (*missing, "any value column")
    if table.exact and header - known:
        missing = (*missing, "(no other columns)")
    if delimiter not in table.delimiter and len(names) > 1:
        missing = (*missing, "(delimiter)")
    return Match(table, (recall + precision) / 2, missing, False, len(bound))


@lru_cache(maxsize=2048)
def _fits(delimiter: str, names: tuple[str, ...]) -> tuple[Match, ...]:
    """How every shipped table fits a header; an export holds thousands of files with the same."""
    return tuple(_fit(table, delimiter, names) for table in tables())


def named(table: Table, name: str) -> bool:
    """Whether a glob of the table fits the file's name or path."""
    if not table.file_name:
        return False
    low = normal_path(name)
    base = low.rsplit("/", 1)[-1]
    return any(
        fnmatchcase(low, f"*{glob}") if "/" in glob else fnmatchcase(base, glob)
        for glob in map(normal_path, table.file_name)
    )


@lru_cache(maxsize=64)
def _named_ids(name: str) -> frozenset[int]:
    """The shipped tables whose glob fits a name, by identity."""
    return frozenset(id(table) for table in tables() if named(table, name))


@lru_cache(maxsize=65536)
def normal_path(name: str) -> str:
    """Lower case without accents: unzipping changes how they are coded."""
    import unicodedata

    text = unicodedata.normalize("NFKD", name.lower())
    return "".join(c for c in text if not unicodedata.combining(c))


def claim(
    name: str, head: bytes, known: Iterable[Table] | None = None
) -> tuple[Shape, list[Match]]:
    """The header's best reading and the tables that claim it, rivals included, best first.

    Raises UnknownFormatError with the nearest tables where none does.
    """
    read = shapes(head)
    base = name.rsplit("/", 1)[-1]
    if not read:
        _say_if_known(base, head)
        raise UnknownFormatError(base, _seen(head))
    if known is None:
        called = _named_ids(name)
        scored = [
            (shape, replace(found, named=True) if id(found.table) in called else found)
            for shape in read
            for found in _fits(shape.delimiter, shape.names)
        ]
    else:
        scored = [(shape, match(table, shape, name)) for shape in read for table in known]
    accepted = [(shape, found) for shape, found in scored if found.accepted]
    special = [pair for pair in accepted if not pair[1].table.generic]
    pool = special or accepted
    if not pool:
        _say_if_known(base, head)
        if decoded(head[:400], read[0].encoding).lstrip("\ufeff \r\n\t").startswith("<"):
            raise UnknownFormatError(base, "XML of a kind that is not read")
        raise _unknown(base, scored, read, head)
    top = max(found.score for _, found in pool)
    rivals = [(s, m) for s, m in pool if m.score >= top - NEAR or m.named]
    rivals = _settle(rivals)
    shape = rivals[0][0]
    return shape, [found for _, found in rivals]


def _settle(rivals: list[tuple[Shape, Match]]) -> list[tuple[Shape, Match]]:
    """By name, then by columns in use, then by score; what is left is one table or a question."""
    for rank in (
        lambda m: float(m.named),
        lambda m: float(m.bound if m.table.generic else len(m.table.required)),
        lambda m: m.score,
    ):
        best = max(rank(found) for _, found in rivals)
        rivals = [pair for pair in rivals if rank(pair[1]) >= best]
    unique: dict[tuple[str, str], tuple[Shape, Match]] = {}
    for pair in rivals:
        unique.setdefault((pair[1].table.format, pair[1].table.id), pair)
    return list(unique.values())


def ambiguous(name: str, found: Sequence[Match]) -> AmbiguousInputError:
    """Two formats fit equally well."""
    return AmbiguousInputError(
        name,
        "fits more than one format",
        [f"{m.table.format} ({m.table.id})" for m in found],
        "Say which with --input-format",
    )


def _say_if_known(base: str, head: bytes) -> None:
    """A file that is known and not read is refused with what to give instead."""
    encoding = encoding_of(head)
    found = unread_of(base, "" if encoding is None else decoded(head[:4096], encoding))
    if found is not None:
        raise InputError(f"{found.title}, which is not read", where=base, way_out=found.instead)


def _seen(head: bytes) -> str:
    encoding = encoding_of(head)
    if not head:
        return "the file is empty"
    if encoding is None:
        return "not text, and no binary format we know"
    lines = decoded(head, encoding).splitlines()
    return f"text ({encoding}) of {len(lines)} lines or more without a header we know"


def _unknown(
    name: str, scored: Sequence[tuple[Shape, Match]], read: Sequence[Shape], head: bytes
) -> InputError:
    best: dict[str, tuple[Shape, Match]] = {}
    for shape, found in scored:
        key = f"{found.table.format} ({found.table.id})"
        if found.bound and (key not in best or found.score > best[key][1].score):
            best[key] = (shape, found)
    nearest = sorted(best.items(), key=lambda item: -item[1][1].score)[:3]
    shape = nearest[0][1][0] if nearest else max(read, key=lambda s: len(s.header))
    if not _regular(head, shape):
        return UnknownFormatError(name, f"text ({shape.encoding}) that is no table")
    columns = ", ".join(cell.strip()[:40] for cell in shape.header[:SHOWN])
    more = f" and {len(shape.header) - SHOWN} more" if len(shape.header) > SHOWN else ""
    return UnknownFormatError(
        name,
        f"text ({shape.encoding}) with columns {columns}{more}",
        [
            f"{key}, fits {found.score:.0%}, lacks {', '.join(found.missing) or 'nothing'}"
            for key, (_, found) in nearest
        ],
    )


def _regular(head: bytes, shape: Shape) -> bool:
    """Whether the lines below have as many cells as the header: prose is never echoed."""
    lines = lines_of(decoded(head, shape.encoding))[shape.header_line + 1 :]
    lines = [line for line in lines[:20] if line.strip()]
    widths = [len(_cells(line, shape.delimiter)) for line in lines]
    alike = sum(1 for width in widths if abs(width - len(shape.header)) <= 1)
    counted = sum(1 for line in lines if any(c.isdigit() for c in line))
    return len(shape.header) > 1 and min(alike, counted) * 2 >= max(1, len(widths))
