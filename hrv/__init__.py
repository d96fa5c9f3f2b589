"""Healing or only coping? Stress-recovery speed and baseline arousal from a watch export."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrv.model import Analysis, ReadOptions, Timeline
    from hrv.pipeline import analyse, read, render
    from hrv.settings import Settings

__version__ = "0.1.0"
__all__ = ["Analysis", "ReadOptions", "Settings", "Timeline", "analyse", "read", "render"]

_HOME = {
    "Analysis": "hrv.model",
    "ReadOptions": "hrv.model",
    "Settings": "hrv.settings",
    "Timeline": "hrv.model",
    "analyse": "hrv.pipeline",
    "read": "hrv.pipeline",
    "render": "hrv.pipeline",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use: `hrv --help` must not wait for NumPy."""
    if name not in _HOME:
        raise AttributeError(f"module 'hrv' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
