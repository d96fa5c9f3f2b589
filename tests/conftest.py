"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings kept beside the checkout; tests that need them skip where they are not."""
    if not SHARED.is_dir():
        pytest.skip(f"real recordings are not here: {SHARED.name}")
    return SHARED
