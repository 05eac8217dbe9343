"""The questions, in SQL for DuckDB and as lazy frames for polars.

Times are milliseconds, as the vendor's metrics are; half hours and days are UTC.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS

TABLES = tuple(table.name for table in CONVERSATION_DETAILS.tables)
_ANSWERED_IN_TIME = 20_000
_HALF_HOUR = "30m"


@dataclass(frozen=True)
class Subject:
    """Whom one measurement asks for: a conversation, the day it is on, its customer."""

    day: date
    conversation_id: str
    external_contact_id: str
    ani: str


Scan = Callable[[str, Sequence[date] | None], pl.LazyFrame]
"""A lazy frame over some days of a table, all where None."""


@dataclass(frozen=True)
class Question:
    """`sql` has a statement for each answer: tables and what the subject tells stand in braces."""

    name: str
    sql: tuple[str, ...]
    polars: Callable[[Scan, Subject], list[pl.LazyFrame]]


def _service_level(where: str) -> str:
    return (
        "SELECT queue_id, time_bucket(INTERVAL 30 MINUTE, emit_date) AS half_hour, "
        "count(*) FILTER (name = 'tAnswered') AS answered, count(*) FILTER (name = 'tAbandon') AS abandoned, "
        f"count(*) FILTER (name = 'tAnswered' AND value <= {_ANSWERED_IN_TIME}) AS in_time "
        f"FROM {{session_metrics}} WHERE name IN ('tAnswered', 'tAbandon') {where} GROUP BY ALL"
    )


def _service_level_frame(metrics: pl.LazyFrame) -> pl.LazyFrame:
    answered = pl.col("name") == "tAnswered"
    return (
        metrics.filter(pl.col("name").is_in(["tAnswered", "tAbandon"]))
        .group_by("queue_id", half_hour=pl.col("emit_date").dt.truncate(_HALF_HOUR))
        .agg(
            answered=answered.sum().cast(pl.Int64),
            abandoned=(~answered).sum().cast(pl.Int64),
            in_time=(answered & (pl.col("value") <= _ANSWERED_IN_TIME)).sum().cast(pl.Int64),
        )
    )


_HANDLE_TIME = (
    "SELECT user_id, CAST(emit_date AS DATE) AS on_day, count(*) AS handled, sum(value)::BIGINT AS handle_ms "
    "FROM {session_metrics} WHERE name = 'tHandle' AND user_id IS NOT NULL GROUP BY ALL"
)
_HANDLE_TIME_JOINED = (
    "SELECT p.user_id, CAST(m.emit_date AS DATE) AS on_day, count(*) AS handled, sum(m.value)::BIGINT AS handle_ms "
    "FROM {session_metrics} m JOIN {participants} p USING (conversation_id, participant_index, day) "
    "WHERE m.name = 'tHandle' AND p.user_id IS NOT NULL GROUP BY ALL"
)


def _handle_time(metrics: pl.LazyFrame) -> pl.LazyFrame:
    return (
        metrics.filter((pl.col("name") == "tHandle") & pl.col("user_id").is_not_null())
        .group_by("user_id", on_day=pl.col("emit_date").dt.date())
        .agg(handled=pl.len().cast(pl.Int64), handle_ms=pl.col("value").sum())
    )


def _handle_time_joined(scan: Scan) -> pl.LazyFrame:
    joined = scan("session_metrics", None).drop("user_id").filter(pl.col("name") == "tHandle")
    agents = scan("participants", None).select("conversation_id", "participant_index", "day", "user_id")
    return _handle_time(joined.join(agents, on=["conversation_id", "participant_index", "day"]))


def _story(scan: Scan, subject: Subject, days: Sequence[date] | None) -> list[pl.LazyFrame]:
    return [scan(table, days).filter(pl.col("conversation_id") == subject.conversation_id) for table in TABLES]


def _history(table: str, column: str, value: str) -> str:
    return (
        "SELECT DISTINCT c.conversation_id, c.conversation_start, c.conversation_end, c.originating_direction "
        f"FROM {{{table}}} t JOIN {{conversations}} c ON c.conversation_id = t.conversation_id AND c.day = t.day "
        f"WHERE t.{column} = {value}"
    )


def _history_frame(scan: Scan, table: str, column: str, value: str) -> pl.LazyFrame:
    found = scan(table, None).filter(pl.col(column) == value).select("conversation_id", "day").unique()
    wanted = ["conversation_id", "day", "conversation_start", "conversation_end", "originating_direction"]
    return scan("conversations", None).select(wanted).join(found, on=["conversation_id", "day"]).drop("day")


QUESTIONS = (
    Question(
        "service level by queue and half hour, month",
        (_service_level(""),),
        lambda scan, _: [_service_level_frame(scan("session_metrics", None))],
    ),
    Question(
        "the same, one day",
        (_service_level("AND day = {day}"),),
        lambda scan, subject: [_service_level_frame(scan("session_metrics", [subject.day]))],
    ),
    Question(
        "handle time by agent and day, month",
        (_HANDLE_TIME,),
        lambda scan, _: [_handle_time(scan("session_metrics", None))],
    ),
    Question(
        "the same, agents joined",
        (_HANDLE_TIME_JOINED,),
        lambda scan, _: [_handle_time_joined(scan)],
    ),
    Question(
        "a conversation's story, by id",
        tuple(f"SELECT * FROM {{{table}}} WHERE conversation_id = {{conversation_id}}" for table in TABLES),
        lambda scan, subject: _story(scan, subject, None),
    ),
    Question(
        "the same, its day known",
        tuple(
            f"SELECT * FROM {{{table}}} WHERE conversation_id = {{conversation_id}} AND day = {{day}}"
            for table in TABLES
        ),
        lambda scan, subject: _story(scan, subject, [subject.day]),
    ),
    Question(
        "a customer's history, by external contact",
        (_history("participants", "external_contact_id", "{external_contact_id}"),),
        lambda scan, subject: [
            _history_frame(scan, "participants", "external_contact_id", subject.external_contact_id)
        ],
    ),
    Question(
        "a customer's history, by calling number",
        (_history("sessions", "ani", "{ani}"),),
        lambda scan, subject: [_history_frame(scan, "sessions", "ani", subject.ani)],
    ),
)
