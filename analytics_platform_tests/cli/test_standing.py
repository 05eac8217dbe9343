"""What `check` says of what was chosen and of all else, from what a probe learned."""

from datetime import UTC, datetime

from analytics_platform.capabilities import Capabilities
from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.operations import OPERATIONS
from analytics_platform.choices import (
    AggregateChoice,
    BotFlowsChoice,
    Choices,
    ExportChoice,
    ObservationChoice,
)
from analytics_platform.cli.findings import Finding
from analytics_platform.cli.standing import standing
from analytics_platform.cli.wanted import wanted
from analytics_platform.genesys_cloud.standings import Learned, Standing

AT = datetime(2026, 3, 7, tzinfo=UTC)
NOTHING = Choices(
    aggregates={family.name: AggregateChoice(enabled=False) for family in AGGREGATES},
    observations={family.name: ObservationChoice(enabled=False) for family in OBSERVATIONS},
)
BOTS = NOTHING.model_copy(update={"bot_flows": BotFlowsChoice(ids=("a-flow",))})
EXPORT = NOTHING.model_copy(update={"exports": (ExportChoice(name="queues", view="QUEUE_PERFORMANCE_SUMMARY_VIEW"),)})


def _found(choices: Choices, **standings: Standing) -> list[Finding]:
    """The findings of an org that serves all but the operations named; `exports_list` is exports.list."""
    changed = {name.replace("_", ".", 1): standing for name, standing in standings.items()}
    learned = {
        each.name: Learned(changed.get(each.name, Standing.SERVED), AT, f"Of {each.name}.") for each in OPERATIONS
    }
    return list(standing(Capabilities(learned), choices))


def _bad(findings: list[Finding]) -> dict[str, str]:
    return {finding.subject: finding.told for finding in findings if finding.good is False}


def test_by_default_all_aggregates_and_observations_are_wanted() -> None:
    assert [one.stream for one in wanted(Choices())] == [each.stream for each in (*AGGREGATES, *OBSERVATIONS)]
    assert list(wanted(NOTHING)) == []


def test_a_family_is_refused_with_any_operation_it_needs() -> None:
    refused = _bad(_found(Choices(), directory_users=Standing.NOT_PERMITTED))
    assert refused == {
        "user_aggregates": "Of directory.users; or set aggregates.users.enabled = false.",
        "user_observations": "Of directory.users; or set observations.users.enabled = false.",
    }


def test_of_the_two_ways_to_the_turns_of_bots_one_is_enough() -> None:
    assert _bad(_found(BOTS, bots_turns=Standing.NOT_ANSWERED)) == {}
    refused = _bad(_found(BOTS, bots_turns=Standing.NOT_ANSWERED, bots_division_turns=Standing.NOT_PERMITTED))
    assert refused == {"bot_turns": "Of bots.turns; or leave bot_flows.ids empty."}


def test_an_export_is_refused_without_the_list_and_stands_while_nothing_is_known_of_asking() -> None:
    assert _bad(_found(EXPORT, exports_request=Standing.NOT_KNOWN)) == {}
    refused = _bad(_found(EXPORT, exports_list=Standing.NOT_PERMITTED))
    assert refused == {"export_queues": "Of exports.list; or take queues out of exports."}


def test_what_nobody_chose_is_never_a_fault() -> None:
    everything = {each.name.replace(".", "_", 1): Standing.NOT_ANSWERED for each in OPERATIONS}
    findings = _found(NOTHING, **everything)
    assert findings and {finding.good for finding in findings} == {None}


def test_every_operation_beside_the_details_jobs_is_told_of_in_one_row() -> None:
    told = ", ".join(finding.told.partition(": ")[2] for finding in _found(NOTHING)).split(", ")
    assert sorted(told) == sorted(each.name for each in OPERATIONS if "/details/jobs" not in each.path)
