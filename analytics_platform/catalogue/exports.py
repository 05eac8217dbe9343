"""Exports of views as tables: what the headings of a CSV file mean, and the table that tells of each day's file.

What a view's metadata tell of its columns is their ids alone, no types; so the headings are known here, by the vendor's
own descriptions of the performance views' columns ("View available columns in performance views by category",
Genesys Cloud Resource Center) in the language of the locales `en`. A heading that is not known stays text.
"""

import itertools
import re
from functools import cache

from analytics_platform.catalogue.tables import Column, Table, plain_table, snake_case

ROW = Column("row", "int64", None, "Its place in the file, from 1 below the headings.")
AS_TOLD = "__text"
"""Ends the name of a column that keeps a known heading's text on a day on which not all of it is what it means."""
_RESERVED = ("day", ROW.name)
_MEANINGS = {
    "An instant, UTC.": ("instant", """
        Interval Start, Interval End, Date, End Date, Start Time, End Time, Partial Result Timestamp"""),
    "Whether it is so.": ("bool", "Interval Complete, Full Export Completed"),
    "A count, or in views of statuses a duration in milliseconds.": ("int64", "Not Responding, Idle, Interacting"),
    "A count.": ("int64", """
        Offer, Answer, Abandon, Short Abandon, Handle, Transfer, Blind Transfer, Consult, Consult Transfer, Hold, Alert,
        Flow-Out, Outbound, Outbound Attempted, Outbound Connected, Met SLA, Over SLA, Error, Conversations,
        Evaluations, Interactions, Callback"""),
    "A duration in milliseconds.": ("int64", """
        Logged In, On Queue, Off Queue, Communicating, Duration, Available, Away, Busy, Break, Meal, Meeting, Training,
        System Away, Offline"""),
    "An average duration in milliseconds.": ("float64", "ASA"),
    "A score.": ("float64", "Avg Score, Avg Critical Score, Highest Score, Lowest Score"),
}  # fmt: skip
_KNOWN = {
    heading.strip(): (word, meaning) for meaning, (word, told) in _MEANINGS.items() for heading in told.split(",")
}
_TIMER = re.compile(
    r"(?P<how>Avg|Total|Min|Max) (Handle|Talk|Hold|ACW|Alert|Wait|Answer|Abandon|Response|Dialing|Contacting|Monitor|"
    r"Flow-Out|Connected|Interacting|Idle|ACD|IVR|Voicemail)( Time)?"
)


def column_type(heading: str) -> tuple[str, str]:
    """The type word and the meaning of a heading: by its words alone, never by a day's values; text if not known.

    Percentages and averages are `float64`, counts and other durations in milliseconds `int64`, as asked for by
    `durationFormat`; instants are of the export's time zone where they name no offset.
    """
    if heading in _KNOWN:
        return _KNOWN[heading]
    if heading.endswith("%"):
        return "float64", "A percentage or a share, as the vendor tells it."
    timer = _TIMER.fullmatch(heading)
    if timer is None:
        return "string", "As the vendor tells it."
    if timer["how"] == "Avg":
        return "float64", "An average duration in milliseconds."
    return "int64", "A duration in milliseconds."


def column_names(headings: list[str]) -> list[str]:
    """A name for each heading, in order: small letters, `_` between words, no two alike, none empty, `day` or `row`.

    `Answer %` is `answer_percent`; a second one `answer_percent_2`; an empty third heading `column_3`. The names depend
    on the headings and their order alone.
    """
    given: list[str] = []
    taken = set(_RESERVED)
    for place, heading in enumerate(headings, start=1):
        words = snake_case(heading.replace("%", " percent ").replace("#", " number "))
        name = re.sub(r"[\W_]+", "_", words).strip("_") or f"column_{place}"
        name = f"column_{name}" if name[0].isdigit() or name in _RESERVED else name
        numbered = (f"{name}_{n}" for n in itertools.count(2))
        unique = next(each for each in itertools.chain([name], numbered) if each not in taken)
        taken.add(unique)
        given.append(unique)
    return given


@cache
def export_file_table(name: str) -> Table:
    """The raw table of an export: one row a day, about the file that is kept whole beside it."""
    return plain_table(
        f"export_{name}_raw",
        (
            Column("file", "string", None, "Where the file is kept, as it came, below the lake's root."),
            Column("bytes", "int64", None, "Its size."),
            Column("sha256", "string", None, "The SHA-256 of its bytes, hexadecimal digits."),
            Column("content_type", "string", None, "What the storage host called it."),
            Column("export_id", "string", "id", "The vendor's id of the export."),
            Column("run_id", "string", "runId", "The vendor's id of this run of it."),
            Column("export_name", "string", "name", "The name it was asked for by, unlike any other."),
            Column("status", "string", "status", "The status it ended with; partial results are told by it."),
            Column("created", "instant", "createdDateTime", "When the vendor took it, UTC."),
            Column("finished", "instant", "modifiedDateTime", "When the vendor last changed it, UTC."),
            Column("request", "string", None, "What was asked, JSON."),
        ),
        ("run_id",),
        "created",
        f"The file of each day's export {name}, and what is known of it; the file itself lies in {files_of(name)}.",
    )


@cache
def export_table(name: str) -> Table:
    """The table of an export's CSV; its other columns are those of the file, whose headings name them."""
    return plain_table(
        f"export_{name}",
        (ROW,),
        (ROW.name,),
        None,
        f"The rows of the CSV of each day's export {name}, columns named after their headings: numbers and instants "
        f"where a heading is known to mean them, else text. Text that is not what its heading means stands in "
        f"`<column>{AS_TOLD}`.",
    )


def files_of(name: str) -> str:
    """The folder of the lake that holds an export's files, a day a folder."""
    return f"export_{name}_files"
