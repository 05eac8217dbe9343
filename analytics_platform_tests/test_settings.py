"""Settings come from the environment and `.env`, and a fault in them is told in one sentence."""

import os
from datetime import date
from pathlib import Path

import pytest

from analytics_platform.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def _empty_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("GENESYSCLOUD_", "ANALYTICS_PLATFORM_")):
            monkeypatch.delenv(name)


def test_a_setting_is_read_from_dotenv_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("GENESYSCLOUD_REGION=eu-west-1\nANALYTICS_PLATFORM_PAGE_SIZE=200\n")
    monkeypatch.setenv("ANALYTICS_PLATFORM_PAGE_SIZE", "300")
    settings = load_settings()
    assert (settings.region, settings.page_size) == ("eu-west-1", 300)


def test_ages_of_reading_again_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_PLATFORM_REREAD_AFTER_DAYS", "2, 5,9")
    assert load_settings().reread_after_days == (2, 5, 9)


def test_the_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYSCLOUD_OAUTHCLIENT_SECRET", "canary-secret")
    settings = load_settings()
    assert settings.client_secret.get_secret_value() == "canary-secret"
    assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ANALYTICS_PLATFORM_START_DAY", "2999-01-01", "2999-01-01 is in the future"),
        ("ANALYTICS_PLATFORM_START_DAY", "yesterday", "ANALYTICS_PLATFORM_START_DAY cannot be used"),
        ("ANALYTICS_PLATFORM_PAGE_SIZE", "0", "ANALYTICS_PLATFORM_PAGE_SIZE cannot be used"),
        ("ANALYTICS_PLATFORM_REREAD_AFTER_DAYS", "3,x", "ANALYTICS_PLATFORM_REREAD_AFTER_DAYS cannot be used"),
        ("ANALYTICS_PLATFORM_SENSORS", "maybe", "ANALYTICS_PLATFORM_SENSORS cannot be used"),
    ],
)
def test_a_fault_names_the_setting(name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        load_settings()


def test_the_first_day_is_a_date() -> None:
    assert isinstance(load_settings().start_day, date)
