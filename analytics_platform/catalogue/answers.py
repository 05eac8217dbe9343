"""Answers kept whole: the raw table of every stream that is asked for by a query instead of a job."""

from analytics_platform.catalogue.tables import Column, Table, plain_table

TICK = Column("tick", "instant", None, "The instant the snapshot was due, UTC: a snapshot is known by it.")
TAKEN_AT = Column("taken_at", "instant", None, "When the snapshot was taken, UTC; its day is the partition.")
_ANSWER = (
    Column("number", "int64", None, "Which of the answers it is, from 0, in the order they were asked for."),
    Column("asked_at", "instant", None, "When it was asked for, UTC."),
    Column("request", "string", None, "What was asked: operation, path, query and body, JSON."),
    Column("answer", "string", None, "The answer as the source sent it, JSON."),
    Column("correlation_id", "string", None, "The vendor's correlation id of the answer."),
)


def raw_answers(stream: str, description: str, *, snapshot: bool = False) -> Table:
    """The raw table of a stream: one row an answer, those of a snapshot beside the instant it was due and taken."""
    columns = (TICK, TAKEN_AT, *_ANSWER) if snapshot else _ANSWER
    key = ("tick", "number") if snapshot else ("number",)
    return plain_table(f"{stream}_raw", columns, key, "asked_at", description)
