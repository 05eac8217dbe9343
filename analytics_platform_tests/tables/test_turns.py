"""Pages of reporting turns as rows: every value of the model in a column, each list a table, keys from page to page."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.turns import TABLES, TURNS
from analytics_platform.tables.answers import UnreadableAnswer
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.turns import TurnsOfFlow


def _document(number: int) -> dict[str, Any]:
    return {"id": f"d-{number}", "question": "How?", "answer": "So.", "confidence": 0.5}


def _search(number: int, *documents: int) -> dict[str, Any]:
    return {"searchId": f"s-{number}", "searchQuery": "how", "documents": [_document(each) for each in documents]}


WHOLE = {
    "userInput": "hello",
    "botPrompts": ["Hi.", "What now?"],
    "sessionId": "session-1",
    "conversation": {"id": "c-1", "selfUri": "/c-1"},
    "askAction": {"actionId": "a-1", "actionName": "Ask", "actionNumber": 3, "actionType": "AskForSlotAction"},
    "intent": {
        "name": "Order",
        "id": "i-1",
        "confidence": 0.9,
        "slots": [
            {"name": "size", "value": "L", "type": "text", "confidence": 1.0},
            {"name": "colour", "value": "red"},
        ],
    },
    "knowledge": {
        "knowledgeBaseId": "k-1",
        "search": {"searchId": "s-0", "query": "how", "documents": [_document(1), _document(2)]},
        "feedback": {"searchId": "s-0", "rating": 1, "documents": [_document(3)]},
    },
    "knowledgeBaseEvents": {
        "search": [_search(1), _search(2, 4, 5)],
        "feedback": [{"searchId": "s-2", "feedbackRating": -1, "documents": [_document(6)]}],
    },
    "dateCreated": "2026-03-03T10:00:00.000Z",
    "dateCompleted": "2026-03-03T10:00:05.500Z",
    "askActionResult": "SuccessCollection",
    "sessionEndDetails": {"type": "Exit", "reason": "done"},
}


def _page(*turns: dict[str, Any]) -> bytes:
    return json.dumps({"entities": list(turns), "selfUri": "/x"}).encode()


def test_a_turn_has_all_its_values_in_columns() -> None:
    made = TurnsOfFlow("flow-1").page(_page(WHOLE))
    (turn,) = made.rows["bot_turns"].to_pylist()
    assert turn == {
        "bot_flow_id": "flow-1",
        "session_id": "session-1",
        "turn_index": 0,
        "user_input": "hello",
        "bot_prompts": ["Hi.", "What now?"],
        "conversation_id": "c-1",
        "conversation_self_uri": "/c-1",
        "ask_action_action_id": "a-1",
        "ask_action_action_name": "Ask",
        "ask_action_action_number": 3,
        "ask_action_action_type": "AskForSlotAction",
        "intent_name": "Order",
        "intent_id": "i-1",
        "intent_confidence": 0.9,
        "knowledge_knowledge_base_id": "k-1",
        "knowledge_feedback_search_id": "s-0",
        "knowledge_feedback_rating": 1,
        "knowledge_search_search_id": "s-0",
        "knowledge_search_query": "how",
        "date_created": datetime(2026, 3, 3, 10, tzinfo=UTC),
        "date_completed": datetime(2026, 3, 3, 10, 0, 5, 500_000, tzinfo=UTC),
        "ask_action_result": "SuccessCollection",
        "session_end_details_type": "Exit",
        "session_end_details_reason": "done",
    }
    assert (made.turns, made.unreadable, dict(made.differences)) == (1, (), {})


def test_each_list_is_a_table_that_knows_its_turn() -> None:
    made = TurnsOfFlow("flow-1").page(_page({"sessionId": "session-1"}, WHOLE)).rows
    keys = {"bot_flow_id": "flow-1", "session_id": "session-1", "turn_index": 1}
    slots = made["bot_turn_slots"].to_pylist()
    assert [(slot["slot_index"], slot["name"], slot["confidence"]) for slot in slots] == [
        (0, "size", 1.0),
        (1, "colour", None),
    ]
    searches = made["bot_turn_knowledge_searches"].to_pylist()
    assert [(each["search_index"], each["search_id"]) for each in searches] == [(0, "s-1"), (1, "s-2")]
    (feedback,) = made["bot_turn_knowledge_feedback"].to_pylist()
    assert (feedback["feedback_index"], feedback["feedback_rating"]) == (0, -1)
    documents = made["bot_turn_knowledge_documents"].to_pylist()
    told = [(each["told_in"], each["event_index"], each["document_index"], each["id"]) for each in documents]
    assert told == [
        ("knowledge.search", None, 0, "d-1"),
        ("knowledge.search", None, 1, "d-2"),
        ("knowledge.feedback", None, 0, "d-3"),
        ("knowledgeBaseEvents.search", 1, 0, "d-4"),
        ("knowledgeBaseEvents.search", 1, 1, "d-5"),
        ("knowledgeBaseEvents.feedback", 0, 0, "d-6"),
    ]
    for row in (*slots, *searches, feedback, *documents):
        assert keys.items() <= row.items()


def test_a_session_goes_on_from_page_to_page() -> None:
    flow = TurnsOfFlow("flow-1")
    first = flow.page(_page({"sessionId": "a"}, {"sessionId": "a"}, {"sessionId": "b"}, {}))
    second = flow.page(_page({"sessionId": "b"}, {"sessionId": "a"}, {}))
    told = pa.concat_tables([first.rows["bot_turns"], second.rows["bot_turns"]])
    assert told["turn_index"].to_pylist() == [0, 1, 0, 0, 1, 2, 1]


def test_tables_are_those_of_the_catalogue_and_hold_every_value_of_the_model() -> None:
    made = TurnsOfFlow("flow-1").page(_page(WHOLE)).rows
    assert set(made) == {table.name for table in TABLES}
    for table in TABLES:
        assert made[table.name].schema.equals(table_schema(table))
    for name, field in model("ReportingTurn").fields.items():
        if not field.is_model:
            assert name in {column.source for column in TURNS.own}


@pytest.mark.parametrize("page", [b"{}", b'{"entities": []}', b'{"selfUri": "/x"}'])
def test_a_page_without_turns_makes_none(page: bytes) -> None:
    made = TurnsOfFlow("flow-1").page(page)
    assert made.turns == 0 and all(not len(rows) for rows in made.rows.values())


def test_what_is_no_page_is_refused() -> None:
    with pytest.raises(UnreadableAnswer):
        TurnsOfFlow("flow-1").page(b"<html>")


def test_what_the_catalogue_does_not_know_is_noticed() -> None:
    odd = {"sessionId": "a", "mood": "good", "askActionResult": "Shrug", "intent": {"confidence": "much"}}
    made = TurnsOfFlow("flow-1").page(_page({"sessionId": 7}, odd))
    assert made.turns == 2 and made.rows["bot_turns"]["intent_confidence"].to_pylist() == [None]
    assert [fault.row for fault in made.unreadable] == [0]
    assert {(str(each.path), str(each.kind)) for each in made.differences} >= {
        ("mood", "unknown field"),
        ("askActionResult", "unknown value"),
    }
