"""A question for each of the vendor's listed operations, about a day of a simulated org that has something to tell.

Whatever a question needs beforehand - a job, a schedule, ids - is got from the org itself over HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from analytics_platform.catalogue.aggregates import AGGREGATES, AggregateFamily
from analytics_platform.catalogue.operations import JOB_FAMILIES, JobFamily
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.simulator.asking import Asker, day

DAY = "2026-03-03"


@dataclass(frozen=True)
class Question:
    """What is sent: what fills the path's names, the query parameters, the body."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str | int] = field(default_factory=dict)
    body: dict[str, Any] | None = None


class Subject:
    """What there is to ask about in an org."""

    def __init__(self, org: SimulatedOrg, asker: Asker) -> None:
        self.org = org
        self.asker = asker

    @cached_property
    def conversations(self) -> list[dict[str, Any]]:
        """The conversations that started on the day, as told by the truth."""
        return self.org.truth_conversations(DAY, DAY)

    @cached_property
    def conversation(self) -> dict[str, Any]:
        """One of them that has ended."""
        return next(told for told in self.conversations if "conversationEnd" in told)

    def ids(self, listing: str, **query: str) -> list[str]:
        """The ids of what a list of the org's directory tells, such as `routing/queues`."""
        answer = self.get(f"/api/v2/{listing}", pageSize=100, **query)
        return [entity["id"] for entity in answer["entities"]]

    @cached_property
    def schedule(self) -> str:
        """A scheduled report that has run."""
        return str(self.get("/api/v2/analytics/reporting/schedules")["entities"][0]["id"])

    @cached_property
    def report(self) -> str:
        return str(self.get("/api/v2/analytics/reporting/metadata")["entities"][0]["id"])

    def run(self) -> str:
        path = f"/api/v2/analytics/reporting/schedules/{self.schedule}/history"
        return str(self.get(path)["entities"][0]["id"])

    def new_schedule(self) -> str:
        """A scheduled report of our own."""
        body = {"quartzCronExpression": "0 0 6 * * ?", "interval": day(DAY), "reportId": self.report}
        answer = self.asker.http.post("/reporting/schedules", json=body)
        answer.raise_for_status()
        return str(answer.json()["id"])

    def exported(self) -> Question:
        """The list, after one export was asked for."""
        self.asker.http.post("/reporting/exports", json=_export(self).body).raise_for_status()
        return Question()

    def job(self, family: JobFamily) -> str:
        job = self.asker.submit(family.name, day(DAY))
        self.asker.finish(family.name, job)
        return job

    def get(self, path: str, **query: str | int) -> Any:
        answer = self.asker.http.get(httpx.URL(self.org.url + path), params=query)
        answer.raise_for_status()
        return answer.json()


def question(name: str, subject: Subject) -> Question:
    """The question for the operation of that name; KeyError when there is none."""
    return _QUESTIONS[name](subject)


def _aggregates(family: AggregateFamily) -> Callable[[Subject], Question]:
    def asked(subject: Subject) -> Question:
        body = {
            "interval": day(DAY),
            "granularity": "PT1H",
            "groupBy": list(family.group_by),
            "metrics": list(family.metrics),
        }
        if family.name == "users":
            body["filter"] = one_of("userId", subject.ids("users", state="any")[:100])
        return Question(body=body)

    return asked


def one_of(dimension: str, values: list[str]) -> dict[str, Any]:
    """The vendor's filter for a dimension that is one of some values."""
    return {"type": "or", "predicates": [{"dimension": dimension, "value": value} for value in values]}


def _observations(metrics: list[str], dimension: str, listing: str) -> Callable[[Subject], Question]:
    return lambda subject: Question(
        body={"filter": one_of(dimension, subject.ids(listing)[:100]), "metrics": metrics, "detailMetrics": metrics[:1]}
    )


def _properties(subject: Subject) -> Question:
    segment = subject.conversation["participants"][0]["sessions"][0]
    body = {
        "sessionId": segment["sessionId"],
        "targetDate": segment["segments"][0]["segmentStart"],
        "properties": [{"propertyType": "string", "property": "ticket", "value": "4711"}],
    }
    return Question({"conversationId": subject.conversation["conversationId"]}, body=body)


def _export(subject: Subject) -> Question:
    return Question(
        body={
            "name": "Queues of a day",
            "timeZone": "UTC",
            "exportFormat": "CSV",
            "interval": day(DAY),
            "period": "PT1H",
            "viewType": "QUEUE_PERFORMANCE_SUMMARY_VIEW",
            "filter": {"mediaTypes": ["voice"]},
            "locale": "en-us",
        }
    )


def _schedule_body(subject: Subject) -> dict[str, Any]:
    return {
        "name": "Each morning",
        "quartzCronExpression": "0 0 6 * * ?",
        "interval": day(DAY),
        "reportId": subject.report,
        "timeZone": "UTC",
    }


def _plain(subject: Subject) -> Question:
    return Question()


def _of_schedule(subject: Subject) -> Question:
    return Question({"scheduleId": subject.schedule})


_QUESTIONS: dict[str, Callable[[Subject], Question]] = {
    **{f"{family.name}.aggregates": _aggregates(family) for family in AGGREGATES},
    **{f"{family.name}.availability": _plain for family in JOB_FAMILIES},
    **{f"{family.name}.submit": lambda subject: Question(body={"interval": day(DAY)}) for family in JOB_FAMILIES},
    **{
        f"{family.name}.{step}": lambda subject, family=family: Question({"jobId": subject.job(family)})  # type: ignore[misc]
        for family in JOB_FAMILIES
        for step in ("status", "results", "cancel")
    },
    "bots.turns": lambda subject: Question({"botFlowId": subject.ids("flows", type="bot")[0]}, {"interval": day(DAY)}),
    "conversations.by_ids": lambda subject: Question(
        query={"id": ",".join(told["conversationId"] for told in subject.conversations[:20])}
    ),
    "conversations.by_id": lambda subject: Question({"conversationId": subject.conversation["conversationId"]}),
    "conversations.query": lambda subject: Question(
        body={"interval": day(DAY), "paging": {"pageSize": 100, "pageNumber": 1}}
    ),
    "conversations.transcripts": lambda subject: Question(
        body={
            "types": ["transcripts"],
            "pageSize": 25,
            "query": [
                {
                    "type": "DATE_RANGE",
                    "fields": ["conversationStart"],
                    "startValue": f"{DAY}T00:00:00.000Z",
                    "endValue": "2026-03-04T00:00:00.000Z",
                }
            ],
        }
    ),
    "conversations.properties": _properties,
    "users.query": lambda subject: Question(body={"interval": day(DAY), "paging": {"pageSize": 100, "pageNumber": 1}}),
    "queues.observations": _observations(
        ["oInteracting", "oWaiting", "oUserPresences", "oUserRoutingStatuses"], "queueId", "routing/queues"
    ),
    "users.observations": _observations(["oActiveQueues", "oMemberQueues"], "userId", "users"),
    "flows.observations": _observations(["oFlow"], "flowId", "flows"),
    "exports.list": Subject.exported,
    "exports.request": _export,
    "exports.metadata": _plain,
    "reports.list": _plain,
    "reports.read": lambda subject: Question({"reportId": subject.report}),
    "reports.formats": _plain,
    "reports.time_periods": _plain,
    "schedules.list": _plain,
    "schedules.create": lambda subject: Question(body=_schedule_body(subject)),
    "schedules.read": _of_schedule,
    "schedules.update": lambda subject: Question(
        {"scheduleId": subject.new_schedule()}, body=_schedule_body(subject) | {"enabled": False}
    ),
    "schedules.delete": lambda subject: Question({"scheduleId": subject.new_schedule()}),
    "schedules.history": _of_schedule,
    "schedules.latest": _of_schedule,
    "schedules.run": lambda subject: Question({"scheduleId": subject.schedule, "runId": subject.run()}),
    "schedules.run_now": _of_schedule,
    "settings.change": lambda subject: Question(body={"queueAgentAccessObfuscation": False}),
}
