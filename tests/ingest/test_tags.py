"""What a person adds: tags, routines, calendars, ratings; rows not understood are named by line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hrv.errors import MalformedFileError
from hrv.ingest.routines import routine
from hrv.ingest.words import kind_of
from hrv.model import Recording, Span, SpanKind
from tests.ingest.samples import FOLDER, one, write


def unix(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


def tags(folder: Path, text: str, name: str = "tags.csv", **options: object) -> Recording:
    return one(write(folder, name, text), **options)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Box breathing", SpanKind.TECHNIQUE), ("Atemübung", SpanKind.TECHNIQUE),
        ("Streit mit Chef", SpanKind.EVENT), ("argument", SpanKind.EVENT),
        ("EMDR session", SpanKind.THERAPY), ("2 Bier", SpanKind.ALCOHOL),
        ("beta-blocker", SpanKind.MEDICINE), ("Grippe", SpanKind.ILLNESS),
        ("period", SpanKind.CYCLE), ("Umzug", SpanKind.LIFE), ("coffee", SpanKind.OTHER),
    ],
)  # fmt: skip
def test_words_of_both_languages_tell_the_kind(words: str, kind: SpanKind) -> None:
    assert kind_of(words) is kind


def test_a_word_inside_another_is_not_that_word() -> None:
    assert kind_of("wineglass collection") is None
    assert kind_of("qwertz") is None


def test_a_date_alone_covers_the_local_day(tmp_path: Path) -> None:
    found = tags(tmp_path, "start,label\n2026-03-29,flu\n", tz="Europe/Berlin").spans[0]
    assert found.all_day
    assert found.start_s == unix(2026, 3, 28, 23)
    assert found.end_s - found.start_s == 23 * 3600  # the day loses an hour


def test_dates_from_to_include_the_last_day(tmp_path: Path) -> None:
    found = tags(tmp_path, "start,end,kind\n2026-01-05,2026-01-07,illness\n").spans[0]
    assert (found.end_s - found.start_s) == 3 * 86_400


def test_a_mark_has_no_length_and_keeps_its_intensity(tmp_path: Path) -> None:
    text = "start;kind;label;intensity\n2026-01-05 10:00+01:00;event;row;7,5\n"
    found = tags(tmp_path, text).spans[0]
    assert (found.start_s, found.end_s) == (unix(2026, 1, 5, 9),) * 2
    assert (found.intensity, found.origin, found.label) == (7.5, "person", "row")


def test_rows_that_are_not_understood_are_refused_by_line(tmp_path: Path) -> None:
    text = (
        "start,end,kind,repeat\n"
        "2026-01-05 10:00,2026-01-05 10:10,technique,\n"
        "someday,,technique,\n"
        "2026-01-05 10:00,2026-01-05 09:00,technique,\n"
        "2026-01-05 10:00,,technique,now and then\n"
        "\n"
        "2026-01-06 10:00,,gardening,\n"
    )
    found = tags(tmp_path, text)
    assert (found.rows_used, found.rows_refused) == (2, 3)
    assert {(r.reason, r.first_place) for r in found.refusals} == {
        ("the start is no date or time", "line 3"),
        ("it ends before it starts", "line 4"),
        ("the repetition is not understood", "line 5"),
    }
    assert found.spans[-1].kind is SpanKind.OTHER
    assert any("1 tags of a kind" in str(note) for note in found.notes)


def test_a_routine_is_one_line(tmp_path: Path) -> None:
    text = (
        "start,end,kind,label,repeat\n"
        "2026-03-27 07:00,2026-03-27 07:10,technique,breathing,daily until 2026-03-30\n"
    )
    spans = tags(tmp_path, text, tz="Europe/Berlin").spans
    hours = [datetime.fromtimestamp(span.start_s, UTC).hour for span in spans]
    assert hours == [6, 6, 5, 5]  # seven o'clock on both sides of the change of clocks


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily until 2026-01-08", [5, 6, 7, 8]),
        ("weekdays until 2026-01-12", [5, 6, 7, 8, 9, 12]),
        ("mon,thu until 2026-01-15", [5, 8, 12, 15]),
        ("Mo und Do bis 2026-01-15", [5, 8, 12, 15]),
        ("weekly until 2026-01-20", [5, 12, 19]),
        ("täglich bis 2026-01-06", [5, 6]),
    ],
)
def test_routines(text: str, days: list[int]) -> None:
    first = date(2026, 1, 5)
    found = routine(text, first)
    assert found is not None
    assert [day.day for day in found.days(first, date(2030, 1, 1))] == days


def test_a_routine_without_an_end_stops_today(tmp_path: Path) -> None:
    text = "start,kind,repeat\n2026-01-05 07:00,technique,daily\n"
    assert len(tags(tmp_path, text, now_s=unix(2026, 1, 14, 12)).spans) == 10


def test_a_table_named_tags_without_a_start_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(MalformedFileError, match="needs the columns start"):
        tags(tmp_path, "what,how\nbreathing,well\n")


# --------------------------------------------------------------------------- ratings


def test_of_two_ratings_a_day_the_last_counts(tmp_path: Path) -> None:
    text = "Datum;Skala;Wert\n05.01.2026;PHQ 9;11\n13.01.2026;PHQ 9;9\n13.01.2026;PHQ 9;8,5\n"
    found = tags(tmp_path, text, "ratings.csv")
    assert [(r.scale, r.value) for r in found.ratings] == [("phq_9", 11.0), ("phq_9", 8.5)]
    assert found.rows_refused == 1


# --------------------------------------------------------------------------- calendars


def calendar(folder: Path, *lines: str) -> tuple[tuple[Span, ...], list[str]]:
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + "\n".join(lines) + "\nEND:VEVENT\nEND:VCALENDAR\n"
    found = one(write(folder, "mine.ics", text))
    return found.spans, [str(note) for note in found.notes]


def test_an_event_has_its_own_zone(tmp_path: Path) -> None:
    spans, _ = calendar(tmp_path, "DTSTART;TZID=America/New_York:20260705T090000",
                        "DURATION:PT45M", "SUMMARY:EMDR\\, second")  # fmt: skip
    assert spans[0].start_s == unix(2026, 7, 5, 13)
    assert spans[0].end_s - spans[0].start_s == 2700
    assert (spans[0].kind, spans[0].label, spans[0].origin) == (
        SpanKind.THERAPY, "EMDR, second", "calendar",
    )  # fmt: skip


def test_weeks_repeat_except_where_they_do_not(tmp_path: Path) -> None:
    spans, notes = calendar(
        tmp_path, "DTSTART:20260105T170000Z", "DTEND:20260105T180000Z",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "EXDATE:20260107T170000Z", "SUMMARY:Yoga",
    )  # fmt: skip
    assert [datetime.fromtimestamp(s.start_s, UTC).day for s in spans] == [5, 12, 14]
    assert not notes


def test_a_rule_that_is_not_understood_is_said(tmp_path: Path) -> None:
    spans, notes = calendar(tmp_path, "DTSTART:20260105T170000Z",
                            "RRULE:FREQ=MONTHLY;BYSETPOS=-1", "SUMMARY:Therapy")  # fmt: skip
    assert len(spans) == 1
    assert any("not understood" in note for note in notes)


def test_folded_lines_and_alarms_do_not_confuse(tmp_path: Path) -> None:
    spans, _ = calendar(
        tmp_path, "SUMMARY:Box breath", " ing", "DTSTART:20260105T170000Z",
        "BEGIN:VALARM", "DTSTART:20200101T000000Z", "END:VALARM",
    )  # fmt: skip
    assert (spans[0].label, spans[0].start_s) == ("Box breathing", unix(2026, 1, 5, 17))


def test_the_sample_of_a_person_is_read_whole() -> None:
    found = one(FOLDER / "own" / "tags.csv")
    assert {span.kind for span in found.spans} == {
        SpanKind.TECHNIQUE, SpanKind.EVENT, SpanKind.ILLNESS,
    }  # fmt: skip
