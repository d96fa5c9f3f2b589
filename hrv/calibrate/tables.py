"""Results of the calibration as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hrv.calibrate import daily, episodes, gates, levels, steps, verdicts
from hrv.calibrate.counts import rate, with_interval
from hrv.model import State
from hrv.settings import Settings

Results = Mapping[str, Mapping[str, Any]]  # cell name to its result


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """One table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def daily_table(results: Results) -> str:
    """False alarms per method and length, and the power of the product's method."""
    cells = [cell for cell in daily.cells() if cell.name in results]
    kinds = list(dict.fromkeys((cell.phi, cell.half_white) for cell in cells))
    lengths = sorted({cell.days for cell in cells})
    methods = list(results[cells[0].name]["false_alarms"])
    rows = []
    for method in methods:
        false = {cell: results[cell.name]["false_alarms"][method] for cell in cells}
        row = [method]
        for days in lengths:
            shown = [
                _mean(
                    [rate(false[c]) for c in cells if (c.days, c.phi, c.half_white) == (days, *k)]
                )
                for k in kinds
            ]
            row.append("/".join(_short(x) for x in shown))
        worst = max(cells, key=lambda c, false=false: rate(false[c]))  # type: ignore[misc]
        rows.append([*row, f"{with_interval(false[worst])} {worst.name.removeprefix('daily/')}"])
    labels = ", ".join(f"{'half white ' if white else ''}{phi:g}" for phi, white in kinds)
    return "\n".join(
        [
            f"Share of false alarms at 5 %, no change there; correlation {labels};",
            "mean of Gaussian and complete, and of heavy tails with 35 % of the days missing.\n",
            markdown(["method", *(f"{d} days" for d in lengths), "worst cell"], rows),
            "Power for an improvement of 10/20/30 % over the window, daily SD 0.30 (Gaussian); the",
            "median smallest change that a report would name, and how often such a change shows.\n",
            markdown(
                [
                    "days",
                    "noise",
                    "BA-GLS",
                    "GLS AR(1), plugged in",
                    "smallest change",
                    "power at it",
                ],
                (
                    _power_row(cell.name, results, list(results[cell.name]["power"]))
                    for cell in cells
                    if not cell.heavy
                ),
            ),
        ]
    )


def _power_row(name: str, results: Results, methods: Sequence[str]) -> list[str]:
    result = results[name]
    _, days, *noise = name.split("/")
    powers = ["/".join(_short(rate(x)) for x in result["power"][method]) for method in methods]
    smallest = f"{100 * (1 - np.exp(-result['smallest_change'])):.0f} %"
    noise = [part for part in noise if part != "gauss"]
    return [days, " ".join(noise), *powers, smallest, _short(rate(result["power_at_smallest"]))]


def episode_table(results: Results) -> str:
    """False alarms per method, length and kind of person; power and smallest change."""
    cells = [cell for cell in episodes.cells() if cell.name in results]
    methods = list(results[cells[0].name]["false_alarms"])
    lengths = sorted({cell.days for cell in cells})
    kinds = list(dict.fromkeys((cell.phi, cell.errors) for cell in cells))
    rows = []
    for method in methods:
        false = {
            cell: results[cell.name]["false_alarms"][method]
            for cell in cells
            if results[cell.name]["false_alarms"][method]["of"]
        }
        row = [method]
        for days in lengths:
            shown = [
                _mean(
                    [rate(x) for c, x in false.items() if (c.days, c.phi, c.errors) == (days, *k)]
                )
                for k in kinds
            ]
            row.append("/".join(_short(x) for x in shown))
        worst = max(false, key=lambda c, false=false: rate(false[c]))  # type: ignore[misc]
        rows.append([*row, f"{with_interval(false[worst])} {worst.name.removeprefix('episodes/')}"])
    labels = ", ".join(f"{errors} {phi:g}" for phi, errors in kinds)
    return "\n".join(
        [
            "Share of false alarms at 5 %, no change there, interruptions grow rarer over the",
            f"window; errors and day-to-day correlation {labels}; mean over the kinds of people.\n",
            markdown(["method", *(f"{d} days" for d in lengths), "worst cell"], rows),
            "The product's method by kind of person: worst cell, largest bias (ln) without and",
            "with precision weights; power for an improvement of 10/20/30 %, normal errors,",
            "correlation 0.5.\n",
            markdown(
                [
                    "median half-time",
                    "resolved from",
                    "days",
                    "left/right-censored",
                    "worst cell",
                    "bias",
                    "bias weighted",
                    "power",
                    "smallest change",
                    "power at it",
                ],
                _people_rows(results, cells),
            ),
        ]
    )


def fast_table(results: Results) -> str:
    """Half-times that one-minute data mostly cannot time: size, coverage, bias and power."""
    rows = []
    for cell in episodes.fast_cells():
        if cell.name not in results:
            continue
        none, change = (results[cell.name][name] for name in ("none", "30 % faster"))
        told = [f"{cell.median_s:g} s", str(cell.days), f"{cell.errors} {cell.phi:g}"]
        for one in (none, change):
            told += [_short(one["left_censored"]), _short(rate(one["answered"]))]
            if "missed" in one:
                told += [with_interval(one["missed"]), f"{one['bias']:+.3f}"]
            else:
                told += ["", ""]
        rows.append([*told, _short(rate(change["seen"])) if "seen" in change else ""])
    head = ["median", "days", "noise", "too fast", "answered", "false alarms", "bias"]
    head += ["too fast", "answered", "interval misses", "bias", "seen"]
    return "\n".join(
        [
            "Half-times under 75 s are only known as too fast to time. First without a change,",
            "then with recoveries 30 % faster at last; bias in ln. People of whose half-times more",
            "than the limit of the settings are too fast get no trend.\n",
            markdown(head, rows),
        ]
    )


def _people_rows(results: Results, cells: Sequence[episodes.EpisodeCell]) -> Iterable[list[str]]:
    people = dict.fromkeys((c.median_s, c.at_most_s, c.softening, c.days) for c in cells)
    for median_s, at_most_s, softening, days in people:
        group = [
            c
            for c in cells
            if (c.median_s, c.at_most_s, c.softening, c.days)
            == (median_s, at_most_s, softening, days)
        ]
        usual = next((c for c in group if (c.phi, c.errors) == (0.5, "normal")), group[0])
        result = results[usual.name]
        worst = max((results[c.name]["false_alarms"]["BA-GLS, imputed"] for c in group), key=rate)
        bias = {
            name: max((results[c.name]["bias"][name] for c in group), key=abs)
            for name in result["bias"]
        }
        *_, powers, smallest, at_it = _power_row(usual.name, results, ["BA-GLS, imputed"])
        yield [
            f"{median_s:g} s{', softening' if softening else ''}",
            f"{at_most_s:g} s",
            str(days),
            f"{_short(result['left_censored'])}/{_short(result['right_censored'])}",
            with_interval(worst),
            *(f"{x:+.3f}" for x in bias.values()),
            powers,
            smallest,
            at_it,
        ]


def level_table(results: Results) -> str:
    """Share of 95 % intervals that hold the truth, and half their width."""
    cells = [cell for cell in levels.cells() if cell.name in results]
    lengths = sorted({cell.days for cell in cells})
    kinds = dict.fromkeys((cell.half_time, cell.phi, cell.errors) for cell in cells)
    by_kind = {(c.half_time, c.phi, c.errors, c.days): results[c.name] for c in cells}
    rows = []
    for half_time, phi, errors in kinds:
        shown = [by_kind.get((half_time, phi, errors, days)) for days in lengths]
        what = "median half-time" if half_time else "mean of nights"
        rows.append([what, f"{errors} {phi:g}", *(_level(result) for result in shown)])
    return "\n".join(
        [
            "Share of 95 % intervals that hold the truth, and median half-width (half-times: ln;",
            "nights: SD of a night) by days of data; half-times of about three episodes a day,",
            "half of them 120 s or less, resolved from 75 s, from ten episodes on.\n",
            markdown(["level", "noise", *(f"{d} days" for d in lengths)], rows),
        ]
    )


def _level(result: Mapping[str, Any] | None) -> str:
    if result is None:
        return ""
    return f"{_short(1.0 - rate(result['missed']))} +-{result['half_width']:.2f}"


def step_table(results: Results) -> str:
    """How often a step is called clear, and clear and no line, by what is there."""
    shown = [cell for cell in steps.cells() if cell.name in results]
    made = ("none", "step", "line")
    rows = [
        [
            cell.name.removeprefix("step/"),
            *(with_interval(results[cell.name][what]["clear"]) for what in made[:2]),
            *(_short(rate(results[cell.name][what]["clear_and_no_line"])) for what in made),
        ]
        for cell in shown
    ]
    head = ["noise", "clear, none there", "clear, 1 SD there"]
    head += [f"no line, {what} there" for what in made]
    return "\n".join(
        [
            "Share of series in which the largest step is clear at 5 %, its date unknown; then",
            "share in which it is clear and fits better than a straight line, with nothing there,",
            "with a step of 1 SD half-way, with a line of 1 SD in all.\n",
            markdown(head, rows),
        ]
    )


def verdict_table(results: Results) -> str:
    """States of every scenario and length, false claims with exact intervals, what is named."""
    groups: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for cell in verdicts.cells():
        if cell.name in results:
            groups.setdefault((cell.scenario, cell.days), []).append(results[cell.name])
    joined = {key: added(parts) for key, parts in groups.items()}
    order = sorted(joined, key=lambda key: (list(verdicts.SCENARIOS).index(key[0]), key[1]))
    head = ["scenario", "days", "people", "healing", "false healing", "false worsening"]
    head += ["states", "qualifiers", "recovery, baseline alone better"]
    rows = []
    for key in order:
        one = joined[key]
        alone = "/".join(_short(rate(one["better_alone"][m])) for m in verdicts.PRIMARIES)
        rows.append(
            [
                key[0],
                "12 looks" if key[1] == verdicts.YEAR else str(key[1]),
                str(one["healing"]["of"]),
                with_interval(one["healing"]),
                with_interval(one["false_healing"]),
                with_interval(one["false_worsening"]),
                _counts(one["states"]),
                _counts(one["qualifiers"]),
                alone,
            ]
        )
    return "\n".join(
        [
            "Shares of people with 95 % Clopper-Pearson intervals. A claim of healing is false",
            "where the body did not change, and under a gain in fitness unless that is named.",
            "In a year of monthly looks any claim counts once a person. The last column is the",
            "one-sided test of each sign alone at 2.5 %.\n",
            markdown(head, rows),
            "What no estimator could exceed: healing found if the noise of nights and episodes",
            "were known exactly and no recovery cut short; the same with endless episodes a day.\n",
            markdown(["scenario", "days", "at most", "with endless episodes"], _bounds()),
        ]
    )


def _bounds() -> Iterable[list[str]]:
    settings = Settings()
    for name in ("healing", "healing_weak", "fitness_gain"):
        for days in sorted(verdicts.LENGTHS):
            most = (verdicts.best_possible(name, days, settings, more=m) for m in (1.0, 1e9))
            yield [name, str(days), *(_short(x) for x in most)]


def gate_table(results: Results) -> str:
    """Share of every state under each threshold, one table a scenario."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for cell in gates.cells():
        if cell.name in results:
            parts.setdefault(cell.scenario, []).append(results[cell.name])
    used = Settings().as_dict()
    lines = [
        "The thresholds that gate the verdict, halved and doubled one at a time (of a probability",
        f"near 1: what it leaves open); {gates.DAYS} days a person, the people of the verdict's",
        "table. Shares of states; `other` is the share of people whose state is another than as",
        "set, with its 95 % Clopper-Pearson interval.",
    ]
    for scenario, blocks in parts.items():
        one = added(blocks)
        said = [s.value for s in State if any(s.value in told for told in one["states"].values())]
        rows = []
        for name, told in one["states"].items():
            gate, _, value = name.partition("=")
            shown = f"{gate} {value} (set: {used[gate]:g})" if value else gate
            shares = [_short(told.get(state, 0) / one["people"]) for state in said]
            other = with_interval({"yes": one["changed"][name], "of": one["people"]})
            rows.append([shown, *shares, other if value else ""])
        lines += [f"\n## {scenario}, {one['people']} people\n"]
        lines += [markdown(["threshold", *said, "other"], rows)]
    return "\n".join(lines)


def added(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of several blocks of people as those of one."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, Mapping):
                total[name] = added([total.get(name, {}), value])
            else:
                total[name] = total.get(name, 0) + value
    return total


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counted.items()))


def _mean(shares: Iterable[float]) -> float:
    return float(np.mean(list(shares)))


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 1 else "1"
