"""Services as read to raw rows: whole beside their keys, set aside without them, and told where they are no longer."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analytics_platform.catalogue.services import SERVICES
from analytics_platform.tables.schemas import table_schema
from analytics_platform.tables.service_records import RawServices, ServiceRead, moved_services, raw_services

AS_OF, GONE = datetime(2026, 3, 4, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC)


def rows_of(*services: ServiceRead, first: int = 0) -> RawServices:
    made = raw_services(SERVICES.raw, SERVICES.quarantine, services, as_of=AS_OF, first=first)
    assert made.kept.schema.equals(table_schema(SERVICES.raw))
    assert made.set_aside.schema.equals(table_schema(SERVICES.quarantine))
    return made


def read(text: Any, service_id: str = "1-a", gone_at: datetime | None = None) -> ServiceRead:
    return ServiceRead(service_id, text if isinstance(text, bytes) else json.dumps(text).encode(), gone_at)


def service(start: str = "2026-03-02T23:59:59.999Z", **more: Any) -> dict[str, Any]:
    return {"service_id": "1-a", "started": {"timestamp": start}, **more}


def test_a_record_is_kept_byte_by_byte_beside_its_keys() -> None:
    text = b'{"x" : 1.50,  "service_id":"1-a", "started":{"timestamp":"2026-03-03T01:00:00+02:00"}}'
    made = rows_of(read(text, gone_at=GONE), first=7)
    (row,) = made.kept.to_pylist()
    assert row == {
        "service_id": "1-a",
        "home_day": date(2026, 3, 2),
        "started_at": datetime(2026, 3, 2, 23, tzinfo=UTC),
        "completed_at": None,
        "gone_at": GONE,
        "record": text.decode(),
        "position": 7,
        "as_of": AS_OF,
    }
    assert [day for day, _ in made.homes] == [date(2026, 3, 2)]


def test_one_that_is_gone_is_told_from_one_that_is_there() -> None:
    ((_, there),) = rows_of(read(service())).homes
    ((_, same),) = rows_of(read(service()), first=3).homes
    ((_, gone),) = rows_of(read(service(), gone_at=GONE)).homes
    assert there == same != gone


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (service(service_id="2-b"), "its service_id is 2-b, not that of the service"),
        ({"started": {"timestamp": "2026-03-02T08:00:00Z"}}, "its service_id is null, not that of the service"),
        ({"service_id": "1-a"}, "started.timestamp is missing"),
        (service(start="today"), "Invalid isoformat string: 'today'"),
        ([], "a service is no object"),
        (b'{"service_id": "1-a"', "Input data was truncated"),
    ],
)
def test_a_record_without_usable_keys_is_set_aside_whole_with_the_reason(record: Any, reason: str) -> None:
    made = rows_of(read(service()), read(record), read(service()), first=10)
    assert made.kept["position"].to_pylist() == [10, 12]
    (aside,) = made.set_aside.to_pylist()
    assert (aside["reason"], aside["service_id"], aside["position"]) == (reason, "1-a", 11)
    assert aside["record"].encode() == read(record).record


def test_an_id_sent_as_a_number_is_the_same_id() -> None:
    assert len(rows_of(read(service(service_id=12), "12")).kept) == 1


def test_an_end_that_is_no_instant_is_left_to_the_typed_tables() -> None:
    (row,) = rows_of(read(service(completed={"timestamp": "soon"}))).kept.to_pylist()
    assert row["completed_at"] is None


def test_bytes_that_are_no_text_are_set_aside_as_far_as_text_can_tell_them() -> None:
    (aside,) = rows_of(read(b'{"service_id":"\xff"}')).set_aside.to_pylist()
    assert aside["record"] == '{"service_id":"\\xff"}'


def test_a_service_that_moved_has_a_row_without_a_record_on_the_day_it_left() -> None:
    made = moved_services(SERVICES.raw, [("1-a", date(2026, 3, 1))], as_of=AS_OF, first=5)
    (row,) = made.kept.to_pylist()
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {"service_id": "1-a", "home_day": date(2026, 3, 1), "position": 5, "as_of": AS_OF}
    assert [day for day, _ in made.homes] == [date(2026, 3, 1)]
