"""Files that no table description covers: who claims them and who reads them.

A claim looks at the first bytes and the name; a reader gives a `Recording`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from hrv.ingest.archive import Member
from hrv.ingest.sniff import decoded, encoding_of
from hrv.ingest.specs import normalise
from hrv.model import ReadOptions, Recording, Source
from hrv.settings import IngestSettings

if TYPE_CHECKING:
    from hrv.ingest.times import Near

Read = Callable[[Member, Source, ReadOptions, IngestSettings, "Near | None"], Recording]

RR_NAMES = frozenset({
    "rr", "rri", "rr_ms", "rr_s", "ibi", "ibi_ms", "ibi_s", "nn", "nni", "rr_interval",
    "rr_intervals", "rr_interval_ms", "rr_intervals_ms", "interval_ms", "hrv",
})  # fmt: skip
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
EMPATICA_NAMES = re.compile(r"(hr|ibi|acc|eda|bvp|temp)(?![a-z])", re.IGNORECASE)
STAMP = re.compile(r"\d{9,10}(\.\d+)?|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Reader:
    """One shape beyond tables. `claims` gives the reason, or nothing; `where` is module:name."""

    format: str
    claims: Callable[[str, bytes], str]
    where: str

    def read(
        self,
        member: Member,
        source: Source,
        options: ReadOptions,
        settings: IngestSettings,
        near: Near | None,
    ) -> Recording:
        """The member's recording; `near` is the clock of the other files."""
        if self.format == "fit":
            from hrv.ingest.fit import read_fit

            return read_fit(member.data(), source.name, options, settings)
        module, _, name = self.where.partition(":")
        read: Read = getattr(import_module(module), name)
        return read(member, source, options, settings, near)


def _lines(head: bytes) -> list[str]:
    encoding = encoding_of(head)
    return [] if encoding is None else decoded(head, encoding).lstrip("\ufeff").splitlines()


def _fit(_name: str, head: bytes) -> str:
    return "the bytes .FIT at place 8" if head[8:12] == b".FIT" else ""


def _empatica(name: str, head: bytes) -> str:
    base = name.rsplit("/", 1)[-1].lower()
    if base == "info.txt" and b"initial time of the session" in head[:400]:
        return "the note that comes with every E4 session"
    if not base.endswith(".csv"):
        return ""
    lines = _lines(head[:4096])
    if base.startswith("tags") and all(
        STAMP.fullmatch(line.strip()) for line in lines[:-1] if line
    ):
        if not lines or STAMP.fullmatch(lines[0].strip()):
            return "named tags, with one press of the button a line"
        return ""
    if not EMPATICA_NAMES.match(base) or not lines:
        return ""
    first = [cell.strip() for cell in lines[0].split(",")]
    if base.startswith("ibi"):
        fits = bool(STAMP.fullmatch(first[0])) and len(first) == 2
        return "its first line is the start of the session" if fits else ""
    rate = lines[1].split(",")[0].strip() if len(lines) > 1 else ""
    if all(STAMP.fullmatch(cell) for cell in first) and NUMBER.fullmatch(rate):
        return "start of the session and rate in the first two lines"
    return ""


def _plain_rr(_name: str, head: bytes) -> str:
    lines = [line.strip() for line in _lines(head)][:400]
    lines = [line for line in lines if line and not line.startswith("#")]
    if lines and normalise(lines[0]) in RR_NAMES:
        lines = lines[1:]
    lines = lines[:-1] if len(lines) > 3 and len(head) >= 1 << 16 else lines
    if len(lines) < 3:
        return ""
    good = [line for line in lines if all(NUMBER.fullmatch(c) for c in re.split(r"[\t ]+", line))]
    if len(good) < 0.9 * len(lines):
        return ""
    widths = {len(re.split(r"[\t ]+", line)) for line in good}
    if widths <= {1, 2} and len(widths) == 1:
        values = sorted(float(re.split(r"[\t ]+", line)[-1].replace(",", ".")) for line in good)
        middle = values[len(values) // 2]
        if 0.25 <= middle <= 2.5 or 250.0 <= middle <= 2500.0:
            return "lines of numbers in the range of beat intervals"
    return ""


def _apple(_name: str, head: bytes) -> str:
    known = b"<HealthData" in head or b"DOCTYPE HealthData" in head
    return "an XML file of HealthData" if known else ""


def _json(format_id: str) -> Callable[[str, bytes], str]:
    """A claim on a vendor's JSON files."""

    def claim(name: str, head: bytes) -> str:
        if not name.lower().endswith(".json"):
            return ""
        from hrv.ingest.jsons import claims

        return claims(format_id)(name, head)

    return claim


def _sqlite(format_id: str) -> Callable[[str, bytes], str]:
    """A claim on an SQLite file; the module that reads it is loaded for such files only."""

    def claim(name: str, head: bytes) -> str:
        if not head.startswith(b"SQLite format 3\x00"):
            return ""
        from hrv.ingest.databases import claims

        return claims(format_id)(name, head)

    return claim


def _later(module: str, name: str) -> Callable[[str, bytes], str]:
    """A claim that lives with its reader."""
    return lambda file, head: str(getattr(import_module(module), name)(file, head))


READERS: tuple[Reader, ...] = (
    Reader("fit", _fit, "hrv.ingest.fit:read_fit"),
    Reader("empatica_e4", _empatica, "hrv.ingest.empatica:read_empatica"),
    Reader("gadgetbridge", _sqlite("gadgetbridge"), "hrv.ingest.databases:read_database"),
    Reader("health_connect", _sqlite("health_connect"), "hrv.ingest.databases:read_database"),
    Reader("apple_health", _apple, "hrv.ingest.apple:read_apple"),
    Reader("fitbit", _json("fitbit"), "hrv.ingest.jsons:read_json"),
    Reader("garmin_account", _json("garmin_account"), "hrv.ingest.jsons:read_json"),
    Reader("polar_account", _json("polar_account"), "hrv.ingest.jsons:read_json"),
    Reader("samsung", _json("samsung"), "hrv.ingest.jsons:read_json"),
    Reader(
        "polar_flow",
        _later("hrv.ingest.sessions", "claims_polar_flow"),
        "hrv.ingest.sessions:read_polar_flow",
    ),
    Reader(
        "polar_hrm", _later("hrv.ingest.sessions", "claims_hrm"), "hrv.ingest.sessions:read_hrm"
    ),
    Reader(
        "sleep_as_android",
        _later("hrv.ingest.sessions", "claims_sleep_as_android"),
        "hrv.ingest.sessions:read_sleep_as_android",
    ),
    Reader(
        "vns_analyse", _later("hrv.ingest.sessions", "claims_vns"), "hrv.ingest.sessions:read_vns"
    ),
    Reader("calendar", _later("hrv.ingest.ics", "claims"), "hrv.ingest.ics:read_calendar"),
    Reader("plain_rr", _plain_rr, "hrv.ingest.rrtext:read_plain_rr"),
    Reader("ratings", _later("hrv.ingest.tags", "claims_ratings"), "hrv.ingest.tags:read_ratings"),
    Reader("tags", _later("hrv.ingest.tags", "claims_tags"), "hrv.ingest.tags:read_tags"),
)
LAST = frozenset({"tags", "ratings", "calendar"})  # placed by the clock of the recordings


def reader_for(name: str, head: bytes, wanted: str | None = None) -> tuple[Reader, str] | None:
    """The first reader that claims a file, and why; only those of a `wanted` format."""
    for reader in READERS:
        if wanted not in (None, reader.format):
            continue
        reason = reader.claims(name, head)
        if reason:
            return reader, reason
    return None
