"""Rows and whole texts masked, by the rows themselves: once is twice, lists and slices too, and every kind of table."""

import json

import pyarrow as pa
import pytest

from analytics_platform.choices import Choices
from analytics_platform.lake.protection import Protection
from analytics_platform.protection import policy_of, protection_of
from analytics_platform.settings import Settings
from analytics_platform_tests.security.personal import KEY, RAW_KEY

ANI = "tel:+4930123456"


def protection(**given: object) -> Protection:
    keys = {"pii_key": KEY, "raw_key": RAW_KEY, "raw": "redacted"}
    return protection_of(policy_of(Settings.model_validate({**keys, **given}), Choices()))


@pytest.fixture(scope="module")
def hashing() -> Protection:
    return protection(personal_data="hash")


def masked(by: Protection, table: str, **columns: pa.Array) -> dict[str, list[object]]:
    rows = pa.table(columns)
    once = by.masks.mask(table, rows)
    assert once.schema == rows.schema
    assert by.masks.mask(table, once) == once
    told: dict[str, list[object]] = once.to_pydict()
    return told


def test_a_value_has_one_hash_in_texts_lists_and_records(hashing: Protection) -> None:
    texts = masked(hashing, "sessions", ani=pa.array([ANI, None, ""]), direction=pa.array(["a", "b", "c"]))
    lists = pa.array([["x"], None, [], [ANI, None]], pa.list_(pa.string()))
    sliced = masked(hashing, "sessions", callback_numbers=lists.slice(1))["callback_numbers"]
    record = f'{{"participants": [{{"sessions": [{{"ani": "{ANI}", "callbackNumbers": ["{ANI}"]}}]}}]}}'
    told = json.loads(hashing.text("conversation_details", record.encode()))["participants"][0]["sessions"][0]
    one = texts["ani"][0]
    assert texts["ani"][1] is None and str(texts["ani"][2]).startswith("hmac:")
    assert texts["direction"] == ["a", "b", "c"]
    assert sliced == [None, [], [one, None]]
    assert told == {"ani": one, "callbackNumbers": [one]}


def test_another_key_makes_another_hash_and_another_mark(hashing: Protection) -> None:
    other = protection(personal_data="hash", pii_key=KEY[::-1])
    rows = pa.table({"ani": [ANI]})
    assert other.masks.mask("sessions", rows) != hashing.masks.mask("sessions", rows)
    assert len({by.masks.mark("sessions") for by in (hashing, other, protection())}) == 3
    assert protection().masks.mark("sessions") == ""


def test_columns_of_exports_are_known_by_their_names(hashing: Protection) -> None:
    told = masked(hashing, "export_queues", users=pa.array(["Ada"]), media_type=pa.array(["voice"]))
    assert told["media_type"] == ["voice"]
    assert str(told["users"][0]).startswith("hmac:")
    assert hashing.masks.mark("export_queues") and not hashing.masks.mark("export_queues_raw")


@pytest.mark.parametrize(
    ("table", "text", "left"),
    [
        (
            "service_records",
            {"service_id": "7", "customer_id": "Ada", "vip": {"since": "May"}, "started": {"note": "Ada"}},
            {"service_id": "7", "started": {}},
        ),
        (
            "bot_turns_raw",
            {"entities": [{"userInput": "I am Ada", "intent": {"name": "greet", "slots": [{"value": "Ada"}]}}]},
            {"entities": [{"intent": {"name": "greet", "slots": [{}]}}]},
        ),
        ("exports_raw", {"entities": [{"id": "1", "recipientEmails": ["a@b.c"]}]}, {"entities": [{"id": "1"}]}),
        (
            "conversation_details",
            {"conversationId": "1", "participants": [{"attributes": {"a": "Ada"}, "purpose": "agent"}]},
            {"conversationId": "1", "participants": [{"attributes": {}, "purpose": "agent"}]},
        ),
    ],
)
def test_what_is_dropped_is_taken_out_of_whole_texts_wherever_it_stands(table: str, text: object, left: object) -> None:
    dropping = protection(personal_data="drop")
    assert json.loads(dropping.text(table, json.dumps(text).encode())) == left
    column = "record" if table.endswith(("records", "details")) else "answer"
    (told,) = masked(dropping, table, **{column: pa.array([json.dumps(text)])})[column]
    assert json.loads(str(told)) == left


def test_what_nobody_can_read_is_not_kept_where_raw_is_redacted(hashing: Protection) -> None:
    told = masked(hashing, "conversation_details_quarantine", record=pa.array(['{"ani": "1"']), reason=pa.array(["x"]))
    assert told == {"record": [None], "reason": ["x"]}


def test_tables_of_other_people_are_let_be(hashing: Protection) -> None:
    rows = pa.table({"ani": [ANI]})
    assert hashing.masks.mask("my_own_table", rows) is rows
