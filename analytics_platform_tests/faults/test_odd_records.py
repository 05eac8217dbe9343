"""Records that are odd: what cannot be read is set aside alone, and every other record is as the truth has it."""

from typing import Any

import pytest

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS, STREAMS, USER_DETAILS, Stream
from analytics_platform.tables.drift import Drift, Kind
from analytics_platform_tests.faults.comparing import differences, read, status_differences
from analytics_platform_tests.landing.workplace import DAYS, Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = DAYS[:1]
PAGES = {"conversation_details": 4, "user_details": 0}
"""A page whose first record is of the day: the vendor sends those of weeks before first."""
KINDS = (
    "record_without_id",
    "record_wrong_type",
    "record_unknown_field",
    "record_unknown_value",
    "record_fraction",
    "record_malformed",
    "record_duplicate",
    "record_deep",
)


def unequal(org: SimulatedOrg, place: Workplace, stream: Stream) -> dict[str, Any]:
    compare = status_differences if stream is USER_DETAILS else differences
    return compare(org, place, DAY)


def kept(place: Workplace, stream: Stream) -> list[str]:
    """Every record of the day, those set aside too."""
    aside = place.lake.days(stream.quarantine.name)
    rows = place.lake.read(stream.quarantine.name, DAY[0]).to_pylist() if aside else []
    return [*place.raw(DAY[0], stream), *(row["record"] for row in rows)]


def rows_of(place: Workplace, table: str, conversation_id: str) -> list[dict[str, Any]]:
    """A conversation's rows, whatever day they are under."""
    rows = (row for day in place.lake.days(table) for row in place.lake.read(table, day).to_pylist())
    return [row for row in rows if row["conversation_id"] == conversation_id]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
@pytest.mark.parametrize("kind", KINDS)
def test_every_other_record_is_as_the_truth_has_it(
    vendor: SimulatedOrg, place: Workplace, kind: str, stream: Stream
) -> None:
    vendor.arm(kind, f"{stream.family.name}.results", page=PAGES[stream.name])
    read(place, DAY, stream=stream)
    assert vendor.struck() == {kind: 1}
    assert unequal(vendor, place, stream) == {}
    assert all(any(identity in record for record in kept(place, stream)) for identity in vendor.made())
    vendor.clear_faults()
    read(place, DAY, "again", stream=stream)
    vendor.clear_requests()
    assert vendor.made() == [] and unequal(vendor, place, stream) == {}


@pytest.mark.parametrize(
    ("kind", "place_in_record"),
    [
        ("record_wrong_type", "conferenceStart"),
        ("record_fraction", ".metrics[0].value"),
        ("record_malformed", "participants"),
    ],
)
def test_the_value_that_does_not_fit_is_set_aside_alone_and_its_place_is_told(
    vendor: SimulatedOrg, place: Workplace, kind: str, place_in_record: str
) -> None:
    vendor.arm(kind, "conversations.results", page=4)
    read(place, DAY)
    (made,) = vendor.made()
    aside = rows_of(place, CONVERSATION_DETAILS.typed_quarantine.name, made)
    assert [(row["record"], (row["path"] or "").endswith(place_in_record)) for row in aside] == [(None, True)]
    assert len(rows_of(place, "conversations", made)) == 1


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
@pytest.mark.parametrize(
    ("kind", "told"),
    [("record_unknown_field", Kind.UNKNOWN_FIELD), ("record_unknown_value", Kind.UNKNOWN_VALUE)],
    ids=["record_unknown_field", "record_unknown_value"],
)
def test_what_the_catalogue_does_not_know_is_told_with_the_day(
    vendor: SimulatedOrg, place: Workplace, kind: str, told: Kind, stream: Stream
) -> None:
    vendor.arm(kind, f"{stream.family.name}.results", page=PAGES[stream.name])
    read(place, DAY, stream=stream)
    manifest = place.lake.manifest(stream.raw.name, DAY[0])
    assert manifest is not None
    assert told in {Drift.of(text).kind for text in manifest.facts["drift"]}


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_record_of_many_megabytes_lands(vendor: SimulatedOrg, place: Workplace, stream: Stream) -> None:
    size = 20_000_000 if stream is CONVERSATION_DETAILS else 1_000_000
    vendor.arm("record_huge", f"{stream.family.name}.results", page=PAGES[stream.name], bytes=size)
    read(place, DAY, stream=stream)
    assert len(vendor.made()) == 1 and max(map(len, place.raw(DAY[0], stream))) > size * 0.8
    assert unequal(vendor, place, stream) == {}


def test_the_attributes_of_a_huge_record_are_rows(vendor: SimulatedOrg, place: Workplace) -> None:
    vendor.arm("record_huge", "conversations.results", page=4, bytes=3_000_000)
    read(place, DAY)
    (made,) = vendor.made()
    rows = rows_of(place, "participant_attributes", made)
    assert len({row["key"] for row in rows}) == len(rows) > 2000
