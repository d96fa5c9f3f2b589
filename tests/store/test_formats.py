"""The samples of every format come back from the store as they were read."""

from __future__ import annotations

from pathlib import Path

import pytest

from hrv import ingest, timeline
from hrv.model import ReadOptions
from hrv.settings import Settings
from hrv.store import open_store
from tests.store.test_store import assert_same

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize("folder", sorted(p.name for p in SAMPLES.iterdir() if p.is_dir()))
def test_a_sample_is_kept_whole_and_once(folder: str, tmp_path: Path) -> None:
    found = list(ingest.read([SAMPLES / folder], ReadOptions(), Settings().ingest))
    with open_store(tmp_path / "store") as store:
        store.add(found, person="ada", name=folder)
        assert_same(store.timeline("ada"), timeline.build(found, person="ada"))
        again = store.add(found, person="ada", name=folder)
        assert (again.upload, again.rows_added, again.files_known) == (None, 0, len(found))
