"""What becomes of people's data in the lake, as the settings and the choices say.

By default the lake is equal to the source: everything is kept in clear, and checks tell what is. One setting has all
columns hashed or dropped that the catalogue says carry people's data; the table `[pii]` of the choices says otherwise
of single columns.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.personal import RAW_TEXTS, personal_columns
from analytics_platform.catalogue.tables import snake_case
from analytics_platform.choices import Choices
from analytics_platform.settings import Settings, SettingsError

if TYPE_CHECKING:
    from analytics_platform.lake.protection import Protection

_LEAST_KEY = 32
_RAW_KEY_BYTES = 32
_SUCH_AS = "such as to what `openssl rand -hex 32` gives"


@dataclass(frozen=True)
class Policy:
    """What becomes of people's data, with the keys it takes: those of raw, the first of which writes, and of hashes."""

    actions: Mapping[tuple[str, str], str]
    exported: str
    raw: str
    key: bytes = field(repr=False)
    raw_keys: tuple[bytes, ...] = field(repr=False)


def policy_of(settings: Settings, choices: Choices) -> Policy:
    """The policy; SettingsError where a key is missing or unfit. Nothing heavy is imported: it is looked at early."""
    actions = chosen(settings, choices)
    hashes = "hash" in (settings.personal_data, *actions.values())
    return Policy(actions, settings.personal_data, settings.raw, _key(settings) if hashes else b"", _raw_keys(settings))


def protection_of(policy: Policy) -> "Protection":
    """How a lake is protected by a policy."""
    from analytics_platform.lake.protection import Protection

    sealing, sealed = None, frozenset(RAW_TEXTS) if policy.raw == "encrypted" else frozenset[str]()
    if policy.raw_keys:
        from analytics_platform.lake.sealing import Sealing

        sealing = Sealing(policy.raw_keys)
    if not {policy.exported, *policy.actions.values()} - {"keep"}:
        return Protection(sealing=sealing, sealed_columns=sealed, seals_files=policy.raw != "whole")
    from analytics_platform.tables.masking import Action, Masking

    by_table: dict[str, dict[str, Action]] = {}
    for (table, column), action in policy.actions.items():
        by_table.setdefault(table, {})[column] = Action(action)
    masking = Masking(by_table, Action(policy.exported), policy.raw == "redacted", policy.key)
    return Protection(masking, sealing, sealed, policy.raw != "whole", policy.raw == "redacted")


def chosen(settings: Settings, choices: Choices) -> Mapping[tuple[str, str], str]:
    """What becomes of each column that carries people's data, or that a person named: by table and column.

    SettingsError where aggregates are grouped by what is dropped: their rows could not be told apart.
    """
    named = {(name.partition(".")[0], name.partition(".")[2]): action for name, action in choices.pii.items()}
    found = {**dict.fromkeys(personal_columns(), settings.personal_data), **named}
    for table, columns in grouped_by(choices).items():
        for column in columns:
            if found.get((table, column)) == "drop":
                raise SettingsError(
                    f"{table} are grouped by {column}, which is dropped as people's data: take it out of group_by, or "
                    f'write "{table}.{column}" = "hash" below [pii].'
                )
    return found


def grouped_by(choices: Choices) -> Mapping[str, frozenset[str]]:
    """The dimensions each table of aggregates was chosen to have."""
    return {
        family.stream: frozenset(snake_case(each) for each in choices.aggregate(family.name).group_by or ())
        for family in AGGREGATES
    }


def _raw_keys(settings: Settings) -> tuple[bytes, ...]:
    text = settings.raw_key.get_secret_value()
    if not text and settings.raw != "whole":
        raise SettingsError(
            f"ANALYTICS_PLATFORM_RAW={settings.raw} takes a key: set ANALYTICS_PLATFORM_RAW_KEY or "
            f"ANALYTICS_PLATFORM_RAW_KEY_FILE, {_SUCH_AS}."
        )
    try:
        return tuple(_raw_key(part.strip()) for part in text.split(",")) if text else ()
    except ValueError:
        raise SettingsError(
            f"ANALYTICS_PLATFORM_RAW_KEY cannot be used: a key is {_RAW_KEY_BYTES} random bytes as hexadecimal digits "
            "or in base64; several have commas between them."
        ) from None


def _raw_key(text: str) -> bytes:
    found = bytes.fromhex(text) if len(text) == 2 * _RAW_KEY_BYTES else base64.b64decode(text, validate=True)
    if len(found) != _RAW_KEY_BYTES:
        raise ValueError("another length")
    return found


def _key(settings: Settings) -> bytes:
    key = settings.pii_key.get_secret_value()
    if len(key) < _LEAST_KEY:
        raise SettingsError(
            f"People's data is to be hashed, which takes a key of {_LEAST_KEY} characters at least: set "
            f"ANALYTICS_PLATFORM_PII_KEY or ANALYTICS_PLATFORM_PII_KEY_FILE, {_SUCH_AS}."
        )
    return key.encode()
