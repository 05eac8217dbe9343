"""Secrets from files: each secret setting may name a file instead, by its own name with `_FILE` behind it.

So containers and systemd hand secrets over; a secret then stands in no environment, which child processes inherit.
"""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

ENDING = "_FILE"


class SettingsError(ValueError):
    """A setting is missing or malformed; the text names it and says what it takes."""


class FromEnvironment(BaseSettings):
    """Settings from the environment, a `.env` file in the working folder and the files that either names for secrets;
    the environment wins over `.env`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True, frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, _SecretFiles(settings_cls), env_settings, dotenv_settings)


def readable_by_others(kind: type[FromEnvironment]) -> Iterator[tuple[str, Path]]:
    """The settings whose secret lies in a file that other users of this machine may read, and that file."""
    for name, file in _named(kind, _given(kind)):
        if file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            yield f"{name}{ENDING}", file


class _SecretFiles(PydanticBaseSettingsSource):
    """The content of each file that is named for a secret, without white space around it.

    SettingsError where the file cannot be read, where it is empty, and where the secret is also given itself.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # these are only read together

    def __call__(self) -> dict[str, Any]:
        given = _given(self.settings_cls)
        return {name: _read(name, file, given) for name, file in _named(self.settings_cls, given)}


def _given(kind: type[BaseSettings]) -> Mapping[str, str | None]:
    """What the environment and `.env` give, by names in small letters."""
    dotenv = DotEnvSettingsSource(kind, env_file=".env", env_file_encoding="utf-8")
    return {**dotenv.env_vars, **EnvSettingsSource(kind).env_vars}


def _named(kind: type[BaseSettings], given: Mapping[str, str | None]) -> Iterator[tuple[str, Path]]:
    """Each secret setting for which a file is named, by its alias."""
    for field in kind.model_fields.values():
        file = given.get(f"{field.alias}{ENDING}".lower())
        if field.alias and file and field.annotation is SecretStr:
            yield field.alias, Path(file)


def _read(name: str, file: Path, given: Mapping[str, str | None]) -> str:
    if given.get(name.lower()):
        raise SettingsError(f"Both {name} and {name}{ENDING} are set: take one of them away.")
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        # Not the fault's own text: of bytes that are no UTF-8 it would quote some.
        reason = fault.strerror if isinstance(fault, OSError) else "it is no UTF-8 text"
        raise SettingsError(f"The file {file} of {name}{ENDING} cannot be read ({reason}).") from None
    if not text:
        raise SettingsError(f"The file {file} of {name}{ENDING} is empty: put the secret into it.")
    return text
