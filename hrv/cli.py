"""The command line: request in, report out.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hrv import __version__
from hrv.cli_calibrate import calibrate_command
from hrv.cli_dates import as_date
from hrv.cli_formats import formats_command
from hrv.cli_inputs import input_options, read_options
from hrv.cli_metrics import metrics_command
from hrv.cli_power import power_command
from hrv.cli_serve import serve_command
from hrv.cli_simulate import simulate_command
from hrv.cli_store import (
    clients_command,
    doctor_command,
    forget_command,
    history_command,
    import_command,
    store_option,
    the_person,
)
from hrv.cli_tags import tags_command
from hrv.errors import HrvError, InputError, SettingsError

if TYPE_CHECKING:
    from hrv.model import Timeline
    from hrv.store import Store


class _Group(click.Group):
    """Turns our errors into messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HrvError as error:
            click.secho(f"hrv: {error}", fg="red", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hrv")
def main() -> None:
    """Am I healing, or only coping? Reads what your watch recorded and answers honestly.

    Health data never leaves this machine.
    """


@main.command()
@click.argument(
    "inputs", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[INPUT...]"
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    help="Folder of the reports.",
)
@click.option("--name", help="Name of this report's folder.  [default: the input's name]")
@click.option(
    "--tags",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="tags.csv or a calendar: what happened, which techniques were used.",
)
@click.option(
    "--ratings",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="ratings.csv: date, scale, value.",
)
@click.option(
    "--change-date",
    callback=as_date,
    metavar="DATE",
    help="Therapy began, a move, a medicine: compare before and after.",
)
@click.option("--change-label", default="", metavar="TEXT", help="What happened on that date.")
@click.option("--day", callback=as_date, metavar="DATE", help="A day to draw in full.")
@click.option("--since", callback=as_date, metavar="DATE", help="First day looked at.")
@click.option("--until", callback=as_date, metavar="DATE", help="Last day looked at.")
@click.option(
    "--self-test/--no-self-test",
    default=True,
    show_default=True,
    help="Put known recoveries into your quiet hours and report what is found.",
)
@click.option("--as-of", callback=as_date, metavar="DATE", help="Taken for today.")
@click.option(
    "--format",
    "formats",
    default="html,json,png",
    show_default=True,
    help="Any of html, pdf, png, svg, json.",
)
@click.option(
    "--language", default="en", show_default=True, metavar="CODE", help="Of the report: en, de."
)
@click.option(
    "--paper",
    type=click.Choice(["a4", "letter"]),
    default="a4",
    show_default=True,
    help="Of the PDF.",
)
@click.option("--json", "as_json", is_flag=True, help="Print report.json to standard output.")
@click.option("--open", "open_it", is_flag=True, help="Open the report in the browser.")
@store_option
@input_options
def report(inputs: tuple[Path, ...], **values: Any) -> None:
    """Read exports, compute recovery and baseline, write the report.

    INPUT is a file, a folder, or a vendor's whole ZIP. Without it, the report is made from
    everything that 'hrv import' has kept.
    """
    from hrv import pipeline
    from hrv.cli_progress import progress
    from hrv.report.summary import summary
    from hrv.report.text import Words

    if inputs and values["store"]:
        raise SettingsError("--store is for reports without INPUT", way_out="Use hrv import first")
    wanted = _formats(values["formats"])
    question = pipeline.Question(
        since=values["since"],
        until=values["until"],
        change_date=values["change_date"],
        change_label=values["change_label"],
        day=values["day"],
        self_test=values["self_test"],
        as_of=values["as_of"] or datetime.now().astimezone().date(),
    )
    with progress() as told, ExitStack() as held:
        more = [*values["tags"], *values["ratings"]]
        store: Store | None = None
        if inputs:
            name = _report_name(inputs[0])
            options = read_options(values)
            timeline = pipeline.read([*inputs, *more], options, on_progress=told)
            _must_be_of_use(more, timeline)
            analysis = pipeline.analyse(timeline, question=question, on_progress=told)
        else:
            from hrv.store import open_store, there_is_one

            if not there_is_one(values["store"]):
                what = "no input, and nothing was imported yet"
                raise SettingsError(
                    what, way_out="Give a file, a folder or a ZIP: hrv report INPUT"
                )
            store = held.enter_context(open_store(values["store"], create=False))
            name = the_person(store, values["person"])
            options = read_options({**values, "person": None})
            timeline = pipeline.read_store(store, name, more, options)
            _must_be_of_use(more, timeline)
            with store.reduced(name) as kept:
                analysis = pipeline.analyse(
                    timeline, question=question, on_progress=told, kept=kept
                )
        folder = values["out"] / (values["name"] or name)
        told("writing the report", None)
        written = pipeline.render(
            analysis, folder, formats=wanted, language=values["language"], paper=values["paper"]
        )
        if store is not None:
            pipeline.keep(
                store, name, analysis, language=values["language"], pdf=written.get("pdf")
            )
    if values["as_json"]:
        click.echo((written["json"]).read_text(encoding="utf-8"), nl=False)
    else:
        click.echo(summary(analysis, Words(values["language"])))
        shown = written.get("html") or next(iter(written.values()))
        click.echo(f"\nReport: {shown}")
    if values["open_it"] and "html" in written:
        click.launch(str(written["html"]))


def _must_be_of_use(given: Sequence[Path], timeline: Timeline) -> None:
    """Tags or ratings of which no row could be used are an error, some rows a warning."""
    for path in given:
        mine = [one for one in timeline.inputs if Path(one.file).name == path.name]
        if mine and not any(one.rows_used for one in mine):
            raise InputError(
                "nothing in it can be used as tags or ratings",
                where=path.name,
                way_out="'hrv tags --template' prints an empty table, 'hrv identify' says why",
            )
        for refusal in (r for one in mine for r in one.refusals):
            place = f" ({refusal.first_place})" if refusal.first_place else ""
            what = f"{refusal.rows} not used: {refusal.reason}{place}"
            click.secho(f"hrv: {path.name}: {what}", fg="yellow", err=True)


_FORMATS = ("html", "pdf", "png", "svg", "json")


def _formats(text: str) -> tuple[str, ...]:
    wanted = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = [part for part in wanted if part not in _FORMATS]
    if unknown or not wanted:
        raise SettingsError(
            f"--format {text}: unknown {', '.join(unknown) or 'format'}",
            way_out=f"Choose among {', '.join(_FORMATS)}",
        )
    return wanted


def _report_name(path: Path) -> str:
    name = path.resolve().name
    for suffix in (".gz", ".zip", ".csv", ".fit", ".txt", ".json", ".xml"):
        name = name.removesuffix(suffix)
    return name or "report"


@main.command()
@click.argument(
    "inputs",
    nargs=-1,
    required=True,
    metavar="INPUT...",
    type=click.Path(exists=True, path_type=Path),
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@input_options
def identify(inputs: tuple[Path, ...], as_json: bool, **values: Any) -> None:
    """Say what each file is and why, what it covers, and what that allows; no analysis."""
    from hrv.cli_identify import told

    click.echo(told(inputs, read_options(values), as_json=as_json))


@main.command()
@click.argument("name", required=False)
def explain(name: str | None) -> None:
    """Say what a metric, marker or state is, how it is computed, and its source."""
    from hrv.markers import MARKERS
    from hrv.report import explain as glossary

    if name is None:
        click.echo("\n".join(glossary.names()))
        return
    found = glossary.explain(name, markers=MARKERS)
    if found is None:
        near = get_close_matches(name, glossary.names(), n=3)
        raise SettingsError(
            f"nothing called {name!r}",
            way_out=f"Nearest: {', '.join(near)}" if near else "'hrv explain' lists all names",
        )
    title, text = found
    click.echo(f"{title}\n\n{text}")


main.add_command(calibrate_command)
main.add_command(clients_command)
main.add_command(doctor_command)
main.add_command(forget_command)
main.add_command(formats_command)
main.add_command(history_command)
main.add_command(input_options(import_command))
main.add_command(input_options(metrics_command))
main.add_command(input_options(power_command))
main.add_command(serve_command)
main.add_command(simulate_command)
main.add_command(input_options(tags_command))
