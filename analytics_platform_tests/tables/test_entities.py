"""An answer that lists something becomes one row an entity, beside its whole JSON."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_platform.catalogue.listings import LISTINGS, Listing
from analytics_platform.catalogue.models import Field, model
from analytics_platform.tables.answers import Tidy, UnreadableAnswer
from analytics_platform.tables.drift import Kind
from analytics_platform.tables.entities import entity_rows
from analytics_platform.tables.schemas import table_schema

TICK = datetime(2026, 3, 2, 10, tzinfo=UTC)
TAKEN_AT = datetime(2026, 3, 2, 10, 0, 3, tzinfo=UTC)
INSTANT = datetime(2026, 3, 1, 12, 30, 15, 125_000, tzinfo=UTC)
_PLAIN: Mapping[str, object] = {
    "string": "\N{FIRE}ä",
    "integer": 7,
    "number": 2.5,
    "boolean": True,
    "datetime": "2026-03-01T12:30:15.125Z",
}


def _listing(stream: str) -> Listing:
    return next(listing for listing in LISTINGS if listing.stream == stream)


def _value(field: Field) -> Any:
    inner = {} if field.is_model else (field.known_values or (_PLAIN.get(field.type, ["x"]),))[0]
    return {"list": [inner], "dict": {"key": inner}}.get(str(field.container), inner)


def _entity(name: str) -> dict[str, Any]:
    return {field.name: _value(field) for field in model(name).fields.values()}


def _tidy(listing: Listing, answer: object) -> Tidy:
    path = dict.fromkeys(re.findall(r"{(\w+)}", listing.operation.path), "the one")
    request = json.dumps({"operation": listing.operation.name, "path": path})
    return entity_rows(listing, request, json.dumps(answer).encode(), TICK, TAKEN_AT)


def _answer(listing: Listing, *entities: object) -> object:
    return entities[0] if listing.entity == listing.operation.gives else {"entities": entities, "pageCount": 1}


@pytest.mark.parametrize("listing", [one for one in LISTINGS if one.entity], ids=lambda one: str(one.stream))
def test_every_field_of_an_entity_is_in_its_columns_or_in_its_json(listing: Listing) -> None:
    assert listing.entity is not None
    entity = _entity(listing.entity)
    tidy = _tidy(listing, _answer(listing, entity))
    assert tidy.rows.schema == table_schema(listing.table) and not tidy.unreadable and not tidy.differences
    (row,) = tidy.rows.to_pylist()
    assert (row["tick"], row["taken_at"]) == (TICK, TAKEN_AT) and json.loads(row["entity"]) == entity
    for column in listing.table.columns:
        if column.source:
            told = entity[column.source]
            assert row[column.name] == (INSTANT if column.type == "instant" else told)
    assert ("the one" in row.values()) == (listing.each is not None)


@pytest.mark.parametrize("stream", ["report_formats", "report_time_periods"])
def test_a_list_of_words_is_one_row_a_word(stream: str) -> None:
    listing = _listing(stream)
    rows = _tidy(listing, ["PDF", "XLS"]).rows
    assert rows[listing.table.key[-1]].to_pylist() == ["PDF", "XLS"] and rows.schema == table_schema(listing.table)


def test_an_empty_page_has_no_rows() -> None:
    for answer in ({"entities": []}, {"entities": None}, {}):
        assert _tidy(_listing("exports"), answer).rows.num_rows == 0


def test_an_entity_no_row_can_be_made_of_is_told_and_the_others_are_there() -> None:
    tidy = _tidy(_listing("exports"), {"entities": [{"id": "a"}, {"id": {}}, {"id": "c", "colour": "red"}]})
    assert tidy.rows["id"].to_pylist() == ["a", "c"]
    assert json.loads(tidy.rows["entity"][1].as_py()) == {"id": "c", "colour": "red"}
    assert [fault.row for fault in tidy.unreadable] == [1]
    assert ("colour", Kind.UNKNOWN_FIELD, "text") in tidy.differences


def test_an_answer_of_another_shape_is_refused() -> None:
    for stream, answer in (("report_formats", {"entities": []}), ("exports", ["PDF"])):
        with pytest.raises(UnreadableAnswer):
            _tidy(_listing(stream), answer)
