"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no bug: properties are held to what they say, not to how long they take.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="session")
def nobody_s_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test ever opens the store of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRV_STORE", str(tmp_path_factory.mktemp("home") / "store"))
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings kept beside the checkout; tests that need them skip where they are not."""
    if not SHARED.is_dir():
        pytest.skip(f"real recordings are not here: {SHARED.name}")
    return SHARED
