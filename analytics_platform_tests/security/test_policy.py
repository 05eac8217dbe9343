"""What becomes of which column: the catalogue's set, one setting for all of it, and names of single columns."""

import pytest
from pydantic import ValidationError

from analytics_platform.catalogue.personal import PERSONAL, maskable, personal_columns
from analytics_platform.choices import Choices
from analytics_platform.protection import policy_of
from analytics_platform.settings import Settings, SettingsError

KEY = "k" * 32


def settings(**given: object) -> Settings:
    return Settings.model_validate({"pii_key": "", "raw_key": "", **given})


def choices(**pii: str) -> Choices:
    return Choices.model_validate({"pii": {name.replace("__", "."): action for name, action in pii.items()}})


def test_every_column_that_is_called_personal_is_one_of_text_in_the_catalogue() -> None:
    assert {(table, column) for table, column in personal_columns() if column not in maskable().get(table, ())} == set()
    assert set(PERSONAL) <= set(maskable())


def test_everything_is_kept_by_default_and_one_setting_switches_all() -> None:
    assert set(policy_of(settings(), Choices()).actions.values()) == {"keep"}
    assert set(policy_of(settings(personal_data="drop"), Choices()).actions.values()) == {"drop"}


def test_a_column_that_is_unknown_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match=r"nearest are participants\.participant_name"):
        choices(participants__participant_nam="hash")


def test_a_key_column_is_hashed_but_not_dropped() -> None:
    assert choices(participants__participant_id="hash")
    with pytest.raises(ValidationError, match="cannot be dropped"):
        choices(conversations__conversation_id="drop")


def test_aggregates_are_not_grouped_by_what_is_dropped() -> None:
    grouped = Choices.model_validate({"aggregates": {"conversations": {"group_by": ["ani"]}}})
    assert policy_of(settings(personal_data="hash", pii_key=KEY), grouped)
    with pytest.raises(SettingsError, match="grouped by ani"):
        policy_of(settings(personal_data="drop"), grouped)


@pytest.mark.parametrize("key", ["", "short"])
def test_hashing_takes_a_key_whoever_asks_for_it(key: str) -> None:
    for asked in (
        (settings(personal_data="hash", pii_key=key), Choices()),
        (settings(pii_key=key), choices(sessions__ani="hash")),
    ):
        with pytest.raises(SettingsError, match="ANALYTICS_PLATFORM_PII_KEY"):
            policy_of(*asked)


@pytest.mark.parametrize("raw", ["encrypted", "redacted"])
@pytest.mark.parametrize("key", ["", "no-key", "00" * 31])
def test_raw_that_is_not_whole_takes_a_key_that_is_never_told(raw: str, key: str) -> None:
    with pytest.raises(SettingsError, match="ANALYTICS_PLATFORM_RAW_KEY") as told:
        policy_of(settings(raw=raw, raw_key=key), Choices())
    assert not key or key not in str(told.value)


def test_no_key_is_shown_by_a_policy() -> None:
    policy = policy_of(settings(personal_data="hash", pii_key=KEY, raw_key="ab" * 32), Choices())
    assert KEY not in repr(policy)
    assert "\\xab" not in repr(policy)
