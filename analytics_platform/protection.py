"""What becomes of people's data in the lake, as the settings and the choices say.

By default the lake is equal to the source: everything is kept in clear, and checks tell what is. One setting has all
columns hashed or dropped that the catalogue says carry people's data; the table `[pii]` of the choices says otherwise
of single columns.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.personal import RAW_TEXTS, personal_columns
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.choices import Choices
from analytics_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from analytics_platform.lake.protection import Protection
    from analytics_platform.lake.sealing import Sealing

_LEAST_KEY = 32
_SUCH_AS = "such as to what `openssl rand -hex 32` gives"


def protection_of(settings: Settings, choices: Choices) -> "Protection":
    """How the lake is protected. SettingsError, before anything is read or written, where a key is missing or unfit."""
    from analytics_platform.lake.protection import Protection

    actions = chosen(settings, choices)
    sealing = sealing_of(settings)
    masks = {settings.personal_data, *actions.values()} - {"keep"}
    if not masks:
        return Protection(sealing=sealing, sealed_columns=_sealed(settings), seals_files=settings.raw != "whole")
    from analytics_platform.tables.masking import Action, Masking

    by_table: dict[str, dict[str, Action]] = {}
    for (table, column), action in actions.items():
        by_table.setdefault(table, {})[column] = Action(action)
    key = _key(settings) if "hash" in masks else b""
    masking = Masking(by_table, Action(settings.personal_data), settings.raw == "redacted", key)
    return Protection(masking, sealing, _sealed(settings), settings.raw != "whole", settings.raw == "redacted")


def chosen(settings: Settings, choices: Choices) -> Mapping[tuple[str, str], str]:
    """What becomes of each column that carries people's data, or that a person named: by table and column.

    SettingsError where aggregates are grouped by what is dropped: their rows could not be told apart.
    """
    named = {(name.partition(".")[0], name.partition(".")[2]): action for name, action in choices.pii.items()}
    found = {**dict.fromkeys(personal_columns(), settings.personal_data), **named}
    for family in AGGREGATES:
        for dimension in choices.aggregate(family.name).group_by or ():
            if found.get((family.stream, snake_case(dimension))) == "drop":
                raise SettingsError(
                    f"{family.name} aggregates are grouped by {dimension}, which is dropped as people's data: "
                    f'take it out of group_by, or write "{family.stream}.{snake_case(dimension)}" = "hash" below [pii].'
                )
    return found


def sealing_of(settings: Settings) -> "Sealing | None":
    """What encrypts and reads what is kept whole; None where no key is set. SettingsError where one is lacking."""
    text = settings.raw_key.get_secret_value()
    if not text and settings.raw == "whole":
        return None
    if not text:
        raise SettingsError(
            f"ANALYTICS_PLATFORM_RAW={settings.raw} takes a key: set ANALYTICS_PLATFORM_RAW_KEY or "
            f"ANALYTICS_PLATFORM_RAW_KEY_FILE, {_SUCH_AS}."
        )
    from analytics_platform.lake.sealing import Sealing, key_of

    try:
        return Sealing([key_of(part.strip()) for part in text.split(",")])
    except ValueError as fault:
        raise SettingsError(f"ANALYTICS_PLATFORM_RAW_KEY cannot be used: {fault}.") from None


def _sealed(settings: Settings) -> frozenset[str]:
    """The columns that are encrypted."""
    return frozenset(RAW_TEXTS) if settings.raw == "encrypted" else frozenset()


def _key(settings: Settings) -> bytes:
    key = settings.pii_key.get_secret_value()
    if len(key) < _LEAST_KEY:
        raise SettingsError(
            f"People's data is to be hashed, which takes a key of {_LEAST_KEY} characters at least: set "
            f"ANALYTICS_PLATFORM_PII_KEY or ANALYTICS_PLATFORM_PII_KEY_FILE, {_SUCH_AS}."
        )
    return key.encode()
