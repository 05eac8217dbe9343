"""What the UI shows of a table: its columns, where they come from, and where its files lie."""

from collections.abc import Mapping, Sequence

import dagster as dg

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.personal import personal_columns
from analytics_platform.catalogue.streams import TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.defs.served import served_description, served_metadata
from analytics_platform.settings import Settings

OWNERS = ["team:data-engineering"]
RAW_KINDS = {"genesys", "json", "parquet"}
TYPED_KINDS = {"genesys", "table", "parquet"}


def table_metadata(table: Table, settings: Settings) -> Mapping[str, object]:
    """Name, place and columns of a table."""
    return {
        "dagster/table_name": table.name,
        "dagster/uri": f"{settings.lake.rstrip('/')}/{table.name}/",
        "dagster/column_schema": dg.TableSchema(columns=[_column(table, column.name) for column in table.columns]),
        "key": ", ".join(table.key),
    }


def lineage(stream: TypedStream, table: Table) -> Mapping[str, object]:
    """Each column of a typed table stems from the record kept in raw."""
    return lineage_from(stream.raw, "record", table)


def lineage_from(raw: Table, column: str, table: Table) -> Mapping[str, object]:
    """Each column of a table stems from one column of raw."""
    source = dg.TableColumnDep(asset_key=dg.AssetKey(raw.name), column_name=column)
    return {
        "dagster/column_lineage": dg.TableColumnLineage({each.name: [source] for each in table.columns}),
    }


def asset_spec(
    table: Table,
    raw: Table,
    group: str,
    operations: Sequence[Operation],
    settings: Settings,
    capabilities: Capabilities,
    *,
    about: str = "",
    raw_kinds: set[str] | None = None,
) -> dg.AssetSpec:
    """The asset of a table that is made from what `raw` keeps, or of `raw` itself; it tells whether the org serves the
    `operations` it takes. `about` is added to the description."""
    from_answers = [column.name for column in raw.columns if column.name == "answer"]
    return dg.AssetSpec(
        key=table.name,
        deps=[] if table is raw else [raw.name],
        description=served_description(table.description + about, operations, capabilities),
        group_name=group,
        owners=OWNERS,
        kinds=(raw_kinds or RAW_KINDS) if table is raw else TYPED_KINDS,
        metadata={
            **table_metadata(table, settings),
            **(lineage_from(raw, "answer", table) if from_answers and table is not raw else {}),
            **served_metadata(operations, capabilities),
        },
    ).with_io_manager_key("lake_io_manager")


def _column(table: Table, name: str) -> dg.TableColumn:
    column = next(known for known in table.columns if known.name == name)
    return dg.TableColumn(
        name=name,
        type=column.type.replace("instant", "timestamp[ms, UTC]"),
        description=column.description,
        tags={"personal_data": ""} if (table.name, name) in personal_columns() else None,
        # Part of a key may be null, such as the queue of what no queue took.
        constraints=dg.TableColumnConstraints(other=["key"] if name in table.key else []),
    )
