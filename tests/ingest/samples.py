"""The samples and what each must give."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hrv.ingest import Identity, identify, read
from hrv.model import ReadOptions, Recording
from hrv.settings import IngestSettings

FOLDER = Path(__file__).parents[1] / "samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file of `tests/samples/` and its line in `index.toml`."""

    file: str
    format: str
    table: str
    rows_used: int
    rows_refused: int
    streams: tuple[str, ...]
    options: ReadOptions

    @property
    def path(self) -> Path:
        return FOLDER / self.file


def all_samples() -> list[Sample]:
    raw = tomllib.loads((FOLDER / "index.toml").read_text("utf-8"))["sample"]
    return [
        Sample(
            file=item["file"],
            format=item["format"],
            table=item["table"],
            rows_used=item["rows_used"],
            rows_refused=item["rows_refused"],
            streams=tuple(item["streams"]),
            options=ReadOptions(**item.get("options", {})),
        )
        for item in raw
    ]


def identity(path: Path, **options: Any) -> Identity:
    """What one file is."""
    (found,) = identify([path], ReadOptions(**options))
    return found


def one(path: Path, **options: Any) -> Recording:
    """The recording of one file that can be used."""
    (found,) = read([path], ReadOptions(**options), IngestSettings())
    return found


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path
