"""Everything the vendor's models can carry occurs in a world of default size; nothing else does."""

import re
from collections import defaultdict
from typing import Any

import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.simulator.api.records import conversations, sessions, users
from analytics_platform.simulator.options import SimulatorOptions
from analytics_platform.simulator.world.world import World
from analytics_platform_tests.simulator.telling import told

_MODEL_IN_DOCSTRING = re.compile(r"The vendor's (\w+)\.")
_RECORDS = [
    record
    for module in (sessions, conversations, users)
    for name, record in vars(module).items()
    if name.endswith("Record") and record.__module__ == module.__name__
]

Seen = dict[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Model and field of everything told by a world of default size, with the texts seen in it."""
    world = World(SimulatorOptions().world())
    found: Seen = defaultdict(set)
    for conversation in told(world):
        _collect("AnalyticsConversation", conversation, found)
    return found


def _collect(name: str, record: dict[str, Any], found: Seen) -> None:
    fields = model(name).fields
    for key, value in record.items():
        field = fields[key]
        items = value if isinstance(value, list) else [value]
        found[name, key] |= {item for item in items if isinstance(item, str)}
        if field.is_model:
            for item in items:
                _collect(field.type, item, found)


def _reachable(name: str) -> set[str]:
    names = {name}
    for field in model(name).fields.values():
        if field.is_model and field.type not in names:
            names |= _reachable(field.type)
    return names


def test_every_field_of_a_conversation_occurs(seen: Seen) -> None:
    wanted = {(name, field) for name in _reachable("AnalyticsConversation") for field in model(name).fields}
    assert wanted - set(seen) == set()


def test_enum_values_are_known_ones(seen: Seen) -> None:
    for (name, key), values in seen.items():
        known = model(name).fields[key].known_values
        if known:
            assert values <= set(known), (name, key)


@pytest.mark.parametrize(
    ("name", "key", "most_missing"),
    [
        ("AnalyticsConversationSegment", "segmentType", 5),
        ("AnalyticsSession", "mediaType", 2),
        ("AnalyticsParticipant", "purpose", 9),
        ("AnalyticsSession", "direction", 0),
    ],
)
def test_most_values_of_the_great_enums_occur(seen: Seen, name: str, key: str, most_missing: int) -> None:
    missing = set(model(name).fields[key].known_values) - seen[name, key]
    assert len(missing) <= most_missing, missing


def test_every_presence_and_routing_status_occurs() -> None:
    timelines = World(SimulatorOptions().world()).timelines
    presences = {status.name for row in timelines for status in row.presences}
    routing = {status.name for row in timelines for status in row.routing}
    assert presences == set(model("AnalyticsUserPresenceRecord").fields["systemPresence"].known_values)
    assert routing == set(model("AnalyticsRoutingStatusRecord").fields["routingStatus"].known_values)


@pytest.mark.parametrize("record", _RECORDS, ids=lambda record: record.__name__)
def test_records_have_the_fields_of_their_models_in_the_vendor_s_order(record: Any) -> None:
    assert record.__struct_fields__ == tuple(model(_told_model(record)).fields)


def test_records_cover_all_models() -> None:
    named = {_told_model(record) for record in _RECORDS}
    assert named == (_reachable("AnalyticsConversation") | _reachable("AnalyticsUserDetail"))


def _told_model(record: Any) -> str:
    found = _MODEL_IN_DOCSTRING.search(record.__doc__)
    assert found is not None
    return found.group(1)
