"""Known breaks of a timeline: when the watch is another one, and when it is not."""

from __future__ import annotations

from collections.abc import Iterable

from hrv.markers import Break, breaks
from hrv.model import DAY_S, DayBlock, InputSummary, LocalClock, Span, SpanKind, Timeline
from hrv.settings import MarkerSettings

FIRST = 20_000


def worn(device: str, days: Iterable[int], hours: float = 20.0, stream: str = "heart_rate",
         from_h: float = 2.0) -> list[InputSummary]:  # fmt: skip
    """One file a day of one device."""
    starts = [(FIRST + day) * DAY_S + from_h * 3600.0 for day in days]
    return [
        InputSummary(file=f"{device}-{start:.0f}", format="fit", streams=(stream,), first_s=start,
                     last_s=start + hours * 3600.0, rows_used=1, rows_refused=0, device=device)
        for start in starts
    ]  # fmt: skip


def never(utc_day: int) -> DayBlock:
    raise AssertionError(utc_day)


def found(inputs: list[InputSummary], *spans: Span) -> tuple[Break, ...]:
    timeline = Timeline(
        utc_days=(), read_block=never, clock=LocalClock.fixed(), spans=spans, inputs=tuple(inputs)
    )
    return breaks(timeline, MarkerSettings())


def test_another_watch_is_a_break_on_its_first_day() -> None:
    inputs = worn("old", range(40)) + worn("new", range(40, 80))
    assert found(inputs) == (Break(day=FIRST + 40, kind="device", label="new"),)


def test_a_few_days_of_two_devices_tell_of_a_break_too() -> None:
    for n in (8, 10):
        inputs = worn("old", range(n)) + worn("new", range(n, 2 * n))
        assert found(inputs) == (Break(day=FIRST + n, kind="device", label="new"),)
    assert found(worn("old", range(3)) + worn("new", range(3, 6))) == ()  # neither is the main one


def test_the_order_of_the_files_does_not_matter() -> None:
    inputs = worn("old", range(40)) + worn("new", range(40, 80))
    assert found(inputs[::-1]) == found(inputs)


def test_an_old_watch_worn_now_and_then_hides_no_break() -> None:
    inputs = worn("old", [*range(40), 47, 55, 70]) + worn("new", range(40, 80))
    assert [item.day for item in found(inputs)] == [FIRST + 40]


def test_training_still_recorded_by_the_old_watch_hides_no_break() -> None:
    inputs = worn("old", range(40)) + worn("new", range(40, 80))
    inputs += worn("old", range(41, 80, 2), hours=1.0)
    assert [item.day for item in found(inputs)] == [FIRST + 40]


def test_a_strap_for_training_is_no_break() -> None:
    assert found(worn("watch", range(80)) + worn("strap", range(30, 80, 2), hours=1.0)) == ()


def test_a_watch_lent_for_three_days_is_no_break() -> None:
    days = set(range(80)) - {40, 41, 42}
    assert found(worn("own", days) + worn("lent", [40, 41, 42])) == ()


def test_one_file_over_many_days_counts_for_each_of_them() -> None:
    inputs = worn("old", [0], hours=24.0 * 40 - 2) + worn("new", range(40, 60))
    assert [item.day for item in found(inputs)] == [FIRST + 40]


def test_a_watch_that_came_back_is_two_breaks() -> None:
    inputs = worn("old", [*range(40), *range(60, 90)]) + worn("new", range(40, 60))
    assert [(item.day - FIRST, item.label) for item in found(inputs)] == [(40, "new"), (60, "old")]


def test_files_without_heart_data_name_no_device() -> None:
    assert found(worn("watch", range(80)) + worn("scale", range(80), stream="weight_kg")) == ()
    assert found(worn("old", range(30)) + worn("phone", range(30, 60), stream="motion")) == ()


def tag(kind: SpanKind, first: int, last: int, label: str = "x") -> Span:
    """A span over whole local days."""
    start = (FIRST + first) * DAY_S
    return Span(kind=kind, start_s=start, end_s=(FIRST + last + 1) * DAY_S, label=label)


def test_a_medicine_marked_once_began_on_that_day() -> None:
    spans = [tag(SpanKind.MEDICINE, 12, 12), tag(SpanKind.EVENT, 13, 13)]
    got = [(item.day - FIRST, item.kind, item.label) for item in found([], *spans)]
    assert got == [(12, "medicine", "x")]


def test_a_pill_a_day_is_one_course_with_a_beginning_and_an_end() -> None:
    spans = [tag(SpanKind.MEDICINE, day, day) for day in range(10, 60)]
    spans.append(tag(SpanKind.MEDICINE, 20, 20, "y"))
    got = [(item.day - FIRST, item.label) for item in found([], *spans)]
    assert got == [(10, "x"), (20, "y"), (60, "x")]


def test_a_medicine_taken_again_after_months_is_another_course() -> None:
    spans = [tag(SpanKind.MEDICINE, 10, 19), tag(SpanKind.MEDICINE, 60, 69)]
    assert [item.day - FIRST for item in found([], *spans)] == [10, 20, 60, 70]


def test_a_short_illness_is_no_break_and_a_long_one_is_two() -> None:
    assert found([], tag(SpanKind.ILLNESS, 12, 18)) == ()
    long = found([], tag(SpanKind.ILLNESS, 12, 28), tag(SpanKind.ILLNESS, 29, 59))
    assert [(item.day - FIRST, item.kind) for item in long] == [(12, "illness"), (62, "illness")]


def test_a_tagged_device_is_a_break_unless_the_files_say_so_already() -> None:
    inputs = worn("old", range(40)) + worn("new", range(40, 80))
    tags = [tag(SpanKind.DEVICE, 42, 42, "my new watch"), tag(SpanKind.DEVICE, 60, 60, "firmware")]
    got = [(item.day - FIRST, item.label) for item in found(inputs, *tags)]
    assert got == [(40, "new"), (60, "firmware")]
