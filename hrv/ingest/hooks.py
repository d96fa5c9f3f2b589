"""Shapes inside cells that a description cannot say: named columns in, named columns out.

A hook changes the shape only; units and times stay with the description.
"""

from __future__ import annotations

from collections.abc import Callable

from hrv.ingest.grid import Grid

Hook = Callable[[Grid], Grid]

HOOKS: dict[str, Hook] = {}
