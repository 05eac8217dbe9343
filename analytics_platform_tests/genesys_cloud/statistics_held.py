"""What happened in the org of a test, and answers with statistics held against it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from analytics_platform.catalogue.models import model
from analytics_platform.genesys_cloud.client import Answer, GenesysCloud
from analytics_platform_tests.questions import DAY, Question, Subject
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker
from analytics_platform_tests.simulator.counting import counted, emitted, laid, within
from analytics_platform_tests.simulator.telling import sessions_of

NEXT = "2026-03-04"
Check = Callable[["World", Question, Answer], None]


class World(Subject):
    """What happened in the org, and a client to ask again with."""

    def __init__(self, org: SimulatedOrg, asker: Asker, client: GenesysCloud) -> None:
        super().__init__(org, asker)
        self.client = client

    def everything(self) -> list[dict[str, Any]]:
        """Every conversation there ever was."""
        return self.org.truth_conversations("2025-12-01", NEXT)

    def alive(self) -> set[str]:
        """The conversations that lived on the day."""
        return {
            told["conversationId"]
            for told in self.everything()
            if told["conversationStart"] < f"{NEXT}T" and told.get("conversationEnd", "9999") >= f"{DAY}T"
        }

    def statuses(self) -> list[dict[str, Any]]:
        """The statuses that began on the day."""
        return self.org.truth_statuses(DAY, DAY)

    def judged(self, kind: str) -> list[dict[str, Any]]:
        """The evaluations or surveys of the day."""
        return [
            judged
            for told in self.everything()
            for judged in told.get(kind, [])
            if DAY <= judged["eventTime"][:10] < NEXT
        ]


def _totals(answer: Answer) -> Counter[str]:
    """The count of each metric over all groups and buckets."""
    totals: Counter[str] = Counter()
    for result in answer.value["results"]:
        for data in result["data"]:
            for metric in data["metrics"]:
                totals[metric["metric"]] += metric["stats"].get("count", 0)
    return totals


def conversation_aggregates(world: World, asked: Question, answer: Answer) -> None:
    told = within(emitted(world.everything()), f"{DAY}T00:00:00Z", f"{NEXT}T00:00:00Z")
    expected = counted(told, [], lambda _: "")
    totals = _totals(answer)
    for (_, _, metric), stats in expected.items():
        if metric in model("ConversationAggregationQuery").fields["metrics"].known_values and metric.startswith("n"):
            assert totals[metric] >= stats["count"] > 0  # a session of two queues counts in both
    assert totals["tHandle"] >= 100


def flow_aggregates(world: World, asked: Question, answer: Answer) -> None:
    flows = {
        session["flow"]["flowId"]
        for told in world.everything()
        for _, session in sessions_of(told)
        if "flow" in session
    }
    assert {result["group"]["flowId"] for result in answer.value["results"]} <= flows
    assert _totals(answer)["nFlow"] > 100


def evaluation_aggregates(world: World, asked: Question, answer: Answer) -> None:
    assert _totals(answer)["nEvaluations"] == len(world.judged("evaluations")) > 0


def survey_aggregates(world: World, asked: Question, answer: Answer) -> None:
    surveys = world.judged("surveys")
    assert surveys
    groups = {result["group"]["surveyFormId"] for result in answer.value["results"]}
    assert groups == {survey["surveyFormId"] for survey in surveys}


def user_aggregates(world: World, asked: Question, answer: Answer) -> None:
    """Presences fill every hour of every user to the millisecond."""
    for result in answer.value["results"]:
        held = [
            metric["stats"]["sum"]
            for data in result["data"]
            for metric in data["metrics"]
            if metric["metric"] == "tSystemPresence"
        ]
        assert sum(held) == 24 * 3_600_000
    assert {result["group"]["userId"] for result in answer.value["results"]} <= set(world.ids("users", state="any"))


def in_groups(*dimensions: str) -> Check:
    """Something was counted, in groups of these dimensions, on the day."""

    def check(world: World, asked: Question, answer: Answer) -> None:
        assert laid(answer.value)
        assert {name for result in answer.value["results"] for name in result["group"]} == set(dimensions)
        intervals = {data["interval"] for result in answer.value["results"] for data in result["data"]}
        assert all(interval.startswith(DAY) for interval in intervals)

    return check


def queue_observations(world: World, asked: Question, answer: Answer) -> None:
    open_now = {
        (segment["queueId"], session["mediaType"])
        for told in world.everything()
        for participant, session in sessions_of(told)
        for segment in session["segments"]
        if participant["purpose"] == "agent"
        and segment["segmentType"] in ("interact", "hold")
        and "segmentEnd" not in segment
        and "queueId" in segment
    }
    interacting = {
        (result["group"]["queueId"], result["group"]["mediaType"])
        for result in answer.value["results"]
        for datum in result["data"]
        if datum["metric"] == "oInteracting" and datum["stats"]["count"]
    }
    assert interacting == open_now != set()


def of_all(listing: str, dimension: str) -> Check:
    """Groups are of what the org lists."""

    def check(world: World, asked: Question, answer: Answer) -> None:
        groups = {result["group"][dimension] for result in answer.value["results"]}
        assert groups and groups <= set(world.ids(listing))

    return check
