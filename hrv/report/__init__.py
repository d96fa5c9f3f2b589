"""An `Analysis` to files. matplotlib and jinja2 are loaded only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hrv.model import Analysis

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
    for kind in ("png", "svg"):
        if kind in wanted:
            made[kind] = _figures(analysis, out_dir / "figures", kind, words)
    return made


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _figures(analysis: Analysis, folder: Path, kind: str, words: object) -> Path:
    from hrv.report import atlas, figures
    from hrv.report.text import Words

    assert isinstance(words, Words)
    folder.mkdir(parents=True, exist_ok=True)
    for plate in atlas.plates(analysis, words):
        for name, palette in (("", figures.LIGHT), ("-dark", figures.DARK)):
            drawn = atlas.figure(plate, words, palette)
            path = folder / f"{plate.name}{name}.{kind}"
            if kind == "png":
                path.write_bytes(figures.png(drawn))
            else:
                _written(path, figures.svg(drawn))
    return folder
