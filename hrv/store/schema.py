"""The tables of the store, as steps from one schema number to the next."""

from __future__ import annotations

import sqlite3

APPLICATION = 0x48525652  # marks the file as ours

_FIRST = """
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    at_s REAL NOT NULL
);
CREATE TABLE upload (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number is never given twice
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    at_s REAL NOT NULL,
    version TEXT NOT NULL,
    counts TEXT NOT NULL
);
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    content TEXT NOT NULL,  -- the file
    reading TEXT NOT NULL,  -- what was read from it; empty: a part was forgotten
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    device TEXT NOT NULL,
    called TEXT NOT NULL,  -- the person, as the file names them
    facts BLOB NOT NULL,  -- clock, spans, day values, ratings, refusals, notes
    UNIQUE (person_id, content)
);
CREATE TABLE held (
    upload_id INTEGER NOT NULL REFERENCES upload(id) ON DELETE CASCADE,
    source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (upload_id, source_id)
) WITHOUT ROWID;
CREATE INDEX held_source ON held (source_id);
CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    said TEXT NOT NULL UNIQUE
);
CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    stream_id INTEGER NOT NULL REFERENCES stream(id),
    utc_day INTEGER NOT NULL,
    codec TEXT NOT NULL,
    samples INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (person_id, stream_id, utc_day, sha256)
);
CREATE TABLE part (
    source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    series INTEGER NOT NULL,
    block_id INTEGER NOT NULL REFERENCES block(id),
    PRIMARY KEY (source_id, position)
) WITHOUT ROWID;
CREATE INDEX part_block ON part (block_id);
CREATE TABLE covered (
    source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    PRIMARY KEY (source_id, day)
) WITHOUT ROWID;
CREATE TABLE entry (
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (person_id, name)
) WITHOUT ROWID;
CREATE TABLE analysis (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    settings TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    at_s REAL NOT NULL,
    record BLOB NOT NULL,
    UNIQUE (person_id, settings, sha256)
);
"""

_REDUCED_DAYS = """
CREATE TABLE reduced (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    utc_day INTEGER NOT NULL,
    made_of TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (person_id, utc_day)
);
"""

_SHOWN = """
CREATE TABLE shown (
    analysis_id INTEGER PRIMARY KEY REFERENCES analysis(id) ON DELETE CASCADE,
    standing TEXT NOT NULL,  -- what a list of people tells of it
    pdf BLOB
);
CREATE TABLE derived (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    made_of TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (person_id, name)
);
"""

STEPS: tuple[str, ...] = (
    _FIRST,
    _REDUCED_DAYS,
    _SHOWN,
)  # step n leads from schema n to schema n + 1
SCHEMA = len(STEPS)


def number(db: sqlite3.Connection) -> int:
    """The schema number of a file; 0 for a new one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def upgrade(db: sqlite3.Connection, to: int = SCHEMA) -> None:
    """Lead a file to schema `to`, wholly or not at all."""
    if number(db) >= to:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in range(number(db), to):
            for statement in STEPS[step].split(";\n"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {to}")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
