"""Two pages to hand to somebody: one for the person, one for the clinician.

Text stays text (fonts embedded as TrueType), dates are left out, so that the same analysis gives
the same bytes. A4 by default, Letter on request; margins 15 mm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import FT2Font, LoadFlags

from hrv.model import Analysis, MarkerState, State
from hrv.report import atlas, figures, tests_said, wording
from hrv.report.figures import LIGHT, Ink
from hrv.report.page import statistics, then_now
from hrv.report.text import Words

PAPERS = {"a4": (8.27, 11.69), "letter": (8.5, 11.0)}
MARGIN = 0.59  # inches, 15 mm
POINTS = 72.0
NOTES = 4  # on the second page; the rest is counted
SCALES = tuple((letters, pictures) for letters in (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
               for pictures in (1.0, 0.9, 0.8, 0.72))  # fmt: skip
FILLED = 0.975  # of a line's room: set letters come out a little wider than their advances


def write_pdf(analysis: Analysis, path: Path, words: Words, paper: str = "a4") -> Path:
    """Write the two pages; `paper` is a4 or letter."""
    with figures.house_style(LIGHT), mpl.rc_context({"hatch.linewidth": 0.25}):
        meta = {"Title": wording.headline(words, analysis), "CreationDate": None, "ModDate": None}
        with PdfPages(path, metadata=meta) as pages:
            for sheet in pages_of(analysis, words, paper):
                pages.savefig(sheet.figure)
    return path


def pages_of(analysis: Analysis, words: Words, paper: str) -> Iterator[Sheet]:
    """Page 1 for the person, page 2 for the clinician."""
    for build in _builders(analysis, words):
        fitted = _fitted(build, PAPERS[paper])
        sheet = Sheet.blank(PAPERS[paper], (fitted.letters, fitted.shrink))
        build(sheet)
        yield sheet


def measured(analysis: Analysis, words: Words, paper: str) -> list[Sheet]:
    """The pages laid out and not drawn."""
    return [_fitted(build, PAPERS[paper]) for build in _builders(analysis, words)]


Build = Callable[["Sheet"], None]


def _builders(analysis: Analysis, words: Words) -> tuple[Build, Build]:
    plates = list(atlas.plates(analysis, words))
    numbers: dict[str, Any] = statistics(analysis, words)
    return (
        partial(_for_the_person, analysis, words, plates),
        partial(_for_the_clinician, analysis, words, plates, numbers),
    )


def _fitted(build: Build, size: tuple[float, float]) -> Sheet:
    """The page, measured, in the largest letters and pictures with which all of it has room."""
    for scale in SCALES:
        trial = Sheet.blank(size, scale, dry=True)
        build(trial)
        if trial.room >= 0.0:
            break
    return trial


# --------------------------------------------------------------------------- a sheet of paper


@dataclass(slots=True)
class Sheet:
    """A page filled from the top; `y` is what is left, in inches from the bottom.

    A dry page only measures. `room` is what is left above the foot, negative if they overlap;
    `told` is all of its text.
    """

    figure: Figure
    width: float
    height: float
    y: float
    letters: float
    shrink: float
    dry: bool
    room: float = 0.0
    told: list[str] = field(default_factory=list)

    @classmethod
    def blank(
        cls, size: tuple[float, float], scale: tuple[float, float] = (1.0, 1.0), dry: bool = False
    ) -> Sheet:
        return cls(Figure(figsize=size), size[0], size[1], size[1] - MARGIN, *scale, dry)

    @property
    def inner(self) -> float:
        return self.width - 2 * MARGIN

    def say(
        self, text: str, points: float = 11.0, *, bold: bool = False, soft: bool = False,
        x: float = 0.0, width: float | None = None, after: float = 0.05,
    ) -> None:  # fmt: skip
        """A paragraph, wrapped to the width; moves down by its height."""
        self.told.append(text)
        points *= self.letters
        for line in wrapped(text, self.inner - x if width is None else width, points, bold):
            self.y -= 1.28 * points / POINTS
            self._put(line, MARGIN + x, self.y, points, bold, soft)
        self.y -= after

    def foot(self, text: str) -> None:
        """Small print at the bottom of the page."""
        points = 7.5
        lines = wrapped(text, self.inner, points)
        top = MARGIN + 1.28 * points / POINTS * len(lines)
        self.room = self.y - top
        for k, line in enumerate(lines):
            at = top - (k + 1) * 1.28 * points / POINTS
            self._put(line, MARGIN, at, points, False, True)

    def _put(self, text: str, x: float, y: float, points: float, bold: bool, soft: bool) -> None:
        if self.dry:
            return
        self.figure.text(
            x / self.width,
            y / self.height,
            text,
            fontsize=points,
            fontweight="bold" if bold else "normal",
            color=LIGHT.soft if soft else LIGHT.ink,
            va="baseline",
            parse_math=False,
        )

    def rule(self, gap: float = 0.06) -> None:
        """A thin line across."""
        self.y -= gap
        if not self.dry:
            self._line()
        self.y -= gap

    def _line(self) -> None:
        ax = self.figure.add_axes(
            (MARGIN / self.width, self.y / self.height, self.inner / self.width, 0.0005)
        )
        ax.set_axis_off()
        ax.axhline(0, color=LIGHT.neutral, lw=0.8)

    def row(
        self, cells: list[str], widths: list[float], points: float = 9.5, *, bold: bool = False
    ) -> None:
        """Cells side by side, each wrapped in its own column."""
        self.told += cells
        points *= self.letters
        lines = [
            wrapped(cell, width - 0.08, points, bold or i == 0)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        step = 1.25 * points / POINTS
        x = MARGIN
        for i, (column, width) in enumerate(zip(lines, widths, strict=True)):
            for k, line in enumerate(column):
                self._put(line, x, self.y - (k + 1) * step, points, bold or i == 0, False)
            x += width
        self.y -= max(len(column) for column in lines) * step + 0.04

    def pictures(self, plates: list[atlas.Plate], words: Words, height: float) -> None:
        """Up to two pictures side by side with their titles."""
        if not plates:
            return
        height *= self.shrink
        if self.dry:
            self.y -= height
            return
        gap = 0.3
        width = (self.inner - gap * (len(plates) - 1)) / max(len(plates), 2)
        top = self.y
        for i, plate in enumerate(plates):
            x = MARGIN + i * (width + gap)
            points = next(
                p
                for p in (10.0, 9.0, 8.0, 7.0)
                if p == 7.0 or len(wrapped(plate.title, width, p, True)) == 1
            )
            self._put(plate.title, x, top - 0.16, points, True, False)
            below = 1.0 if plate.name == "survival" else 0.5
            ax = self.figure.add_axes(
                (
                    (x + 0.62) / self.width,
                    (top - height + below) / self.height,
                    (width - 0.72) / self.width,
                    (height - below - 0.62) / self.height,
                )
            )
            _small(ax, plate.draw, words)
        self.y = top - height


SMALL = {
    "axes.labelsize": 8.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 7.5,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 0.9,
    "legend.handletextpad": 0.4,
}


def _small(ax: Axes, draw: Callable[[Axes, Ink], None], words: Words) -> None:
    """The same drawing in letters that suit half a page."""
    rc: Any = SMALL
    with mpl.rc_context(rc):
        ax.tick_params(labelsize=8.0)
        draw(ax, Ink(LIGHT, words))
    for text in (ax.xaxis.label, ax.yaxis.label, *ax.texts):
        text.set_fontsize(8.0)


def wrapped(text: str, width: float, points: float, bold: bool = False) -> list[str]:
    """The text in lines that fit the width (inches), by the letters' own advances."""
    room = FILLED * width * POINTS / points
    lines: list[str] = []
    line, used = "", 0.0
    for word in text.split(" "):
        length = sum(advance(letter, bold) for letter in word)
        gap = advance(" ", bold) if line else 0.0
        if line and used + gap + length > room:
            lines.append(line)
            line, used, gap = "", 0.0, 0.0
        line = f"{line} {word}" if line else word
        used += gap + length
    return [*lines, line]


@cache
def advance(letter: str, bold: bool) -> float:
    """Width of a letter in units of the font size."""
    font = _font(bold)
    font.set_size(100.0, 72.0)  # others who draw with the same font set it as they need
    glyph = font.load_char(ord(letter), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536.0 / 100.0


@cache
def _font(bold: bool) -> FT2Font:
    weight = "bold" if bold else 400
    return get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))


# --------------------------------------------------------------------------- page 1


def _for_the_person(
    analysis: Analysis, words: Words, plates: Sequence[atlas.Plate], sheet: Sheet
) -> None:
    period = wording.period(words, analysis)
    if period:
        sheet.say(f"{words.say('ui.title')}  {period}", 9.5, soft=True)
    sheet.say(wording.headline(words, analysis), 17.0, bold=True, after=0.06)
    for sentence in wording.how_sure(words, analysis):
        sheet.say(sentence, 10.5, soft=True, after=0.02)
    sheet.say(" ".join(wording.what_now(words, analysis)), 10.5, after=0.02)
    sheet.rule()
    for name, line in zip(
        ("recovery", "baseline", "together"), wording.lines(words, analysis), strict=True
    ):
        state = f" · {words.say(f'state.{line.state}')}" if line.state else ""
        sheet.say(words.say(f"ui.{name}") + state, 11.0, bold=True, after=0.0)
        sheet.say(" ".join(line.first), 11.0, after=0.02)
        if line.more:
            sheet.say(" ".join(line.more), 9.0, soft=True, after=0.03)
        sheet.y -= 0.04
    sheet.rule(0.02)
    sheet.pictures([p for p in plates if p.place == "primary"][:2], words, 3.15)
    _changed(sheet, analysis, words)
    sheet.say(words.say("ui.settle"), 11.5, bold=True, after=0.02)
    needs = wording.needs(words, analysis) or [wording.no_needs(words, analysis)]
    for need in needs:
        sheet.say(f"– {need}", 10.0, after=0.01)
    sheet.foot(words.say("ui.not_diagnosis"))


def _changed(sheet: Sheet, analysis: Analysis, words: Words) -> None:
    groups: dict[str, list[str]] = {"changed": [], "same": [], "unclear": [], "unseen": []}
    where = {
        MarkerState.IMPROVING: "changed",
        MarkerState.WORSENING: "changed",
        MarkerState.STEADY: "same",
        MarkerState.UNDETERMINED: "unclear",
        MarkerState.UNKNOWN: "unseen",
    }
    for finding in analysis.markers:
        state = tests_said.marker_state(finding)
        if finding.id == "technique_dependence" and analysis.verdict.state is State.COPING:
            groups["changed"].append(tests_said.marker_name(words, finding.id))
        if state in where:
            name = tests_said.marker_name(words, finding.id)
            shown = words.say(f"state.{tests_said.shown_state(analysis, finding)}")
            worse = f" ({shown})" if where[state] == "changed" else ""
            groups[where[state]].append(name + worse)
    for group, names in groups.items():
        text = ", ".join(names)
        if not names:
            if group in {"unclear", "unseen"}:
                continue
            text = words.say("ui.nothing.same" if group == "same" else "ui.nothing")
        sheet.say(f"{words.say(f'ui.{group}')}: {text}", 10.0, after=0.04)


# --------------------------------------------------------------------------- page 2


def _for_the_clinician(
    analysis: Analysis,
    words: Words,
    plates: Sequence[atlas.Plate],
    view: dict[str, Any],
    sheet: Sheet,
) -> None:
    sheet.say(words.say("ui.clinician"), 14.0, bold=True)
    sheet.say(view["coverage"], 9.5)
    files = sorted(
        {
            f"{item.format}" + (f" ({item.device})" if item.device else "")
            for item in analysis.inputs
        }
    )
    used = sum(item.rows_used for item in analysis.inputs)
    refused = sum(item.rows_refused for item in analysis.inputs)
    sheet.say(
        words.say(
            "ui.sources",
            n=len(analysis.inputs),
            kinds=", ".join(files) or "–",
            used=used,
            refused=refused,
        ),
        9.5,
    )
    rows = then_now(analysis, words)
    if rows:
        sheet.rule()
        widths = [1.6, 1.6, 1.6, sheet.inner - 4.8]
        head = [words.say(x) for x in ("ui.sign", "ui.then", "ui.now", "ui.change")]
        sheet.row(head, widths, bold=True)
        for row in rows:
            sheet.row([row["name"], row["then"], row["now"], row["change"]], widths)
    if view["statistics"]:
        sheet.rule()
        widths = [1.65, 0.95, 1.1, 0.95, 0.5, 0.45, sheet.inner - 5.6]
        sheet.row(view["statistics_head"], widths, 8.5, bold=True)
        for cells in view["statistics"]:
            sheet.row(list(cells), widths, 8.5)
    sheet.rule()
    named = {plate.name: plate for plate in plates}
    wanted = ("survival", "half_times", "one_day", "coverage")
    chosen = [named[x] for x in wanted if x in named][:2]
    sheet.pictures(chosen, words, 3.0)
    sheet.y -= 0.08 if chosen else 0.0
    for note in analysis.notes[:NOTES]:
        sheet.say(f"{words.where(note)}: {words.note(note)}", 8.0, soft=True, after=0.01)
    if len(analysis.notes) > NOTES:
        sheet.say(words.say("ui.notes.more", n=len(analysis.notes) - NOTES), 8.0, soft=True)
    for part in ("recovery", "baseline", "trend", "verdict"):
        sheet.say(words.say(f"method.{part}"), 8.0, after=0.03)
    sheet.foot(words.say("ui.made.short", version=analysis.version, mark=view["mark"]))
