"""`services export`: services of Context Services asked of GMS now, onto the screen or into files."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.catalogue.services import Events, State
from analytics_platform.cli.answers import show
from analytics_platform.cli.errors import Expected
from analytics_platform.cli.query import Format, print_records
from analytics_platform.connections import connected_gms
from analytics_platform.gms_settings import GmsSettings, load_gms_settings

if TYPE_CHECKING:
    from analytics_platform.gms.answers import ServiceRecord
    from analytics_platform.gms.client import Gms
    from analytics_platform.gms.exported import Course
    from analytics_platform.gms.selection import Selection

_ROWS_SHOWN = 20
_MOST_AT_ONCE = 500
"""Services above which GMS is not asked for all of them in one answer; the vendor warns of it without a number."""
_FIRST_LOOK = 0.5
"""Seconds until exported files are looked at; pauses grow from here."""
_SHOWN = ("service_id", "service_type", "customer_id", "contact_key", "started_at", "completed_at", "active")

services = typer.Typer(
    help="Services of Context Services (GMS), asked for now. The days themselves land by `ui`.",
    no_args_is_help=True,
    add_completion=False,
)


@services.callback()
def _services() -> None:
    """Services of Context Services (GMS), asked for now. The days themselves land by `ui`."""


@services.command()
def export(
    start: Annotated[str, typer.Option("--from", help="UTC: a day or an instant at which the range begins.")],
    end: Annotated[str, typer.Option("--to", help="The same at which it ends; a day is its first instant.")],
    events: Annotated[Events, typer.Option(help="What must have happened to a service in the range.")] = Events.ANY,
    state: Annotated[State, typer.Option(help="What it must be now, whatever the range.")] = State.ANY,
    content: Annotated[
        bool, typer.Option("--content", help="Ask for all services in one answer, instead of one by one.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help=f"With --content, also for over {_MOST_AT_ONCE}.")] = False,
    files: Annotated[
        bool,
        typer.Option(
            "--files",
            help="Let the server write files on its own disk, and read them where their folder is reached from here.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="A folder for the four tables, a .parquet file of services, or a .jsonl file as sent."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How services are written on the screen.")] = Format.TABLE,
) -> None:
    """Services that were started or completed in a range, with their states, tasks and extensions."""
    from analytics_platform.gms.exported import Course, Exported
    from analytics_platform.gms.selection import Selection
    from analytics_platform.landing.exported_services import require_place
    from analytics_platform.source.intervals import utc_instant

    selection = Selection(utc_instant(start, "of --from"), utc_instant(end, "of --to"), events, state)
    if files and content:
        raise Expected("Services come either in one answer or in files: leave out --content or --files.")
    if output is not None:
        require_place(output)
    settings = load_gms_settings()
    if files and output is not None and not settings.file_folders:
        raise Expected(
            "The server writes files on its own disk: set GMS_FILE_FOLDERS to where its folder is reached from here, "
            "or leave out --output."
        )
    with connected_gms(settings) as gms:
        if files:
            read = _from_files(gms, selection, settings)
            if read is not None:
                _deliver(read, Course(), output, form)
            return
        if content and not force:
            _require_few(gms, selection)
        exported = Exported(gms, selection, content=content)
        _deliver(exported, exported.course, output, form)


def _deliver(services: "Iterable[ServiceRecord]", course: "Course", output: Path | None, form: Format) -> None:
    """Services to files or to standard output; what is to be said of them goes to standard error."""
    from analytics_platform.landing.exported_services import write_services

    if output is not None:
        written = write_services(services, output)
        typer.echo(f"{output} holds {written.services} services.")
        if written.unreadable:
            typer.echo(f"Kept as sent alone, since the columns cannot hold them: {written.unreadable}.", err=True)
    elif form is Format.TABLE:
        _show(services, course)
    else:
        print_records((service.record for service in services), form)
    for note in course.notes():
        typer.echo(note, err=True)


def _show(services: "Iterable[ServiceRecord]", course: "Course") -> None:
    """The first services as a table, one row each; no more are read than are shown, and one to tell that there are."""
    from itertools import islice

    from analytics_platform.catalogue.services import SERVICES
    from analytics_platform.landing.exported_services import service_tables

    first = list(islice(services, _ROWS_SHOWN + 1))
    made = service_tables(first[:_ROWS_SHOWN])
    rows = made.tables[SERVICES.typed].select(_SHOWN).to_pylist()
    unread = [{"service_id": row["service_id"], "service_type": row["reason"]} for row in made.unreadable]
    show(_SHOWN, [[row.get(name) for name in _SHOWN] for row in rows + unread], sys.stdout)
    if len(first) > _ROWS_SHOWN:
        of = f" of {course.listed} with an event in the range" if course.listed else ""
        typer.echo(f"The first {_ROWS_SHOWN} services{of}; --output writes all to a file or folder.", err=True)


def _require_few(gms: "Gms", selection: "Selection") -> None:
    """Expected where one answer would hold too many services, by a list of their ids, which costs GMS little."""
    from dataclasses import replace

    count = len(gms.ids(replace(selection, state=State.ANY)).ids)
    if count > _MOST_AT_ONCE:
        raise Expected(
            f"{count} services have an event in the range, and over {_MOST_AT_ONCE} in one answer may bring GMS down: "
            "leave out --content, shorten the range, or insist with --force."
        )


def _from_files(gms: "Gms", selection: "Selection", settings: GmsSettings) -> "list[ServiceRecord] | None":
    """What the files hold that GMS is asked for; None, told which they are, where their folder is not reached."""
    from tempfile import TemporaryDirectory

    from analytics_platform.gms.answers import ServiceRecord
    from analytics_platform.lake import Lake
    from analytics_platform.landing.errors import FilesRefused
    from analytics_platform.landing.service_file_following import follow
    from analytics_platform.landing.service_folders import NotMapped, ServiceFolders

    created = gms.request_files(selection, settings.file_format)
    for file in created.files:
        typer.echo(file, err=bool(settings.file_folders))
    if not settings.file_folders:
        typer.echo(
            f"GMS ({gms.files_url}) writes these files on its own disk; they may still grow, and nothing tells when "
            "they are whole. With GMS_FILE_FOLDERS they would be read.",
            err=True,
        )
        return None
    day = selection.start.date()
    try:
        files = ServiceFolders(settings.file_folders).export(created.files)
    except NotMapped as fault:
        raise FilesRefused(day, str(fault)) from None
    # What is read is a copy, in a place of its own: nothing lands.
    with TemporaryDirectory() as place:
        lake = Lake.open(place, scratch=Path(place) / "scratch")
        found = follow(lake, day, files, first_pause=_FIRST_LOOK, patience=60.0 * settings.file_patience_minutes)
        found.discard()
    return [ServiceRecord(each.service_id, each.record, created.asked_at) for each in found.read.services]
