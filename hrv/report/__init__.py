"""An `Analysis` to files. matplotlib and jinja2 are loaded only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrv.model import Analysis
    from hrv.report.text import Words

FORMATS = ("html", "json", "pdf", "png", "svg")

__all__ = ["FORMATS", "render"]


def render(
    analysis: Analysis,
    out_dir: Path,
    formats: Iterable[str] = ("html", "json"),
    language: str = "en",
    paper: str = "a4",
) -> dict[str, Path]:
    """Write the report into `out_dir`; format to its file (png, svg: to the folder of figures).

    Raises SettingsError for a format or a language that is not there.
    """
    from hrv.errors import SettingsError
    from hrv.report.text import Words

    wanted = list(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown:
        raise SettingsError(
            f"no report format {unknown[0]!r}", way_out=f"There are: {', '.join(FORMATS)}"
        )
    words = Words(language)
    out_dir.mkdir(parents=True, exist_ok=True)
    made: dict[str, Path] = {}
    if "html" in wanted:
        from hrv.report.page import html

        made["html"] = _written(out_dir / "report.html", html(analysis, words))
    if "json" in wanted:
        from hrv.report.record import dumps

        made["json"] = _written(out_dir / "report.json", dumps(analysis, words))
    if "pdf" in wanted:
        from hrv.report.pdf import write_pdf

        made["pdf"] = write_pdf(analysis, out_dir / "report.pdf", words, paper)
    kinds: list[str] = [kind for kind in ("png", "svg") if kind in wanted]
    if kinds:
        _figures(analysis, out_dir / "figures", kinds, words)
        made |= dict.fromkeys(kinds, out_dir / "figures")
    return made


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _figures(analysis: Analysis, folder: Path, kinds: list[str], words: Words) -> None:
    """Every picture, light and dark; the dark SVG is the light one in other colours."""
    from hrv.report import atlas, figures

    folder.mkdir(parents=True, exist_ok=True)
    for plate in atlas.plates(analysis, words):
        light = atlas.figure(plate, words)
        if "svg" in kinds:
            text = figures.svg(light)
            _written(folder / f"{plate.name}.svg", text)
            _written(folder / f"{plate.name}-dark.svg", figures.darkened(text))
        if "png" in kinds:
            dark = atlas.figure(plate, words, figures.DARK)
            (folder / f"{plate.name}.png").write_bytes(figures.png(light))
            (folder / f"{plate.name}-dark.png").write_bytes(figures.png(dark))
