"""One self-contained HTML file: words, numbers and pictures, with no connection to anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hrv.model import (
    Analysis,
    BaselineDay,
    BaselineSummary,
    Censored,
    Estimate,
    InputSummary,
    LocalClock,
    MarkerFinding,
    MarkerState,
    RecoveryCurve,
    RecoveryFit,
    State,
    as_date,
)
from hrv.report import atlas, explain, figures, tests_said, wording
from hrv.report import record as records
from hrv.report.comparison import compared
from hrv.report.text import NBSP, Words

HERE = Path(__file__).parent
View = dict[str, Any]


def html(
    analysis: Analysis, words: Words | None = None, drawn: Sequence[atlas.Drawn] | None = None
) -> str:
    """The report as one HTML document; `drawn` are its pictures if they were drawn before."""
    words = words or Words()
    if drawn is None:
        drawn = [atlas.drawn(plate, words) for plate in atlas.plates(analysis, words)]
    style = _part("style.css")
    script = _part("page.js")
    text: str = _template().render(
        **view(analysis, words, drawn),
        t=words.say,
        language=words.language,
        style=Markup(style),
        script=Markup(script),
        csp=_policy(style, script),
    )
    return text.lstrip()


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


@cache
def _part(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may be fetched; one style and one script are allowed by their hashes."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        "default-src 'none'; img-src data:; "
        f"style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def view(analysis: Analysis, words: Words, drawn: Sequence[atlas.Drawn]) -> View:
    """Everything the template shows, as text."""
    return {
        **_first_screen(analysis, words),
        **{x: [_shown(p) for p in drawn if p.plate.place == x] for x in atlas.PLACES},
        "beats_lead": _beats_lead(analysis, words),
        "contents": _contents(analysis, words, {p.plate.place for p in drawn}),
        "markers": [_marker(analysis, words, finding) for finding in analysis.markers],
        **_episodes(analysis, words),
        **_days(analysis, words),
        **_data(analysis, words),
        **_methods(analysis, words),
        "glossary": list(explain.glossary(words)),
        "raw_lead": words.say("ui.raw.lead", schema=records.SCHEMA),
        "raw": _raw(analysis, words),
        "made": words.say("ui.made", version=analysis.version),
    }


def _raw(analysis: Analysis, words: Words) -> Markup:
    text = json.dumps(
        records.record(analysis, words, folded=True),
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)


def _shown(picture: atlas.Drawn) -> View:
    plate = picture.plate
    return {
        "title": plate.title,
        "alt": plate.alt,
        "caption": plate.caption,
        "head": plate.head,
        "rows": plate.rows,
        "image": data_url(figures.themed(picture.svg)),
        "width": round(plate.size[0] * 96),
        "height": round(plate.size[1] * 96),
    }


def data_url(svg: str) -> str:
    """An SVG as a data URL; spelled out it is shorter than in base64."""
    return "data:image/svg+xml," + quote(svg.replace('"', "'"), safe=" ='/:;,()@!*+$?{}[]|^~")


# --------------------------------------------------------------------------- first screen


def _first_screen(analysis: Analysis, words: Words) -> View:
    return {
        "headline": wording.headline(words, analysis),
        "period": wording.period(words, analysis),
        "sure": wording.how_sure(words, analysis),
        "what_now": " ".join(wording.what_now(words, analysis)),
        "lines": [
            {
                "name": words.say(f"ui.{name}"),
                "first": line.first,
                "more": line.more,
                "state": line.state,
            }
            for name, line in zip(
                ("recovery", "baseline", "together"), wording.lines(words, analysis), strict=True
            )
        ],
        "then_now": then_now(analysis, words),
        "then_now_caption": then_now_caption(analysis, words),
        "change": compared(analysis, words),
        "lists": _lists(analysis, words),
        "needs": wording.needs(words, analysis),
        "no_needs": wording.no_needs(words, analysis),
    }


def then_now_caption(analysis: Analysis, words: Words) -> str:
    """Which days then and now are; a named date has a table of its own."""
    named = figures.change_day(analysis)
    ending = "" if named is None else ".change"
    return words.say(f"ui.then_now.caption{ending}", date=named)


def then_now(analysis: Analysis, words: Words) -> list[View]:
    rows = []
    recovery, baseline = analysis.recovery, analysis.baseline
    nothing = words.say("ui.no_value")

    def span(
        found: Estimate | None, as_text: Callable[[float], str], bare: Callable[[float], str]
    ) -> str:
        if found is None:
            return nothing
        if wording.too_wide(found) and as_text == words.duration:
            return f"{bare(found.low)}–{bare(found.high)}"
        return f"{as_text(found.value)} ({bare(found.low)}–{bare(found.high)})"

    parts = ((recovery.then_s, recovery.then_at_most_s), (recovery.now_s, recovery.now_at_most_s))
    if any(value is not None for part in parts for value in part):
        settles = recovery.scale == "settling"
        times = [
            words.say("ui.at_most", bound_s=bound)
            if found is None and bound is not None
            else span(found, words.duration, words.clock)
            for found, bound in parts
        ]
        change = wording.change_of(recovery.trend, "s") if recovery.trend else None
        rows.append(
            {
                "name": words.say("ui.settling" if settles else "ui.half_time"),
                "then": times[0],
                "now": times[1],
                "change": words.change(change.size, change.unit, ("shorter", "longer"))
                if change
                else words.say("state.no_trend"),
            }
        )
    found = wording.readable(baseline)
    if found and (found[1].then or found[1].now):
        measure, level = found
        full = partial(wording.level_text, words, measure)
        bare = partial(wording.bare_level, words, measure)
        rows.append(
            {
                "name": wording.measure_name(words, measure),
                "then": span(level.then, full, bare),
                "now": span(level.now, full, bare),
                "change": _baseline_change(words, baseline, measure) or words.say("state.no_trend"),
            }
        )
    return rows


def _baseline_change(words: Words, baseline: BaselineSummary, shown: str) -> str:
    """The change of the measure shown, else that of all measures together."""
    own = baseline.trend if shown == baseline.measure else baseline.components.get(shown)
    if own is not None:
        change = wording.change_of(own, wording.trend_unit(shown))
        return words.change(change.size, change.unit, ("lower", "higher"))
    if baseline.trend is None or baseline.measure is None:
        return ""
    change = wording.change_of(baseline.trend, wording.trend_unit(baseline.measure))
    phrase = words.change(change.size, change.unit, ("lower", "higher"))
    return words.say("change.joined", change=phrase)


def _lists(analysis: Analysis, words: Words) -> list[View]:
    said: dict[str, list[str]] = {"changed": [], "same": []}
    named: dict[str, list[tuple[str, str]]] = {"unclear": [], "unseen": []}
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
            said["changed"].append(" ".join(tests_said.with_and_without(words, finding)))
        if state not in where:
            continue
        group = where[state]
        name = tests_said.marker_name(words, finding.id)
        if group in named:
            named[group].append((finding.id, name))
        else:
            sentence = _sentence(analysis, words, finding)
            said[group].append(sentence if group == "changed" else f"{name}: {sentence}")
    return [
        {
            "title": words.say(f"ui.{group}"),
            "rows": [row for row in rows if row],
            "links": [],
            "empty": words.say("ui.nothing.same" if group == "same" else "ui.nothing"),
        }
        for group, rows in said.items()
    ] + [
        {"title": words.say(f"ui.{group}"), "rows": [], "links": links, "empty": ""}
        for group, links in named.items()
        if links
    ]


def _contents(analysis: Analysis, words: Words, drawn: set[str]) -> list[tuple[str, str]]:
    parts = [
        ("markers", "ui.markers", True),
        ("pictures", "ui.more_pictures", "more" in drawn),
        ("episodes", "ui.episodes", bool(analysis.fits)),
        ("days", "ui.days", bool(analysis.days)),
        ("beats", "ui.beats", "beats" in drawn),
    ]
    parts += [(x, f"ui.{x}", True) for x in ("data", "methods", "glossary")]
    return [(anchor, words.say(code)) for anchor, code, there in parts if there]


# --------------------------------------------------------------------------- detail


def _sentence(analysis: Analysis, words: Words, finding: MarkerFinding) -> str:
    """What a test says, and that it came in one step where the answer leaves it out for that."""
    step = wording.uncounted_step(analysis)
    change = tests_said.marker_change(finding)
    if step is not None and finding.id == "baseline_arousal" and finding.trend and change:
        said = wording.stepped(words, change, finding.trend)
        return f"{said} {wording.capital(words.reason(step))}"
    said = tests_said.marker_sentence(words, finding)
    if step is not None and finding.id == "chronic_load" and finding.trend:
        said += f" {words.say('beside.load.step')}"
    return said


def _marker(analysis: Analysis, words: Words, finding: MarkerFinding) -> View:
    numbers = []
    n = finding.n if finding.trend is None else finding.trend.n  # p and q are the trend's
    if n is not None:
        numbers.append(f"{words.say('ui.n')} = {n}")
    if finding.p_value is not None:
        numbers.append(f"p {_p(words, finding.p_value)}")
    if finding.q_value is not None:
        numbers.append(f"q {_p(words, finding.q_value)}")
    return {
        "id": finding.id,
        "name": tests_said.marker_name(words, finding.id),
        "test": words.say(f"marker.{finding.id}.test"),
        "sentence": _sentence(analysis, words, finding),
        "state": tests_said.shown_state(analysis, finding),
        "numbers": ", ".join(numbers),
    }


def _p(words: Words, p: float) -> str:
    if p < 0.001:
        return f"< {words.number(0.001, 3)}"
    return f"= {words.number(p, 3 if p < 0.1 else 2)}"


def _episodes(analysis: Analysis, words: Words) -> View:
    curves = {curve.episode_start_s: curve for curve in analysis.curves}
    rows = [
        _episode(analysis, words, fit, curves.get(fit.episode.start_s)) for fit in analysis.fits
    ]
    used = sum(fit.accepted for fit in analysis.fits)
    return {
        "episodes": rows,
        "episodes_lead": words.say("ui.episodes.lead", used=used, all=len(rows)),
    }


def _episode(
    analysis: Analysis, words: Words, fit: RecoveryFit, curve: RecoveryCurve | None
) -> View:
    episode, half = fit.episode, fit.half_time_s
    shown, seconds = wording.half_time_shown(words, fit)
    start = records.instant(episode.start_s, analysis.clock) or ""
    return {
        "key": f"{episode.start_s:.0f}",
        "start": start[:16].replace("T", " "),
        "kind": episode.label or words.say(f"kind.{episode.kind.value}"),
        "rise": words.number(episode.rise_bpm, 0),
        "half": shown,
        "half_key": "" if seconds is None else f"{seconds:.1f}",
        "interval": f"{words.clock(half.low)}–{words.clock(half.high)}"
        if half is not None and fit.censored is Censored.NO
        else "",
        "beside": wording.alternatives(words, fit),
        "used": words.say("ui.yes" if fit.accepted else "ui.no"),
        "why": wording.why_not(words, fit),
        "spark": _spark(curve),
    }


def _spark(curve: RecoveryCurve | None) -> str:
    """The curve as a small path: x from -5 to 15 min after release, y from 0 to its own peak."""
    if curve is None or curve.since_release_s.size < 2:
        return ""
    inside = (curve.since_release_s >= -300) & (curve.since_release_s <= 900)
    t, y = curve.since_release_s[inside], curve.excess_bpm[inside]
    if t.size < 2:
        return ""
    step = -(-t.size // 24)
    peak = max(float(y.max()), 1.0)
    points = [
        f"{(a + 300) / 12:.0f} {min(max(20 - 18 * b / peak, 0), 24):.0f}"
        for a, b in zip(t[::step], y[::step], strict=True)
    ]
    return "M" + "L".join(points)


def _days(analysis: Analysis, words: Words) -> View:
    head = ("date", "worn", "night_hr", "rmssd", "resting", "arousal", "quality")
    return {
        "days_head": [words.say(f"ui.{name}") for name in head],
        "days": [_day(words, day) for day in analysis.days],
    }


def _day(words: Words, day: BaselineDay) -> list[str]:
    def cell(value: float | None, digits: int) -> str:
        return "" if value is None else words.number(value, digits)

    log = day.ln_rmssd if day.ln_rmssd is not None else day.vendor_ln_rmssd
    resting = day.resting_hr_bpm if day.resting_hr_bpm is not None else day.vendor_resting_hr_bpm
    return [
        as_date(day.day).isoformat(),
        cell(day.worn_hours or None, 1),
        cell(day.night_hr_bpm, 1),
        cell(None if log is None else math.exp(log), 0),
        cell(resting, 1),
        cell(day.arousal_z, 2),
        words.say(f"quality.{day.quality}") if day.quality else "",
    ]


def _beats_lead(analysis: Analysis, words: Words) -> str:
    if analysis.beats is None or not analysis.beats.nn.t_s.size:
        return ""
    when = records.instant(float(analysis.beats.nn.t_s[0]), analysis.clock) or ""
    day = int(analysis.clock.day(analysis.beats.nn.t_s[0]))
    return words.say("ui.beats.lead", date=day, time=when[11:16])


def _file_row(words: Words, part: Sequence[InputSummary], clock: LocalClock) -> list[str]:
    """One file, or files alike with the sums of their rows."""
    first = part[0]
    name = first.file
    if len(part) > 1:
        folder = records.folder(name)
        name = f"{folder}: " if folder else ""
        name += words.say("note.files", n=len(part))
    refused = records.refused(part)
    return [
        name,
        first.format,
        ", ".join(dict.fromkeys(words.stream(name) for name in first.streams)),
        *((records.instant(x, clock) or "")[:16].replace("T", " ") for x in records.ends(part)),
        str(sum(item.rows_used for item in part)),
        str(sum(item.rows_refused for item in part)),
        "; ".join(
            f"{sum(r.rows for r in some)}: {words.refusal(reason)}"
            + (f" ({some[0].first_place})" if len(part) == 1 and some[0].first_place else "")
            for reason, some in refused.items()
        ),
    ]


def _data(analysis: Analysis, words: Words) -> View:
    head = (
        "file",
        "format",
        "streams",
        "first",
        "last",
        "rows_used",
        "rows_refused",
        "refused_why",
    )
    return {
        "coverage": wording.coverage(words, analysis),
        "files_head": [words.say(f"ui.{name}") for name in head],
        "files": [
            _file_row(words, part, analysis.clock) for part in records.alike(analysis.inputs)
        ],
        "files_lead": words.say("ui.files.grouped", n=len(analysis.inputs))
        if len(analysis.inputs) > records.MANY_FILES
        else "",
        "notes": [
            {"where": words.where(note), "text": words.note(note)} for note in analysis.notes
        ],
    }


def _methods(analysis: Analysis, words: Words) -> View:
    from hrv.settings import Settings

    known = {name: (unit, source) for name, _, unit, source in Settings().describe()}
    rows = [
        [name, str(value), *known.get(name, ("", ""))] for name, value in analysis.settings.items()
    ]
    return {
        "methods": [
            *(words.say(f"method.{x}") for x in ("recovery", "baseline", "trend", "verdict")),
            *wording.self_test(words, analysis),
            *wording.sensitivity(words, analysis),
        ],
        "statistics_head": [
            words.say(x)
            for x in (
                "ui.test",
                "ui.change",
                "ui.interval",
                "ui.p_value",
                "ui.q_value",
                "ui.n",
                "ui.method",
            )
        ],
        "statistics": [
            _statistic(words, finding) for finding in analysis.markers if finding.trend is not None
        ],
        "settings_head": [words.say(f"ui.{x}") for x in ("setting", "value", "unit", "source")],
        "settings": rows,
    }


def statistics(analysis: Analysis, words: Words) -> View:
    """Coverage, the table of statistics and the mark of the settings, for the printed page."""
    parts = _methods(analysis, words)
    shown = json.dumps(records.record(analysis, words)["settings"], sort_keys=True)
    return {
        "coverage": _data(analysis, words)["coverage"],
        "statistics_head": parts["statistics_head"],
        "statistics": parts["statistics"],
        "mark": hashlib.sha256(shown.encode()).hexdigest()[:12],
    }


def _statistic(words: Words, finding: MarkerFinding) -> Sequence[str]:
    trend = finding.trend
    assert trend is not None
    change = tests_said.marker_change(finding)
    assert change is not None
    unit = words.unit(change.unit)
    return [
        tests_said.marker_name(words, finding.id),
        f"{words.number(change.size.value)}{NBSP}{unit}".strip(),
        f"{words.number(change.size.low)} … {words.number(change.size.high)}",
        _p(words, trend.p_value).removeprefix("= "),
        "" if finding.q_value is None else _p(words, finding.q_value).removeprefix("= "),
        str(trend.n),
        trend.method,
    ]
