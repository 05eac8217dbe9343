"""Secrets from files: read without a line break, refused where they cannot be, and warned about where others may."""

from pathlib import Path

import pytest

from analytics_platform.gms_settings import GmsSettings, load_gms_settings
from analytics_platform.secret_files import readable_by_others
from analytics_platform.settings import Settings, SettingsError, load_settings

NAME = "GENESYSCLOUD_OAUTHCLIENT_SECRET"
CANARY = "canary-of-a-file"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (NAME, f"{NAME}_FILE", "GMS_PASSWORD", "GMS_PASSWORD_FILE", "GMS_USERNAME"):
        monkeypatch.delenv(name, raising=False)


def secret(content: bytes) -> Path:
    file = Path("secret")
    file.write_bytes(content)
    file.chmod(0o600)
    return file


def test_a_secret_is_read_from_the_file_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(secret(f"{CANARY}\n".encode())))
    assert load_settings().client_secret.get_secret_value() == CANARY
    assert CANARY not in repr(load_settings())


def test_a_secret_is_read_from_the_file_that_dotenv_names() -> None:
    file = secret(CANARY.encode())
    Path(".env").write_text(f"GMS_USERNAME=reader\nGMS_PASSWORD_FILE={file}\n", encoding="utf-8")
    assert load_gms_settings().password.get_secret_value() == CANARY


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe canary-of-a-file"])
def test_a_file_that_holds_no_secret_is_refused_and_not_quoted(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(secret(content)))
    with pytest.raises(SettingsError, match=f"{NAME}_FILE") as told:
        load_settings()
    assert CANARY not in str(told.value)


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", "nowhere/secret")
    with pytest.raises(SettingsError, match="nowhere/secret"):
        load_settings()


def test_a_secret_and_a_file_of_it_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(secret(b"one")))
    monkeypatch.setenv(NAME, "another")
    with pytest.raises(SettingsError, match=f"Both {NAME} and {NAME}_FILE are set"):
        load_settings()


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_told_of(monkeypatch: pytest.MonkeyPatch, mode: int, warned: bool) -> None:
    file = secret(CANARY.encode())
    file.chmod(mode)
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert [name for name, _ in readable_by_others(Settings)] == [f"{NAME}_FILE"] * warned
    assert list(readable_by_others(GmsSettings)) == []
