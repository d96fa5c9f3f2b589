"""Files, folders, ZIPs and gzip as one stream of members; nothing is unpacked to disk.

What an archive would unpack to is counted while it is read, not taken from its own word.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from hrv.errors import InputError, MalformedFileError, UnsafeArchiveError

HEAD_BYTES = 1 << 16
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
SPREADSHEETS = (".xlsx", ".xlsm", ".ods", ".numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may unpack to."""

    member_bytes: int = 8 << 30  # an Apple export.xml of many years
    total_bytes: int = 64 << 30
    nested_bytes: int = 2 << 30  # an archive inside an archive is held in memory
    ratio: float = 120.0  # real exports stay near 20
    ratio_from_bytes: int = 1 << 20
    members: int = 500_000
    depth: int = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One readable file, wherever it lies. `name` is its path inside the input."""

    name: str
    root: str
    size: int
    opener: Callable[[], BinaryIO]
    given: bool = False  # named by the person, not found in a folder or an archive

    @property
    def base(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    def open(self) -> BinaryIO:
        """From the first byte on."""
        return self.opener()

    def head(self, size: int = HEAD_BYTES) -> bytes:
        with self.open() as stream:
            return stream.read(size)

    def data(self) -> bytes:
        with self.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A file that is not even looked into, and why."""

    name: str
    error: InputError
    given: bool = False


@dataclass(slots=True)
class _Budget:
    """Bytes unpacked so far, each member counted once however often it is read."""

    limits: Limits
    total: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, position: int, packed: int) -> None:
        limits = self.limits
        before = self.seen.get(name, 0)
        if position > before:
            self.seen[name] = position
            self.total += position - before
        if position > limits.member_bytes or self.total > limits.total_bytes:
            raise UnsafeArchiveError(name, "unpacks to more than is allowed")
        if position > limits.ratio_from_bytes and position > limits.ratio * max(packed, 1):
            raise UnsafeArchiveError(
                name, f"unpacks to more than {limits.ratio:.0f} times its size"
            )


class _Counted(io.RawIOBase):
    """A stream that counts and speaks our errors."""

    def __init__(self, stream: IO[bytes], name: str, packed: int, budget: _Budget) -> None:
        self._stream, self._name, self._packed, self._budget = stream, name, packed, budget
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._stream.read(len(buffer))
        except DAMAGE as error:
            raise MalformedFileError(
                self._name, f"byte {self._position}", "the archive is damaged here"
            ) from error
        buffer[: len(chunk)] = chunk
        self._position += len(chunk)
        self._budget.count(self._name, self._position, self._packed)
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class Archives:
    """Walks inputs and keeps their archives open until it is closed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._budget = _Budget(self.limits)
        self._stack = ExitStack()
        self._nested: tuple[str, zipfile.ZipFile] | None = None

    def __enter__(self) -> Archives:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_nested()
        self._stack.close()

    def walk(self, paths: Sequence[Path]) -> Iterator[Member | Rejected]:
        """Every file in every input, in a fixed order."""
        for path in paths:
            if path.is_dir():
                for found in _files_below(path):
                    yield from self._file(found, found.relative_to(path).as_posix(), given=False)
            elif path.exists():
                yield from self._file(path, path.name, given=True)
            else:
                error = InputError("no such file or folder", where=str(path))
                yield Rejected(name=path.name, error=error, given=True)

    def _file(self, path: Path, name: str, *, given: bool) -> Iterator[Member | Rejected]:
        try:
            size = path.stat().st_size
            with path.open("rb") as stream:
                magic = stream.read(4)
        except OSError as error:
            problem = InputError(f"cannot be opened ({error.strerror})", where=name)
            yield Rejected(name=name, error=problem, given=given)
            return
        member = Member(
            name=name,
            root=path.name if given else name.split("/", 1)[0],
            size=size,
            opener=lambda: cast(BinaryIO, path.open("rb")),
            given=given,
        )
        yield from self._look(member, magic, size, lambda: zipfile.ZipFile(path), depth=0)

    def _look(
        self,
        member: Member,
        magic: bytes,
        packed: int,
        open_zip: Callable[[], zipfile.ZipFile],
        depth: int,
    ) -> Iterator[Member | Rejected]:
        if _hidden(member.name):
            return
        problem = _unwanted(member.name)
        if problem:
            error = InputError(problem, where=member.base)
            yield Rejected(name=member.name, error=error, given=member.given)
        elif magic == b"PK\x03\x04" or magic == b"PK\x05\x06":
            yield from self._zip(member, packed, open_zip, depth)
        elif magic[:2] == b"\x1f\x8b":
            yield self._gzip(member, packed)
        else:
            yield member

    def _gzip(self, member: Member, packed: int) -> Member:
        name = member.name[:-3] if member.name.lower().endswith(".gz") else member.name

        def opener() -> BinaryIO:
            inner = _Gzip(member.open())
            return _buffered(_Counted(cast(IO[bytes], inner), name, packed, self._budget))

        return Member(
            name=name, root=member.root, size=packed * 8, opener=opener, given=member.given
        )

    def _zip(
        self, outer: Member, packed: int, open_zip: Callable[[], zipfile.ZipFile], depth: int
    ) -> Iterator[Member | Rejected]:
        if depth >= self.limits.depth:
            error: InputError = UnsafeArchiveError(outer.base, "too many archives in archives")
            yield Rejected(name=outer.name, error=error, given=outer.given)
            return
        try:
            archive = open_zip()
            infos = [info for info in archive.infolist() if not info.is_dir()]
            self._check(outer, infos, packed)
        except InputError as refusal:
            yield Rejected(name=outer.name, error=refusal, given=outer.given)
            return
        except (*DAMAGE, ValueError) as damage:
            error = MalformedFileError(outer.base, "table of contents", "not a readable ZIP")
            error.__cause__ = damage
            yield Rejected(name=outer.name, error=error, given=outer.given)
            return
        if depth == 0:
            self._stack.callback(archive.close)
        for info in infos:
            yield from self._entry(outer, info, archive if depth == 0 else None, open_zip, depth)

    def _check(self, outer: Member, infos: Sequence[zipfile.ZipInfo], packed: int) -> None:
        if len(infos) > self.limits.members:
            raise UnsafeArchiveError(outer.base, f"holds {len(infos)} files")
        if sum(info.compress_size for info in infos) > packed:
            raise UnsafeArchiveError(outer.base, "its members overlap")
        ends = sorted((info.header_offset, info.compress_size) for info in infos)
        for (start, size), (following, _) in pairwise(ends):
            if start + size > following:
                raise UnsafeArchiveError(outer.base, "its members overlap")

    def _entry(
        self,
        outer: Member,
        info: zipfile.ZipInfo,
        archive: zipfile.ZipFile | None,
        open_zip: Callable[[], zipfile.ZipFile],
        depth: int,
    ) -> Iterator[Member | Rejected]:
        name = f"{outer.name}/{info.filename}".replace("\\", "/")
        if _hidden(name):
            return
        problem = _tricky(info, self.limits)
        if problem:
            yield Rejected(name=name, error=UnsafeArchiveError(_base(name), problem))
            return

        def opener() -> BinaryIO:
            zipped = archive or self._reopened(outer.name, open_zip)
            try:
                stream = zipped.open(info)
            except (*DAMAGE, ValueError) as error:
                raise MalformedFileError(_base(name), "start", "cannot be unpacked") from error
            return _buffered(_Counted(stream, name, info.compress_size, self._budget))

        member = Member(name=name, root=outer.root, size=info.file_size, opener=opener)
        try:
            magic = member.head(4)
        except InputError as error:
            yield Rejected(name=name, error=error)
            return

        def open_inner() -> zipfile.ZipFile:
            if info.file_size > self.limits.nested_bytes:
                raise UnsafeArchiveError(_base(name), "an archive in an archive this large")
            return zipfile.ZipFile(io.BytesIO(member.data()))

        yield from self._look(member, magic, info.file_size, open_inner, depth + 1)

    def _reopened(self, name: str, open_zip: Callable[[], zipfile.ZipFile]) -> zipfile.ZipFile:
        """The archive in an archive that is in use; one is held at a time."""
        if self._nested is None or self._nested[0] != name:
            self._forget_nested()
            self._nested = (name, open_zip())
        return self._nested[1]

    def _forget_nested(self) -> None:
        if self._nested is not None:
            self._nested[1].close()
            self._nested = None


class _Gzip(gzip.GzipFile):
    """A gzip stream that closes what it reads from."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        super().__init__(fileobj=packed, mode="rb")

    def close(self) -> None:
        super().close()
        self._packed.close()


def _buffered(raw: _Counted) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(raw, buffer_size=1 << 18))


def _files_below(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f != "__MACOSX" and not f.startswith("."))
        for file in sorted(files):
            yield Path(where) / file


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _hidden(name: str) -> bool:
    """Leftovers of an operating system, never data."""
    return "__MACOSX/" in name or _base(name).startswith("._") or _base(name) in {".DS_Store", ""}


def _unwanted(name: str) -> str:
    low = name.lower()
    if low.endswith(".truth.json"):
        return "holds the truth of a simulation; it is never read as data"
    if low.endswith(SPREADSHEETS):
        return "a spreadsheet; save it as CSV"
    if low.endswith((".tar", ".tgz", ".tar.gz", ".7z", ".rar")):
        return "an archive of a kind that is not read; unpack it and give the folder"
    return ""


def _tricky(info: zipfile.ZipInfo, limits: Limits) -> str:
    parts = info.filename.replace("\\", "/").split("/")
    if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in parts[0][1:2]:
        return "its name points outside the archive"
    if info.flag_bits & 0x1:
        return "protected by a password"
    if info.file_size > limits.member_bytes:
        return "unpacks to more than is allowed"
    return ""
