"""Ad-hoc questions about details as jobs: each writes what it finds to a file, asked and named in the launchpad."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from analytics_platform.defs.failures import explained
from analytics_platform.defs.resources import GenesysCloudResource
from analytics_platform.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from analytics_platform.genesys_cloud.client import GenesysCloud
    from analytics_platform.genesys_cloud.found import Found
    from analytics_platform.genesys_cloud.questions import Question, Subject

FOLDER = "queries"
"""Folder of the files, in the folder of ANALYTICS_PLATFORM_STATE."""
_PREVIEWED = 10


class FileConfig(dg.Config):
    """Where what is found is written."""

    file: str = Field(
        default="",
        description="Name of the file in the folder `queries` of the state folder: .parquet for rows with the vendor's "
        "nested columns, .jsonl for records as sent. Empty is the job's name and the run's id, .parquet.",
    )


class IntervalConfig(FileConfig):
    """A question about an interval."""

    interval: str = Field(
        default="",
        description="UTC: a day (2026-03-02), or start/end of which the end is not in it (2026-03-02/2026-03-04, "
        "2026-03-02T08:00Z/2026-03-02T12:00Z). A long one is asked in pieces.",
    )
    last: str = Field(default="", description="Instead of an interval the last whole days or hours: 3d, 6h.")
    query: dict[str, Any] = Field(
        default={}, description="The vendor's own query body, without paging; what is given beside it is added to it."
    )
    order: str = Field(default="", description="asc, desc or unordered; empty is the vendor's default, asc.")
    limit: int | None = Field(default=None, description="Records at most; nothing is all.")


class UsersConfig(IntervalConfig):
    """A question about users' presences and routing statuses."""

    filters: list[str] = Field(
        default=[],
        description="name=value, name=one|other, `name exists`, `name !exists`, such as userId=...; all must hold.",
    )


class ConversationsConfig(UsersConfig):
    """A question about conversations that started in an interval."""

    order_by: str = Field(default="", description="conversationStart, conversationEnd, segmentStart or segmentEnd.")


class TranscriptsConfig(IntervalConfig):
    """A search for what was said."""

    phrases: list[str] = Field(default=[], description="What must be said in a conversation, each as one phrase.")


class IdsConfig(FileConfig):
    """Conversations by id."""

    ids: list[str] = Field(description="Ids of the conversations; those not found are told.")


class IdConfig(FileConfig):
    """One conversation."""

    id: str = Field(description="Id of the conversation.")


class PropertyConfig(dg.Config):
    """Properties to put on a conversation at the vendor."""

    conversation_id: str = Field(description="Id of the conversation.")
    session_id: str = Field(description="Id of the session whose segments get them.")
    date: str = Field(description="An instant within the segment, ISO 8601, such as its start.")
    properties: list[str] = Field(
        description="name=value, or name=value:type with bool, integer, real, date, string or uuid."
    )
    dry_run: bool = Field(default=True, description="Say what would be sent, and send nothing.")


def definitions() -> dg.Definitions:
    """The jobs; none runs by itself."""
    return dg.Definitions(
        jobs=[
            query_conversations,
            query_conversations_by_ids,
            query_conversation,
            query_users,
            query_transcripts,
            index_property,
        ]
    )


@dg.op(description="Asks page by page and writes each as it comes; the file is there whole or not at all.")
def ask_conversations(
    context: dg.OpExecutionContext, config: ConversationsConfig, genesys_cloud: GenesysCloudResource
) -> None:
    from analytics_platform.genesys_cloud.questions import CONVERSATIONS

    with explained():
        asked = _question(CONVERSATIONS, config, expressions=config.filters, order_by=config.order_by)
        _answer(context, config, genesys_cloud, asked)


@dg.op(description="Asks page by page; a user has one record a piece of the interval.")
def ask_users(context: dg.OpExecutionContext, config: UsersConfig, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud.questions import USERS

    with explained():
        _answer(context, config, genesys_cloud, _question(USERS, config, expressions=config.filters))


@dg.op(description="Searches page by page; the vendor withdrew this, and some orgs still answer it.")
def ask_transcripts(
    context: dg.OpExecutionContext, config: TranscriptsConfig, genesys_cloud: GenesysCloudResource
) -> None:
    from analytics_platform.genesys_cloud.questions import TRANSCRIPTS

    with explained():
        _answer(context, config, genesys_cloud, _question(TRANSCRIPTS, config, phrases=config.phrases))


@dg.op(description="Asks for as many conversations at once as one call takes.")
def ask_conversations_by_ids(
    context: dg.OpExecutionContext, config: IdsConfig, genesys_cloud: GenesysCloudResource
) -> None:
    from analytics_platform.genesys_cloud.queries import conversations_by_ids

    with explained():
        _write(context, config, genesys_cloud, lambda client: conversations_by_ids(client, config.ids))


@dg.op(description="Asks for one conversation.")
def ask_conversation(context: dg.OpExecutionContext, config: IdConfig, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud.queries import conversation

    with explained():
        _write(context, config, genesys_cloud, lambda client: conversation(client, config.id))


@dg.op(
    description="Puts properties on a conversation's segments at the vendor; a dry run shows them and sends nothing."
)
def put_properties(context: dg.OpExecutionContext, config: PropertyConfig, genesys_cloud: GenesysCloudResource) -> None:
    from analytics_platform.genesys_cloud.properties import index, index_request

    with explained():
        request = index_request(config.session_id, config.date, config.properties)
        if not config.dry_run:
            with genesys_cloud.connect(context) as client:
                index(client, config.conversation_id, request)
    context.add_output_metadata({"sent": not config.dry_run, "request": dg.MetadataValue.json(request)})


@dg.job(description="Conversations that started in an interval, by filters, into a file.")
def query_conversations() -> None:
    ask_conversations()


@dg.job(description="Conversations by their ids into a file.")
def query_conversations_by_ids() -> None:
    ask_conversations_by_ids()


@dg.job(description="One conversation by its id into a file.")
def query_conversation() -> None:
    ask_conversation()


@dg.job(description="Presences and routing statuses of users in an interval into a file.")
def query_users() -> None:
    ask_users()


@dg.job(description="Conversations whose transcripts hold phrases into a file.")
def query_transcripts() -> None:
    ask_transcripts()


@dg.job(
    description="Indexes properties of a conversation at the vendor, so that queries find it by them.",
    # A run whose process died may have sent them: nobody repeats that blindly.
    tags={"dagster/max_retries": "0"},
)
def index_property() -> None:
    put_properties()


def _question(subject: "Subject", config: IntervalConfig, **others: Any) -> "Question":
    from analytics_platform.genesys_cloud.questions import question

    return question(
        subject,
        interval_text=config.interval,
        last_text=config.last,
        query=config.query,
        order=config.order,
        limit=config.limit,
        **others,
    )


def _answer(
    context: dg.OpExecutionContext, config: FileConfig, genesys_cloud: GenesysCloudResource, asked: "Question"
) -> None:
    from analytics_platform.genesys_cloud.queries import find

    context.log.info(f"Asking for {asked.subject.name} of {asked.interval}.")
    _write(context, config, genesys_cloud, lambda client: find(client, asked))


def _write(
    context: dg.OpExecutionContext,
    config: FileConfig,
    genesys_cloud: GenesysCloudResource,
    finding: "Callable[[GenesysCloud], Found]",
) -> None:
    from analytics_platform.landing.query_files import require_kind, write
    from analytics_platform.tables.summaries import summary

    path = _path(config.file or f"{context.job_name}-{context.run.run_id}.parquet")
    require_kind(path)
    with genesys_cloud.connect(context) as client:
        found = finding(client)
        written = write(found, path, first=_PREVIEWED)
    rows = [summary(record) for record in written.first]
    names = dict.fromkeys(name for row in rows for name in row)
    shown = [{name: "" if row.get(name) is None else str(row[name]) for name in names} for row in rows]
    context.add_output_metadata(
        {
            "path": dg.MetadataValue.path(str(path)),
            "rows": written.rows,
            "bytes": written.size,
            "rows that also hold their record as sent": written.kept_whole,
            "requests": found.course.requests,
            "matches, as the vendor estimates": found.course.hits,
            "notes": dg.MetadataValue.md("\n".join(f"- {note}" for note in found.course.notes()) or "none"),
            **({"preview": dg.MetadataValue.table([dg.TableRecord(row) for row in shown])} if shown else {}),
        }
    )


def _path(file: str) -> Path:
    """The file in the folder of queries; SettingsError for a name that leads out of it."""
    folder = (load_settings().state / FOLDER).absolute()
    path = folder / file
    if ".." in Path(file).parts or folder not in path.parents:
        raise SettingsError(f"The file {file!r} lies outside {folder}: give its name alone.")
    return path
