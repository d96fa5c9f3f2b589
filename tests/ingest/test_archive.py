"""Folders and archives: nothing is unpacked to disk, nothing harmful is unpacked at all."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest

from hrv.errors import InputError, MalformedFileError, UnsafeArchiveError
from hrv.ingest.archive import Archives, Limits, Member, Rejected


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def walk(path: Path, limits: Limits | None = None) -> dict[str, bytes | InputError]:
    """Name to content, or to the reason why there is none."""
    found: dict[str, bytes | InputError] = {}
    with Archives(limits) as archives:
        for item in archives.walk([path]):
            if isinstance(item, Rejected):
                found[item.name] = item.error
                continue
            try:
                found[item.name] = item.data()
            except InputError as error:
                found[item.name] = error
    return found


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_zip_in_a_zip_is_read_and_a_third_is_not(tmp_path: Path) -> None:
    inner = zipped({"c.csv": b"3"})
    middle = zipped({"b.csv": b"2", "inner.zip": inner})
    path = put(tmp_path, "a.zip", zipped({"a.csv": b"1", "middle.zip": middle}))
    found = walk(path)
    assert found["a.zip/a.csv"] == b"1"
    assert found["a.zip/middle.zip/b.csv"] == b"2"
    assert isinstance(found["a.zip/middle.zip/inner.zip"], UnsafeArchiveError)


def test_members_can_be_read_again_and_in_any_order(tmp_path: Path) -> None:
    names = {f"{k}.zip": zipped({"x.csv": str(k).encode()}) for k in range(3)}
    path = put(tmp_path, "a.zip", zipped(names))
    with Archives() as archives:
        members = [item for item in archives.walk([path]) if isinstance(item, Member)]
        assert [member.data() for member in reversed(members)] == [b"2", b"1", b"0"]
        assert [member.head(1) for member in members] == [b"0", b"1", b"2"]


def test_gzip_is_opened_wherever_it_lies(tmp_path: Path) -> None:
    put(tmp_path, "d/ACC.csv.gz", gzip.compress(b"1"))
    put(tmp_path, "d/all.zip", zipped({"HR.csv.gz": gzip.compress(b"2")}))
    assert walk(tmp_path / "d") == {"ACC.csv": b"1", "all.zip/HR.csv": b"2"}


def test_leftovers_of_systems_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "d/__MACOSX/._a.csv", b"x")
    put(tmp_path, "d/._a.csv", b"x")
    put(tmp_path, "d/.DS_Store", b"x")
    put(tmp_path, "d/z.zip", zipped({"__MACOSX/._a.csv": b"x", "b.csv": b"y"}))
    assert walk(tmp_path / "d") == {"z.zip/b.csv": b"y"}


def test_the_truth_of_a_simulation_is_refused_wherever_it_lies(tmp_path: Path) -> None:
    put(tmp_path, "d/x.truth.json", b"{}")
    put(tmp_path, "d/z.zip", zipped({"y.truth.json": b"{}"}))
    found = walk(tmp_path / "d") | walk(tmp_path / "d" / "x.truth.json")
    assert {"x.truth.json", "z.zip/y.truth.json"} == set(found)
    assert all("truth" in str(error) for error in found.values())


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    path = put(tmp_path, "a.zip", zipped({"bomb.csv": b"0" * (8 << 20), "good.csv": b"1"}))
    found = walk(path)
    assert isinstance(found["a.zip/bomb.csv"], UnsafeArchiveError)
    assert found["a.zip/good.csv"] == b"1"
    packed = put(tmp_path, "b.csv.gz", gzip.compress(b"0" * (8 << 20)))
    assert isinstance(walk(packed)["b.csv"], UnsafeArchiveError)


def test_a_member_that_lies_about_its_size_is_stopped_too(tmp_path: Path) -> None:
    data = bytearray(zipped({"bomb.csv": b"0" * (8 << 20)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    found = walk(put(tmp_path, "a.zip", bytes(data)))
    assert all(isinstance(error, InputError) for error in found.values())


def test_the_whole_is_capped_and_reading_twice_counts_once(tmp_path: Path) -> None:
    members = {f"{k}.csv": bytes(range(256)) * 16 for k in range(4)}
    path = put(tmp_path, "a.zip", zipped(members))
    with Archives(Limits(total_bytes=4 * 4096)) as archives:
        found = [item for item in archives.walk([path]) if isinstance(item, Member)]
        assert sum(len(member.data()) + len(member.data()) for member in found) == 8 * 4096
    late = walk(path, Limits(total_bytes=3 * 4096))
    assert sum(isinstance(item, UnsafeArchiveError) for item in late.values()) == 1


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": b"abc" * 100, "b.csv": b"xyz" * 100}, zipfile.ZIP_STORED))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]  # same place in the file
    (found,) = walk(put(tmp_path, "a.zip", bytes(data))).values()
    assert isinstance(found, UnsafeArchiveError)


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "C:/evil.csv"]
)
def test_names_that_point_outside_are_refused(name: str, tmp_path: Path) -> None:
    (found,) = walk(put(tmp_path, "a.zip", zipped({name: b"1"}))).values()
    assert isinstance(found, UnsafeArchiveError)


def test_a_password_is_named(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": b"1"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (found,) = walk(put(tmp_path, "a.zip", bytes(data))).values()
    assert isinstance(found, InputError)
    assert "password" in found.what


def test_a_cut_off_archive_is_malformed(tmp_path: Path) -> None:
    data = zipped({"a.csv": b"1" * 1000})
    (found,) = walk(put(tmp_path, "a.zip", data[:-30])).values()
    assert isinstance(found, MalformedFileError)


def test_a_damaged_member_does_not_hide_the_others(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.csv": bytes(range(256)) * 40, "b.csv": b"2"}))
    data[60:80] = b"\xff" * 20
    found = walk(put(tmp_path, "a.zip", bytes(data)))
    assert isinstance(found["a.zip/a.csv"], MalformedFileError)
    assert found["a.zip/b.csv"] == b"2"


def test_a_spreadsheet_says_what_to_do(tmp_path: Path) -> None:
    (found,) = walk(put(tmp_path, "a.xlsx", zipped({"x.xml": b"1"}))).values()
    assert isinstance(found, InputError)
    assert "CSV" in found.what
