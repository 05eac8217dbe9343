"""Filters and questions: what a person writes becomes the vendor's body, and every name is one the vendor knows."""

from typing import Any

import pytest

from analytics_platform.catalogue.names import UnknownName
from analytics_platform.genesys_cloud.filters import filters
from analytics_platform.genesys_cloud.questions import CONVERSATIONS, TRANSCRIPTS, USERS, Question, question
from analytics_platform.source.errors import QueryRefused

DAY = "2026-03-02"


def _conversations(*expressions: str) -> dict[str, Any]:
    return filters(CONVERSATIONS.takes, expressions)


def _matches(dimension: str, value: str) -> dict[str, Any]:
    return {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value}


def test_each_dimension_goes_to_the_list_that_knows_it() -> None:
    assert _conversations("queueId=q", "originatingDirection = inbound", "surveyStatus=Finished", "formName=a b") == {
        "segmentFilters": [{"type": "and", "predicates": [_matches("queueId", "q")]}],
        "conversationFilters": [{"type": "and", "predicates": [_matches("originatingDirection", "inbound")]}],
        "surveyFilters": [{"type": "and", "predicates": [_matches("surveyStatus", "Finished")]}],
        "evaluationFilters": [{"type": "and", "predicates": [_matches("formName", "a b")]}],
    }


def test_several_expressions_must_hold_for_the_same_segment() -> None:
    assert _conversations("mediaType=voice", "userId exists", "wrapUpCode !exists")["segmentFilters"] == [
        {
            "type": "and",
            "predicates": [
                _matches("mediaType", "voice"),
                {"type": "dimension", "dimension": "userId", "operator": "exists"},
                {"type": "dimension", "dimension": "wrapUpCode", "operator": "notExists"},
            ],
        }
    ]


def test_one_of_several_values_is_a_clause() -> None:
    assert _conversations("mediaType=voice|chat", "queueId=q")["segmentFilters"] == [
        {
            "type": "and",
            "clauses": [{"type": "or", "predicates": [_matches("mediaType", "voice"), _matches("mediaType", "chat")]}],
            "predicates": [_matches("queueId", "q")],
        }
    ]


def test_a_prefix_says_which_list_is_meant() -> None:
    assert list(_conversations("evaluation.queueId=q")) == ["evaluationFilters"]
    assert list(filters(USERS.takes, ["presence.systemPresence=AVAILABLE", "routingStatus=IDLE", "userId=u"])) == [
        "presenceFilters",
        "routingStatusFilters",
        "userFilters",
    ]


def test_metrics_are_asked_by_range_and_properties_by_name() -> None:
    assert _conversations("tHandle>=60000", "nNextContactAvoided exists", "property.order=a:b:integer") == {
        "conversationFilters": [
            {"type": "and", "predicates": [{"type": "metric", "metric": "tHandle", "range": {"gte": 60000}}]}
        ],
        "resolutionFilters": [
            {
                "type": "and",
                "predicates": [{"type": "metric", "metric": "nNextContactAvoided", "operator": "exists"}],
            }
        ],
        "segmentFilters": [
            {
                "type": "and",
                "predicates": [
                    {
                        "type": "property",
                        "property": "order",
                        "operator": "matches",
                        "value": "a:b",
                        "propertyType": "integer",
                    }
                ],
            }
        ],
    }


def test_values_may_hold_what_expressions_are_made_of() -> None:
    (made,) = _conversations("subject=a=b > c exists")["segmentFilters"]
    assert made["predicates"] == [_matches("subject", "a=b > c exists")]


@pytest.mark.parametrize(
    ("takes", "expression", "near"),
    [
        (CONVERSATIONS.takes, "meadiaType=voice", "mediaType"),
        (CONVERSATIONS.takes, "segment.evaluationId=x", "There is no dimension or metric in segmentFilters"),
        (CONVERSATIONS.takes, "queue_id exists", "queueId"),
        (USERS.takes, "queueId=q", "There is no dimension or metric 'queueId'"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(takes: str, expression: str, near: str) -> None:
    with pytest.raises(UnknownName) as unknown:
        filters(takes, [expression])
    assert near in str(unknown.value)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "queueId",
        "queueId==",
        "queueId==q",
        "queueId= | ",
        "=x",
        "queueId !=x",
        "queueId=",
        "tHandle>=soon",
        "tHandle=5",
        "userId  maybe",
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(QueryRefused):
        _conversations(expression)


def _ask(**words: Any) -> Question:
    return question(CONVERSATIONS, **{"interval_text": DAY} | words)


def test_a_query_of_the_vendors_is_taken_with_its_interval_and_added_to() -> None:
    own = {
        "interval": "2026-03-02T00:00:00Z/2026-03-03T00:00:00Z",
        "segmentFilters": [{"type": "or", "predicates": [{"dimension": "queueId", "value": "q"}]}],
        "orderBy": "conversationEnd",
    }
    asked = _ask(interval_text="", query=own, expressions=["mediaType=voice"], order="desc")
    assert asked.page(asked.interval, 3) == {
        "interval": "2026-03-02T00:00:00.000Z/2026-03-03T00:00:00.000Z",
        "segmentFilters": [
            *own["segmentFilters"],
            {"type": "and", "predicates": [_matches("mediaType", "voice")]},
        ],
        "orderBy": "conversationEnd",
        "order": "desc",
        "paging": {"pageSize": 100, "pageNumber": 3},
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"filters": []}, "There is no field of ConversationQuery 'filters'; nearest are"),
        ({"segmentFilters": [{"type": "and", "predicates": [{"dimension": "queue"}]}]}, "queueId"),
        ({"segmentFilters": [{"type": "xor", "predicates": []}]}, "There is no type 'xor'"),
        ({"segmentFilters": {"type": "and"}}, "segmentFilters of the query must be a list"),
        ({"segmentFilters": ["queueId"]}, "must be a JSON object"),
        ({"segmentFilters": 5}, "segmentFilters of the query must be a list"),
        ({"paging": {"pageSize": 5, "pageNumber": 1}}, "must not hold 'paging'"),
        ({"aggregations": []}, "must not hold 'aggregations'"),
        ({"interval": DAY}, "another is given beside it"),
        ({"orderBy": "conversationstart"}, "conversationStart"),
    ],
)
def test_a_query_that_the_vendor_does_not_know_is_refused_by_name(query: dict[str, Any], said: str) -> None:
    with pytest.raises((QueryRefused, UnknownName)) as refused:
        _ask(query=query, expressions=["mediaType=voice"])
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"interval_text": ""}, "needs an interval"),
        ({"last_text": "3d"}, "give one of them"),
        ({"limit": 0}, "asks for nothing"),
        ({"order": "up"}, "nearest are asc, desc, unordered"),
        ({"order_by": "conversation_start"}, "conversationStart"),
    ],
)
def test_a_question_that_lacks_something_is_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises((QueryRefused, UnknownName)) as refused:
        _ask(**words)
    assert said in str(refused.value)


def test_users_cannot_be_ordered_by_anything() -> None:
    with pytest.raises(QueryRefused, match="cannot be ordered by"):
        question(USERS, interval_text=DAY, order_by="conversationStart")


def test_a_filter_makes_longer_pieces_and_descending_order_asks_the_latest_first() -> None:
    month = "2026-03-01/2026-04-02"
    assert len(_ask(interval_text=month).pieces()) == 5
    filtered = _ask(interval_text=month, expressions=["mediaType=voice"], order="desc").pieces()
    assert [str(piece)[:10] for piece in filtered] == ["2026-04-01", "2026-03-01"]


def test_a_search_of_transcripts_asks_for_phrases_within_the_interval() -> None:
    asked = question(TRANSCRIPTS, interval_text=DAY, phrases=["my refund"], order="desc")
    body = asked.page(asked.interval, 1)
    assert [criterion["type"] for criterion in body["query"]] == ["EXACT_PHRASE", "DATE_RANGE"]
    assert (body["query"][0]["value"], body["sortOrder"], body["pageNumber"]) == ("my refund", "DESC", 1)
    with pytest.raises(QueryRefused, match="needs words"):
        question(TRANSCRIPTS, interval_text=DAY, phrases=[" "])
