"""Calls, and what is repeated."""

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform_tests.genesys_cloud.scripted import Reply, Scripted

AVAILABILITY = CONVERSATION_JOBS.availability


def test_a_call_is_authorised_and_decoded(server: Scripted, client: GenesysCloud) -> None:
    server.on("GET", AVAILABILITY.path, Reply(json={"dataAvailabilityDate": "2026-03-01T00:00:00Z"}, gzipped=True))
    answer = client.call(AVAILABILITY)
    assert answer.value == {"dataAvailabilityDate": "2026-03-01T00:00:00Z"}
    mint, call = server.requests()
    assert mint.body == b"grant_type=client_credentials"
    assert mint.headers["authorization"].startswith("Basic ")
    assert call.headers["authorization"] == "Bearer token-1"
    assert call.headers["accept-encoding"] == "gzip"
