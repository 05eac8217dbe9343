"""People's data from the source to the lake: kept, hashed or dropped, in typed tables and in what is kept whole."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from analytics_platform.catalogue.personal import personal_columns
from analytics_platform.catalogue.streams import CONVERSATION_DETAILS as STREAM
from analytics_platform.lake import Lake
from analytics_platform.lake.errors import KeyAway
from analytics_platform.lake.views import connect
from analytics_platform.landing.details import StagedDay
from analytics_platform_tests.landing.workplace import connected
from analytics_platform_tests.security.personal import KEY, RAW_KEY, ProtectedPlace, clear_texts, strings_in
from analytics_platform_tests.simulated_org import SimulatedOrg

DAY = date(2026, 3, 2)
RAW = STREAM.raw.name
IN_CONVERSATIONS = [(table, column) for table, column in personal_columns() if table in {t.name for t in STREAM.tables}]


def values(lake: Lake, table: str, column: str) -> list[str | None]:
    found = lake.scan(table).select(pl.col(column)).collect()[column]
    return (found.explode() if found.dtype == pl.List else found).to_list()


@pytest.fixture(scope="module")
def place(
    session_org: SimulatedOrg, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., ProtectedPlace]]:
    """`place(personal_data="hash")`: a workplace in a folder of its own."""
    with connected(session_org.url) as client:
        yield lambda pii=(), **settings: ProtectedPlace(client, tmp_path_factory.mktemp("place"), settings, dict(pii))


@pytest.fixture(scope="module")
def kept(place: Callable[..., ProtectedPlace]) -> ProtectedPlace:
    """A day landed as it came."""
    return place().landed(DAY)


@pytest.mark.parametrize("raw", ["whole", "encrypted", "redacted"])
def test_hashed_people_are_in_no_typed_table_and_the_same_everywhere(
    place: Callable[..., ProtectedPlace], kept: ProtectedPlace, raw: str
) -> None:
    lake = place(personal_data="hash", raw=raw).landed(DAY).lake
    clear = clear_texts(kept.lake, STREAM.tables)
    assert clear
    for table in STREAM.tables:
        assert not clear & strings_in(lake, table.name), table.name
        assert lake.read(table.name, DAY).num_rows == kept.lake.read(table.name, DAY).num_rows
    hashes: dict[str | None, set[str | None]] = {}
    for table, column in IN_CONVERSATIONS:
        for before, after in zip(values(kept.lake, table, column), values(lake, table, column), strict=True):
            hashes.setdefault(before, set()).add(after)
    assert {len(found) for found in hashes.values()} == {1}
    assert len({each for found in hashes.values() for each in found}) == len(hashes)


def test_dropped_people_are_null_and_all_else_is_as_it_was(
    place: Callable[..., ProtectedPlace], kept: ProtectedPlace
) -> None:
    dropped = place(personal_data="drop").landed(DAY)
    for table in STREAM.tables:
        mine = [column for name, column in IN_CONVERSATIONS if name == table.name]
        before, after = kept.lake.read(table.name, DAY), dropped.lake.read(table.name, DAY)
        others = [name for name in before.column_names if name not in (*mine, "as_of")]
        assert after.schema == before.schema
        assert after.select(others) == before.select(others)
        assert all(after[column].null_count == len(after) for column in mine)


def test_one_column_is_chosen_otherwise(place: Callable[..., ProtectedPlace], kept: ProtectedPlace) -> None:
    chosen = {"sessions.ani": "keep", "participants.user_id": "hash"}
    lake = place(personal_data="drop", pii=chosen).landed(DAY).lake
    assert values(lake, "sessions", "ani") == values(kept.lake, "sessions", "ani")
    assert set(values(lake, "sessions", "dnis")) == {None}
    assert all(user.startswith("hmac:") for user in values(lake, "participants", "user_id") if user)


def test_another_policy_or_key_makes_typed_tables_stale_and_they_are_made_from_raw_alone(
    place: Callable[..., ProtectedPlace], session_org: SimulatedOrg
) -> None:
    first = place().landed(DAY)
    before, asked = first.lake.read("sessions", DAY), session_org.requests()["total"]
    made = [
        DAY in replace(first, settings=settings).build()
        for settings in (
            {"raw": "encrypted"},
            {"personal_data": "hash"},
            {"personal_data": "hash"},
            {"personal_data": "hash", "pii_key": KEY[::-1]},
            {"personal_data": "drop"},
            {},
        )
    ]
    assert made == [False, True, False, True, True, True]
    assert first.lake.read("sessions", DAY) == before
    assert session_org.requests()["total"] == asked


def test_encrypted_records_are_read_with_the_key_and_with_no_other(
    place: Callable[..., ProtectedPlace], kept: ProtectedPlace
) -> None:
    sealed = place(raw="encrypted").landed(DAY)
    lake, closed = sealed.lake, Lake.open(sealed.folder / "lake")
    assert lake.read(RAW, DAY)["record"] == kept.lake.read(RAW, DAY)["record"]
    ids = closed.read(RAW, DAY, ["conversation_id", "home_day"])
    assert ids == kept.lake.read(RAW, DAY, ["conversation_id", "home_day"])
    assert closed.scan(RAW).select("conversation_id").collect().height == len(ids)
    with connect(closed) as database:
        assert database.execute(f"SELECT count(DISTINCT conversation_id) FROM {RAW}").fetchall() == [(len(ids),)]
    for read in (closed.read, closed.open_partition, replace(sealed, settings={"raw_key": "0" * 64}).lake.read):
        with pytest.raises(KeyAway):
            read(RAW, DAY)
    newer = replace(sealed, settings={"raw": "encrypted", "raw_key": f"{'0' * 64},{RAW_KEY}"}).lake
    assert newer.read(RAW, DAY) == lake.read(RAW, DAY)
    assert newer.scan(RAW).select("record").collect().height == len(ids)


def test_nothing_that_is_encrypted_stands_in_clear_on_disk_also_of_a_run_that_was_killed(
    place: Callable[..., ProtectedPlace], kept: ProtectedPlace, session_org: SimulatedOrg
) -> None:
    sealed = place(raw="encrypted")
    staged = sealed.landing().land(DAY, "run")
    assert isinstance(staged, StagedDay)
    pages = [path for path in sealed.folder.rglob("page-*")]
    assert pages
    assert all(path.read_bytes().startswith(b"APENC1") for path in pages)
    staged.discard()  # as far as a killed run comes
    asked = session_org.requests()["counts"]
    sealed.landed(DAY)
    assert session_org.requests()["counts"] == asked, "pages are read from disk with the key, not asked for again"
    assert sealed.raw(DAY) == kept.raw(DAY)


def test_a_day_read_again_without_a_difference_is_known_as_such_however_raw_is_kept(
    place: Callable[..., ProtectedPlace], kept: ProtectedPlace
) -> None:
    digests = {}
    for raw in ("encrypted", "redacted"):
        again = place(personal_data="hash", raw=raw).landed(DAY)
        digests[raw] = again.land(DAY, request="another").facts["digest"]
        assert again.build() == []
    plain = kept.lake.manifest(RAW, DAY)
    assert plain is not None
    assert digests["encrypted"] == plain.facts["digest"] != digests["redacted"]


def test_redacted_records_hold_all_but_people(place: Callable[..., ProtectedPlace], kept: ProtectedPlace) -> None:
    redacted = place(personal_data="drop", raw="redacted").landed(DAY)
    seen = 0
    for before, after in zip(kept.raw(DAY), redacted.raw(DAY), strict=True):
        for old, new in zip(json.loads(before)["participants"], json.loads(after)["participants"], strict=True):
            assert "participantName" not in new
            assert new.get("attributes", {}) == {}
            assert new["purpose"] == old["purpose"]
            for session in new.get("sessions", []):
                seen += 1
                assert not {"ani", "dnis", "sessionDnis", "remote", "addressFrom"} & set(session)
    assert seen
