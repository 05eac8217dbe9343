import json

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import record_schema

SCHEMA = record_schema("AnalyticsConversation")
BAD = '{"conversationId":"bad","conferenceStart":["no instant"]}'


def _good(number: int) -> str:
    return json.dumps({"conversationId": f"c{number}", "participants": [{"participantId": f"p{number}"}]})


def _ids(table: pa.Table) -> list[str]:
    return [str(value) for value in table["conversationId"].to_pylist()]


@settings(max_examples=60)
@given(st.lists(st.booleans(), max_size=12))
def test_bad_records_in_any_position_stand_alone_and_all_others_are_read_in_order(bad: list[bool]) -> None:
    texts = [BAD if is_bad else _good(number) for number, is_bad in enumerate(bad)]
    read = read_records(pa.array(texts, pa.string()), SCHEMA)
    good_rows = [number for number, is_bad in enumerate(bad) if not is_bad]
    assert _ids(read.table) == [f"c{number}" for number in good_rows]
    assert [fault.row for fault in read.unreadable] == [number for number, is_bad in enumerate(bad) if is_bad]
    assert (list(range(len(texts))) if read.rows is None else read.rows.to_pylist()) == good_rows
    assert read.table.schema.equals(SCHEMA)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()], ids=str)
@pytest.mark.parametrize(("start", "length"), [(0, 6), (2, 3), (5, 1), (6, 0), (0, 0)])
def test_a_slice_is_read_from_its_own_offset_on(kind: pa.DataType, start: int, length: int) -> None:
    texts = pa.array([_good(number) for number in range(6)], kind).slice(start, length)
    assert _ids(read_records(texts, SCHEMA).table) == [f"c{number}" for number in range(start, start + length)]


def test_a_bad_record_outside_the_slice_does_not_matter() -> None:
    texts = pa.array([BAD, _good(1), _good(2), BAD]).slice(1, 2)
    assert read_records(texts, SCHEMA).unreadable == ()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"conversationId":7}', "expected string got 7"),
        ('{"participants":{}}', "expected [ got {}"),
        ('{"participants":[{"sessions":[{"metrics":[{"value":"much"}]}]}]}', 'failed to parse "much" as Int64'),
        ('{"participants":[{"attributes":{"k":1}}]}', "expected string got 1"),
        ('{"customerParticipation":"yes"}', "expected boolean"),
        ('{"conversationStart":"yesterday"}', "Timestamp"),
        ('{"participants":[{"sessions":[{"metrics":[{"value":9223372036854775808}]}]}]}', "9223372036854775808"),
        ("[]", "expected { got []"),
        ("7", "number"),
        ("null", "expected { got null"),
        ("", "1 records were given and 0 were read"),
        ('{"conversationId":', "Truncated"),
        ("{}{}", "1 records were given"),
    ],
)
def test_an_unreadable_record_tells_why_without_the_readers_preamble(record: str, reason: str) -> None:
    read = read_records(pa.array([_good(0), record, _good(2)]), SCHEMA)
    assert _ids(read.table) == ["c0", "c2"]
    (fault,) = read.unreadable
    assert fault.row == 1 and reason in fault.reason and "C Data interface" not in fault.reason


def test_unknown_fields_absent_fields_and_nulls_are_no_fault() -> None:
    texts = ["{}", '{"conversationId":null,"participants":null}', '{"new":{"deep":[1,{"a":null}]}}']
    read = read_records(pa.array(texts), SCHEMA)
    assert read.unreadable == () and _ids(read.table) == ["None"] * 3


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999+00:00"),
        ("2024-02-29T23:59:59.9999Z", "2024-02-29T23:59:59.999+00:00"),
        ("2024-03-01T05:29:59+05:30", "2024-02-29T23:59:59+00:00"),
        ("2024-02-29T23:59:59", "2024-02-29T23:59:59+00:00"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_an_instant_is_utc_and_without_an_offset_taken_as_utc(sent: str, kept: str) -> None:
    read = read_records(pa.array([json.dumps({"conversationStart": sent})]), SCHEMA)
    assert read.table["conversationStart"][0].as_py().isoformat(timespec="auto").replace(".999000", ".999") == kept


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), max_size=8))
@example("\U00020000")
@example("\U0010ffff\U0001f600\U000e0067")
@example("\\ud840\\udc00")
@example("\\\\\U00020bb7\\")
def test_characters_sent_as_escapes_are_read_as_they_are(text: str) -> None:
    record = json.dumps({"externalTag": text}, ensure_ascii=True)
    assert read_records(pa.array([record]), SCHEMA).table["externalTag"].to_pylist() == [text]


def test_escapes_may_be_written_in_capitals() -> None:
    record = json.dumps({"externalTag": "\U00020bb7"}, ensure_ascii=True).replace("\\ud842\\udfb7", "\\uD842\\uDFB7")
    assert read_records(pa.array([record]), SCHEMA).table["externalTag"].to_pylist() == ["\U00020bb7"]


def test_of_a_field_named_twice_the_last_one_holds() -> None:
    read = read_records(pa.array(['{"conversationId":"a","conversationId":"b"}']), SCHEMA)
    assert _ids(read.table) == ["b"]
