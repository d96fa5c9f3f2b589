"""What a metric, a marker, a state or a word of the report is: the text of `hrv explain NAME`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Protocol

from hrv.report.text import PAIRS, Words

TERMS = (
    "rise",
    "half_time",
    "settling",
    "baseline",
    "range",
    "interval",
    "chance",
    "cut_short",
    "technique",
    "night_hr",
    "rmssd",
    "arousal",
    "tier",
    "healing",
    "partial",
    "mixed",
    "coping",
    "unchanged",
    "undetermined",
    "worsening",
    "insufficient",
)

LEFT_OUT = ("tinn",)  # asked for by name only: why there is no such number


def glossary(words: Words) -> Iterator[tuple[str, str]]:
    """Terms of the report with their meaning, in the order of reading."""
    for term in TERMS:
        yield words.say(f"term.{term}.name"), words.say(f"term.{term}")


def names() -> list[str]:
    """Everything that can be explained."""
    return sorted({*TERMS, *LEFT_OUT, *PAIRS, *_metrics()})


class Described(Protocol):
    """A marker as its own file describes it."""

    @property
    def id(self) -> str: ...
    @property
    def minimum(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def statistic(self) -> str: ...
    @property
    def reference(self) -> str: ...


def explain(
    name: str, words: Words | None = None, markers: Iterable[Described] = ()
) -> tuple[str, str] | None:
    """Title and text of a name, or None for a name that is not known.

    `markers` add their exact formula, statistic, minimum data and source.
    """
    words = words or Words()
    name = name.strip().lower().replace("-", "_").replace(" ", "_")
    if name in PAIRS:
        text = words.say(
            "explain.marker",
            test=words.say(f"marker.{name}.test"),
            how=words.say(f"marker.{name}.how"),
        )
        exact = (
            words.say(
                "explain.exact",
                formula=m.formula,
                statistic=m.statistic,
                minimum=m.minimum,
                reference=m.reference,
            )
            for m in markers
            if m.id == name
        )
        return words.say(f"marker.{name}.name"), "\n\n".join([text, *exact])
    metrics = _metrics()
    if name in metrics:
        return metrics[name]
    if name in TERMS or name in LEFT_OUT:
        return words.say(f"term.{name}.name"), words.say(f"term.{name}")
    return None


def _metrics() -> dict[str, tuple[str, str]]:
    """Name to title and text of every metric; its formula's docstring is its explanation."""
    listed = getattr(import_module("hrv.metrics"), "METRICS", ())
    found = {}
    for metric in listed:
        said = " ".join((metric.formula.__doc__ or "").split())
        unit = f" ({metric.unit})" if metric.unit else ""
        text = said if metric.reference in said else f"{said} Reference: {metric.reference}."
        found[metric.name] = (f"{metric.label}{unit}", text)
    return found
