import itertools
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, USER_DETAILS, Stream
from analytics_platform.tables.raw import Delivery, RawPage, raw_page
from analytics_platform.tables.schemas import table_schema

DELIVERY = Delivery("job-1", 3, datetime(2024, 3, 1, 6, 30, 0, 123_456, tzinfo=UTC))
START = "2024-02-29T23:59:59.999Z"


def _page(stream: Stream, *records: Any) -> RawPage:
    texts = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    page = raw_page(stream, [msgspec.Raw(text) for text in texts], DELIVERY)
    assert page.kept.schema.equals(table_schema(stream.raw))
    assert page.set_aside.schema.equals(table_schema(stream.quarantine))
    assert len(page.kept) + len(page.set_aside) == len(records)
    return page


def _conversation(**fields: Any) -> dict[str, Any]:
    return {"conversationId": "a", "conversationStart": START, **fields}


def test_a_record_is_kept_byte_for_byte_beside_its_keys_and_its_delivery() -> None:
    text = '{ "conversationStart": "%", \t"conversationId":"a", "neu": ["ü\\u00fc", 1.50, 1e3] }'.replace("%", START)
    (row,) = _page(CONVERSATION_DETAILS, text.encode()).kept.to_pylist()
    assert row == {
        "conversation_id": "a",
        "home_day": date(2024, 2, 29),
        "conversation_start": datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC),
        "conversation_end": None,
        "record": text,
        "job_id": "job-1",
        "page": 3,
        "position": 0,
        "as_of": DELIVERY.as_of.replace(microsecond=123_000),
    }


def test_an_empty_page_is_two_empty_tables() -> None:
    for stream in (CONVERSATION_DETAILS, USER_DETAILS):
        page = _page(stream)
        assert len(page.kept) == len(page.set_aside) == 0 and not page.home_days


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"conversationStart": START}, "missing required field `conversationId`"),
        (_conversation(conversationId=""), "conversationId is empty"),
        (_conversation(conversationId=None), "Expected `str`, got `null`"),
        (_conversation(conversationId=7), "Expected `str`, got `int`"),
        (_conversation(conversationId=["a"]), "Expected `str`, got `array`"),
        ({"conversationId": "a"}, "missing required field `conversationStart`"),
        (_conversation(conversationStart=None), "got `null`"),
        (_conversation(conversationStart=1_709_251_199_999), "got `int`"),
        (_conversation(conversationStart="2024-02-30T00:00:00Z"), "Invalid"),
        (_conversation(conversationStart=""), "Invalid"),
        (_conversation(conversationStart="0001-01-01T00:00:00+05:00"), "out of range"),
        (b"[]", "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'"conversationId"', "Expected `object`"),
        (b"17", "Expected `object`"),
    ],
)
def test_a_conversation_without_usable_keys_is_set_aside_whole_with_the_reason(record: Any, reason: str) -> None:
    page = _page(CONVERSATION_DETAILS, _conversation(), record, _conversation())
    assert page.kept["position"].to_pylist() == [0, 2]
    (row,) = page.set_aside.to_pylist()
    assert reason in row["reason"] and row["position"] == 1 and (row["job_id"], row["page"]) == ("job-1", 3)
    assert row["record"] == (record.decode() if isinstance(record, bytes) else json.dumps(record))
    assert page.home_days == {date(2024, 2, 29): 2}


def test_invalid_utf_8_is_set_aside_with_its_bytes_spelled_out() -> None:
    text = json.dumps(_conversation(externalTag="?")).encode().replace(b"?", b"\xff\xfe")
    (row,) = _page(CONVERSATION_DETAILS, text).set_aside.to_pylist()
    assert "utf-8" in row["reason"] and "\\xff\\xfe" in row["record"]


@pytest.mark.parametrize("end", [5, "never", [], {}, True, "2024-13-01T00:00:00Z"])
def test_an_end_that_is_no_instant_does_not_cost_a_conversation_its_place(end: Any) -> None:
    page = _page(CONVERSATION_DETAILS, _conversation(conversationEnd=end))
    assert page.kept["conversation_end"].to_pylist() == [None] and page.home_days == {date(2024, 2, 29): 1}


@pytest.mark.parametrize(
    ("start", "home_day"),
    [
        ("2024-02-29T23:59:59.999Z", date(2024, 2, 29)),
        ("2024-03-01T00:00:00.000Z", date(2024, 3, 1)),
        ("2024-02-29T23:59:59", date(2024, 2, 29)),
        ("2024-03-01T00:30:00+01:00", date(2024, 2, 29)),
        ("2024-02-29T18:00:00-06:00", date(2024, 3, 1)),
        ("2024-03-01T05:29:00+0530", date(2024, 2, 29)),
    ],
)
def test_the_home_day_is_the_utc_day_of_the_start(start: str, home_day: date) -> None:
    page = _page(CONVERSATION_DETAILS, _conversation(conversationStart=start, conversationEnd=start))
    (row,) = page.kept.to_pylist()
    assert row["home_day"] == row["conversation_start"].date() == row["conversation_end"].date() == home_day
    assert page.home_days == {home_day: 1}


def _status(start: str) -> dict[str, str]:
    return {"startTime": start, "endTime": "2030-01-01T00:00:00Z"}


def test_a_user_counts_once_for_each_day_on_which_one_of_its_statuses_starts() -> None:
    first, last = date(2024, 2, 27), date(2024, 3, 1)
    record = {
        "userId": "u",
        "primaryPresence": [
            _status(f"{last}T10:00:00.000Z"),
            _status(f"{first}T10:00:00Z"),
            _status(f"{first}T11:00:00Z"),
        ],
        "routingStatus": [_status("2024-02-29T23:59:59.999")],
    }
    page = _page(USER_DETAILS, record, {"userId": "idle"})
    assert [(row["user_id"], row["first_home_day"], row["last_home_day"]) for row in page.kept.to_pylist()] == [
        ("u", first, last),
        ("idle", None, None),
    ]
    assert page.home_days == {first: 1, first + timedelta(days=2): 1, last: 1}


@pytest.mark.parametrize("note", ["", ',"participants":[', "x" * 5000])
def test_the_keys_are_those_of_the_record_wherever_they_stand_in_it(note: str) -> None:
    end = "2024-03-02T01:00:00.000Z"
    within = {"conversationId": "b", "conversationStart": end, "conversationEnd": START, "participants": [{}]}
    record = _conversation(conversationEnd=end, externalTag=note, resolutions=[within], participants=[within])
    texts = [
        json.dumps(dict(fields), separators=(",", ":")).encode() for fields in itertools.permutations(record.items())
    ]
    page = _page(CONVERSATION_DETAILS, *texts)
    assert {tuple(row.values())[:4] for row in page.kept.drop_columns("record").to_pylist()} == {
        ("a", date(2024, 2, 29), datetime.fromisoformat(START), datetime.fromisoformat(end))
    }
    assert page.kept["record"].to_pylist() == [text.decode() for text in texts]


@pytest.mark.parametrize("empty", [None, []])
def test_a_user_whose_lists_are_null_or_empty_is_kept(empty: Any) -> None:
    page = _page(USER_DETAILS, {"userId": "u", "primaryPresence": empty, "routingStatus": [_status(START)]})
    assert page.kept["first_home_day"].to_pylist() == [date(2024, 2, 29)]


@pytest.mark.parametrize(
    "record",
    [
        {"userId": ""},
        {"userId": None},
        {"primaryPresence": []},
        {"userId": "u", "routingStatus": [{}]},
        {"userId": "u", "routingStatus": [None]},
        {"userId": "u", "primaryPresence": [{"startTime": "soon"}]},
        {"userId": "u", "primaryPresence": [{"startTime": "9999-12-31T23:59:59-05:00"}]},
    ],
)
def test_a_user_without_id_or_with_a_status_without_start_is_set_aside(record: Any) -> None:
    page = _page(USER_DETAILS, record)
    assert len(page.set_aside) == 1 and page.set_aside["reason"][0].as_py()


def test_many_records_keep_their_order_and_their_places() -> None:
    records = [_conversation(conversationId=f"c{number}" if number % 3 else "") for number in range(50)]
    page = _page(CONVERSATION_DETAILS, *records)
    kept = dict(zip(page.kept["position"].to_pylist(), page.kept["conversation_id"].to_pylist(), strict=True))
    assert kept == {number: f"c{number}" for number in range(50) if number % 3}
    assert page.set_aside["position"].to_pylist() == list(range(0, 50, 3))
