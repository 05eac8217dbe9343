"""Raw days written without a vendor: a few small records, with the manifest a landing would give them."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, Stream
from analytics_platform.lake import Lake
from analytics_platform.landing.layouts import layout
from analytics_platform.landing.pages import PageOfRecords
from analytics_platform.landing.tally import Tally
from analytics_platform.tables.raw import Delivery, RawPage, raw_page
from analytics_platform.tables.schemas import table_schema

FIRST_ASKED = datetime(2026, 4, 1, tzinfo=UTC)


def conversation(name: str, home: date, content: str = "", children: int = 1) -> dict[str, Any]:
    """A conversation of a home day whose `content` stands in the conversation and in each of its participants."""
    return {
        "conversationId": name,
        "conversationStart": f"{home}T10:00:00.000Z",
        "externalTag": content,
        "participants": [
            {
                "participantId": f"{name}/{index}",
                "participantName": content,
                "sessions": [{"metrics": [{"value": index}]}],
            }
            for index in range(children)
        ],
    }


def user(name: str, *statuses: tuple[datetime, datetime | None, str]) -> dict[str, Any]:
    """A user with routing statuses."""
    told = [
        {"startTime": start.isoformat(), "routingStatus": value} | ({"endTime": end.isoformat()} if end else {})
        for start, end, value in statuses
    ]
    return {"userId": name, "routingStatus": told}


def write_raw_day(
    lake: Lake,
    day: date,
    records: Sequence[dict[str, Any]],
    asked: int = 0,
    stream: Stream = CONVERSATION_DETAILS,
    rows_a_group: int | None = None,
    newer_part: tuple[int, Sequence[dict[str, Any]]] | None = None,
) -> None:
    """Publish a raw day as asked for `asked` hours after the first of April 2026, and a part of it by another job."""
    as_of = FIRST_ASKED + timedelta(hours=asked)
    tally = Tally(stream)
    pages = []
    for hours, part in (newer_part, (asked, records)) if newer_part else ((asked, records),):
        texts = [json.dumps(record).encode() for record in part]
        raw = [msgspec.Raw(text) for text in texts]
        pages.append(raw_page(stream, raw, Delivery(f"job-{day}-{hours}", 1, FIRST_ASKED + timedelta(hours=hours))))
        tally.add(PageOfRecords(1, raw, sum(map(len, texts))), pages[-1])
    page = RawPage(
        pa.concat_tables([each.kept for each in pages]), pa.concat_tables([each.set_aside for each in pages]), []
    )
    parts = [{"as_of": as_of}, {"as_of": FIRST_ASKED + timedelta(hours=newer_part[0])}] if newer_part else None
    facts = {
        "parts": parts,
        "state": "complete",
        "watermark": as_of,
        "as_of": as_of,
        "job_ids": [f"job-{day}-{asked}"],
        "records": tally.records,
        "set_aside": tally.set_aside,
        "repeated": tally.repeated(),
        "home_days": {home.isoformat(): count for home, count in tally.home_days.items()},
        "home_day_digests": {home.isoformat(): str(digest) for home, digest in tally.home_day_digests.items()},
        "digest": str(tally.digest),
    }
    with lake.stage(stream.raw.name, day, table_schema(stream.raw), layout(stream.raw)) as writer:
        for start in range(0, len(page.kept), rows_a_group or max(len(page.kept), 1)):
            writer.write(page.kept.slice(start, rows_a_group))
            writer.flush()
        kept = writer.seal(facts)
    if tally.set_aside:
        with lake.stage(stream.quarantine.name, day, table_schema(stream.quarantine)) as writer:
            writer.write(page.set_aside)
            writer.seal(facts).publish()
    kept.publish()
