"""What was asked to be kept: people of the store, their imports, their tags and ratings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrv.errors import SettingsError, StoreError
from hrv.model import as_date

if TYPE_CHECKING:
    from hrv.store import Store

_ENTRIES = "page"  # where the rows written on the page stand among a person's answers


def checked(code: str) -> str | None:
    """The code as the store takes it, or None."""
    from hrv.store import checked_code

    try:
        return checked_code(code)
    except SettingsError:
        return None


def number_of(code: str) -> str:
    """The id of a person's page."""
    return hashlib.sha256(code.encode()).hexdigest()[:32]


class History:
    """The store in the folder `path` (None: the usual one), opened anew for each use."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def people(self) -> list[dict[str, Any]]:
        """Everyone by code: first and last day, what is kept, the newest answer."""
        store = self._store()
        if store is None:
            return []
        with store:
            return [
                {
                    "number": number_of(one.code),
                    "code": one.code,
                    "days": one.days,
                    "first": _iso(one.first_day),
                    "last": _iso(one.last_day),
                    "uploads": one.uploads,
                    "bytes": one.stored_bytes,
                    **_said(one.record),
                }
                for one in store.people()
            ]

    def code_of(self, number: str) -> str | None:
        """Whose page this is."""
        store = self._store()
        if store is None:
            return None
        with store:
            codes = [one.code for one in store.people()]
        return next((code for code in codes if number_of(code) == number), None)

    def imports(self, code: str) -> list[dict[str, Any]]:
        store = self._store()
        if store is None:
            return []
        with store:
            return [
                {"id": one.id, "name": one.name, "at_s": one.at_s, "files": one.files,
                 "days": one.days, "first": _iso(one.first_day), "last": _iso(one.last_day),
                 "bytes": one.stored_bytes}
                for one in store.history(code)
            ]  # fmt: skip

    def added(self, code: str) -> dict[str, Any]:
        """Tags and ratings written on the page."""
        store = self._store()
        if store is None:
            return {}
        with store:
            return dict(store.answers(code).get(_ENTRIES, {}))

    def keep_added(self, code: str, added: Mapping[str, Any]) -> None:
        store = self._store()
        if store is not None:
            with store:
                store.set_answers(code, {**store.answers(code), _ENTRIES: dict(added)})

    def forget(self, code: str, upload: int | None = None) -> None:
        """Delete a person, or one import, for good. Raises StoreError if it is not there."""
        store = self._store()
        if store is not None:
            with store:
                if upload is None:
                    store.forget(person=code)
                else:
                    store.forget(person=code, upload=upload)

    def _store(self) -> Store | None:
        from hrv.store import open_store

        try:
            return open_store(self.path, create=False)
        except StoreError:
            return None


def _iso(day: int | None) -> str:
    return "" if day is None else as_date(day).isoformat()


def _said(record: str | None) -> dict[str, Any]:
    """The sentence of a kept record and what it asks for."""
    if record is None:
        return {"sentence": "", "needs": []}
    verdict = json.loads(record)["verdict"]
    return {"sentence": verdict["sentence"], "needs": [n["text"] for n in verdict["needs"]]}
