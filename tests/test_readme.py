"""What the README promises works."""

from __future__ import annotations

import doctest
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from hrv.calibrate.counts import rate
from hrv.cli import main
from hrv.model import State
from hrv.simulate.scenarios import SCENARIOS
from tests.benchmarks.end_to_end import wrong

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


@pytest.mark.parametrize(
    ("part", "asked", "ours", "others"),
    [
        ("trend_daily", "daily value", "BA-GLS", ("OLS", "Mann-Kendall", "OLS + Newey-West")),
        (
            "trend_episodes",
            "half-times",
            "BA-GLS, imputed",
            ("OLS, censored dropped", "AFT Wald", "Cox Wald"),
        ),
    ],
)
def test_error_rates_are_those_of_the_tables(
    part: str, asked: str, ours: str, others: tuple[str, ...]
) -> None:
    line = next(x for x in README.splitlines() if x.startswith("| ") and asked in x)
    _, _, said, beside, _ = line.split("|")
    table = ROOT / "tests" / "benchmarks" / "results" / f"{part}.json"
    cells = json.loads(table.read_text(encoding="utf-8"))["cells"].values()
    worst = {
        name: 100.0 * max(rate(cell["false_alarms"][name]) for cell in cells)
        for name in (ours, *others)
    }
    assert float(said.strip(" %")) == pytest.approx(worst[ours], abs=0.051)
    shown = [float(x) for x in re.findall(r"(\d+) %", beside)]
    assert shown == pytest.approx([worst[name] for name in others], abs=0.51)


def test_the_tags_example_is_read() -> None:
    from hrv.ingest import identify
    from hrv.model import ReadOptions

    block = README.split("```csv\n")[1].split("```")[0]
    path = Path(__file__).parent / "golden" / "readme_tags.csv"
    assert path.read_text(encoding="utf-8") == block
    (found,) = identify([path], ReadOptions())
    assert found.rows_used == 4
    assert found.rows_refused == 0


def said_of(asked: str) -> str:
    line = next(x for x in README.splitlines() if x.startswith("| ") and asked in x)
    return line.split("|")[2].strip()


@pytest.mark.parametrize(
    ("claim", "asked"), [("false_healing", "called healing who"), ("false_worsening", "worse who")]
)
def test_false_claims_are_those_of_the_verdicts_table(claim: str, asked: str) -> None:
    table = ROOT / "tests" / "benchmarks" / "results" / "verdict.json"
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, cell in json.loads(table.read_text(encoding="utf-8"))["cells"].items():
        kind, days = name.split("/")[1:3]
        if days != "365d":
            found[f"{kind} {days}"].update(cell[claim])
    worst = 100.0 * max(rate(counted) for counted in found.values())
    assert float(said_of(asked).strip(" %")) == pytest.approx(worst, abs=0.051)


def test_false_claims_through_the_whole_program_are_those_of_its_table() -> None:
    log = ROOT / "tests" / "benchmarks" / "results" / "end_to_end.jsonl"
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    told = re.findall(r"(\w+) (\d+) of (\d+)", said_of("through the whole program"))
    for (word, yes, of), state in zip(told, (State.HEALING, State.WORSENING), strict=True):
        assert word == {"healing": "healing", "worsening": "worse"}[state.value]
        others = [row for row in rows if state in SCENARIOS[row["scenario"]].never]
        assert (int(yes), int(of)) == (sum(wrong(row, state) for row in others), len(others))
