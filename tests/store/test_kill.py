"""An importer or an analysis that is killed loses nothing acknowledged and leaves no half."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import analysis_kill
from tests.benchmarks.store_kill import counted


@pytest.mark.slow
def test_a_killed_import_is_whole_or_not_there(tmp_path: Path) -> None:
    seen = counted(12, tmp_path)
    assert seen["intact"] == 12
    assert seen["acknowledged"] > 0
    assert (seen["lost"], seen["half kept"]) == (0, 0)


@pytest.mark.slow
def test_a_killed_analysis_is_whole_or_not_there(tmp_path: Path) -> None:
    seen = analysis_kill.counted(6, 4, tmp_path)
    assert [seen[name] for name in ("intact", "identical", "same record")] == [10, 10, 10]
    assert (seen["lost"], seen["half kept"]) == (0, 0)
    assert (seen["whole reports"], seen["same files"]) == (1, 1)
    assert seen["whole stores"] == seen["stores"] == 1
