"""One token, renewed in time."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from pydantic import SecretStr

from analytics_platform.genesys_cloud.budget import RequestBudget
from analytics_platform.genesys_cloud.token import TokenSource
from analytics_platform_tests.genesys_cloud.conftest import CANARY, Clock
from analytics_platform_tests.genesys_cloud.scripted import Scripted, token


@pytest.fixture
def source(server: Scripted, clock: Clock) -> Iterator[TokenSource]:
    with httpx.Client() as http:
        yield _source(http, server.url, clock)


def _source(http: httpx.Client, url: str, clock: Callable[[], float]) -> TokenSource:
    return TokenSource(http, url, "client-1", SecretStr(CANARY), budget=RequestBudget.unlimited(), clock=clock)


def test_a_token_is_renewed_a_minute_before_it_expires(server: Scripted, source: TokenSource, clock: Clock) -> None:
    server.on("POST", "/oauth/token", token("first", 300), token("second", 300))
    assert source.bearer().value == "first"
    clock.now += 239
    assert source.bearer().value == "first"
    clock.now += 1
    assert source.bearer().value == "second"


def test_a_short_life_is_used_for_its_greater_part(server: Scripted, source: TokenSource, clock: Clock) -> None:
    server.on("POST", "/oauth/token", token("first", 10), token("second", 10))
    assert source.bearer().value == "first"
    clock.now += 7.9
    assert source.bearer().value == "first"
    clock.now += 0.2
    assert source.bearer().value == "second"


def test_a_refused_token_is_renewed_once_for_all_who_were_refused(server: Scripted, source: TokenSource) -> None:
    first = source.bearer()
    second = source.bearer(refused=first)
    assert second is not first
    assert source.bearer(refused=first) is second
    assert source.bearer() is second
    assert len(server.requests("/oauth/token")) == 2


def test_secrets_are_taken_out_of_texts(server: Scripted, source: TokenSource) -> None:
    first = source.bearer()
    second = source.bearer(refused=first)
    basic = server.requests("/oauth/token")[0].headers["authorization"].partition(" ")[2]
    text = source.hide(f"{CANARY}, {first.value}, {second.value}, {basic}, bearer abc.def, Basic xyz, plain")
    assert text == "[hidden], [hidden], [hidden], [hidden], bearer [hidden], Basic [hidden], plain"
    assert first.value not in repr(first)
