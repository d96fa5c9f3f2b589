"""The accessibility checker that both browser suites put into their pages."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pytest


@cache
def axe() -> str:
    """The checker's script; its package is a test dependency."""
    try:
        found = resources.files("axe_playwright_python") / "axe.min.js"
    except ModuleNotFoundError:
        pytest.skip("axe-playwright-python is not installed")
    return found.read_text(encoding="utf-8")
