"""Techniques without effect, and one with: how often each look calls an effect.

Sitting days of minutes above one's own rest: reactions of known truth and noise of a sitting
person. A reaction of 7 bpm or more counts from its onset until five minutes lie within the range of
the noise, or until the next begins; the looks are the product's. Ways of using a technique:

- late and on the worst: from four minutes into a reaction on, the likelier the higher the heart
  still is at that moment; no effect (confounding by indication);
- on the slow ones: the same moment, the likelier the higher and the slower the reaction will turn
  out to be, which no person can know; no effect;
- by routine: twice on two days of three, at any waking time; no effect;
- early, works: soon after the onset, by chance; halves the half-time.

Days with many reactions also rest at a higher level. One line a person goes into techniques.jsonl;
people already there are not run again.

What happens during and after sessions is described by the product and not tested, so it is no look
here: of 200 people whose technique had no effect and was used late and on the worst, 72 had
sessions enough, and in 12 of them a comparison of after with before would have called one.
"Rises with it end sooner" is said only where the interval lies above 1; its other side is told as
"not sooner".

Run: `python -m tests.benchmarks.techniques [--people 200] [--days 84] [--first 0]`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

import hrv
from hrv import baseline
from hrv.calibrate.counts import with_interval
from hrv.calibrate.people import ar1
from hrv.curves import EXPONENTIAL
from hrv.markers import Context
from hrv.markers import technique_dependence as marker
from hrv.model import (
    BaselineDay,
    Coverage,
    Episode,
    Expectation,
    FloatArray,
    LocalClock,
    RecoveryFit,
    Span,
    SpanKind,
    Tier,
    WearerNoise,
)
from hrv.settings import Settings
from tests.grids import MONDAY_S, Rise, grid_of

RESULTS = Path(__file__).parent / "results"
FIRST_DAY = round(MONDAY_S / 86_400.0)
WAYS = ("late and on the worst", "on the slow ones", "by routine", "early, works")
LOOKS = {
    "faster_with": "rises with it end sooner",
    "practice_less_lapse": "practice days",
}
NOISE = ((0.3, 1.9), (np.exp(-60.0 / 1500.0), 1.5))  # lag-one correlation and SD, bpm
RANGE_BPM = 3.0  # 95 % of five-minute means of that noise lie below
VISIBLE_BPM = 7.0
Sessions = list[tuple[float, float]]


def reaction(rng: np.random.Generator, at_s: float) -> tuple[Rise, float, float]:
    """One reaction, with what stands behind its height and its half-time."""
    z_length, z_height, z_half = rng.standard_normal(3)
    length = float(np.clip(300.0 * np.exp(0.5 * z_length), 120.0, 1800.0))
    height = 12.0 * float(np.exp(0.35 * z_height))
    half = 120.0 * float(np.exp(0.45 * z_half + 0.12 * z_height))
    return Rise(at_s, at_s + length, height, half), float(z_height), float(z_half)


def excess_at(rise: Rise, t_s: float) -> float:
    """Height of the reaction at a moment, bpm."""
    left = max(t_s - rise.off_s, 0.0) / rise.half_s
    return rise.height_bpm * float(0.5**left)


def lived(way: str, state: FloatArray, rng: np.random.Generator) -> tuple[list[Rise], Sessions]:
    """Reactions of all days and the sessions with a technique, s from the first midnight."""
    rises: list[Rise] = []
    sessions: Sessions = []
    for day, level in enumerate(state):
        t = day * 86_400.0 + 7.5 * 3600.0
        while True:
            t += 600.0 + rng.exponential(3600.0 / (0.35 * np.exp(0.4 * level)))
            if t > day * 86_400.0 + 22.0 * 3600.0:
                break
            rise, z_height, z_half = reaction(rng, t)
            chance, wait, long = rng.random(), rng.exponential(240.0), 300.0 + 600.0 * rng.random()
            start = t + 240.0 + wait
            if way == "late and on the worst":
                used = chance < 0.8 / (1.0 + np.exp(-(excess_at(rise, start) - 9.0) / 2.0))
            elif way == "on the slow ones":
                used = chance < 0.75 / (1.0 + np.exp(-2.5 * (z_height + z_half - 0.8)))
            else:
                used, start = way == "early, works" and chance < 0.3, t + 60.0 + 0.25 * wait
                if used:
                    rise = Rise(rise.on_s, rise.off_s, rise.height_bpm, 0.5 * rise.half_s)
            if used:
                sessions.append((start, start + long))
            rises.append(rise)
            t = rise.off_s
        if way == "by routine" and day % 3 < 2:
            for hour in rng.uniform(8.0, 21.0, 2):
                start = day * 86_400.0 + 3600.0 * float(hour)
                sessions.append((start, start + 900.0))
    return rises, sessions


def resting(state: FloatArray, minutes: FloatArray, rng: np.random.Generator) -> list[BaselineDay]:
    """Days whose resting level shares their state."""
    z = 0.5 * state + 0.87 * rng.standard_normal((3, state.size))
    return [
        BaselineDay(
            day=FIRST_DAY + k,
            night_hr_bpm=56.0 + 1.8 * float(z[0, k]),
            ln_rmssd=3.6 - 0.15 * float(z[1, k]),
            resting_hr_bpm=68.0 + 2.2 * float(z[2, k]),
            hrv_source="beats",
            night_known_by="device",
            worn_hours=22.0,
            still_hours=8.0,
            quality="green",
            technique_min=float(minutes[k]),
        )
        for k in range(state.size)
    ]


def noise(n: int, rng: np.random.Generator) -> FloatArray:
    """Minutes of a sitting person: fast waves and slow drift."""
    from scipy.signal import lfilter

    total = np.zeros(n)
    for phi, sd in NOISE:
        shocks = rng.standard_normal(n) * sd * np.sqrt(1.0 - phi**2)
        total += lfilter([1.0], [1.0, -phi], shocks)
    return total


def excess(rises: Iterable[Rise], days: int, rng: np.random.Generator) -> FloatArray:
    """Every minute above rest, bpm."""
    total = np.zeros(days * 1440)
    t = 60.0 * (np.arange(total.size) + 0.5)
    for rise in rises:
        a = int(rise.on_s // 60.0)
        b = int((rise.off_s + 10.0 * rise.half_s) // 60.0) + 1
        piece = rise.height_bpm * EXPONENTIAL(t[a:b], rise.on_s, rise.off_s, rise.half_s)
        total[a:b] = np.maximum(total[a:b], piece)
    return total + noise(total.size, rng)


def followed(rises: list[Rise], x: FloatArray, spans: tuple[Span, ...]) -> list[RecoveryFit]:
    """The reactions high enough to be seen, and how long they lasted."""
    sums = np.concatenate(([0.0], np.cumsum(x)))
    five, three = (sums[5:] - sums[:-5]) / 5.0, np.convolve(x, np.ones(3) / 3.0, "same")
    found = []
    for i, rise in enumerate(rises):
        a, off = int(rise.on_s // 60.0), int(rise.off_s // 60.0)
        height = float(three[a : off + 2].max())
        following = int(rises[i + 1].on_s // 60.0) if i + 1 < len(rises) else five.size
        stop = min(following, off + 120, five.size)
        back = np.flatnonzero(five[off:stop] <= RANGE_BPM)
        last = max(off + int(back[0]) if back.size else stop, a + 2)
        start, end = MONDAY_S + 60.0 * a, MONDAY_S + 60.0 * last
        if height < VISIBLE_BPM:
            continue
        episode = Episode(
            start_s=start, peak_s=start + 60.0, end_s=end, rise_bpm=height,
            technique=any(s.start_s < end and s.end_s > start for s in spans),
            day=FIRST_DAY + a // 1440, hour=(a % 1440) / 60.0,
        )  # fmt: skip
        found.append(
            RecoveryFit(
                episode=episode,
                accepted=True,
                onset_s=start,
                release_s=MONDAY_S + rise.off_s,
                active_s=end - start,
                active_censored=not back.size,
            )
        )
    return found


def seen(way: str, number: int, days: int, settings: Settings) -> Context:
    """What the marker sees of one person."""
    rng = np.random.default_rng([20260301, WAYS.index(way), number])
    state = ar1(days, 0.5, rng)
    rises, sessions = lived(way, state, rng)
    x = excess(rises, days, rng)
    spans = tuple(
        Span(kind=SpanKind.TECHNIQUE, start_s=MONDAY_S + a, end_s=MONDAY_S + b, origin="person")
        for a, b in sessions
    )
    window = (FIRST_DAY, FIRST_DAY + days - 1)
    count = np.bincount([int(a // 86_400.0) for a, _ in sessions], minlength=days)
    minutes: FloatArray = 10.0 * count.astype(np.float64)
    composed = baseline.compose(resting(state, minutes, rng), settings.baseline, window)
    return Context(
        window=window,
        days=composed,
        measure=baseline.choose(composed, settings.baseline, window),
        fits=tuple(followed(rises, x, spans)),
        spans=spans,
        grid=grid_of(60.0 + x),
        expectation=Expectation(
            excess_bpm=x.astype(np.float32),
            usable=np.ones(x.size, dtype=bool),
            noise=WearerNoise(sigma_bpm=2.4, phi=0.5, step_s=60.0, n=x.size),
            threshold_bpm=VISIBLE_BPM,
        ),
        coverage=Coverage(
            days=days, nights=days, worn_hours=24.0 * days, still_hours=16.0 * days,
            tier=Tier.MINUTE,
        ),
        clock=LocalClock.fixed(0.0),
        settings=settings,
    )  # fmt: skip


def person(way: str, number: int, days: int, settings: Settings) -> dict[str, Any]:
    """The looks at one person: how many, estimate, interval and p-value of each."""
    context = seen(way, number, days, settings)
    sessions = marker.sessions(context)
    facts: dict[str, Any] = {"sessions": len(sessions)}
    for look in (marker.within, marker.landmark, marker.practice_days):
        facts |= look(context, sessions)
    active = {
        name: float(np.median([f.active_s for f in fits])) if fits else None
        for name, fits in (
            ("active_with_s", [f for f in context.followed() if f.episode.technique]),
            ("active_without_s", list(context.technique_free())),
        )
    }
    kept = {k: v for k, v in facts.items() if k.rpartition("_")[0] in LOOKS or k in LOOKS}
    counts = ("sessions", "sessions_seen", "treated", "sets")
    more: dict[str, Any] = {name: facts[name] for name in counts if name in facts}
    return {"way": way, "number": number, "days": days, **more, **active, **kept}


def table(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Share of people for whom a look is significant at two-sided 5 %, by direction."""
    rows = list(rows)
    lines = [
        "| technique | look | people with an answer | calmer with it | less calm with it "
        "| significant either way (95 % interval) | median estimate |",
        "|---|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        mine = [r for r in rows if r["way"] == way]
        for look, title in LOOKS.items():
            told = [r for r in mine if f"{look}_p" in r]
            if not mine or not told:
                lines.append(f"| {way} | {title} | 0 of {len(mine)} | - | - | - | - |")
                continue
            value = np.array([r.get(look, r.get(f"{look}_bpm")) for r in told])
            p = np.array([r[f"{look}_p"] for r in told])
            good = value > 1.0 if look == "faster_with" else value < 0.0
            k = int((p < 0.05).sum())
            lines.append(
                f"| {way} | {title} | {p.size} of {len(mine)} "
                f"| {int(((p < 0.05) & good).sum())} | {int(((p < 0.05) & ~good).sum())} "
                f"| {with_interval({'yes': k, 'of': p.size})} | {np.median(value):+.2f} |"
            )
    return lines


def naive(rows: Iterable[dict[str, Any]]) -> list[str]:
    """What a plain comparison of lengths would have said."""
    rows = list(rows)
    lines = ["| technique | median ratio of lengths, with / without |", "|---|---|"]
    for way in WAYS:
        ratios = [
            r["active_with_s"] / r["active_without_s"]
            for r in rows
            if r["way"] == way and r["active_with_s"] and r["active_without_s"]
        ]
        if ratios:
            lines.append(f"| {way} | {np.median(ratios):.2f} |")
    return lines


def resumed(
    path: Path,
    wanted: Iterable[tuple[str, int, int]],
    run: Callable[[str, int, int], dict[str, Any]],
) -> list[dict[str, Any]]:
    """All rows in the file; wanted people that are not yet there are run and appended."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {(r["way"], r["number"], r["days"]): r for r in map(json.loads, lines)}
    with path.open("a", encoding="utf-8") as file:
        for key in wanted:
            if key not in known:
                known[key] = run(*key)
                file.write(json.dumps(known[key]) + "\n")
                file.flush()
    return list(known.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=84)
    parser.add_argument("--first", type=int, default=0, help="number of the first person")
    parser.add_argument("--ways", nargs="*", default=WAYS, choices=WAYS)
    parser.add_argument("--results", type=Path, default=RESULTS / "techniques.jsonl")
    given = parser.parse_args()
    settings = Settings()
    wanted = [
        (way, n, given.days)
        for n in range(given.first, given.first + given.people)
        for way in given.ways
    ]

    def run(way: str, number: int, days: int) -> dict[str, Any]:
        return person(way, number, days, settings)

    rows = [r for r in resumed(given.results, wanted, run) if r["days"] == given.days]
    text = "\n".join(
        [
            f"# Looks at techniques, version {hrv.__version__}",
            "",
            f"{given.days} days of minutes a person. Two-sided 5 %.",
            "",
            *table(rows),
            "",
            "Length of rises without the landmark and the matching:",
            "",
            *naive(rows),
            "",
        ]
    )
    print(text)
    given.results.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
