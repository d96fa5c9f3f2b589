"""The store on the command line: `hrv import`, `history`, `forget`, `clients`, `doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hrv.cli_dates import as_date
from hrv.cli_inputs import read_options
from hrv.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from hrv.store import Store

_FIRST = "me"  # the code of whoever comes first and gives none
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="PATH",
    help="Folder of the store.  [default: HRV_STORE, else your data folder]",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print as JSON.")


def the_person(store: Store, code: str | None) -> str:
    """The code asked for, or the only one there is."""
    known = store.codes()
    if code is not None and code not in known:
        raise SettingsError(f"nobody called {code!r} is in the store", way_out=_listed(known))
    if code is not None:
        return code
    if len(known) != 1:
        what = "the store holds several people" if known else "the store is empty"
        raise SettingsError(what, way_out=_listed(known))
    return known[0]


def _listed(known: Sequence[str]) -> str:
    if not known:
        return "Begin with: hrv import INPUT"
    return f"Choose with --person: {', '.join(known)}"


@click.command("import")
@click.argument(
    "inputs",
    nargs=-1,
    required=True,
    metavar="INPUT...",
    type=click.Path(exists=True, path_type=Path),
)
@store_option
@_json_option
def import_command(
    inputs: tuple[Path, ...], store: Path | None, as_json: bool, **values: Any
) -> None:
    """Keep what is new in exports, for reports over everything that was ever imported.

    What is known already is recognised by its content, whatever the file is called. --person is
    the code name under which it is kept.
    """
    from hrv import ingest
    from hrv.cli_progress import progress
    from hrv.settings import Settings
    from hrv.store import open_store

    options = read_options(values)
    with open_store(store) as opened, progress() as told:
        code = options.person
        if code is None:
            code = the_person(opened, None) if opened.codes() else _FIRST

        def on_progress(name: str, done: int, total: int) -> None:
            del name
            told("reading files", done / total if total else None)

        found = opened.add(
            ingest.read(list(inputs), options, Settings().ingest, on_progress=on_progress),
            person=code,
            name=", ".join(path.resolve().name for path in inputs),
        )
    if as_json:
        click.echo(json.dumps({**asdict(found), "days_added": found.days_added}))
        return
    files = [(found.files_new, "new"), (found.files_known, "known already"),
             (found.files_changed, "read anew")]  # fmt: skip
    said = ", ".join(f"{count} {what}" for count, what in files if count)
    click.echo(f"{found.person}: {said or 'no files'}; rows added: {found.rows_added}")
    click.echo(f"Days: {found.days_after} kept, {found.days_added} of them new")


@click.command("history")
@click.option("--person", metavar="CODE", help="Of this person only.")
@click.option("--files", is_flag=True, help="List the files of each import too.")
@store_option
@_json_option
def history_command(person: str | None, files: bool, store: Path | None, as_json: bool) -> None:
    """List what was imported, the newest first."""
    from hrv.store import open_store

    with open_store(store, create=False) as opened:
        found = opened.history(person)
        listed = {one.id: opened.files(one.id) for one in found} if files else {}
    if as_json:
        rows = []
        for one in found:
            row = {**asdict(one), **_days(one.first_day, one.last_day), "at": _instant(one.at_s)}
            row["file_list"] = [asdict(file) for file in listed.get(one.id, ())]
            rows.append(row)
        click.echo(json.dumps(rows, default=str))
        return
    if not found:
        click.echo("Nothing was imported yet.")
    for one in found:
        days = _days(one.first_day, one.last_day)
        span = f"{days['first_day']} to {days['last_day']}" if one.days else "no days"
        click.echo(
            f"{one.id:>4}  {_instant(one.at_s)[:16].replace('T', ' ')}  {one.person}  {one.name}\n"
            f"      {one.files} files ({one.files_new} new), {one.days} days, {span},"
            f" {_megabytes(one.stored_bytes)} held by it alone"
        )
        for file in listed.get(one.id, ()):
            what = ", ".join(file.streams) or "nothing used"
            click.echo(f"      {file.file} [{file.format}]: {what}, {file.rows_used} rows")


@click.command("forget")
@click.option("--person", metavar="CODE", help="A person with everything kept of them.")
@click.option("--upload", type=int, metavar="NUMBER", help="One import; see 'hrv history'.")
@click.option(
    "--before", callback=as_date, metavar="DATE", help="What lies before; of all, or of --person."
)
@click.option("--all", "everything", is_flag=True, help="Everything, everybody.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@_json_option
def forget_command(
    person: str | None,
    upload: int | None,
    before: date | None,
    everything: bool,
    yes: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Delete from the store for good: the bytes are overwritten.

    Reports already written, backups, and the exports themselves are not touched.
    """
    from hrv.model import as_day
    from hrv.store import open_store

    asked = [f"upload {upload}"] if upload is not None else []
    asked += [f"everything before {before}"] if before is not None else []
    asked += ["everything"] if everything else []
    asked += [f"of {person}" if asked else f"all of {person}"] if person is not None else []
    with open_store(store, create=False) as opened:
        if asked and not yes:
            click.confirm(f"Delete {' '.join(asked)}?", abort=True, err=True)
        done = opened.forget(
            person=person,
            upload=upload,
            before_day=None if before is None else as_day(before),
            everything=everything,
        )
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        click.echo(
            f"Deleted: {done.people} people, {done.uploads} imports, {done.files} files,"
            f" {done.blocks} blocks. Store: {_megabytes(done.bytes_before)} before,"
            f" {_megabytes(done.bytes_after)} now"
        )
    if not done.complete:
        raise StoreError(
            "deleted, but another process keeps the old pages open",
            way_out="Close it, then run the same command once more",
        )


@click.command("clients")
@click.option(
    "--sort",
    type=click.Choice(["name", "age"]),
    default="name",
    show_default=True,
    help="By code name, or by how old the newest data are.",
)
@click.option(
    "--pdf",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the newest two pages of everyone there, one file each.",
)
@store_option
@_json_option
def clients_command(sort: str, pdf: Path | None, store: Path | None, as_json: bool) -> None:
    """List the people of the store: newest day, what is measurable, where the last report stood.

    They are never ranked by how they are.
    """
    from hrv.store import open_store

    with open_store(store, create=False) as opened:
        found = [
            {
                "person": one.code,
                **_days(one.first_day, one.last_day),
                "days": one.days,
                "imports": one.uploads,
                "streams": list(one.streams),
                "pdf": one.pdf,
                "last_report": _stand(one.record, one.standing),
            }
            for one in opened.people()
        ]
        if pdf is not None:
            for row in found:
                row["pdf"] = _paper(opened, str(row["person"]), pdf)
    if sort == "age":
        found.sort(key=lambda row: (str(row["last_day"] or ""), str(row["person"])))
    if as_json:
        click.echo(json.dumps(found))
        return
    for row in found:
        click.echo(f"{row['person']}: {row['days']} days, newest {row['last_day'] or 'none'}")
        stand = row["last_report"]
        if not isinstance(stand, dict):
            click.echo("    no report yet: hrv report --person " + str(row["person"]))
            continue
        for line in _told(stand):
            click.echo(f"    {line}")
        if row["pdf"]:
            click.echo(f"    two pages: {row['pdf'] if pdf else 'hrv clients --pdf FOLDER'}")


def _paper(store: Store, person: str, folder: Path) -> str | None:
    """Where the two pages of one person were written, if any are kept."""
    pages = store.pdf(person)
    if pages is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{person}.pdf"
    path.write_bytes(pages)
    return str(path)


def _stand(record: str | None, standing: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a report.json, and of what was kept beside it, what fits into a list."""
    if record is None:
        return None
    found = json.loads(record)
    recovery, baseline = found["recovery"], found["baseline"]
    changes = {
        marker["id"]: {
            name: marker[name] for name in ("estimate", "low", "high", "unit", "since", "until")
        }
        for marker in found["markers"]
        if marker["estimate"] is not None
    }
    return {
        "window": found["settings"].get("window"),
        "tier": found["coverage"]["tier"],
        "verdict": found["verdict"]["state"],
        "recovery": {
            "scale": recovery["scale"],
            "half_time_s": _interval(recovery["half_time_s"]),
            "change": changes.get("recovery_speed"),
            "state": recovery["state"],
            "why_unknown": recovery.get("why_unknown"),
        },
        "baseline": {
            "measure": baseline["measure"],
            **_interval(baseline),
            "change": changes.get("baseline_arousal"),
            "state": baseline["state"],
            "why_unknown": baseline.get("why_unknown"),
        },
        "needs": [need["text"] for need in found["verdict"]["needs"]],
        "measurable": standing.get("measurable", []),
        "then_now": standing.get("then_now", []),
    }


def _interval(found: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: (found or {}).get(name) for name in ("value", "low", "high")}


def _told(stand: Mapping[str, Any]) -> Iterable[str]:
    recovery, baseline = stand["recovery"], stand["baseline"]
    window = " to ".join(stand["window"] or [])
    yield f"report of {window}: {stand['verdict']} (data tier {stand['tier']})"
    half = recovery["half_time_s"]
    if half["value"] is not None:
        yield f"recovery: half in {_range(half, 0)} s, {recovery['state']}{_change(recovery)}"
    else:
        yield f"recovery: {recovery['state']}; {recovery['why_unknown'] or 'no level'}"
    if baseline["value"] is not None:
        now = f"{_range(baseline, 2)}, {baseline['state']}{_change(baseline)}"
        yield f"baseline ({baseline['measure']}): {now}"
    else:
        yield f"baseline: {baseline['state']}; {baseline['why_unknown'] or 'no level'}"
    for row in stand["then_now"]:
        yield f"{row['name']}: then {row['then']}, now {row['now']}, {row['change']}"
    if stand["measurable"]:
        yield f"measurable: {', '.join(stand['measurable'])}"
    for need in stand["needs"]:
        yield f"needs: {need}"


def _change(primary: Mapping[str, Any]) -> str:
    """How far now is from then, with its interval."""
    change = primary["change"]
    if change is None or change["low"] is None or change["high"] is None:
        return ""
    said = _range({**change, "value": change["estimate"]}, 1)
    return f"; since {change['since']} {said} {change['unit']}"


def _range(found: Mapping[str, Any], digits: int) -> str:
    value, low, high = (f"{found[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


@click.command("doctor")
@click.option(
    "--backup",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a sound copy of the store there.",
)
@store_option
@_json_option
def doctor_command(backup: Path | None, store: Path | None, as_json: bool) -> None:
    """Say what is wrong with this installation and the store, if anything."""
    from hrv.store import open_store, there_is_one
    from hrv.store.installation import examined

    found = examined()
    try:
        with open_store(store, create=False) as opened:
            check = opened.check()
            found["store"] = str(opened.file)
            found["store_mb"] = round(check.file_bytes / 1e6, 1)
            found["people"] = check.people
            found["blocks"] = check.blocks
            found["problems"] += list(check.problems)
            if backup is not None:
                opened.backup(backup)
    except StoreError as error:
        if backup is not None:
            raise
        there = there_is_one(store)
        found["store"] = "cannot be read" if there else "none yet"
        found["problems"] += [str(error)] if there else []
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, value in found.items():
            if name != "problems":
                click.echo(f"{name.replace('_', ' '):<12}{value}")
        for problem in found["problems"]:
            click.echo(f"PROBLEM     {problem}")
        if not found["problems"]:
            click.echo("Nothing is wrong.")
    if found["problems"]:
        raise StoreError(f"{len(found['problems'])} problem(s) found")


def _days(first: int | None, last: int | None) -> dict[str, str | None]:
    from hrv.model import as_date

    return {
        name: None if day is None else as_date(day).isoformat()
        for name, day in (("first_day", first), ("last_day", last))
    }


def _instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s).astimezone().isoformat(timespec="seconds")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
