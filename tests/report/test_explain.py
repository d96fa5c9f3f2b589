"""What hrv explain says."""

from __future__ import annotations

import pytest

from hrv.markers import MARKERS
from hrv.metrics import METRICS
from hrv.report.explain import LEFT_OUT, TERMS, explain, glossary, names
from hrv.report.text import Words


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_explained_with_its_source(metric: object) -> None:
    found = explain(metric.name)  # type: ignore[attr-defined]
    assert found is not None
    assert metric.label in found[0]  # type: ignore[attr-defined]
    assert len(found[1]) > 40


@pytest.mark.parametrize("marker", MARKERS, ids=lambda marker: marker.id)
def test_every_marker_is_explained_with_its_formula_and_source(marker: object) -> None:
    found = explain(marker.id, markers=MARKERS)  # type: ignore[attr-defined]
    assert found is not None
    assert marker.formula in found[1]  # type: ignore[attr-defined]
    assert marker.reference in found[1]  # type: ignore[attr-defined]


def test_every_state_and_word_is_in_the_glossary() -> None:
    told = list(glossary(Words()))
    assert len(told) == len(TERMS)
    assert all(explain(term) is not None for term in (*TERMS, *LEFT_OUT))
    assert set(TERMS) <= set(names())


def test_names_are_forgiving_about_dashes_and_case() -> None:
    assert explain("Recovery-Speed") == explain("recovery_speed")
    assert explain("no such thing") is None
