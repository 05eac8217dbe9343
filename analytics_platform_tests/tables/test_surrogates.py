"""Escaped surrogates are read as the characters they stand for, halves as the replacement character."""

import json
from datetime import UTC, datetime

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.tables.raw import Delivery, raw_page
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import record_schema
from analytics_platform.tables.surrogates import readable

DELIVERY = Delivery("job", 1, datetime(2026, 3, 2, tzinfo=UTC))


@given(st.text(st.characters(codec="utf-8")))
def test_what_json_escapes_reads_the_same_without_escaped_surrogates(text: str) -> None:
    mended = readable(json.dumps(text).encode())
    assert json.loads(mended) == text
    assert b"\\ud8" not in mended.lower().replace(b"\\\\", b"")


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"\ud83d\ude00", "\N{GRINNING FACE}"),
        (rb"\uD840\uDC00", "\U00020000"),
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\ude00 alone", "\ufffd alone"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\N{GRINNING FACE}"),
        (rb"\ud83d\u0041", "\ufffdA"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
    ],
)
def test_halves_are_replaced_and_escaped_backslashes_left_alone(escaped: bytes, text: str) -> None:
    assert json.loads(readable(b'"' + escaped + b'"')) == text


def test_text_without_any_is_given_back_itself() -> None:
    text = b'{"plain": "\\u00e9 and \\n"}'
    assert readable(text) is text


def test_a_record_with_half_a_character_is_kept_as_sent_and_typed() -> None:
    record = (
        b'{"conversationId":"a","conversationStart":"2026-03-02T00:00:00Z",'
        b'"participants":[{"attributes":{"note":"cut \\ud83d"}}]}'
    )
    page = raw_page(CONVERSATION_DETAILS, [msgspec.Raw(record)], DELIVERY)
    assert page.kept["record"].to_pylist() == [record.decode()] and len(page.set_aside) == 0
    read = read_records(pa.array([record.decode()]), record_schema("AnalyticsConversation"))
    assert read.unreadable == ()
    assert read.table["participants"].to_pylist()[0][0]["attributes"] == [("note", "cut \ufffd")]
