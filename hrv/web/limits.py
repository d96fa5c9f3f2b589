"""What one page may take: bytes, seconds, memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of uploads and analyses."""

    upload_bytes: int = 4 << 30  # one request; an account archive of many years
    form_bytes: int = 64 << 10  # a request without files
    field_bytes: int = 1 << 18  # words beside files; more than one piece of a file that is read
    files: int = 20_000  # of one upload: a watch's folder
    spare_bytes: int = 1 << 29  # left free on the disk
    waiting: int = 100  # analyses in the queue
    at_once: int = 2  # analyses side by side
    wall_s: float = 1_800.0  # one analysis
    memory_bytes: int = 4 << 30  # address space of one analysis
    added: int = 5_000  # tags and ratings of one upload
