"""Arrow schemas, made from the catalogue: the nested one a record is read with, the flat one of each typed table."""

from functools import cache

import pyarrow as pa

from analytics_platform.catalogue.models import Field, model
from analytics_platform.catalogue.tables import Table

INSTANT = pa.timestamp("ms", tz="UTC")
_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "instant": INSTANT,
    "date": pa.date32(),
}
_VENDOR_TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": INSTANT,
}


def arrow_type(word: str) -> pa.DataType:
    """The Arrow type of a catalogue type word, such as `int64` or `list<string>`."""
    if word.startswith("list<"):
        return pa.list_(arrow_type(word[len("list<") : -1]))
    return _TYPES[word]


@cache
def table_schema(table: Table) -> pa.Schema:
    """The flat schema of a typed table, its columns in the catalogue's order."""
    return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in table.columns])


@cache
def record_schema(model_name: str) -> pa.Schema:
    """The nested schema one record of a model is read with; a free-key dictionary is a map of strings."""
    return pa.schema([_nested(field) for field in model(model_name).fields.values()])


def _nested(field: Field) -> pa.Field:
    inner = pa.struct(list(record_schema(field.type))) if field.is_model else _VENDOR_TYPES[field.type]
    if field.container == "list":
        return pa.field(field.name, pa.list_(inner))
    if field.container == "dict":
        return pa.field(field.name, pa.map_(pa.string(), inner))
    return pa.field(field.name, inner)
