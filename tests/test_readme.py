"""What the README promises works."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from hrv.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_examples_give_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner()
    runner.run(example)
    assert example.examples
    assert runner.failures == 0


def test_every_command_and_option_exists() -> None:
    shown = re.findall(r"(?:^|`)hrv ([a-z]+)([^`\n#]*)", README, flags=re.MULTILINE)
    assert {name for name, _ in shown} >= {"report", "formats", "identify", "explain"}
    for name, rest in shown:
        command = main.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        known |= {option for parameter in command.params for option in parameter.secondary_opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, f"hrv {name}{rest}"


def test_every_make_target_and_link_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z]+)", README):
        if target not in ("it", "them"):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_tags_example_is_read() -> None:
    from hrv.ingest import identify
    from hrv.model import ReadOptions

    block = README.split("```csv\n")[1].split("```")[0]
    path = Path(__file__).parent / "golden" / "readme_tags.csv"
    assert path.read_text(encoding="utf-8") == block
    (found,) = identify([path], ReadOptions())
    assert found.rows_used == 3
    assert found.rows_refused == 0
