"""Ad-hoc queries as jobs: asked in the launchpad, answered by a file and by what the run shows of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from analytics_platform.catalogue.operations.details import CONVERSATION_PROPERTIES, QUERIES
from analytics_platform.definitions import platform
from analytics_platform.settings import Settings
from analytics_platform_tests.defs.workplace import Workplace
from analytics_platform_tests.simulated_org import SimulatedOrg

ALL_DAYS = "2026-03-02/2026-03-05"
OPS = {
    "query_conversations": "ask_conversations",
    "query_conversations_by_ids": "ask_conversations_by_ids",
    "query_conversation": "ask_conversation",
    "query_users": "ask_users",
    "query_transcripts": "ask_transcripts",
    "index_property": "put_properties",
}


@pytest.fixture
def org(prompt_org: SimulatedOrg) -> SimulatedOrg:
    prompt_org.reset()
    return prompt_org


def run(workplace: Workplace, job: str, **config: Any) -> dg.ExecuteInProcessResult:
    """Run a job as the launchpad does; a failed run is returned, not raised."""
    with workplace.entered() as settings, workplace.instance() as instance:
        return (
            platform(settings)
            .resolve_job_def(job)
            .execute_in_process(
                run_config={"ops": {OPS[job]: {"config": config}}}, instance=instance, raise_on_error=False
            )
        )


def shown(done: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """What the run shows of its answer."""
    assert done.success
    (output,) = [event for event in done.all_events if event.is_successful_output]
    return {
        name: [row.data for row in value.records] if isinstance(value, dg.TableMetadataValue) else value.value
        for name, value in output.step_output_data.metadata.items()
    }


def failed(done: dg.ExecuteInProcessResult) -> str:
    """The sentence a run failed with."""
    assert not done.success
    (event,) = [event for event in done.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure is not None and failure.description is not None and "\n" not in failure.description
    return failure.description


def truth(org: SimulatedOrg) -> list[dict[str, Any]]:
    told = org.truth_conversations("2026-03-02", "2026-03-04")
    for conversation in told:
        for participant in conversation.get("participants", []):
            participant.pop("attributes", None)
    return told


def test_conversations_are_a_file_named_by_job_and_run(workplace: Workplace, org: SimulatedOrg) -> None:
    done = run(workplace, "query_conversations", interval="2026-03-02T12:00Z/2026-03-05", filters=["userId exists"])
    told = shown(done)
    path = Path(told["path"])
    assert path == workplace.folder / "state" / "queries" / f"query_conversations-{done.run_id}.parquet"
    wanted = [
        each["conversationId"]
        for each in truth(org)
        if each["conversationStart"] >= "2026-03-02T12" and any("userId" in part for part in each["participants"])
    ]
    assert pq.read_table(path).column("conversationId").to_pylist() == wanted
    assert (told["rows"], told["bytes"]) == (len(wanted), path.stat().st_size)
    assert "started outside the interval" in told["notes"]
    assert [row["conversation"] for row in told["preview"]] == wanted[:10]


def test_the_preview_shows_nobody(workplace: Workplace, org: SimulatedOrg) -> None:
    told = shown(run(workplace, "query_conversations", interval=ALL_DAYS))
    said = json.dumps([dict(row) for row in told["preview"]])
    sessions = [
        session for each in truth(org)[:10] for part in each["participants"] for session in part.get("sessions", [])
    ]
    people = [part for each in truth(org)[:10] for part in each["participants"] if part["purpose"] != "acd"]
    personal = {part.get("participantName") for part in people}
    personal |= {session.get(name) for session in sessions for name in ("ani", "dnis", "addressFrom", "addressTo")}
    assert len(personal - {None}) > 10
    assert not [value for value in personal - {None} if value in said]


def test_records_as_sent_are_lines_in_a_file_of_a_chosen_name(workplace: Workplace, org: SimulatedOrg) -> None:
    body = {"order": "desc", "orderBy": "conversationStart"}
    run_config: dict[str, Any] = {"interval": ALL_DAYS, "query": body, "limit": 30, "file": "mine/latest.jsonl"}
    told = shown(run(workplace, "query_conversations", **run_config))
    lines = (workplace.folder / "state" / "queries" / "mine" / "latest.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == truth(org)[::-1][:30]
    assert (told["rows"], told["requests"]) == (30, 1)


def test_ids_that_are_not_found_are_told(workplace: Workplace, org: SimulatedOrg) -> None:
    ids = [each["conversationId"] for each in truth(org)][4::-1]
    told = shown(run(workplace, "query_conversations_by_ids", ids=[*ids, "nobody"]))
    assert pq.read_table(told["path"]).column("conversationId").to_pylist() == ids
    assert told["notes"] == "- Not found: nobody."


def test_one_conversation_and_the_users_are_files_too(workplace: Workplace, org: SimulatedOrg) -> None:
    (wanted, *_) = truth(org)
    told = shown(run(workplace, "query_conversation", id=wanted["conversationId"], file="one.jsonl"))
    assert json.loads(Path(told["path"]).read_bytes()) == wanted
    told = shown(run(workplace, "query_users", interval=ALL_DAYS))
    users = set(pq.read_table(told["path"]).column("userId").to_pylist())
    assert {row["userId"] for row in org.truth_statuses("2026-03-02", "2026-03-04")} <= users
    assert told["notes"] == "none"


def test_a_search_of_transcripts_is_a_file(workplace: Workplace, org: SimulatedOrg) -> None:
    told = shown(run(workplace, "query_transcripts", interval=ALL_DAYS, phrases=["cancel my contract"]))
    found = pq.read_table(told["path"]).column("conversationId").to_pylist()
    assert found and set(found) < {each["conversationId"] for each in truth(org)}


def test_a_search_that_the_org_does_not_answer_fails_as_withdrawn(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    workplace = start_workplace(start_org(withdrawn=False))
    said = failed(run(workplace, "query_transcripts", interval=ALL_DAYS, phrases=["refund"]))
    assert "the vendor withdrew it" in said


@pytest.mark.parametrize(
    ("job", "config", "said"),
    [
        ("query_conversations", {"interval": "2026-03-02", "filters": ["meadiaType=voice"]}, "nearest are mediaType"),
        ("query_conversations", {}, "needs an interval"),
        ("query_conversations", {"interval": "2026-03-02", "file": "../out.parquet"}, "give its name alone"),
        ("query_conversations", {"interval": "2026-03-02", "file": "/tmp/out.parquet"}, "give its name alone"),
        ("query_conversations", {"interval": "2026-03-02", "file": "out.csv"}, "must end in .parquet or .jsonl"),
        ("query_users", {"interval": "2026-03-02", "query": {"presence": []}}, "presenceFilters"),
        ("query_transcripts", {"interval": "2026-03-02"}, "needs words"),
        (
            "index_property",
            {"conversation_id": "c", "session_id": "s", "date": "2026-03-02T10:00Z", "properties": ["a"]},
            "is no property",
        ),
    ],
)
def test_what_cannot_be_asked_fails_in_a_sentence_and_sends_nothing(
    workplace: Workplace, org: SimulatedOrg, job: str, config: dict[str, Any], said: str
) -> None:
    assert said in failed(run(workplace, job, **config))
    assert org.requests()["total"] == 0


def test_a_missing_permission_fails_with_its_name_and_leaves_no_file(
    start_org: Callable[..., SimulatedOrg], start_workplace: Callable[..., Workplace]
) -> None:
    org = start_org(client=["demo:demo:analytics:userDetail:view"])
    workplace = start_workplace(org)
    told = failed(run(workplace, "query_conversations", interval="2026-03-02"))
    assert "analytics:conversationDetail:view" in told
    assert not list((workplace.folder / "state" / "queries").iterdir())


def test_properties_are_sent_only_when_no_dry_run_is_asked_for(workplace: Workplace, org: SimulatedOrg) -> None:
    chosen = truth(org)[2]
    session = chosen["participants"][0]["sessions"][0]
    words = {
        "conversation_id": chosen["conversationId"],
        "session_id": session["sessionId"],
        "date": session["segments"][0]["segmentStart"],
        "properties": ["ticket=77"],
    }
    told = shown(run(workplace, "index_property", **words))
    assert told["sent"] is False
    assert told["request"]["properties"] == [{"property": "ticket", "propertyType": "string", "value": "77"}]
    assert org.requests()["total"] == 0
    assert shown(run(workplace, "index_property", **words, dry_run=False))["sent"] is True
    assert sum(path.endswith(CONVERSATION_PROPERTIES.path) for path in org.requests()["counts"]) == 1
    found = shown(run(workplace, "query_conversations", interval=ALL_DAYS, filters=["property.ticket=77"]))
    assert [row["conversation"] for row in found["preview"]] == [chosen["conversationId"]]


def test_each_query_is_a_job_whose_launchpad_explains_itself() -> None:
    definitions = platform(Settings())  # type: ignore[call-arg]
    assert len(OPS) == len(QUERIES)
    for name, op in OPS.items():
        job = definitions.resolve_job_def(name)
        assert job.description
        (node,) = [node for node in job.graph.node_defs if node.name == op]
        assert isinstance(node, dg.OpDefinition) and node.description
        config = node.config_schema.config_type.fields  # type: ignore[union-attr]
        assert config and all(field.description for field in config.values())
    assert definitions.resolve_job_def("index_property").tags["dagster/max_retries"] == "0"
