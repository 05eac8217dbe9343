import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.tables.drift import Drift, Kind, drift
from analytics_platform_tests.tables.generated_records import conversations

MODEL = "AnalyticsConversation"


def _found(*records: Any, every: int = 1) -> dict[tuple[str, str], int]:
    return dict(drift(MODEL, [json.dumps(record) for record in records], every))


def _metric(value: Any) -> dict[str, Any]:
    return {"participants": [{"sessions": [{"metrics": [{"name": "tTalk", "value": value}]}]}]}


VALUE = "participants.sessions.metrics.value"


@pytest.mark.parametrize("value", [0, -1, 2**31, 2**63 - 1, 2**70, 1.0, 1e3, None])
def test_whole_numbers_and_absent_ones_are_as_known(value: Any) -> None:
    assert _found(_metric(value)) == {}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, Kind.NOT_WHOLE),
        (-0.25, Kind.NOT_WHOLE),
        ("1", Kind.WRONG_TYPE),
        (True, Kind.WRONG_TYPE),
        ([], Kind.WRONG_TYPE),
    ],
)
def test_what_is_no_whole_number_in_a_whole_number_field_is_noticed(value: Any, kind: Kind) -> None:
    assert _found(_metric(value)) == {(VALUE, kind): 1}


@pytest.mark.parametrize(
    ("record", "path", "kind"),
    [
        ({"aNewField": None}, "aNewField", Kind.UNKNOWN_FIELD),
        (
            {"participants": [{"sessions": [{"flow": {"neu": 1}}]}]},
            "participants.sessions.flow.neu",
            Kind.UNKNOWN_FIELD,
        ),
        ({"participants": [{"purpose": "robot"}]}, "participants.purpose", Kind.UNKNOWN_VALUE),
        ({"participants": [{"purpose": 7}]}, "participants.purpose", Kind.WRONG_TYPE),
        (
            {"participants": [{"sessions": [{"requestedRoutings": ["Psychic"]}]}]},
            "participants.sessions.requestedRoutings",
            Kind.UNKNOWN_VALUE,
        ),
        ({"participants": [{"attributes": {"k": 1}}]}, "participants.attributes", Kind.WRONG_TYPE),
        ({"participants": [{"attributes": []}]}, "participants.attributes", Kind.WRONG_TYPE),
        ({"participants": {}}, "participants", Kind.WRONG_TYPE),
        ({"participants": ["p"]}, "participants", Kind.WRONG_TYPE),
        ({"divisionIds": "d"}, "divisionIds", Kind.WRONG_TYPE),
        ({"conversationStart": 1_700_000_000_000}, "conversationStart", Kind.WRONG_TYPE),
        ({"conversationStart": "yesterday"}, "conversationStart", Kind.WRONG_TYPE),
        ({"conversationId": 1}, "conversationId", Kind.WRONG_TYPE),
        ({"mediaStatsMinConversationMos": "4.9"}, "mediaStatsMinConversationMos", Kind.WRONG_TYPE),
        ({"customerParticipation": "true"}, "customerParticipation", Kind.WRONG_TYPE),
        ([], "", Kind.WRONG_TYPE),
    ],
)
def test_a_difference_is_told_with_its_path_and_kind(record: Any, path: str, kind: Kind) -> None:
    assert _found(record) == {(path, kind): 1}


def test_a_text_that_is_no_json_is_counted_and_nothing_is_raised() -> None:
    assert drift(MODEL, [b"{", b"\xff", '{"externalTag":"\\ud800"}'], 1) == {Drift("", Kind.WRONG_TYPE): 3}


def test_all_differences_of_a_record_are_counted_not_only_the_first() -> None:
    record = {**_metric(1.5), "x": 1, "y": 2}
    assert _found(record, record) == {
        (VALUE, Kind.NOT_WHOLE): 2,
        ("x", Kind.UNKNOWN_FIELD): 2,
        ("y", Kind.UNKNOWN_FIELD): 2,
    }


@pytest.mark.parametrize(("every", "sampled"), [(1, 101), (2, 51), (50, 3), (101, 1)])
def test_the_first_record_and_every_nth_after_it_are_looked_at(every: int, sampled: int) -> None:
    assert _found(*[{"x": 1}] * 101, every=every) == {("x", Kind.UNKNOWN_FIELD): sampled}


def test_every_fiftieth_record_is_looked_at_by_default() -> None:
    assert drift(MODEL, [b'{"x":1}'] * 51)[Drift("x", Kind.UNKNOWN_FIELD)] == 2


def test_texts_slices_of_a_page_and_bytes_are_read_alike() -> None:
    texts = ['{"x":1}', b'{"x":1}', msgspec.Raw(b'{"x":1}')]
    assert drift(MODEL, texts, 1) == {Drift("x", Kind.UNKNOWN_FIELD): 3}


def test_user_records_are_looked_at_with_their_own_model() -> None:
    record = {"userId": "u", "routingStatus": [{"routingStatus": "DANCING", "startTime": "2024-02-29T08:00:00Z"}]}
    assert drift("AnalyticsUserDetail", [json.dumps(record)], 1) == {
        Drift("routingStatus.routingStatus", Kind.UNKNOWN_VALUE): 1
    }


def _without_enums_and_strangers(node: Any, unknown: Counter[str]) -> None:
    if isinstance(node, dict):
        unknown["aFieldNobodyKnows"] += "aFieldNobodyKnows" in node
        for name, value in node.items():
            if name != "aFieldNobodyKnows":
                _without_enums_and_strangers(value, unknown)
    elif isinstance(node, list):
        for item in node:
            _without_enums_and_strangers(item, unknown)


@settings(max_examples=40)
@given(conversations(max_size=3), st.sampled_from([1, 2]))
def test_in_generated_records_only_the_fields_nobody_knows_and_free_texts_in_enums_differ(
    records: list[dict[str, Any]], every: int
) -> None:
    strangers: Counter[str] = Counter()
    _without_enums_and_strangers(records[::every], strangers)
    found = drift(MODEL, [json.dumps(record) for record in records], every)
    unknown = Counter(one.path.rpartition(".")[2] for one in found.elements() if one.kind is Kind.UNKNOWN_FIELD)
    assert +unknown == +strangers
    assert {one.kind for one in found} <= {Kind.UNKNOWN_FIELD, Kind.UNKNOWN_VALUE}
