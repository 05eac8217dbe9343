import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics_platform.catalogue.models import model
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import record_schema
from analytics_platform_tests.tables.generated_records import objects

SCHEMA = record_schema("AnalyticsConversation")
KEYS = ("conversationId", "conversationStart")
BAD = '{"conversationId":["bad"],"conferenceStart":null}'


def _good(number: int) -> str:
    return json.dumps({"conversationId": f"c{number}", "participants": [{"participantId": f"p{number}"}]})


def _ids(table: pa.Table) -> list[str]:
    return [str(value) for value in table["conversationId"].to_pylist()]


@settings(max_examples=60)
@given(st.lists(st.booleans(), max_size=12))
def test_bad_records_in_any_position_stand_alone_and_all_others_are_read_in_order(bad: list[bool]) -> None:
    texts = [BAD if is_bad else _good(number) for number, is_bad in enumerate(bad)]
    read = read_records(pa.array(texts, pa.string()), SCHEMA, KEYS)
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
    assert read_records(texts, SCHEMA, KEYS).unreadable == ()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ('{"conversationId":7}', "conversationId: whole number where text is expected"),
        ('{"conversationStart":"yesterday"}', "conversationStart: text where an instant is expected"),
        ("[]", "list where an object is expected"),
        ("7", "whole number where an object is expected"),
        ("null", "null where an object is expected"),
        ("", "1 records were given and 0 were read"),
        ('{"conversationId":', "Truncated"),
        ("{}{}", "1 records were given"),
    ],
)
def test_a_record_without_a_usable_key_or_that_is_none_is_set_aside_whole_and_tells_why(
    record: str, reason: str
) -> None:
    read = read_records(pa.array([_good(0), record, _good(2)]), SCHEMA, KEYS)
    assert _ids(read.table) == ["c0", "c2"] and read.rows is not None and read.rows.to_pylist() == [0, 2]
    (fault,) = read.unreadable
    assert fault.row == 1 and reason in fault.reason and read.values == ()
    assert not fault.reason.startswith(("C Data interface", "Json", "Parser"))


VALUE = "participants[0].sessions[0].metrics[0].value"


def _metric(value: str) -> str:
    return f'{{"participants":[{{"sessions":[{{"metrics":[{{"value":{value},"name":"tTalk"}}]}}]}}]}}'


@pytest.mark.parametrize(
    ("record", "path", "reason"),
    [
        ('{"participants":{}}', "participants", "object where a list is expected"),
        ('{"participants":[[]]}', "participants[0]", "list where an object is expected"),
        (
            '{"participants":[{"attributes":{"a":"b","k":1}}]}',
            "participants[0].attributes[1]",
            "whole number where text",
        ),
        ('{"participants":[{"attributes":"k"}]}', "participants[0].attributes", "text where an object is expected"),
        ('{"customerParticipation":"yes"}', "customerParticipation", "text where a boolean is expected"),
        ('{"conferenceStart":"yesterday"}', "conferenceStart", "text where an instant is expected"),
        ('{"divisionIds":["a",7]}', "divisionIds[1]", "whole number where text is expected"),
        (_metric('"much"'), VALUE, "text where a whole number of 64 bits is expected"),
        (_metric("1.5"), VALUE, "number where a whole number of 64 bits is expected"),
        (_metric("1.000000001"), VALUE, "number where a whole number of 64 bits is expected"),
        (_metric("15e-1"), VALUE, "number where a whole number of 64 bits is expected"),
        (_metric("9223372036854775808"), VALUE, "whole number where a whole number of 64 bits is expected"),
        (_metric("1e400"), VALUE, "number where a whole number of 64 bits is expected"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_place_and_kind_alone(record: str, path: str, reason: str) -> None:
    read = read_records(pa.array([_good(0), record, _good(2)]), SCHEMA, KEYS)
    assert _ids(read.table) == ["c0", "None", "c2"] and read.unreadable == ()
    (aside,) = read.values
    assert (aside.row, aside.misfit.path) == (1, path) and aside.misfit.reason.startswith(reason)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("7", 7), ("7.0", 7), ("7e2", 700), ("-9223372036854775808", -(2**63)), ("9007199254740993.0", 2**53 + 1)],
)
def test_a_number_that_is_whole_is_kept_however_it_is_written(sent: str, kept: int) -> None:
    read = read_records(pa.array([_metric(sent)]), SCHEMA)
    assert read.table["participants"][0].as_py()[0]["sessions"][0]["metrics"][0]["value"] == kept


SPOILED: dict[str, Any] = {"string": 7, "integer": 1.5, "number": "much", "boolean": "yes", "datetime": "soon"}


def _places(node: Any, model_name: str, path: str = "") -> Iterator[tuple[Any, Any, str, Any]]:
    """All values of a record as (holder, key or index, path, what does not fit there)."""
    for name, value in node.items():
        field = model(model_name).fields.get(name)
        if field is None or value is None:
            continue
        here = f"{path}.{name}" if path else name
        misfit = 7 if field.is_model else SPOILED[field.type]
        if field.container is None:
            yield node, name, here, misfit
            items: list[tuple[Any, Any, str]] = [(node, name, here)]
        else:
            yield node, name, here, "no list and no object"
            numbered = enumerate(value.items() if field.container == "dict" else enumerate(value))
            items = [(value, key, f"{here}[{place}]") for place, (key, each) in numbered if each is not None]
            yield from ((holder, key, below, misfit) for holder, key, below in items)
        if field.is_model:
            for holder, key, below in items:
                yield from _places(holder[key], field.type, below)


@settings(max_examples=150)
@given(st.sampled_from(["AnalyticsConversation", "AnalyticsUserDetail"]), st.data())
def test_for_any_spoiled_value_all_else_is_read_as_if_null_had_been_sent_there(
    model_name: str, data: st.DataObject
) -> None:
    records = data.draw(st.lists(objects(model_name), min_size=1, max_size=3))
    keys = ("conversationId", "conversationStart", "userId")
    row, (holder, key, path, misfit) = data.draw(
        st.sampled_from(
            [
                (row, place)
                for row, record in enumerate(records)
                for place in _places(record, model_name)
                if place[2] not in keys
            ]
            or [(0, (records[0], "participants" if "Conv" in model_name else "routingStatus", "", "x"))]
        )
    )
    schema = record_schema(model_name)
    holder[key] = None
    without = pa.array([json.dumps(record) for record in records])
    holder[key] = misfit
    spoiled = pa.array([json.dumps(record) for record in records])
    read = read_records(spoiled, schema, keys)
    assert read.table.equals(read_records(without, schema).table) and read.unreadable == ()
    assert [(aside.row, aside.misfit.path) for aside in read.values] == [(row, path or key)]
    assert read.rows is not None and read.rows.to_pylist() == list(range(len(records)))


@settings(max_examples=20)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.sets(st.integers(0, 39)))
def test_any_mixture_of_records_keeps_its_order(length: int, mended: set[int], lost: set[int]) -> None:
    texts = [_good(number) for number in range(length)]
    for number in mended & set(range(length)):
        texts[number] = texts[number].replace("{", '{"externalTag":1,', 1)
    for number in lost & set(range(length)):
        texts[number] = '{"conversationId":'
    read = read_records(pa.array(texts), SCHEMA, KEYS)
    left = [number for number in range(length) if number not in lost]
    assert _ids(read.table) == [f"c{number}" for number in left]
    assert [aside.row for aside in read.values] == [number for number in left if number in mended]
    assert [fault.row for fault in read.unreadable] == sorted(lost & set(range(length)))


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
