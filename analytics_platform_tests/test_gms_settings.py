"""Settings of GMS come from the environment, a fault in them is told in one sentence, and no password is shown."""

import os
from pathlib import Path

import pytest

from analytics_platform.connections import connected_gms
from analytics_platform.gms_settings import load_gms_settings
from analytics_platform.settings import SettingsError


@pytest.fixture(autouse=True)
def _empty_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("GMS_"):
            monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_without_any_there_is_no_gms() -> None:
    settings = load_gms_settings()
    assert (settings.url, settings.files_url, settings.concurrency, settings.file_folders) == ("", "", 4, ())
    with pytest.raises(SettingsError, match="No GMS is named: set GMS_URL"), connected_gms(settings):
        pass


def test_a_setting_is_read_from_dotenv_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("GMS_URL=http://127.0.0.1:8080\nGMS_CONCURRENCY=2\n")
    monkeypatch.setenv("GMS_CONCURRENCY", "3")
    settings = load_gms_settings()
    assert (settings.url, settings.concurrency) == ("http://127.0.0.1:8080", 3)


def test_files_are_asked_of_a_node_where_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GMS_URL="http://127.0.0.1:8080/")
    with connected_gms(load_gms_settings()) as gms:
        assert (gms.url, gms.files_url) == ("http://127.0.0.1:8080", "http://127.0.0.1:8080")
    _set(monkeypatch, GMS_FILES_URL="http://127.0.0.1:8081/")
    with connected_gms(load_gms_settings()) as gms:
        assert gms.files_url == "http://127.0.0.1:8081"


def test_folders_are_pairs_with_semicolons_between(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GMS_FILE_FOLDERS="C:/=/mnt/a; D:/exports=/mnt/b=c ;")
    assert load_gms_settings().file_folders == (("C:/", Path("/mnt/a")), ("D:/exports", Path("/mnt/b=c")))


def test_the_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GMS_URL="http://127.0.0.1:8080", GMS_USERNAME="reader", GMS_PASSWORD="canary-secret")
    settings = load_gms_settings()
    with connected_gms(settings) as gms:
        assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()} {gms!r}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"GMS_CONCURRENCY": "0"}, "GMS_CONCURRENCY cannot be used: "),
        ({"GMS_OVERLAP_MINUTES": "0"}, "GMS_OVERLAP_MINUTES cannot be used: "),
        ({"GMS_FILE_FORMAT": "xml"}, "GMS_FILE_FORMAT cannot be used: "),
        ({"GMS_FILE_FORMAT": "csv"}, "GMS_FILE_FORMAT needs GMS_FILE_FORMAT_PARAMETER"),
        ({"GMS_FILE_FOLDERS": "/mnt/a"}, "GMS_FILE_FOLDERS cannot be used: write server folder=folder here"),
        ({"GMS_FILE_FOLDERS": "=/mnt/a"}, "GMS_FILE_FOLDERS cannot be used: write server folder=folder here"),
        ({"GMS_CONTACT_CENTER_ID": "Zürich"}, "GMS_CONTACT_CENTER_ID cannot be used: only plain letters"),
        ({"GMS_GROUP_ID": "a\nb"}, "GMS_GROUP_ID cannot be used: only plain letters"),
        ({"GMS_USERNAME": "reader"}, "GMS_USERNAME and GMS_PASSWORD go together"),
        ({"GMS_PASSWORD": "canary-secret"}, "GMS_USERNAME and GMS_PASSWORD go together"),
        ({"GMS_USERNAME": "a:b", "GMS_PASSWORD": "canary-secret"}, "GMS_USERNAME holds a colon"),
    ],
)
def test_a_fault_names_the_setting(values: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **values)
    with pytest.raises(SettingsError) as caught:
        load_gms_settings()
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith("; correct it in the environment or in .env.")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("GMS_URL", "gms.example:8080"),
        ("GMS_URL", "http://user:canary-secret@gms.example"),
        ("GMS_FILES_URL", "ftp://gms.example"),
    ],
)
def test_a_url_that_is_none_is_told_and_not_shown(name: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **{"GMS_URL": "http://127.0.0.1:8080", name: url})
    with pytest.raises(SettingsError, match=f"^{name} ") as caught, connected_gms(load_gms_settings()):
        pass
    assert url not in str(caught.value)


@pytest.mark.parametrize("user", ["", "reader"])
def test_a_password_over_plain_http_is_warned_of(
    user: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _set(monkeypatch, GMS_URL="http://gms.example:8080", GMS_USERNAME=user, GMS_PASSWORD=user and "canary-secret")
    with connected_gms(load_gms_settings()):
        assert ("plain http" in caplog.text) == bool(user)
    assert "canary" not in caplog.text


@pytest.mark.parametrize("end", ["/genesys", "/genesys/1/cs", "/genesys/1/cs/"])
def test_a_url_ends_before_the_path_that_is_added_to_it(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, GMS_URL=f"http://127.0.0.1:8080{end}")
    with pytest.raises(SettingsError, match="must end before /genesys"), connected_gms(load_gms_settings()):
        pass
