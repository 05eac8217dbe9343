"""One real page of job results, where the checkout has it beside it: nothing unknown in it, nothing of it lost."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import conversation_tables
from analytics_platform.source.pages import split_page
from analytics_platform.tables.conversations import MODEL, conversation_rows
from analytics_platform.tables.drift import drift
from analytics_platform.tables.raw import Delivery, RawPage, raw_page
from analytics_platform.tables.records import read_records
from analytics_platform.tables.schemas import INSTANT, record_schema

PAGE = Path(__file__).parents[3] / "shared/samples/conversation_details_job_results_page.json"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason=f"the real page is not part of the project: no {PAGE.name}")
AS_OF = datetime(2024, 4, 29, tzinfo=UTC)
Place = tuple[tuple[str, ...], str]


@pytest.fixture(scope="module")
def body() -> bytes:
    return PAGE.read_bytes()


@pytest.fixture(scope="module")
def raw(body: bytes) -> RawPage:
    page = split_page(body, CONVERSATION_DETAILS.family.records_key)
    return raw_page(CONVERSATION_DETAILS, page.records, Delivery("job", 1, AS_OF))


@pytest.fixture(scope="module")
def tables(raw: RawPage) -> dict[str, pa.Table]:
    read = read_records(raw.kept["record"].combine_chunks(), record_schema(MODEL))
    assert read.unreadable == ()
    length = len(read.table)
    return conversation_rows(
        read.table, pa.repeat(pa.scalar(date(2024, 4, 5)), length), pa.repeat(pa.scalar(AS_OF, INSTANT), length)
    )


def _nodes(model_name: str, node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every object and of every attribute; KeyError for a field nobody knows."""
    yield path
    for name, value in node.items():
        field, below = model(model_name).fields[name], (*path, name)
        if field.is_model:
            for child in value if field.container == "list" else [value]:
                yield from _nodes(field.type, child, below)
        elif field.container == "dict":
            yield from (below for _ in value)


def _leaves(model_name: str, node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[Place, str]]:
    """Every value with its place, lists whole, instants as milliseconds."""
    for name, value in node.items():
        field, below = model(model_name).fields[name], (*path, name)
        if field.is_model:
            for child in value if field.container == "list" else [value]:
                yield from _leaves(field.type, child, below)
        elif field.container == "dict":
            for key, item in value.items():
                yield (below, "key"), repr(key)
                yield (below, "value"), repr(item)
        else:
            yield (path, name), repr(_plain(field.type, value))


def _plain(kind: str, value: Any) -> Any:
    if kind == "datetime":
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return float(value) if kind == "number" else value


def _column_value(value: Any) -> str:
    return repr(value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value)


def test_nothing_of_the_page_is_set_aside_and_every_record_is_kept_as_sent(body: bytes, raw: RawPage) -> None:
    assert len(raw.set_aside) == 0
    kept = [json.loads(text) for text in raw.kept["record"].to_pylist()]
    assert kept == json.loads(body)["conversations"]
    assert all(text.encode() in body for text in raw.kept["record"].to_pylist())


def test_every_node_of_the_page_is_a_row(body: bytes, tables: dict[str, pa.Table]) -> None:
    records = json.loads(body)["conversations"]
    nodes = Counter(path for record in records for path in _nodes(MODEL, record))
    assert {one.path: len(tables[one.name]) for one in conversation_tables() if len(tables[one.name])} == nodes


def test_every_value_of_the_page_is_in_its_column_and_no_other_is(body: bytes, tables: dict[str, pa.Table]) -> None:
    records = json.loads(body)["conversations"]
    sent = Counter(leaf for record in records for leaf in _leaves(MODEL, record))
    landed = Counter(
        ((one.path, column.source), _column_value(value))
        for one in conversation_tables()
        for column in one.own
        if column.source is not None
        for value in tables[one.name][column.name].to_pylist()
        if value is not None
    )
    assert landed == sent


def test_nothing_in_the_page_is_unknown(raw: RawPage) -> None:
    assert drift(CONVERSATION_DETAILS.model, raw.kept["record"].to_pylist()) == Counter()
