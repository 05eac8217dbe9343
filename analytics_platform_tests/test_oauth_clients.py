"""Further OAuth clients from a file: their secrets, and what is said when the file cannot be used."""

from pathlib import Path

import pytest

from analytics_platform.connections import connected
from analytics_platform.oauth_clients import further_clients
from analytics_platform.settings import Settings, SettingsError

SECRET = "canary-7d1e-secret"


def settings(file: Path | None, state: Path = Path("data/state")) -> Settings:
    return Settings(
        client_id="first",
        client_secret="first-secret",  # type: ignore[arg-type]
        api_url="http://127.0.0.1:1",
        oauth_clients=file,
        state=state,
    )


def written(folder: Path, text: str) -> Path:
    file = folder / "clients.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_there_are_no_further_clients() -> None:
    assert further_clients(settings(None)) == {}


def test_secrets_stand_in_the_file_or_in_files_it_names(tmp_path: Path) -> None:
    (tmp_path / "third").write_text(f"{SECRET}\n")
    file = written(
        tmp_path, f'[[client]]\nid = "second"\nsecret = "{SECRET}"\n[[client]]\nid = "third"\nsecret_file = "third"\n'
    )
    found = further_clients(settings(file))
    assert {name: secret.get_secret_value() for name, secret in found.items()} == {"second": SECRET, "third": SECRET}
    assert SECRET not in repr(found)


def test_a_connection_speaks_as_all_clients_the_first_one_first(tmp_path: Path) -> None:
    file = written(tmp_path, f'[[client]]\nid = "second"\nsecret = "{SECRET}"\n')
    with connected(settings(file, tmp_path / "state")) as client:
        assert client.client_ids == ("first", "second")
        assert SECRET not in repr(client)


@pytest.mark.parametrize(
    "text, said",
    [
        (f'[[client]]\nid = "first"\nsecret = "{SECRET}"', "first, which is named already"),
        (f'[[client]]\nid = "b"\nsecret = "{SECRET}"\n' * 2, "b, which is named already"),
        (f'[[client]]\nid = "b"\nsecrets = "{SECRET}"', "client.0.secrets: Extra inputs"),
        (f'[[client]]\nsecret = "{SECRET}"', "client.0.id: Field required"),
        ('[[client]]\nid = "b"', "either a secret or a secret_file"),
        (f'[[client]]\nid = "b"\nsecret = "{SECRET}"\nsecret_file = "there"', "either a secret or a secret_file"),
        ('[[client]]\nid = "b"\nsecret_file = "nowhere"', "secret_file of b cannot be read"),
        (f'[[client]]\nid = "b"\nsecret = "{SECRET}', "is no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_without_its_secrets(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "there").write_text(SECRET)
    with pytest.raises(SettingsError) as caught:
        further_clients(settings(written(tmp_path, text)))
    assert said in str(caught.value) and str(tmp_path) in str(caught.value)
    assert SECRET not in str(caught.value) and caught.value.__cause__ is None


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ANALYTICS_PLATFORM_OAUTH_CLIENTS cannot be read"):
        further_clients(settings(tmp_path / "nowhere.toml"))
