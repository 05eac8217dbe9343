"""Further OAuth clients that share the load, from a TOML file; the first one is that of the three variables.

    [[client]]
    id = "…"
    secret_file = "/run/secrets/second"  # or secret = "…"

The vendor counts the requests of each client by itself. All must have the same roles and divisions: what a client may
not see is missing in what is landed as that client, and nothing tells.
"""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from analytics_platform.settings import Settings, SettingsError

_NAME = "ANALYTICS_PLATFORM_OAUTH_CLIENTS"


class _Client(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client: tuple[_Client, ...] = ()


def further_clients(settings: Settings) -> dict[str, SecretStr]:
    """The secret of each further client by its id, in the order of the file; none without a file.

    A relative secret_file is looked for beside the file. SettingsError, in which no secret is told, where the file
    cannot be used.
    """
    file = settings.oauth_clients
    if file is None:
        return {}
    try:
        told = _File.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as fault:
        raise SettingsError(f"The file {file} of {_NAME} cannot be read ({fault.strerror}).") from None
    except ValidationError as fault:
        raise SettingsError(" ".join(_sentence(file, dict(error)) for error in fault.errors())) from None
    except ValueError:
        # Not the fault's own text, which may quote some of the file.
        raise SettingsError(f"The file {file} of {_NAME} is no TOML in UTF-8: correct it.") from None
    found: dict[str, SecretStr] = {}
    for client in told.client:
        if client.id == settings.client_id or client.id in found:
            raise SettingsError(f"{file} names the OAuth client {client.id}, which is named already: name each once.")
        found[client.id] = _secret(file, client)
    return found


def _secret(file: Path, client: _Client) -> SecretStr:
    if client.secret_file is None:
        secret = client.secret.get_secret_value()
    else:
        try:
            secret = (file.parent / client.secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"{file}: the secret_file of {client.id} cannot be read as text.") from None
    if not secret or (client.secret_file is not None and client.secret.get_secret_value()):
        raise SettingsError(f"{file}: give the OAuth client {client.id} either a secret or a secret_file.")
    return SecretStr(secret)


def _sentence(file: Path, error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{file}{f', {where}' if where else ''}: {str(error['msg']).rstrip('.')}."
