import json
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_platform.tables.drift import Drift, Kind, Sample, counts, drift
from analytics_platform_tests.tables.generated_records import conversations

MODEL = "AnalyticsConversation"


def _found(*records: Any) -> dict[tuple[str, str], int]:
    found = drift(MODEL, [json.dumps(record) for record in records])
    return {(each.path, each.kind): count for each, count in found.items()}


def _metric(value: Any) -> dict[str, Any]:
    return {"participants": [{"sessions": [{"metrics": [{"name": "tTalk", "value": value}]}]}]}


VALUE = "participants.sessions.metrics.value"


@pytest.mark.parametrize("value", [0, -1, 2**31, 2**63 - 1, -(2**63), 1.0, 1e3, None])
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
        (2**63, Kind.WRONG_TYPE),
        (2**70, Kind.WRONG_TYPE),
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
    texts = [b"{", b"\xff", '{"externalTag":"\\ud800"}']
    assert drift(MODEL, texts) == {Drift("", Kind.WRONG_TYPE, "no JSON"): 3}


def test_all_differences_of_a_record_are_counted_not_only_the_first() -> None:
    record = {**_metric(1.5), "x": 1, "y": 2}
    assert _found(record, record) == {
        (VALUE, Kind.NOT_WHOLE): 2,
        ("x", Kind.UNKNOWN_FIELD): 2,
        ("y", Kind.UNKNOWN_FIELD): 2,
    }


def _raw(*records: dict[str, Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(json.dumps(record).encode()) for record in records]


PLAIN: dict[str, Any] = {"conversationId": "c"}
STRANGER = {"x": "text that is nobody's business"}


def test_the_first_records_of_a_day_are_all_looked_at_and_then_every_nth() -> None:
    sample = Sample(MODEL, first=3, every=10)
    for _ in range(4):
        sample.look(_raw(*[PLAIN] * 7))
    assert sample.looked_at == 3 + len([10, 20])


@pytest.mark.parametrize(("place", "seen"), [(20, 1), (21, 0)])
def test_what_is_rare_is_found_where_the_sample_meets_it(place: int, seen: int) -> None:
    sample = Sample(MODEL, first=3, every=10)
    sample.look(_raw(*[STRANGER if number == place else PLAIN for number in range(30)]))
    assert sum(sample.found.values()) == seen


def test_a_difference_that_is_new_for_the_day_makes_all_of_its_page_looked_at_once() -> None:
    sample = Sample(MODEL, first=0, every=10)
    odd = _raw(STRANGER, *[STRANGER | {"y": 1}] * 4, *[PLAIN] * 5)
    sample.look(odd)
    assert counts(sample.found) == {"x: unknown field (text)": 5, "y: unknown field (whole number)": 4}
    assert sample.looked_at == 10
    sample.look(odd)
    assert (sample.looked_at, sample.found[Drift("x", Kind.UNKNOWN_FIELD, "text")]) == (11, 6)


@given(st.text(), st.sampled_from(Kind), st.sampled_from(["text", "whole number", "no JSON", "null"]))
def test_what_a_manifest_keeps_is_read_back(path: str, kind: Kind, value: str) -> None:
    (text,) = counts(Counter([Drift(path, kind, value)]))
    assert Drift.of(text) == Drift(path, kind, value)


def test_what_former_releases_kept_is_read_too() -> None:
    assert Drift.of("a.b: unknown field") == Drift("a.b", Kind.UNKNOWN_FIELD, "")
    assert Drift.of("unreadable group: expected string got 7") == Drift("", Kind.WRONG_TYPE, "")


@pytest.mark.parametrize(
    ("value", "kind"),
    [("t", "text"), (True, "boolean"), (7, "whole number"), (0.5, "number"), ([1], "list"), ({"a": 1}, "object")],
)
def test_of_what_stands_there_the_kind_is_told_and_never_the_value(value: Any, kind: str) -> None:
    assert counts(drift(MODEL, [json.dumps({"x": value})])) == {f"x: unknown field ({kind})": 1}


def test_texts_slices_of_a_page_and_bytes_are_read_alike() -> None:
    texts = ['{"x":1}', b'{"x":1}', msgspec.Raw(b'{"x":1}')]
    assert drift(MODEL, texts) == {Drift("x", Kind.UNKNOWN_FIELD, "whole number"): 3}


def test_user_records_are_looked_at_with_their_own_model() -> None:
    record = {"userId": "u", "routingStatus": [{"routingStatus": "DANCING", "startTime": "2024-02-29T08:00:00Z"}]}
    assert drift("AnalyticsUserDetail", [json.dumps(record)]) == {
        Drift("routingStatus.routingStatus", Kind.UNKNOWN_VALUE, "text"): 1
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
@given(conversations(max_size=3))
def test_in_generated_records_only_the_fields_nobody_knows_and_free_texts_in_enums_differ(
    records: list[dict[str, Any]],
) -> None:
    strangers: Counter[str] = Counter()
    _without_enums_and_strangers(records, strangers)
    found = drift(MODEL, [json.dumps(record) for record in records])
    unknown = Counter(one.path.rpartition(".")[2] for one in found.elements() if one.kind is Kind.UNKNOWN_FIELD)
    assert +unknown == +strangers
    assert {one.kind for one in found} <= {Kind.UNKNOWN_FIELD, Kind.UNKNOWN_VALUE}
