"""Settings, from the environment and a `.env` file in the working folder; the environment wins. Each secret may lie
in a file that is named instead: see `secret_files`.

The names of the Genesys Cloud settings are those of the vendor's own tools.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode

from analytics_platform.secret_files import FromEnvironment
from analytics_platform.secret_files import SettingsError as SettingsError

_Settings = TypeVar("_Settings", bound=FromEnvironment)


class Settings(FromEnvironment):
    """Everything a person can set. Instants are UTC; days are UTC calendar days."""

    region: str = Field("", alias="GENESYSCLOUD_REGION")
    client_id: str = Field("", alias="GENESYSCLOUD_OAUTHCLIENT_ID")
    client_secret: SecretStr = Field(SecretStr(""), alias="GENESYSCLOUD_OAUTHCLIENT_SECRET")
    oauth_clients: Path | None = Field(None, alias="ANALYTICS_PLATFORM_OAUTH_CLIENTS")
    """TOML file of further OAuth clients that share the load; see `oauth_clients`."""
    api_url: str = Field("", alias="GENESYSCLOUD_API_URL")
    login_url: str = Field("", alias="GENESYSCLOUD_LOGIN_URL")

    lake: str = Field("data/lake", alias="ANALYTICS_PLATFORM_LAKE")
    """Root of the lake: a folder, or an `s3://`, `gs://` or `abfs://` URL."""
    state: Path = Field(Path("data/state"), alias="ANALYTICS_PLATFORM_STATE")
    """Local folder of the ledger, its spooled pages and the shared request budget."""
    start_day: date = Field(date(2026, 1, 1), alias="ANALYTICS_PLATFORM_START_DAY")
    """First day to land; the partitions begin here."""
    reread_after_days: Annotated[tuple[int, ...], NoDecode] = Field(
        (3, 7), alias="ANALYTICS_PLATFORM_REREAD_AFTER_DAYS"
    )
    """Ages, in days after a day's end, at which a landed day is read again; the vendor rebuilds days."""
    max_days_per_run: int = Field(31, ge=1, le=366, alias="ANALYTICS_PLATFORM_MAX_DAYS_PER_RUN")
    jobs_in_flight: int = Field(4, ge=1, le=32, alias="ANALYTICS_PLATFORM_JOBS_IN_FLIGHT")
    """Vendor jobs one run keeps running at once."""
    requests_per_minute: int = Field(300, ge=1, alias="ANALYTICS_PLATFORM_REQUESTS_PER_MINUTE")
    """Request budget of each OAuth client, shared by all runs on this machine."""
    page_size: int = Field(1000, ge=1, le=10_000, alias="ANALYTICS_PLATFORM_PAGE_SIZE")
    job_deadline_minutes: float = Field(60, gt=0, alias="ANALYTICS_PLATFORM_JOB_DEADLINE_MINUTES")
    """How long one vendor job may take before the run gives up waiting (the job itself goes on)."""
    job_result_cap: int = Field(400_000, ge=1, alias="ANALYTICS_PLATFORM_JOB_RESULT_CAP")
    """Records one vendor job delivers; a day that comes near is asked for in parts, by a job each. A lower number asks
    for shorter parts, where the vendor's jobs over a whole day fail or take too long."""
    poll_seconds: float = Field(3.0, gt=0, alias="ANALYTICS_PLATFORM_POLL_SECONDS")
    """First pause between two looks at a job; pauses grow from here."""
    retries: int = Field(3, ge=0, alias="ANALYTICS_PLATFORM_RETRIES")
    """How often a step of a run is tried again after a fault that may pass by itself."""
    retry_seconds: float = Field(30.0, ge=0, alias="ANALYTICS_PLATFORM_RETRY_SECONDS")
    """Pause before the first such retry; each further pause is twice as long."""
    sensor_seconds: int = Field(60, ge=1, alias="ANALYTICS_PLATFORM_SENSOR_SECONDS")
    """Least time between two looks of a sensor."""
    upkeep_seconds: int = Field(3600, ge=1, alias="ANALYTICS_PLATFORM_UPKEEP_SECONDS")
    """Least time between two looks for days to read again and for what was requested and did not arrive."""
    sensors: Literal["running", "stopped"] = Field("stopped", alias="ANALYTICS_PLATFORM_SENSORS")
    """Whether the sensors run from the start, or wait to be switched on in the UI."""
    restated_warn_share: float = Field(0.1, ge=0, le=1, alias="ANALYTICS_PLATFORM_RESTATED_WARN_SHARE")
    """Share of a day's records that may differ when it is read again, before a check warns."""
    allowed_lag_days: int = Field(1, ge=0, alias="ANALYTICS_PLATFORM_ALLOWED_LAG_DAYS")
    """Days the newest landed day may be behind the newest the source vouches for, before a check warns."""
    stuck_after_days: int = Field(60, ge=1, alias="ANALYTICS_PLATFORM_STUCK_AFTER_DAYS")
    """Days a conversation may be open before a check calls it stuck."""
    streams: Path | None = Field(None, alias="ANALYTICS_PLATFORM_STREAMS")
    """TOML file that says what to land of each stream; see `choices`."""
    snapshot_minutes: int = Field(5, ge=1, le=60, alias="ANALYTICS_PLATFORM_SNAPSHOT_MINUTES")
    """Time between two snapshots of the observations; a divisor of 60."""
    export_minutes: int = Field(10, ge=0, alias="ANALYTICS_PLATFORM_EXPORT_MINUTES")
    """How long a run waits for an export; one that finishes later is landed by a sensor's request."""
    alert_webhook: SecretStr = Field(SecretStr(""), alias="ANALYTICS_PLATFORM_ALERT_WEBHOOK")
    """URL that is posted a JSON message when a run fails; empty means no alerts."""
    personal_data: Literal["keep", "hash", "drop"] = Field("keep", alias="ANALYTICS_PLATFORM_PII")
    """What becomes of the columns of typed tables that carry people's data; see `protection`."""
    pii_key: SecretStr = Field(SecretStr(""), alias="ANALYTICS_PLATFORM_PII_KEY")
    """What hashes of people's data are made with, 32 characters at least; another key makes other hashes."""
    raw: Literal["whole", "encrypted", "redacted"] = Field("whole", alias="ANALYTICS_PLATFORM_RAW")
    """How what the source sent is kept: as it came, encrypted, or with people's data hashed or taken out."""
    raw_key: SecretStr = Field(SecretStr(""), alias="ANALYTICS_PLATFORM_RAW_KEY")
    """32 random bytes in hexadecimal digits or base64. Older keys may follow after commas: they only read."""

    @field_validator("reread_after_days", mode="before")
    @classmethod
    def _ages(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(int(part) for part in value.split(",") if part.strip())
        return value

    @field_validator("streams", "oauth_clients", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return value or None

    @field_validator("snapshot_minutes")
    @classmethod
    def _regular(cls, value: int) -> int:
        if 60 % value:
            raise ValueError(f"{value} does not divide 60, and snapshots are taken at the same minutes of each hour")
        return value

    @field_validator("start_day")
    @classmethod
    def _begun(cls, value: date) -> date:
        if value > datetime.now(UTC).date():
            raise ValueError(f"{value} is in the future, and a day must have begun to be landed")
        return value

    @property
    def settled_after(self) -> timedelta:
        """How long ago a day must have ended to count as settled: the first age at which days are read again."""
        return timedelta(days=min(self.reread_after_days, default=3))


def load_settings() -> Settings:
    """The settings as they are now; SettingsError with one sentence a fault when one cannot be read."""
    return loaded(Settings)


def loaded(kind: type[_Settings]) -> _Settings:
    """Settings of a kind as they are now; SettingsError with one sentence a fault when one cannot be read."""
    try:
        return kind()
    except ValidationError as fault:
        raise SettingsError(" ".join(_sentence(error) for error in fault.errors())) from None


def _sentence(error: object) -> str:
    assert isinstance(error, dict)
    name = ".".join(str(part) for part in error["loc"])
    fault = str(error["msg"]).removeprefix("Value error, ")
    return f"{f'{name} cannot be used: ' if name else ''}{fault}; correct it in the environment or in .env."
