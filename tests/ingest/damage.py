"""Damaged exports of every format, each made from its seed and number alone."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from hrv.model import ReadOptions
from tests.ingest.samples import FOLDER, all_samples

NOW_S = 1.9e9
LARGEST_BYTES, LARGEST_TEXT = 16_000, 6_000  # of real files: the shape counts here
ODD_CELLS = (
    "", "x", "nan", "inf", "-1", "1e400", "99999999999999999999", '"', "2026-13-45", "0", "é",
    "\x00", "{}", "[1,2", "1,5", "1.234,5", "24:00:00", "+0000", "-", "--", "None", "true",
    "9999-12-31T23:59:59Z", "0001-01-01", "1970-01-01T00:00:00", "1e-320", "0x10", "١٢", "\u2028",
)  # fmt: skip
TEXT = {".csv", ".txt", ".tsv", ".ics", ".hrm"}
Rng = np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An undamaged file."""

    group: str
    name: str
    data: bytes
    options: ReadOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One damaged input."""

    number: int
    group: str
    damage: str
    name: str
    data: bytes
    options: ReadOptions


# --------------------------------------------------------------------------- what is damaged


@cache
def wholes(shared: Path | None = None) -> dict[str, list[Whole]]:
    """Undamaged inputs by group: a group is a format or a kind of archive."""
    from tests.ingest.test_fit_damage import everything

    found: dict[str, list[Whole]] = {}

    def add(group: str, name: str, data: bytes, **options: str) -> None:
        said = ReadOptions(now_s=NOW_S, **options)  # type: ignore[arg-type]
        found.setdefault(group, []).append(Whole(group=group, name=name, data=data, options=said))

    for sample in all_samples():
        data = sample.path.read_bytes()
        said = {
            key: value for key in ("tz", "start", "input_format", "column_map", "person")
            if (value := getattr(sample.options, key)) is not None
        }  # fmt: skip
        if data:
            add(sample.format, sample.path.name, data, **said)
    add("fit", "everything.fit", everything())
    for path in sorted(shared.rglob("*") if shared else ()):
        if path.suffix == ".fit" and path.stat().st_size <= LARGEST_BYTES:
            add("fit", path.name, path.read_bytes())
        elif path.parent.name in REAL:
            start = "2026-05-01T07:30"
            add(REAL[path.parent.name], path.name, path.read_bytes()[:LARGEST_TEXT], start=start)
    for vendor in ZIPPED:
        add("vendor zip", f"{vendor}.zip", vendor_zip(vendor))
    add("nested zip", "garmin.zip", garmin_zip(everything()))
    add("nested zip", "twice.zip", zipped({"inner.zip": vendor_zip("whoop")}))
    add("bomb", "bomb.zip", vendor_zip("whoop"))
    return found


REAL = {
    "apple_health": "apple_health", "empatica_e4": "empatica_e4", "fitbit_takeout": "fitbit",
    "generic_rel_ms_rr": "generic", "hrv_logger_android": "hrv_logger", "kubios_rr": "plain_rr",
    "plain_rr": "plain_rr", "polar_hrm": "polar_hrm", "vu_ams": "vu_ams", "withings": "withings",
}  # fmt: skip
ZIPPED = ("fitbit", "whoop", "oura", "apple_health", "samsung", "polar_account", "zepp",
          "empatica_e4", "withings", "sleep_as_android", "health_connect")  # fmt: skip


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 0, 0, 0)), data, method)
    return out.getvalue()


def members_of(vendor: str) -> dict[str, bytes]:
    folder = FOLDER / vendor
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def vendor_zip(vendor: str) -> bytes:
    return zipped(members_of(vendor))


def garmin_zip(fit: bytes) -> bytes:
    """The account export: JSON, and a ZIP of FIT files inside."""
    inner = zipped({"a_1.fit": fit, "a_2.fit": fit[: len(fit) // 2]})
    uploads = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip"
    wellness = "DI_CONNECT/DI-Connect-Wellness/"
    json_files = {wellness + name: data for name, data in members_of("garmin_account").items()}
    return zipped(json_files | {uploads: inner})


# --------------------------------------------------------------------------- damage to bytes


def _at(rng: Rng, size: int) -> int:
    return int(rng.integers(0, max(size, 1)))


def flips(rng: Rng, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if out:
            out[_at(rng, len(out))] ^= 1 << int(rng.integers(0, 8))
    return bytes(out)


def noise(rng: Rng, data: bytes) -> bytes:
    """A stretch of other bytes."""
    a = _at(rng, len(data))
    stretch = rng.bytes(int(rng.integers(1, 65)))
    return data[:a] + stretch + data[a + len(stretch) :]


def zeros(rng: Rng, data: bytes) -> bytes:
    """A stretch the disk has lost."""
    a, size = _at(rng, len(data)), int(rng.integers(1, 600))
    return data[:a] + bytes(len(data[a : a + size])) + data[a + size :]


def cut(rng: Rng, data: bytes) -> bytes:
    a = _at(rng, len(data))
    return data[:a] if rng.random() < 0.8 else data[a:]


def blocks(rng: Rng, data: bytes) -> bytes:
    """Two blocks change places."""
    a, b, c = sorted(_at(rng, len(data)) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def repeated(rng: Rng, data: bytes) -> bytes:
    a, b = sorted((_at(rng, len(data)), _at(rng, len(data))))
    return data[:b] + data[a:]


BYTES: dict[str, Callable[[Rng, bytes], bytes]] = {
    "bit flips": flips, "noise": noise, "zeros": zeros, "cut": cut, "blocks swapped": blocks,
    "block repeated": repeated,
}  # fmt: skip


# --------------------------------------------------------------------------- damage to text


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace").lstrip("\ufeff")


def _delimiter(lines: list[str]) -> str:
    return max(",;\t|", key="".join(lines[:3]).count)


def lines_moved(rng: Rng, data: bytes) -> bytes:
    """Lines swapped, doubled and lost."""
    lines = _text(data).splitlines(keepends=True)
    for _ in range(int(rng.integers(1, 5))):
        if len(lines) > 1:
            a, b = _at(rng, len(lines)), _at(rng, len(lines))
            how = int(rng.integers(0, 3))
            if how == 0:
                lines[a], lines[b] = lines[b], lines[a]
            elif how == 1:
                lines.insert(a, lines[b])
            else:
                del lines[a]
    return "".join(lines).encode()


def columns(rng: Rng, data: bytes) -> bytes:
    """Two columns swapped, one lost or one doubled, the header with them or without."""
    lines = _text(data).splitlines()
    delimiter = _delimiter(lines)
    rows = list(csv.reader(lines, delimiter=delimiter))
    width = max((len(row) for row in rows), default=0)
    a, b = _at(rng, width), _at(rng, width)
    how, begin = int(rng.integers(0, 3)), int(rng.random() < 0.3)
    for row in rows[begin:]:
        if len(row) > max(a, b):
            if how == 0:
                row[a], row[b] = row[b], row[a]
            elif how == 1:
                del row[a]
            else:
                row.insert(b, row[a])
    return _written(rows, delimiter)


def cells(rng: Rng, data: bytes) -> bytes:
    """Cells that hold something else."""
    lines = _text(data).splitlines()
    delimiter = _delimiter(lines)
    for _ in range(int(rng.integers(1, 7))):
        if lines:
            a = _at(rng, len(lines))
            row = lines[a].split(delimiter)
            row[_at(rng, len(row))] = ODD_CELLS[_at(rng, len(ODD_CELLS))]
            lines[a] = delimiter.join(row)
    return "\n".join(lines).encode()


def encodings(rng: Rng, data: bytes) -> bytes:
    """Another encoding, or one and the same twice."""
    text = _text(data)
    name = ("utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp500", "mac-roman", "utf-32", "utf-7",
            "twice", "shift_jis")[_at(rng, 10)]  # fmt: skip
    if name == "twice":
        return text.encode().decode("cp1252", errors="replace").encode()
    return text.encode(name, errors="replace")


def resaved(rng: Rng, data: bytes) -> bytes:
    """As a spreadsheet saves it: other delimiter, decimals, dates, line ends, empty cells."""
    text = _text(data)
    lines = text.splitlines()
    rows = list(csv.reader(lines, delimiter=_delimiter(lines)))
    if rng.random() < 0.5:
        rows = [[re.sub(r"^(-?\d+)\.(\d+)$", r"\1,\2", cell) for cell in row] for row in rows]
    if rng.random() < 0.5:
        rows = [[re.sub(r"^(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", cell) for cell in row]
                for row in rows]  # fmt: skip
    if rng.random() < 0.3:
        rows = [[re.sub(r":\d\d(\.\d+)?$", "", cell) for cell in row] for row in rows]
    if rng.random() < 0.3:
        rows = [[*row, "", ""] for row in rows]
    if rng.random() < 0.3:
        rows += [[""] * len(rows[0])] * 3 if rows else []
    end = ("\n", "\r\n", "\r")[_at(rng, 3)]
    mark = "\ufeff" if rng.random() < 0.5 else ""
    written = _written(rows, (";", ",", "\t")[_at(rng, 3)]).decode()
    return (mark + end.join(written.splitlines())).encode()


def _written(rows: list[list[str]], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, escapechar="\\").writerows(rows)
    return out.getvalue().encode("utf-8", errors="replace")


TEXTS: dict[str, Callable[[Rng, bytes], bytes]] = {
    "lines moved": lines_moved, "columns moved": columns, "odd cells": cells,
    "wrong encoding": encodings, "re-saved": resaved,
}  # fmt: skip


# --------------------------------------------------------------------------- damage by kind


def values(rng: Rng, data: bytes) -> bytes:
    """JSON whose values are of another type, or gone."""
    try:
        found = json.loads(data)
    except ValueError:
        return data
    odd = ["null", "[]", "{}", '""', '"x"', "-1", "1e308", "true", "[[1]]", '{"a": {"b": 1}}',
           '"2026-99-99"', "1" + "0" * 30]  # fmt: skip
    for _ in range(int(rng.integers(1, 5))):
        node = found
        for _ in range(12):
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = keys[_at(rng, len(keys))]
            if not isinstance(node[key], dict | list) or rng.random() < 0.2:
                node[key] = json.loads(odd[_at(rng, len(odd))])
                break
            node = node[key]
    return json.dumps(found).encode()


def tables(rng: Rng, data: bytes) -> bytes:
    """A database whose cells, columns and tables are not what they were."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        names = [row[0] for row in connection.execute(
            "SELECT name FROM sqlite_master WHERE type='table'")]  # fmt: skip
        name = names[_at(rng, len(names))] if names else "none"
        held = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
        column = held[_at(rng, len(held))] if held else "none"
        how = int(rng.integers(0, 4))
        if how == 0:
            odd = ("x", -1, 1e300, b"\x00\xff", None, 2**62)[_at(rng, 6)]
            rows = f'UPDATE OR IGNORE "{name}" SET "{column}" = ? WHERE rowid % 3 = 0'
            connection.execute(rows, (odd,))
        elif how == 1:
            connection.execute(f'DROP TABLE "{name}"')
        elif how == 2:
            connection.execute(f'ALTER TABLE "{name}" RENAME COLUMN "{column}" TO "other"')
        else:
            connection.execute(f'INSERT INTO "{name}" SELECT * FROM "{name}" WHERE rowid < 0')
            connection.execute(f'DELETE FROM "{name}"')
        connection.commit()
        return connection.serialize()
    except (sqlite3.Error, ValueError):
        return flips(rng, data)
    finally:
        connection.close()


def elements(rng: Rng, data: bytes) -> bytes:
    """XML with attributes swapped, doubled, in other quotes, or with an entity."""
    text = _text(data)
    how = int(rng.integers(0, 5))
    if how == 0:
        return text.replace('"', "'").encode()
    if how == 1:
        bomb = '<!DOCTYPE HealthData [<!ENTITY a "' + "x" * 99 + '"><!ENTITY b "&a;&a;&a;">]>'
        return re.sub(r"<!DOCTYPE[^>]*(\]>)?", bomb, text, count=1).replace(
            'sourceName="', 'sourceName="&b;', 1).encode()  # fmt: skip
    found = list(re.finditer(r' (\w+)="([^"]*)"', text))
    if not found:
        return data
    for _ in range(int(rng.integers(1, 5))):
        match = found[_at(rng, len(found))]
        odd = ODD_CELLS[_at(rng, len(ODD_CELLS))].replace('"', "")
        by = {2: f' {match[1]}="{odd}"', 3: "", 4: match[0] + " " + match[0]}[how]
        text = text.replace(match[0], by, int(rng.integers(1, 4)))
    return text.encode("utf-8", errors="replace")


def bombs(rng: Rng, data: bytes) -> bytes:
    """Archives made to harm."""
    how = int(rng.integers(0, 8))
    size = int(rng.integers(1, 7)) << 20
    good = {"sleeps.csv": members_of("whoop")["sleeps.csv"]}
    if how == 0:
        return zipped({"heart.csv": b"0" * size} | good)
    if how == 1:
        inner = zipped({"heart.csv": b"timestamp,heart_rate\n" + b"0,0\n" * (size // 4)})
        return zipped({f"{k}.zip": inner for k in range(3)} | good)
    if how == 2:
        deep = data
        for _ in range(int(rng.integers(2, 40))):
            deep = zipped({"again.zip": deep})
        return deep
    if how == 3:
        names = ["../up.csv", "/etc/x.csv", "C:/x.csv", "a/../../b.csv", "x\x00.csv", "con.csv"]
        return zipped({names[_at(rng, len(names))]: b"1"} | good)
    if how == 4:
        return gzip.compress(b"timestamp,heart_rate\n" + b"0,0\n" * (size // 4))
    body = bytearray(zipped({"heart.csv": b"0" * size} | good))
    at = body.rindex(b"PK\x01\x02") if how == 5 else body.index(b"PK\x01\x02")
    if how == 5:
        body[at + 24 : at + 28] = struct.pack("<I", int(rng.integers(0, 2**32)))
    elif how == 6:
        body[at + 8] |= 1
    else:
        body[at + 42 : at + 46] = struct.pack("<I", int(rng.integers(0, 2**31)))
    return bytes(body)


def archived(rng: Rng, data: bytes) -> bytes:
    """One member of an archive is damaged, lost, doubled or renamed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError, zlib.error, EOFError, RuntimeError, ValueError):
        return data
    if not members:
        return data
    name = list(members)[_at(rng, len(members))]
    how = int(rng.integers(0, 5))
    if how == 0:
        del members[name]
    elif how == 1:
        members[f"copy/{name}"] = members[name]
    elif how == 2:
        members["other name.bin"] = members.pop(name)
    elif name.endswith(".zip"):
        members[name] = archived(rng, members[name])
    else:
        members[name] = damaged(rng, name, members[name])[1]
    return zipped(members, (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)[_at(rng, 2)])


def damaged(rng: Rng, name: str, data: bytes) -> tuple[str, bytes]:
    """A damage that suits the file, and its result."""
    suffix = Path(name).suffix.lower()
    own: dict[str, Callable[[Rng, bytes], bytes]] = {}
    if suffix in TEXT:
        own = TEXTS
    elif suffix == ".json":
        own = {"values": values, "wrong encoding": encodings}
    elif suffix == ".xml":
        own = {"attributes": elements, "lines moved": lines_moved, "wrong encoding": encodings}
    elif data.startswith(b"SQLite"):
        own = {"tables": tables}
    elif data.startswith(b"PK"):
        own = {"members": archived}
    kinds = own if own and rng.random() < 0.55 else BYTES
    how = list(kinds)[_at(rng, len(kinds))]
    return how, kinds[how](rng, data)


def case(seed: int, number: int, shared: Path | None = None) -> Case:
    """Damaged input `number` of a run; the groups take turns."""
    rng = np.random.default_rng((seed, number))
    groups = wholes(shared)
    group = sorted(groups)[number % len(groups)]
    whole = groups[group][_at(rng, len(groups[group]))]
    name = whole.name
    if group == "bomb":
        how, data = "bomb", bombs(rng, whole.data)
    else:
        how, data = damaged(rng, name, whole.data)
        if rng.random() < 0.15:
            second, data = damaged(rng, name, data)
            how = f"{how}, {second}"
    if group not in ("bomb", "vendor zip", "nested zip") and rng.random() < 0.08:
        suffix = ("zip", "gz", "zip in zip")[_at(rng, 3)]
        if suffix == "gz":
            data = gzip.compress(data)
        else:
            data = zipped({name: data})
            data = zipped({"in.zip": data}) if suffix == "zip in zip" else data
        name, how = f"{name}.{suffix[-3:].strip()}", f"{how}, in {suffix}"
    return Case(number=number, group=group, damage=how, name=name, data=data, options=whole.options)
