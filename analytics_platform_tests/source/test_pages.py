"""Pages, split into records without decoding them."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.source.errors import NotJson
from analytics_platform.source.pages import instant, split_page
from analytics_platform.source.wire import Origin

JSON = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=40)
@given(
    st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=6),
    st.none() | st.text(min_size=1),
    st.booleans(),
)
def test_records_are_the_bytes_sent(records: list[dict[str, object]], cursor: str | None, loose: bool) -> None:
    separators = (" , ", " : ") if loose else (",", ":")
    sent = [json.dumps(record, separators=separators).encode() for record in records]
    body = b'{"conversations":[' + b" ,".join(sent) + b'],"cursor":' + json.dumps(cursor).encode() + b',"new":{}}'
    page = split_page(body, "conversations")
    assert [bytes(record) for record in page.records] == sent
    assert page.cursor == cursor


@pytest.mark.parametrize("body", [b"{}", b'{"userDetails":null,"cursor":null}', b'{"conversations":[{}],"cursor":""}'])
def test_an_absent_array_is_an_empty_last_page(body: bytes) -> None:
    page = split_page(body, "userDetails")
    assert (page.records, page.cursor, page.data_availability) == ([], None, None)


def test_the_watermark_is_utc() -> None:
    page = split_page(b'{"dataAvailabilityDate":"2026-03-02T02:00:00.500+02:00"}', "conversations")
    assert page.data_availability == datetime(2026, 3, 2, 0, 0, 0, 500_000, UTC)
    assert page.data_availability.tzinfo is UTC


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Smith</html>",
        b"[]",
        b'"Smith"',
        b'{"conversations":[{"name":"Smith"}',
        b'{"conversations":[{"name":Smith}]}',
        b'{"conversations":{"name":"Smith"}}',
        b'{"cursor":17,"x":"Smith"}',
        b'{"dataAvailabilityDate":"Smith"}',
    ],
)
def test_what_is_no_page_is_told_without_showing_it(body: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        split_page(body, "conversations", Origin(None, 200, "text/html", "c-7"))
    text = str(caught.value)
    assert "Smith" not in text
    assert "status 200, content type text/html, correlation id c-7" in text
    assert caught.value.__context__ is None


def test_what_is_no_page_names_no_request_where_none_is_known() -> None:
    with pytest.raises(NotJson, match="a kept page"):
        split_page(b"<html>", "conversations")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00.123Z", datetime(2026, 3, 1, 0, 0, 0, 123_000, UTC)),
        ("2026-03-01T01:00:00+0100", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00", datetime(2026, 3, 1, tzinfo=UTC)),
        ("soon", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_instants(text: object, expected: datetime | None) -> None:
    assert instant(text) == expected


def test_a_record_that_nests_deeper_than_any_parser_goes_leaves_every_record_exactly_as_sent() -> None:
    deep = b'{"a":"]}","b":%b 1, "\\"]" %b}' % (b"[" * 100_000, b"]" * 100_000)
    page = split_page(b'{"conversations":[%b , {"n": 1}, %b],"cursor":"next"}' % (deep, deep), "conversations")
    assert [bytes(record) for record in page.records] == [deep, b'{"n": 1}', deep]
    assert page.cursor == "next"
    with pytest.raises(NotJson):
        split_page(b'{"conversations":[%b' % deep[:-7], "conversations")


HALVED = b'{"conversationId":"a","participants":[{"attributes":{"cut":"x\\ud83d","whole":"\\ud83d\\ude00"}}]}'


def test_a_text_cut_through_a_character_leaves_every_record_exactly_as_sent() -> None:
    page = split_page(
        b' { "conversations" : [ %b , {"n": [1, {"b": 2}]} ], "cursor" : "next" } ' % HALVED, "conversations"
    )
    assert [bytes(record) for record in page.records] == [HALVED, b'{"n": [1, {"b": 2}]}']
    assert page.cursor == "next"


@pytest.mark.parametrize(
    "body",
    [
        b'{"conversations":[%b]' % HALVED,
        b'{"conversations":[%b' % HALVED,
        b'{"conversations":[%b}' % HALVED,
        b'{"conversations":%b}' % HALVED,
        b"[%b]" % HALVED,
        b'{"conversations":[%b],"cursor":7}' % HALVED,
        b'{"conversations":[%b\xff]}' % HALVED,
    ],
)
def test_a_broken_page_with_such_a_text_is_still_no_page(body: bytes) -> None:
    with pytest.raises(NotJson):
        split_page(body, "conversations")
