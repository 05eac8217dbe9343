"""Settings of the GMS whose services are landed, from the environment and `.env`; without a URL nothing is landed.

A password is given together with its user; both only where GMS asks for basic authentication.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from analytics_platform.secret_files import FromEnvironment
from analytics_platform.settings import loaded


class GmsSettings(FromEnvironment):
    """Everything a person can set of GMS."""

    url: str = Field("", alias="GMS_URL")
    """Scheme, host and port, such as http://gms.example:8080; empty means no GMS."""
    node_url: str = Field("", alias="GMS_FILES_URL")
    """The same of one node: behind a balancer nobody knows on whose disk files are written."""
    username: str = Field("", alias="GMS_USERNAME")
    password: SecretStr = Field(SecretStr(""), alias="GMS_PASSWORD")
    contact_center_id: str = Field("", alias="GMS_CONTACT_CENTER_ID")
    """DBID or name of the tenant, where there are several."""
    group_id: str = Field("", alias="GMS_GROUP_ID")
    concurrency: int = Field(4, ge=1, le=64, alias="GMS_CONCURRENCY")
    """Requests at once."""
    overlap_minutes: int = Field(15, ge=1, le=1440, alias="GMS_OVERLAP_MINUTES")
    """How far a day's range reaches beyond the day on both sides, for clocks that differ and backdated events."""
    settle_minutes: int = Field(2, ge=0, alias="GMS_SETTLE_MINUTES")
    """How long after its end a day is taken to be complete."""
    most_ids: int = Field(10_000, ge=1, alias="GMS_MOST_IDS")
    """Ids in one answer above which the range is halved."""
    refresh_age_days: int = Field(90, ge=0, alias="GMS_REFRESH_AGE_DAYS")
    """Age up to which services known to be open are read again."""
    refresh_completed_days: int = Field(3, ge=0, alias="GMS_REFRESH_COMPLETED_DAYS")
    """Days for which a completed service is read again, as it may get states and tasks still."""
    file_format: Literal["", "csv", "json"] = Field("", alias="GMS_FILE_FORMAT")
    file_format_parameter: str = Field("", alias="GMS_FILE_FORMAT_PARAMETER")
    """The parameter that asks for a format of files; the vendor's pages do not name it."""
    file_folders: Annotated[tuple[tuple[str, Path], ...], NoDecode] = Field((), alias="GMS_FILE_FOLDERS")
    """Where the server's folders are reached from here: `C:/=/mnt/a;D:/exports=/mnt/b`."""
    file_patience_minutes: int = Field(30, ge=1, alias="GMS_FILE_PATIENCE_MINUTES")
    """How long files are waited for."""
    content_seconds: int = Field(120, ge=1, alias="GMS_CONTENT_SECONDS")
    """How long GMS may be silent while it writes the content of services into an answer."""

    @property
    def files_url(self) -> str:
        """The URL that is asked for files."""
        return self.node_url or self.url

    @field_validator("contact_center_id", "group_id")
    @classmethod
    def _fits_a_header(cls, value: str) -> str:
        if not (value.isascii() and value.isprintable()):
            raise ValueError("only plain letters, digits and signs can be sent in a header")
        return value.strip()

    @field_validator("file_folders", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(";") if part.strip()]
        if not all(server.strip() and local.strip() for server, _, local in pairs):
            raise ValueError("write server folder=folder here, several with ; between, such as C:/exports=/mnt/gms")
        return tuple((server.strip(), Path(local.strip())) for server, _, local in pairs)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("GMS_USERNAME and GMS_PASSWORD go together, and one of them is missing")
        if ":" in self.username:
            raise ValueError("GMS_USERNAME holds a colon, which basic authentication cannot send")
        if self.file_format and not self.file_format_parameter:
            raise ValueError("GMS_FILE_FORMAT needs GMS_FILE_FORMAT_PARAMETER, the parameter your GMS takes it by")
        return self


def load_gms_settings() -> GmsSettings:
    """The settings as they are now; SettingsError with one sentence a fault when one cannot be read."""
    return loaded(GmsSettings)
