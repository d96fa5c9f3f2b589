"""An `Analysis` to files. matplotlib and jinja2 are loaded only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrv.model import Analysis
    from hrv.report.atlas import Drawn
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
    kinds: list[str] = [kind for kind in ("png", "svg") if kind in wanted]
    drawn = _drawn(analysis, words) if kinds or "html" in wanted else []
    if "html" in wanted:
        from hrv.report.page import html

        made["html"] = _written(out_dir / "report.html", html(analysis, words, drawn))
    if "json" in wanted:
        from hrv.report.record import dumps

        made["json"] = _written(out_dir / "report.json", dumps(analysis, words))
    if "pdf" in wanted:
        from hrv.report.pdf import write_pdf

        made["pdf"] = write_pdf(analysis, out_dir / "report.pdf", words, paper)
    if kinds:
        _figures(drawn, out_dir / "figures", kinds, words)
        made |= dict.fromkeys(kinds, out_dir / "figures")
    return made


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _drawn(analysis: Analysis, words: Words) -> list[Drawn]:
    """Every picture in light colours, drawn once for all files."""
    from hrv.report import atlas

    return [atlas.drawn(plate, words) for plate in atlas.plates(analysis, words)]


def _figures(drawn: list[Drawn], folder: Path, kinds: list[str], words: Words) -> None:
    """Every picture, light and dark; the dark SVG is the light one in other colours."""
    from hrv.report import atlas, figures

    folder.mkdir(parents=True, exist_ok=True)
    for picture in drawn:
        name = picture.plate.name
        if "svg" in kinds:
            _written(folder / f"{name}.svg", picture.svg)
            _written(folder / f"{name}-dark.svg", figures.darkened(picture.svg))
        if "png" in kinds:
            dark = atlas.figure(picture.plate, words, figures.DARK)
            (folder / f"{name}.png").write_bytes(figures.png(picture.figure))
            (folder / f"{name}-dark.png").write_bytes(figures.png(dark))
