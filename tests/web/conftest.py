"""A page per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web import pages


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[pages.Desk]:
    made = pages.desk(tmp_path / "page")
    yield made
    made.jobs.close()
