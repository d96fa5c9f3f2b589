"""What we raise on purpose.

HrvError
+-- InputError            a file cannot be used: exit code 3
|   +-- UnknownFormatError   nothing we know; names the nearest formats
|   +-- AmbiguousInputError  more than one reading; names them all
|   +-- MalformedFileError   known format, broken content; names the place
|   +-- UnsafeArchiveError   a ZIP that would unpack to harm
|   +-- NothingUsableError   every input was refused
+-- SettingsError         the request cannot work: exit code 2
+-- StoreError            the person's history cannot be read or written: exit code 3

Each error says what, where and what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence


class HrvError(Exception):
    """Base of all errors that a person may see."""

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", way_out: str = "") -> None:
        self.what, self.where, self.way_out = what, where, way_out
        message = f"{where}: {what}" if where else what
        super().__init__(f"{message}. {way_out}" if way_out else message)


class InputError(HrvError):
    """An input cannot be used."""


class UnknownFormatError(InputError):
    """No format claims this file."""

    def __init__(self, where: str, seen: str, nearest: Sequence[str] = ()) -> None:
        near = f". Nearest: {'; '.join(nearest)}" if nearest else ""
        super().__init__(
            f"no known format: {seen}{near}",
            where=where,
            way_out="See 'hrv formats', or say which column is what with --map",
        )


class AmbiguousInputError(InputError):
    """Two readings are possible and nothing in the file decides."""

    def __init__(self, where: str, question: str, readings: Sequence[str], way_out: str) -> None:
        self.readings = tuple(readings)
        super().__init__(f"{question}: {' or '.join(readings)}", where=where, way_out=way_out)


class MalformedFileError(InputError):
    """A file of a known format whose content is broken."""

    def __init__(self, where: str, place: str, problem: str, way_out: str = "") -> None:
        self.place = place
        super().__init__(f"{place}: {problem}", where=where, way_out=way_out)


class UnsafeArchiveError(InputError):
    """An archive that is refused because of what unpacking it would do."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(problem, where=where, way_out="Unpack it by hand and give the folder")


class NothingUsableError(InputError):
    """Every input was refused; says why for each."""

    def __init__(self, refusals: Sequence[str]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            "nothing in the input can be used:\n  " + "\n  ".join(refusals),
            way_out="\n'hrv identify' explains each decision, 'hrv formats' lists what can be read",
        )


class SettingsError(HrvError):
    """A request that cannot work."""

    exit_code = 2


class StoreError(HrvError):
    """The store cannot be read or written."""
