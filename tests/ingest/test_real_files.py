"""Every real file kept beside the checkout is read, set aside or refused as its notes say."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.real_files import files, told


def test_every_real_file_comes_out_as_its_notes_say(shared_data: Path) -> None:
    found = [told(path, path.relative_to(shared_data).as_posix()) for path in files(shared_data)]
    assert len(found) >= 48
    assert [one.name for one in found if one.result != one.expected] == []
