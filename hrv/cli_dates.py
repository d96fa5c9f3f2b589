"""Dates on the command line."""

from __future__ import annotations

from datetime import date

import click


def as_date(_: click.Context, option: click.Parameter, value: str | None) -> date | None:
    """Option callback: an ISO date, or what was wrong with it."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date like 2026-03-31", param=option) from None
