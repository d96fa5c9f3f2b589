"""What happens again and again: days of a repeated tag."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from hrv.ingest.words import plain

WEEKDAYS = {
    "mon": 0, "monday": 0, "mo": 0, "montag": 0,
    "tue": 1, "tuesday": 1, "tu": 1, "di": 1, "dienstag": 1,
    "wed": 2, "wednesday": 2, "we": 2, "mi": 2, "mittwoch": 2,
    "thu": 3, "thursday": 3, "th": 3, "do": 3, "donnerstag": 3,
    "fri": 4, "friday": 4, "fr": 4, "freitag": 4,
    "sat": 5, "saturday": 5, "sa": 5, "samstag": 5,
    "sun": 6, "sunday": 6, "su": 6, "so": 6, "sonntag": 6,
}  # fmt: skip
DAILY = {"daily", "every day", "taglich", "jeden tag"}
WORKDAYS = {"weekdays", "workdays", "werktags", "wochentags"}
WEEKENDS = {"weekend", "weekends", "wochenende", "am wochenende"}
WEEKLY = {"weekly", "every week", "wochentlich", "jede woche"}
UNTIL = re.compile(r"\b(?:until|till|bis)\s+(\d{4}-\d\d-\d\d)\b", re.IGNORECASE)
MOST_DAYS = 3660  # ten years of a daily routine


@dataclass(frozen=True, slots=True)
class Routine:
    """On which weekdays, every how many weeks, until when."""

    weekdays: frozenset[int]
    until: date | None = None
    every_weeks: int = 1
    every_days: int = 0  # instead of weekdays
    count: int | None = None

    def days(self, first: date, last: date) -> list[date]:
        """Its days from the first on."""
        end = min(self.until or last, last, first + timedelta(days=MOST_DAYS))
        found: list[date] = []
        day = first
        monday = first - timedelta(days=first.weekday())
        while day <= end and (self.count is None or len(found) < self.count):
            if self.every_days:
                fits = (day - first).days % self.every_days == 0
            else:
                weeks = (day - monday).days // 7
                fits = day.weekday() in self.weekdays and weeks % self.every_weeks == 0
            if fits:
                found.append(day)
            day += timedelta(days=1)
        return found


def routine(text: str, first: date) -> Routine | None:
    """'daily', 'weekdays', 'mon,thu', 'weekly until 2026-05-01'; None: not understood."""
    until = None
    match = UNTIL.search(text)
    if match:
        try:
            until = date.fromisoformat(match[1])
        except ValueError:
            return None
        text = text[: match.start()] + text[match.end() :]
    words = plain(text)
    if words in DAILY:
        return Routine(frozenset(range(7)), until)
    if words in WORKDAYS:
        return Routine(frozenset(range(5)), until)
    if words in WEEKENDS:
        return Routine(frozenset((5, 6)), until)
    if words in WEEKLY:
        return Routine(frozenset((first.weekday(),)), until)
    days = [word for word in words.split() if word not in {"and", "und", "every", "jeden"}]
    if days and all(day in WEEKDAYS for day in days):
        return Routine(frozenset(WEEKDAYS[day] for day in days), until)
    return None
