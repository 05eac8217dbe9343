import pytest

from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.streams import STREAMS, Stream, stream


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.name)
def test_a_stream_is_found_by_its_name(one: Stream) -> None:
    assert stream(one.name) is one


def test_an_unknown_stream_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="faxes"):
        stream("faxes")


def test_no_two_tables_of_the_lake_share_a_name() -> None:
    names = [table.name for one in STREAMS for table in (one.raw, one.quarantine, one.typed_quarantine, *one.tables)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.name)
def test_a_streams_id_is_a_field_of_its_model_and_the_first_column_of_raw(one: Stream) -> None:
    assert one.id_field in model(one.model).fields
    assert one.raw.own[0].source == one.id_field


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.name)
def test_raw_and_quarantines_keep_the_whole_record_and_where_it_came_from(one: Stream) -> None:
    for table in (one.raw, one.quarantine, one.typed_quarantine):
        names = [column.name for column in table.columns]
        assert {"record", "job_id", "page", "position", "as_of"} <= set(names)
        assert ("reason" in names) == (table is not one.raw)
        assert "day" not in names, "the partition's folder is called day"


@pytest.mark.parametrize("one", STREAMS, ids=lambda one: one.name)
def test_the_typed_quarantine_holds_columns_of_raw_only_and_the_place_and_the_reason(one: Stream) -> None:
    assert set(one.typed_quarantine.columns) - set(one.raw.columns) == set(one.typed_quarantine.columns[:2])
    assert [column.name for column in one.typed_quarantine.columns[:2]] == ["reason", "path"]
