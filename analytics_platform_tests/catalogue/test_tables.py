from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.tables import (
    METRIC_CONTEXT,
    Table,
    conversation_tables,
    snake_case,
    status_tables,
    table,
)

ALL = (*conversation_tables(), *status_tables())


def _places(model_name: str, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every place in a record that holds a value: the path of the object and the field's name there."""
    for field in model(model_name).fields.values():
        here = (*path, field.name)
        if field.is_model:
            yield from _places(field.type, here)
        elif field.container == "dict":
            yield from ((here, "key"), (here, "value"))
        else:
            yield (path, field.name)


def _sources(tables: tuple[Table, ...]) -> Counter[tuple[tuple[str, ...], str]]:
    return Counter((one.path, column.source) for one in tables for column in one.own if column.source is not None)


def test_every_field_of_a_conversation_is_one_column_of_one_table() -> None:
    assert _sources(conversation_tables()) == Counter(_places("AnalyticsConversation"))


def test_every_field_of_a_user_is_one_column_of_each_status_table_or_of_one() -> None:
    places = Counter(place for place in _places("AnalyticsUserDetail") if place != ((), "userId"))
    assert _sources(status_tables()) == places
    assert all([column.source for column in one.inherited] == ["userId"] for one in status_tables())


def test_names_of_tables_and_paths_of_tables_are_unique() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    assert len({one.path for one in conversation_tables()}) == len(conversation_tables())


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_names_of_columns_are_unique_small_words(one: Table) -> None:
    names = [column.name for column in one.columns]
    assert len(names) == len(set(names))
    assert all(name.isascii() and name == name.lower() and name.replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_key_is_made_of_columns_and_an_instant_is_one(one: Table) -> None:
    types = {column.name: column.type for column in one.columns}
    assert set(one.key) <= set(types)
    assert one.instant is None or types[one.instant] == "instant"
    assert one.ordinal is None or one.ordinal in one.key


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_table_and_column_is_described(one: Table) -> None:
    assert one.description and all(column.description for column in one.columns)


def test_parents_stand_before_children_and_lie_one_step_above() -> None:
    seen: list[Table] = []
    for one in conversation_tables():
        if one.parent is not None:
            assert one.parent in seen and one.parent.path == one.path[:-1]
        seen.append(one)


def test_a_child_carries_the_ordinals_of_all_its_ancestors() -> None:
    for one in conversation_tables():
        assert one.key[0] == "conversation_id"
        if one.parent is not None:
            ordinal = [one.ordinal] if one.ordinal else []
            assert list(one.key) == [*one.parent.key, *ordinal]


def test_of_the_vendors_ids_a_child_carries_the_nearest() -> None:
    carried = {one.name: {c.name for c in one.inherited} & {"participant_id", "session_id"} for one in ALL}
    assert carried["participants"] == set()
    assert carried["sessions"] == carried["participant_attributes"] == {"participant_id"}
    below_sessions = [one.name for one in conversation_tables() if len(one.path) > 2]
    assert all(carried[name] == {"session_id"} for name in below_sessions)


def test_metrics_carry_queue_user_purpose_medium_and_direction() -> None:
    assert table("session_metrics").own[-len(METRIC_CONTEXT) :] == METRIC_CONTEXT


def test_an_unknown_table_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="martians"):
        table("martians")


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("conversationId", "conversation_id"),
        ("mediaStatsMinConversationRFactor", "media_stats_min_conversation_r_factor"),
        ("q850ResponseCodes", "q850_response_codes"),
        ("ANI", "ani"),
        ("userIDs", "user_i_ds"),
        ("SIPCode", "sip_code"),
        ("bcc", "bcc"),
        ("", ""),
        ("already_snake", "already_snake"),
        ("flow2Type", "flow2_type"),
    ],
)
def test_camel_case_becomes_snake_case(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake


@given(st.lists(st.from_regex("[a-z][a-z0-9]{1,5}", fullmatch=True), min_size=1, max_size=5))
def test_words_joined_in_camel_case_come_apart_again(words: list[str]) -> None:
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    assert snake_case(camel) == "_".join(words)
