"""What a person chose of each stream, from a TOML file: how aggregates are grouped, which exports and bot flows land.

Without the file every stream has its defaults, no export is asked for and no bot flow is read.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from analytics_platform.catalogue.aggregates import AGGREGATES, aggregate_family
from analytics_platform.catalogue.models import model
from analytics_platform.catalogue.names import require_known
from analytics_platform.catalogue.observations import OBSERVATIONS, observation_family
from analytics_platform.catalogue.personal import keys, maskable
from analytics_platform.settings import Settings, SettingsError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AggregateChoice(_Choice):
    """How one family of aggregates is asked for; None takes the family's default, all metrics among them."""

    enabled: bool = True
    granularity: str = "PT30M"
    """Length of a bucket, an ISO-8601 period that divides a UTC day."""
    group_by: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    filter: dict[str, Any] | None = None
    """The vendor's filter, `{type, clauses, predicates}`."""
    time_zone: str | None = None
    """Moves the edges of buckets; they must still meet at midnight UTC."""


class ObservationChoice(_Choice):
    """Which metrics a family of observations is asked for; None takes all."""

    enabled: bool = True
    metrics: tuple[str, ...] | None = None


class BotFlowsChoice(_Choice):
    """The bot flows whose reporting turns land: their ids, or all the org lists."""

    ids: tuple[str, ...] | Literal["all"] = ()


class ExportChoice(_Choice):
    """One export of a view, asked for every day. Its table is `export_<name>`."""

    name: str
    view: str
    format: Literal["CSV", "PDF"] = "CSV"
    period: str = "PT30M"
    time_zone: str = "UTC"
    locale: str = "en-us"
    filter: dict[str, Any] = Field(default_factory=dict)
    """The vendor's ViewFilter."""
    columns: tuple[str, ...] = ()
    """Columns by the vendor's names, in order; the view's own where empty."""
    split_by_media: bool = False
    exclude_empty_rows: bool = False

    @field_validator("name")
    @classmethod
    def _table(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError(f"{value!r} is no name of a table: small letters, digits and underscores, a letter first")
        if value == "views" or value.endswith(("_raw", "_files")):
            raise ValueError(f"{value!r} would be taken for another table, export_{value}: choose another name")
        return value

    @field_validator("view")
    @classmethod
    def _known(cls, value: str) -> str:
        require_known([value], model("ReportingExportJobRequest").fields["viewType"].known_values, "view")
        return value

    @field_validator("filter")
    @classmethod
    def _filters(cls, value: dict[str, Any]) -> dict[str, Any]:
        require_known(value, tuple(model("ViewFilter").fields), "filter of a view")
        return value


class Choices(_Choice):
    """All that was chosen; a family that is not named has its defaults."""

    aggregates: dict[str, AggregateChoice] = Field(default_factory=dict)
    observations: dict[str, ObservationChoice] = Field(default_factory=dict)
    bot_flows: BotFlowsChoice = BotFlowsChoice()
    exports: tuple[ExportChoice, ...] = ()
    pii: dict[str, Literal["keep", "hash", "drop"]] = Field(default_factory=dict)
    """What becomes of a column, `table.column`, whatever becomes of the others that carry people's data."""

    def aggregate(self, family: str) -> AggregateChoice:
        return self.aggregates.get(family) or AggregateChoice()

    def observation(self, family: str) -> ObservationChoice:
        return self.observations.get(family) or ObservationChoice()

    @model_validator(mode="after")
    def _names(self) -> "Choices":
        require_known(self.aggregates, tuple(family.name for family in AGGREGATES), "family of aggregates")
        for name, chosen in self.aggregates.items():
            family = aggregate_family(name)
            require_known(chosen.metrics or (), family.metrics, f"metric of {name} aggregates")
            require_known(chosen.group_by or (), family.dimensions, f"dimension of {name} aggregates")
        require_known(self.observations, tuple(family.name for family in OBSERVATIONS), "family of observations")
        for name, observed in self.observations.items():
            require_known(observed.metrics or (), observation_family(name).metrics, f"metric of {name} observations")
        names = [export.name for export in self.exports]
        if len(set(names)) < len(names):
            raise ValueError("two exports have the same name")
        # The columns of an export are not known before its file.
        own = tuple(name for name in self.pii if name.partition(".")[0] in {f"export_{each}" for each in names})
        known = tuple(f"{table}.{column}" for table, columns in maskable().items() for column in columns)
        require_known(self.pii, (*known, *own), "column of text")
        dropped = [name for name, chosen in self.pii.items() if chosen == "drop" and name in keys()]
        if dropped:
            raise ValueError(f"rows are told apart by {dropped[0]}, which cannot be dropped: hash it")
        return self


def load_choices(settings: Settings) -> Choices:
    """The choices in the file the settings name; SettingsError with a sentence a fault when it cannot be used."""
    if settings.streams is None:
        return Choices()
    file: Path = settings.streams
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(f"The file {file} of ANALYTICS_PLATFORM_STREAMS cannot be read: {fault}.") from None
    try:
        return Choices.model_validate(told)
    except ValidationError as fault:
        raise SettingsError(" ".join(_sentence(file, dict(error)) for error in fault.errors())) from None


def _sentence(file: Path, error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    fault = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{file}{f', {where}' if where else ''}: {fault}."
