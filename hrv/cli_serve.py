"""`hrv serve`: the upload page in a browser on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hrv.errors import SettingsError

LEAST_PASSWORD = 12


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True,
              help="0 takes any free one.")  # fmt: skip
@click.option("--store", type=click.Path(path_type=Path), metavar="PATH",
              help="Folder of the store.  [default: HRV_STORE, else your data folder]")  # fmt: skip
@click.option("--open/--no-open", "open_it", default=True, show_default=True,
              help="Open the page in the browser.")  # fmt: skip
@click.option("--bind", "address", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Listen on another address; needs --i-know and a password.")  # fmt: skip
@click.option("--i-know", is_flag=True,
              help="Other machines may reach the page, unencrypted.")  # fmt: skip
@click.option("--password", is_flag=True,
              help="Ask for a password here; the page then asks for it too. "
              "HRV_PASSWORD is taken instead, if set.")  # fmt: skip
def serve_command(
    port: int, store: Path | None, open_it: bool, address: str, i_know: bool, password: bool
) -> None:
    """Open the upload page: drop an export, get the answer.

    It listens on this machine only. Uploads and reports are deleted when it is closed (Ctrl-C),
    except for recordings that you ask the page to keep: those go into the store.
    """
    from hrv.web.serving import LOOPBACK, serve

    far = address not in LOOPBACK
    if far and not i_know:
        raise SettingsError(
            f"{address} can be reached by other machines, unencrypted",
            way_out="Health data belongs on this machine; if you must: --i-know and a password",
        )
    secret = _password() if password or far else None

    def ready(url: str) -> None:
        click.echo(f"The page is at {url}  (Ctrl-C closes it)")
        if open_it:
            click.launch(url)

    serve(_base(store), store=store, port=port, address=address, password=secret, ready=ready)


def _password() -> str:
    given = os.environ.get("HRV_PASSWORD") or click.prompt("Password", hide_input=True, err=True)
    if len(given) < LEAST_PASSWORD:
        raise SettingsError(
            "the password is too short", way_out=f"Take {LEAST_PASSWORD} letters or more"
        )
    return str(given)


def _base(store: Path | None) -> Path:
    """The page's own folder: beside the store that was named, else where programs keep state."""
    if store is not None:
        return store.absolute().parent / f"{store.name}.page"
    from platformdirs import user_state_path

    return user_state_path("hrv", appauthor=False) / "page"
