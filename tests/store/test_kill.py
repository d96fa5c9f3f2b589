"""An importer that is killed loses nothing it acknowledged and leaves nothing half kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.store_kill import counted


@pytest.mark.slow
def test_a_killed_import_is_whole_or_not_there(tmp_path: Path) -> None:
    seen = counted(12, tmp_path)
    assert seen["intact"] == 12
    assert seen["acknowledged"] > 0
    assert (seen["lost"], seen["half kept"]) == (0, 0)
