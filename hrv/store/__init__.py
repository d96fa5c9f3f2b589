"""The store: what was imported, kept between runs in one SQLite file.

One compressed block per source, stream and UTC day; a block or file that is known by its content
is kept once. Every block knows its files, every file its imports. Deleted means overwritten.
"""

from __future__ import annotations

from hrv.store.book import Store, checked_code, open_store, there_is_one
from hrv.store.nouns import (
    Check,
    Forgotten,
    Imported,
    PersonSummary,
    SavedAnalysis,
    Upload,
)
from hrv.store.reduced import ReducedDays

__all__ = [
    "Check",
    "Forgotten",
    "Imported",
    "PersonSummary",
    "ReducedDays",
    "SavedAnalysis",
    "Store",
    "Upload",
    "checked_code",
    "open_store",
    "there_is_one",
]
