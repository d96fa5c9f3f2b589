"""What was asked to be kept: people of the store, their imports, entries and settings."""

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

_ENTRIES, _SETTINGS = "page", "settings"  # where they stand among a person's answers


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

    def people(self, by_age: bool = False) -> list[dict[str, Any]]:
        """Everyone: first and last day, what is kept, where the newest answer stood.

        By code name, or by how old the newest data are; never by how anyone does.
        """
        store = self._store()
        if store is None:
            return []
        with store:
            found = [
                {
                    "number": number_of(one.code),
                    "code": one.code,
                    "days": one.days,
                    "first": _iso(one.first_day),
                    "last": _iso(one.last_day),
                    "uploads": one.uploads,
                    "bytes": one.stored_bytes,
                    "pdf": one.pdf,
                    **_said(one.record),
                    **one.standing,
                }
                for one in store.people()
            ]
        return sorted(found, key=lambda one: str(one["last"])) if by_age else found

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
        """Tags, ratings and answers written on the page."""
        return dict(self._answers(code).get(_ENTRIES, {}))

    def settings(self, code: str) -> dict[str, Any]:
        """Time zone, language and period that were chosen for a person."""
        return dict(self._answers(code).get(_SETTINGS, {}))

    def keep_added(self, code: str, added: Mapping[str, Any]) -> None:
        self._keep(code, _ENTRIES, added)

    def keep_settings(self, code: str, settings: Mapping[str, Any]) -> None:
        self._keep(code, _SETTINGS, settings)

    def pdf(self, number: str) -> bytes | None:
        """The newest two pages of whoever this number is."""
        code = self.code_of(number)
        store = None if code is None else self._store()
        if store is None or code is None:
            return None
        with store:
            return store.pdf(code)

    def _answers(self, code: str) -> dict[str, Any]:
        store = self._store()
        if store is None:
            return {}
        with store:
            return store.answers(code) if code in store.codes() else {}

    def _keep(self, code: str, name: str, value: Mapping[str, Any]) -> None:
        store = self._store()
        if store is not None:
            with store:
                if code in store.codes():
                    store.set_answer(code, name, dict(value))

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
    rest: dict[str, Any] = {"tier": "", "measurable": [], "then_now": [], "window": None}
    if record is None:
        return {**rest, "sentence": "", "needs": []}
    verdict = json.loads(record)["verdict"]
    needs = [need["text"] for need in verdict["needs"]]
    return {**rest, "sentence": verdict["sentence"], "needs": needs}
