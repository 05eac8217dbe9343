"""What is known of an org's operations: kept by a file for each org, asked without a request, never in the way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics_platform.capabilities import Capabilities, known_capabilities, remember
from analytics_platform.catalogue.operations import OPERATIONS, Operation, operation
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.settings import Settings

AT = datetime(2026, 3, 7, 6, tzinfo=UTC)
LIVE = operation("queues.observations")
WITHDRAWN = operation("schedules.list")
WITHDRAWN_OPERATIONS = [each for each in OPERATIONS if each.withdrawn]


def _settings(folder: Path, *, client_id: str = "me", api_url: str = "http://127.0.0.1:8765") -> Settings:
    return Settings(state=folder, client_id=client_id, api_url=api_url, region="")  # type: ignore[call-arg]


def _learned(standing: Standing, why: str = "", at: datetime = AT) -> dict[str, Learned]:
    return {each.name: Learned(standing, at, why) for each in (LIVE, WITHDRAWN)}


def test_of_an_org_never_asked_nothing_stands_against_a_live_operation() -> None:
    assert Capabilities().why_not(LIVE) is None


@pytest.mark.parametrize("withdrawn", WITHDRAWN_OPERATIONS, ids=lambda each: each.name)
def test_of_an_org_never_asked_a_withdrawn_operation_is_taken_as_not_served(withdrawn: Operation) -> None:
    why = Capabilities().why_not(withdrawn)
    assert why is not None
    assert withdrawn.withdrawn is not None and withdrawn.withdrawn in why
    assert "`analytics-platform check`" in why


@pytest.mark.parametrize("one", [LIVE, WITHDRAWN], ids=lambda each: each.name)
def test_what_a_probe_learned_decides(one: Operation) -> None:
    assert Capabilities(_learned(Standing.SERVED)).why_not(one) is None
    for refused in (Standing.NOT_PERMITTED, Standing.NOT_ANSWERED):
        assert Capabilities(_learned(refused, "Because.")).why_not(one) == "Because."


def test_an_operation_of_which_a_probe_learned_nothing_stands_as_if_never_asked() -> None:
    nothing = Capabilities(_learned(Standing.NOT_KNOWN, "The answer told nothing."))
    assert nothing.why_not(LIVE) is None
    assert nothing.why_not(WITHDRAWN) == Capabilities().why_not(WITHDRAWN)


def test_what_is_remembered_is_known_again(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "state")
    told = remember(settings, _learned(Standing.NOT_PERMITTED, "Grant it."))
    assert known_capabilities(settings) == told == Capabilities(_learned(Standing.NOT_PERMITTED, "Grant it."))


def test_a_probe_that_learned_nothing_leaves_what_was_known(tmp_path: Path) -> None:
    settings, later = _settings(tmp_path), AT + timedelta(days=1)
    remember(settings, _learned(Standing.SERVED))
    remember(settings, _learned(Standing.NOT_KNOWN, "The vendor was away.", later))
    assert known_capabilities(settings).learned == _learned(Standing.SERVED)
    remember(settings, _learned(Standing.NOT_ANSWERED, "Gone.", later))
    assert known_capabilities(settings).learned == _learned(Standing.NOT_ANSWERED, "Gone.", later)


@pytest.mark.parametrize("other", [{"client_id": "you"}, {"api_url": "http://127.0.0.2:8765"}])
def test_what_is_known_of_one_org_and_client_is_not_taken_for_another(tmp_path: Path, other: dict[str, str]) -> None:
    remember(_settings(tmp_path), _learned(Standing.NOT_PERMITTED, "Grant it."))
    assert known_capabilities(_settings(tmp_path, **other)) == Capabilities()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"schedules.list": 3}', b'{"x": {"standing": "fine"}}', b"\xff"])
def test_a_spoilt_file_is_as_good_as_none(tmp_path: Path, text: bytes) -> None:
    settings = _settings(tmp_path)
    remember(settings, _learned(Standing.SERVED))
    (file,) = tmp_path.iterdir()
    file.write_bytes(text)
    assert known_capabilities(settings) == Capabilities()
    remember(settings, _learned(Standing.SERVED))
    assert known_capabilities(settings).learned == _learned(Standing.SERVED)


def test_settings_that_name_no_usable_org_know_nothing(tmp_path: Path) -> None:
    assert known_capabilities(_settings(tmp_path, api_url="gopher://there")) == Capabilities()
    assert known_capabilities(_settings(tmp_path, api_url="")) == Capabilities()


def test_the_file_holds_no_secret_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    settings = Settings(  # type: ignore[call-arg]
        state=tmp_path, client_id="a/b", client_secret="canary", api_url="http://127.0.0.1:8765", region=""
    )
    remember(settings, _learned(Standing.SERVED))
    (file,) = tmp_path.iterdir()
    assert "canary" not in file.name + file.read_text(encoding="utf-8")
    assert file.suffix == ".json"
