"""The routes: a request in, a page out. What is decided here is only where to go next."""

from __future__ import annotations

import html
import logging
import re
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import (
    Flask,
    Response,
    abort,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from hrv.web import arriving, forms, guard, names, words
from hrv.web.drawn import drawn
from hrv.web.history import History, number_of
from hrv.web.jobs import Jobs, describe
from hrv.web.keep import ANALYSIS, FIGURES, ID, Room, Run, Upload
from hrv.web.limits import Limits

log = logging.getLogger(__name__)


class _DiskFull(HTTPException):
    code = 507


FILES = {
    "report.html": "text/html; charset=utf-8",
    "report.pdf": "application/pdf",
    "report.json": "application/json",
    FIGURES: "application/zip",
}
LANGUAGE = "hrv_language"  # the cookie that keeps the choice
OWN_PATH = re.compile(r"/(u/[0-9a-f]{32}|formats)?")  # where a change of language may lead back
SORTS = ("name", "age")
KEPT_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')
NOTHING = "default-src 'none'; frame-ancestors 'none'"
Answer = str | tuple[str, int] | BaseResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the routes work on."""

    room: Room
    jobs: Jobs
    door: guard.Door
    limits: Limits
    history: History


class _Quiet(Flask):
    """Logs the kind and place of an error: its message could hold a value or a file's name."""

    def log_exception(self, exc_info: Any) -> None:
        kind, _, trace = exc_info
        last = traceback.extract_tb(trace)[-1]
        log.error("%s in %s line %s", kind.__name__, Path(last.filename).name, last.lineno)


def create(page: Page) -> Flask:
    """The application. Closing rooms and jobs is the caller's."""
    app = _Quiet(__name__)
    app.request_class = arriving.Arriving
    app.config.update(
        ROOM=page.room,
        MAX_CONTENT_LENGTH=page.limits.upload_bytes,
        MAX_FORM_PARTS=page.limits.files,
        MAX_FORM_MEMORY_SIZE=page.limits.field_bytes,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(when=_when, size=_size, moment=_moment)
    guard.install(app, page.door, page.limits)
    app.teardown_request(arriving.forget)
    app.register_error_handler(HTTPException, _refused)

    @app.context_processor
    def shared() -> dict[str, Any]:
        return {
            "t": _say,
            "reported": _reported,
            "unfilled": words.table(_language()).__getitem__,
            "clock": _clock,
            "language": _language(),
            "languages": words.LANGUAGES,
            "back": request.path if OWN_PATH.fullmatch(request.path) else "/",
            "token": lambda: guard.form_token(page.door),
        }

    _pages(app, page)
    _changes(app, page)
    _entries(app, page)
    return app


def _language() -> str:
    """As chosen on the page, else as the browser asks for."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in words.LANGUAGES:
        return chosen
    return request.accept_languages.best_match(words.LANGUAGES) or words.LANGUAGES[0]


def _say(code: str, /, **facts: object) -> str:
    return words.say(code, _language(), **facts)


def _reported(code: str) -> str:
    """A sentence of the report's table, in the language of the page."""
    from hrv.report.text import Words

    return Words(_language()).say(code)


def _pages(app: Flask, page: Page) -> None:
    """Routes that only show."""

    @app.get("/")
    def home() -> Answer:
        return _home(page, {}, {})

    @app.get("/formats")
    def formats() -> Answer:
        from hrv.ingest import formats as known

        return render_template("formats.html", formats=sorted(known(), key=lambda f: f.title))

    @app.get("/u/<number>")
    def shown(number: str) -> Answer:
        return _shown(page, _upload(page, number))

    @app.get("/u/<number>/state")
    def state(number: str) -> Answer:
        return jsonify(_progress(page, _upload(page, number)))

    @app.get("/u/<number>/<int:run>/<name>")
    def file(number: str, run: int, name: str) -> Answer:
        found = _upload(page, number).run(run)
        if found is None or name not in FILES:
            abort(404)
        if name == FIGURES and not (found.folder / name).is_file():
            return _drawing(page, number, found)
        if not (found.folder / name).is_file():
            abort(404)
        return _file(found, name)

    @app.get("/u/<number>/two-pages.pdf")
    def paper(number: str) -> Answer:
        found = page.history.pdf(number) if ID.match(number) else None
        if found is None:
            abort(404)
        response = make_response(found)
        response.headers["Content-Type"] = FILES["report.pdf"]
        response.headers["Content-Disposition"] = "attachment; filename=hrv-two-pages.pdf"
        response.headers["Content-Security-Policy"] = NOTHING
        return response

    @app.get("/compare")
    def compare() -> Answer:
        chosen = [_run(page, text) for text in request.args.getlist("run")]
        found = [item for item in chosen if item is not None]
        if len(found) != 2:
            return render_template("compare.html", pair=None, history=_history(page)), 400
        return render_template("compare.html", pair=sorted(found, key=lambda f: f["run"].at_s))


def _changes(app: Flask, page: Page) -> None:
    """Routes that change something; each asks for the token first."""

    @app.post(guard.UPLOAD)
    def upload() -> Answer:
        if (request.content_length or 0) + page.limits.spare_bytes > page.room.free_bytes():
            raise _DiskFull
        shown_token = request.headers.get("X-Token")
        if shown_token is not None:
            guard.demand_token(page.door, shown_token)
        guard.demand_token(page.door, request.form.get("token", ""))
        files = arriving.listed(request.files.getlist("files") + request.files.getlist("folder"))
        try:
            asked = forms.settings(request.form)
            if not files:
                raise forms.FormError("files", "error.no_file")
        except forms.FormError as error:
            return _home_again(page, error)
        asked = _with_settings(page, asked)
        kept = page.room.keep(g.arrived, files, asked)
        del g.arrived
        if not page.jobs.start(kept.id):
            page.room.delete(kept.id)
            abort(503)
        return _go("shown", number=kept.id)

    @app.post("/u/<number>/again")
    def again(number: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        try:
            if "tz" in request.form:
                asked = forms.settings(request.form)
                kept = {"keep_person": found.request.get("keep_person", "")}
                page.room.ask(found, {**asked, **kept})
                if kept["keep_person"]:
                    page.history.keep_settings(kept["keep_person"], forms.of_a_person(asked))
        except forms.FormError as error:
            return _shown(page, found, error), 422
        if not page.jobs.start(number):
            abort(503)
        return _go("shown", number=number)

    @app.post("/u/<number>/stop")
    def stop(number: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        page.jobs.stop(_upload(page, number).id)
        return _go("shown", number=number)

    @app.post("/u/<number>/delete")
    def delete(number: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        page.jobs.stop(number)
        if found.person:
            _let_go(page, found.person)
            page.history.forget(found.person)
        page.room.delete(number)
        return _go("home")

    @app.post("/u/<number>/forget/<int:kept>")
    def forget(number: str, kept: int) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        if kept not in [row["id"] for row in page.history.imports(found.person)]:
            abort(404)
        page.jobs.stop(number)
        page.history.forget(found.person, kept)
        page.room.delete(number)
        return _go("home" if page.history.code_of(number) is None else "shown", number=number)


def _entries(app: Flask, page: Page) -> None:
    """What a person says: drawn at once, and in the report as soon as it is made anew."""

    @app.post("/language")
    def language() -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        chosen, back = request.form.get("language", ""), request.form.get("back", "")
        if chosen not in words.LANGUAGES:
            abort(400)
        response = redirect(back if OWN_PATH.fullmatch(back) else "/", 303)
        response.set_cookie(LANGUAGE, chosen, httponly=True, samesite="Strict", path="/")
        return response

    @app.post("/u/<number>/add/<kind>")
    def add(number: str, kind: str) -> Answer:
        found, row = _entry(page, number, kind)
        if isinstance(row, forms.FormError):
            return _shown(page, found, row), 422
        if len(found.added[kind]) >= page.limits.added:
            abort(413)
        page.room.add(found, kind, row)
        return _entered(page, found, kind)

    @app.post("/u/<number>/change/<kind>/<old>")
    def change(number: str, kind: str, old: str) -> Answer:
        found, row = _entry(page, number, kind)
        if isinstance(row, forms.FormError):
            return _shown(page, found, row, editing=old), 422
        if not page.room.change(found, kind, old, row):
            abort(404)
        return _entered(page, found, kind)

    @app.post("/u/<number>/five")
    def five(number: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        try:
            page.room.answer(found, forms.questions(request.form))
        except forms.FormError as error:
            return _shown(page, found, error), 422
        return _entered(page, found, "five")

    @app.post("/u/<number>/answer")
    def answered(number: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        best = next((run for run in found.runs() if run.done), None)
        for place, moment in _open_moments(best, found.added):
            said = forms.answered(request.form, place, moment)
            if said is not None:
                page.room.add(found, "asked", {"start": moment["start"]})
                if said:
                    page.room.add(found, "tags", said)
        return _entered(page, found, "tags")

    @app.post("/u/<number>/drop/<row>")
    def drop(number: str, row: str) -> Answer:
        guard.demand_token(page.door, request.form.get("token", ""))
        found = _upload(page, number)
        page.room.drop(found, row)
        return _entered(page, found, "tags")


def _entry(page: Page, number: str, kind: str) -> tuple[Upload, dict[str, Any] | forms.FormError]:
    """The upload, and the row that the form makes or what is wrong with it."""
    guard.demand_token(page.door, request.form.get("token", ""))
    found = _upload(page, number)
    if kind not in ("tags", "ratings"):
        abort(404)
    try:
        return found, (forms.tag if kind == "tags" else forms.rating)(request.form)
    except forms.FormError as error:
        return found, error


def _entered(page: Page, upload: Upload, anchor: str) -> Answer:
    """Keep what was said beyond this run of the page, and bring a report that is there up to it.

    An update under way begins anew; a first analysis, or an import, is left alone.
    """
    if upload.person:
        page.history.keep_added(upload.person, upload.added)
    best = next((run for run in upload.runs() if run.done), None)
    if best is not None and not upload.promised:
        page.jobs.stop(upload.id)
        if _seen(best) != upload.entries():
            page.jobs.start(upload.id)
    return _go("shown", number=upload.id, _anchor=anchor)


# --------------------------------------------------------------------------- parts


def _upload(page: Page, number: str) -> Upload:
    found = page.room.upload(number) if ID.match(number) else None
    if found is None and ID.match(number):
        code = page.history.code_of(number)
        if code is not None:
            found = page.room.person(
                number, code, page.history.added(code), page.history.settings(code)
            )
    if found is None:
        abort(404)
    return found


def _let_go(page: Page, code: str) -> None:
    """Uploads for somebody's history: none may bring back who is about to be forgotten."""
    for upload in page.room.uploads():
        if upload.request.get("keep_person") == code and not upload.person:
            page.jobs.stop(upload.id)
            page.room.delete(upload.id)


def _with_settings(page: Page, asked: dict[str, Any]) -> dict[str, Any]:
    """What was left open of an upload for somebody's history is as it was chosen for them.

    The first who are imported take their choices from their first upload.
    """
    code = asked["keep_person"]
    if not code:
        return asked
    return {**asked, **{k: v for k, v in page.history.settings(code).items() if not asked[k]}}


def _run(page: Page, text: str) -> dict[str, Any] | None:
    number, _, run = text.partition(".")
    upload = page.room.upload(number) if ID.match(number) else None
    found = upload.run(int(run)) if upload and run.isdecimal() and len(run) < 9 else None
    if upload is None or found is None or not found.done:
        return None
    name = upload.person or _named(upload)["name"]
    return {"upload": upload, "run": found, "name": name, "record": found.read("report.json"),
            "answer": found.read("answer.json")}  # fmt: skip


def _go(route: str, **facts: Any) -> Answer:
    """Onwards: a redirect for a form, the address for the script."""
    target = url_for(route, **facts)
    if request.headers.get("X-Token") is not None:
        return jsonify({"location": target})
    return redirect(target, 303)


def _history(page: Page) -> list[dict[str, Any]]:
    rows = []
    for upload in page.room.uploads():
        if upload.person:
            continue
        runs = [
            {"run": run, "answer": run.read("answer.json"), "request": upload.request}
            for run in upload.runs()
            if run.done
        ]
        rows.append({"upload": upload, "facts": upload.facts, "runs": runs, **_named(upload),
                     "state": describe(upload, page.jobs)})  # fmt: skip
    return rows


def _named(upload: Upload) -> dict[str, Any]:
    """The folder that was given, or else the first file."""
    listed = [str(row["name"]) for row in upload.facts["files"]]
    folder = names.folder(listed)
    return {"name": folder or listed[0], "folder": bool(folder)}


def _home(page: Page, said: Mapping[str, str], errors: Mapping[str, str]) -> str:
    sort = request.args.get("sort", "")
    return render_template(
        "home.html", uploads=_history(page), people=page.history.people(sort == "age"), said=said,
        errors=errors, zones=forms.offered(), sorts=SORTS, sort=sort if sort in SORTS else "name",
    )  # fmt: skip


def _home_again(page: Page, error: forms.FormError) -> Answer:
    said = _say(error.code)
    if request.headers.get("X-Token") is not None:
        return make_response(jsonify({"error": said, "field": error.field}), 422)
    return _home(page, request.form, {error.field: said}), 422


def _shown(
    page: Page, upload: Upload, error: forms.FormError | None = None, editing: str = ""
) -> str:
    """The page of one upload, in whatever state it is; `editing` is the tag that is changed."""
    state = describe(upload, page.jobs)
    runs = upload.runs()
    best = next((run for run in runs if run.done), None)
    outcome = runs[0].read("outcome.json") if runs else None
    seen = _seen(best)
    added = upload.added
    files = runs[0].read("files.json") if runs else None
    part = upload.under_way()
    if part is not None and state["state"] == "running":
        files = Run(0, part).read("files.json") or files
    old = next((tag for tag in added["tags"] if tag["id"] == (editing or request.args.get("edit"))),
               None)  # fmt: skip
    return render_template(
        "upload.html", upload=upload, facts=upload.facts, state=state,
        progress=_progress(page, upload), best=best, runs=runs, outcome=outcome, files=files,
        answer=best.read("answer.json") if best else None, added=added,
        changed=len(seen ^ upload.entries()) if best else 0,
        moments=_open_moments(best, added), answers=forms.ANSWERS, settings=upload.request,
        errors={} if error is None else {error.field: _say(error.code)},
        said=request.form if error is not None else {}, kinds=forms.TAG_KINDS,
        scales=forms.SCALES, editing=old, questions=forms.asked_for(),
        drawn=drawn(best, upload, seen) if best else None, editing_fields=forms.as_written,
        imports=page.history.imports(upload.person) if upload.person else [],
        past=_past(page, upload), person_page=_person_page(page, upload),
        zones=forms.offered(), names=FILES,
    )  # fmt: skip


def _open_moments(run: Run | None, added: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Moments that the newest report asks about and nobody has answered, with their numbers."""
    found = run.read("moments.json") if run else None
    done = {row["start"] for row in added["asked"]}
    return [(i, row) for i, row in enumerate(found or []) if row["start"] not in done]


def _past(page: Page, upload: Upload) -> dict[str, Any] | None:
    """The newest answer kept of a person, from an earlier run of the page perhaps."""
    people = page.history.people() if upload.person else []
    return next((one for one in people if one["code"] == upload.person), None)


def _person_page(page: Page, upload: Upload) -> str | None:
    """Where the tags of a kept upload are written: on the person's page."""
    code = str(upload.request.get("keep_person") or "")
    if not code or upload.person or page.history.code_of(number_of(code)) is None:
        return None
    return url_for("shown", number=number_of(code))


def _seen(run: Run | None) -> set[str]:
    outcome = run.read("outcome.json") if run else None
    return set(outcome.get("added", ())) if isinstance(outcome, dict) else set()


def _progress(page: Page, upload: Upload) -> dict[str, Any]:
    state = describe(upload, page.jobs)
    percent = int(100 * state["share"])
    stage = _say(f"stage.{state['stage'].replace(' ', '_')}") if state["stage"] else ""
    if state["state"] == "waiting":
        stage = _say("state.place", place=state["place"])
    return {"state": state["state"], "percent": percent, "text": stage}


def _file(run: Run, name: str) -> Response:
    path = run.folder / name
    when = datetime.fromtimestamp(run.at_s, UTC).date().isoformat()
    stem, _, suffix = name.partition(".")
    response = send_file(
        path,
        mimetype=FILES[name],
        as_attachment="download" in request.args or suffix == "zip",
        download_name=f"hrv-{stem}-{when}.{suffix}",
        conditional=False,
        etag=False,
    )
    policy = NOTHING
    if name == "report.html":
        with path.open(encoding="utf-8") as stream:
            head = stream.read(8192)
        policy = guard.report_policy(html.unescape(p) for p in KEPT_POLICY.findall(head))
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    del response.headers["Last-Modified"]
    return response


def _drawing(page: Page, number: str, run: Run) -> Answer:
    """Has the figures drawn; the page asks again by itself and then gets them."""
    if page.jobs.undrawn(number, run.number) is not None:
        return render_template("error.html", code=500, text=_say("figures.failed")), 500
    if not (run.folder / ANALYSIS).is_file():
        abort(404)
    if not page.jobs.start(number, run.number):
        abort(503)
    return render_template("drawing.html", number=number), 202


def _refused(error: HTTPException) -> Answer:
    """A refusal as a page that says what and what next."""
    code = error.code or 500
    if error.response is not None:
        return error.get_response()
    told = (f"refused.{code}.{error.description}", f"refused.{code}", "refused.any")
    text = next(filter(None, (words.maybe(one, _language()) for one in told)))
    if request.headers.get("X-Token") is not None:
        return make_response(jsonify({"error": text}), code)
    response = make_response(render_template("error.html", code=code, text=text), code)
    if code == 405:
        response.headers["Allow"] = ", ".join(guard.METHODS)
    return response


def _clock(seconds: float) -> str:
    """Minutes and seconds, 2:30."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _when(at_s: float) -> str:
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M")


def _moment(local: str) -> str:
    """Weekday, date and time of a local instant."""
    when = datetime.fromisoformat(local)
    return f"{_say('weekdays').split()[when.weekday()]} {when:%Y-%m-%d, %H:%M}"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
