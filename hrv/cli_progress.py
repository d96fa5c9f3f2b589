"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[str, float | None], None]


def _silent(stage: str, share: float | None) -> None:
    """Nobody watches."""
    del stage, share


@contextmanager
def progress() -> Iterator[Told]:
    """A function to tell the stage and, where known, the share done (0 to 1)."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def told(stage: str, share: float | None) -> None:
            bar.update(
                task, description=stage, completed=share or 0.0, total=1.0 if share else None
            )

        yield told
