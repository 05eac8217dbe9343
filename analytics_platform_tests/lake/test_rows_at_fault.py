"""What breaks a table's promises is counted, exactly, on the days asked for."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from analytics_platform.catalogue.tables import table
from analytics_platform.lake import Lake, Layout
from analytics_platform.lake.rows_at_fault import looked_into, orphans, repeated_keys, rows_where
from analytics_platform_tests.lake.conftest import DAY, land

if TYPE_CHECKING:
    import duckdb

NEXT_DAY = DAY + timedelta(days=1)
CONVERSATIONS, PARTICIPANTS = table("conversations"), table("participants")
PLAIN = Layout()


@pytest.fixture
def database(lake: Lake, tmp_path: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Conversations a, b, b on one day and b on the next; participants of a, of b twice, and of none that is there."""
    land(lake, DAY, pa.table({"conversation_id": ["a", "b", "b"]}), layout=PLAIN)
    land(lake, NEXT_DAY, pa.table({"conversation_id": ["b"]}), layout=PLAIN)
    people = pa.table({"conversation_id": ["a", "b", "b", "c"], "participant_index": [0, 0, 1, 0]})
    land(lake, DAY, people, name="participants", layout=PLAIN)
    both = [DAY, NEXT_DAY]
    with looked_into(lake, {"conversations": both, "participants": both}, tmp_path / "it's laid down") as opened:
        yield opened


def test_keys_on_several_rows_are_counted_once_each(database: "duckdb.DuckDBPyConnection") -> None:
    assert repeated_keys(database, CONVERSATIONS, [DAY]) == 1
    assert repeated_keys(database, CONVERSATIONS, [DAY, NEXT_DAY]) == 1
    assert repeated_keys(database, CONVERSATIONS, [NEXT_DAY]) == 0
    assert repeated_keys(database, PARTICIPANTS, [DAY]) == 0


def test_rows_without_their_parent_are_counted(database: "duckdb.DuckDBPyConnection") -> None:
    assert orphans(database, PARTICIPANTS, CONVERSATIONS, [DAY]) == 1


def test_rows_that_meet_a_condition_are_counted(database: "duckdb.DuckDBPyConnection") -> None:
    assert rows_where(database, PARTICIPANTS, [DAY], "participant_index > 0") == 1


def test_no_day_has_nothing_at_fault(database: "duckdb.DuckDBPyConnection") -> None:
    assert repeated_keys(database, CONVERSATIONS, []) == orphans(database, PARTICIPANTS, CONVERSATIONS, []) == 0
    assert rows_where(database, PARTICIPANTS, [], "true") == 0
