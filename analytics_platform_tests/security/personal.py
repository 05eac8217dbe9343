"""Places whose lakes are protected, and what stands in clear in a lake."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

import pyarrow as pa

from analytics_platform.catalogue.personal import personal_columns
from analytics_platform.catalogue.tables import Table
from analytics_platform.choices import Choices
from analytics_platform.lake import Lake
from analytics_platform.lake.protection import Protection
from analytics_platform.landing.ledger import Ledger
from analytics_platform.protection import policy_of, protection_of
from analytics_platform.settings import Settings
from analytics_platform_tests.landing.workplace import Workplace

KEY = "a key of people's data, of forty letters"
RAW_KEY = "5a" * 32
_SHORT = 6
"""Shorter texts stand by chance in others."""


@dataclass(frozen=True)
class ProtectedPlace(Workplace):
    """A workplace whose lake and ledger are protected as these settings say."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    pii: Mapping[str, str] = field(default_factory=dict)

    @property
    def protection(self) -> Protection:
        given = {"pii_key": KEY, "raw_key": RAW_KEY, **self.settings}
        return protection_of(policy_of(Settings(**given), Choices.model_validate({"pii": self.pii})))

    @property
    def lake(self) -> Lake:
        return Lake.open(self.folder / "lake", protection=self.protection)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.folder / "ledger", self.protection)

    def landed(self, *days: date) -> Self:
        for day in days:
            self.land(day)
        self.build()
        return self


def clear_texts(lake: Lake, tables: Iterable[Table]) -> set[str]:
    """What stands in personal columns of a lake and in no other: values that are people's data by themselves."""
    personal: set[str] = set()
    other: set[str] = set()
    for table in tables:
        for column in table.columns:
            found = strings_in(lake, table.name, column.name)
            (personal if (table.name, column.name) in personal_columns() else other).update(found)
    return {text for text in personal - other if len(text) >= _SHORT}


def strings_in(lake: Lake, table: str, *columns: str) -> set[str]:
    """Every text in these columns of a table, or in all of them."""
    rows = [lake.read(table, day, list(columns) or None) for day in lake.days(table)]
    return {text for part in rows for name in part.column_names for text in texts(part[name])}


def texts(column: pa.ChunkedArray) -> set[str]:
    """The distinct texts of a column of texts or of lists of them."""
    values = column.combine_chunks()
    if pa.types.is_list(values.type):
        values = values.flatten()
    return {each for each in values.unique().to_pylist() if each} if pa.types.is_string(values.type) else set()
