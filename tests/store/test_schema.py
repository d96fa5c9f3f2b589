"""Stores of every older schema are led to the newest with nothing lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hrv import timeline
from hrv.store import Store, open_store, schema
from tests.store.test_store import assert_same, watch


def old_store(folder: Path, number: int) -> Store:
    """A store as the version that wrote schema `number` left it."""
    folder.mkdir()
    db = sqlite3.connect(folder / "history.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    schema.upgrade(db, number)
    db.execute("PRAGMA foreign_keys = ON")
    return Store(db, folder / "history.sqlite3")


@pytest.mark.parametrize("number", range(1, schema.SCHEMA))
def test_an_older_store_is_read_and_used_on(tmp_path: Path, number: int) -> None:
    with old_store(tmp_path / "s", number) as old:
        assert schema.number(old._db) == number
        old.add([watch(3)], person="ada", name="before")
        old.save_analysis("ada", "h", "{}")
    with open_store(tmp_path / "s") as store:
        assert schema.number(store._db) == schema.SCHEMA
        assert store.check().ok
        assert_same(store.timeline("ada"), timeline.build([watch(3)], person="ada"))
        assert [a.record for a in store.analyses("ada")] == ["{}"]
        with store.reduced("ada") as kept:
            assert kept.load(20_000, "key") is None
        store.add([watch(5)], person="ada", name="after")
        store.forget(upload=1)
        assert_same(store.timeline("ada"), timeline.build([watch(5)], person="ada"))


def test_a_step_that_fails_leaves_the_old_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old_store(tmp_path / "s", 1) as old:
        old.add([watch(2)], person="ada", name="a")
    monkeypatch.setattr(schema, "STEPS", (schema.STEPS[0], "CREATE TABLE x (y);\nNONSENSE"))
    db = sqlite3.connect(tmp_path / "s" / "history.sqlite3", isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.upgrade(db, 2)
    assert schema.number(db) == 1
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'x'").fetchone()[0] == 0
    db.close()


def test_a_new_store_and_a_migrated_one_have_the_same_tables(tmp_path: Path) -> None:
    old_store(tmp_path / "old", 1).close()
    with open_store(tmp_path / "old") as old, open_store(tmp_path / "new") as new:
        tables = [
            store._db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            for store in (old, new)
        ]
    assert tables[0] == tables[1]
