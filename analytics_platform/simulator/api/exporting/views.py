"""The views that the simulated org can export, of the vendor's many; an export of any other one fails."""

from collections.abc import Mapping
from typing import Any, Protocol

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.exporting.aggregates import AggregateView
from analytics_platform.simulator.api.exporting.columns import Column, Kind
from analytics_platform.simulator.api.exporting.interactions import InteractionView
from analytics_platform.simulator.api.exporting.measures import average, count, ratio, share, time_in, total
from analytics_platform.simulator.api.exporting.request import ExportRequest
from analytics_platform.simulator.api.org import Org


class View(Protocol):
    """What an export of a view holds."""

    @property
    def required_filters(self) -> tuple[str, ...]: ...

    @property
    def supported_filters(self) -> tuple[str, ...]: ...

    @property
    def required(self) -> tuple[Column, ...]: ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    def rows(self, org: Org, request: ExportRequest) -> list[Any]: ...


def _view(family: str, group_by: str, *measures: Column, metrics: str, needs: str = "") -> AggregateView:
    return AggregateView(
        aggregate_family(family), tuple(group_by.split()), tuple(metrics.split()), measures, tuple(needs.split())
    )


_HANDLED_METRICS = (
    "tHandle tTalkComplete tHeldComplete tAcw nTransferred nBlindTransferred nConsultTransferred nOutbound"
)
_HANDLED = (
    count("Handle", "tHandle"),
    average("Avg Handle", "tHandle"),
    average("Avg Talk", "tTalkComplete"),
    average("Avg Hold", "tHeldComplete"),
    average("Avg ACW", "tAcw"),
    total("Total Handle", "tHandle"),
    total("Total Talk", "tTalkComplete"),
    total("Total Hold", "tHeldComplete"),
    total("Total ACW", "tAcw"),
    count("Hold", "tHeldComplete"),
    count("Transfer", "nTransferred"),
    count("Blind Transfer", "nBlindTransferred"),
    count("Consult Transfer", "nConsultTransferred"),
    count("Outbound", "nOutbound"),
)
_QUEUED_METRICS = f"nOffered tAnswered tAbandon tShortAbandon oServiceLevel nOverSla tWait {_HANDLED_METRICS}"
_QUEUED = (
    count("Offer", "nOffered"),
    count("Answer", "tAnswered"),
    share("Answer %", "tAnswered", "nOffered"),
    count("Abandon", "tAbandon"),
    share("Abandon %", "tAbandon", "nOffered"),
    count("Short Abandon", "tShortAbandon"),
    average("ASA", "tAnswered"),
    ratio("Service Level %", "oServiceLevel"),
    count("Over SLA", "nOverSla"),
    average("Avg Wait", "tWait"),
    *_HANDLED,
)
_AGENT_METRICS = f"tAlert tNotResponding tAnswered {_HANDLED_METRICS}"
_AGENT = (count("Alert", "tAlert"), count("Not Responding", "tNotResponding"), count("Answer", "tAnswered"), *_HANDLED)
_STATUS_METRICS = "tSystemPresence tAgentRoutingStatus"
_STATUS = (
    time_in("Logged In", "tSystemPresence", "-OFFLINE"),
    time_in("On Queue", "tSystemPresence", "ON_QUEUE"),
    time_in("Off Queue", "tSystemPresence", "-OFFLINE", "-ON_QUEUE"),
    *(
        time_in(name, "tSystemPresence", name.upper())
        for name in ("Available", "Away", "Busy", "Break", "Meal", "Meeting", "Training", "Offline")
    ),
    time_in("System Away", "tSystemPresence", "IDLE"),
    time_in("Interacting", "tAgentRoutingStatus", "INTERACTING"),
    time_in("Idle", "tAgentRoutingStatus", "IDLE"),
    time_in("Communicating", "tAgentRoutingStatus", "COMMUNICATING"),
    time_in("Not Responding", "tAgentRoutingStatus", "NOT_RESPONDING"),
)
VIEWS: Mapping[str, View] = {
    "QUEUE_PERFORMANCE_SUMMARY_VIEW": _view("conversations", "queueId", *_QUEUED, metrics=_QUEUED_METRICS),
    "QUEUE_PERFORMANCE_DETAIL_VIEW": _view(
        "conversations", "queueId", *_QUEUED, metrics=_QUEUED_METRICS, needs="queueIds"
    ),
    "QUEUE_AGENT_DETAIL_VIEW": _view(
        "conversations", "queueId userId", *_AGENT, metrics=_AGENT_METRICS, needs="queueIds"
    ),
    "AGENT_PERFORMANCE_SUMMARY_VIEW": _view("conversations", "userId", *_AGENT, metrics=_AGENT_METRICS),
    "AGENT_PERFORMANCE_DETAIL_VIEW": _view("conversations", "userId", *_AGENT, metrics=_AGENT_METRICS, needs="userIds"),
    "AGENT_STATUS_SUMMARY_VIEW": _view("users", "userId", *_STATUS, metrics=_STATUS_METRICS),
    "AGENT_STATUS_DETAIL_VIEW": _view("users", "userId", *_STATUS, metrics=_STATUS_METRICS, needs="userIds"),
    "WRAP_UP_PERFORMANCE_SUMMARY_VIEW": _view("conversations", "wrapUpCode", *_HANDLED, metrics=_HANDLED_METRICS),
    "DNIS_PERFORMANCE_SUMMARY_VIEW": _view("conversations", "dnis", *_QUEUED, metrics=_QUEUED_METRICS),
    "SKILLS_PERFORMANCE_VIEW": _view("conversations", "requestedRoutingSkillId", *_QUEUED, metrics=_QUEUED_METRICS),
    "FLOW_OUTCOME_SUMMARY_VIEW": _view(
        "flows",
        "flowOutcomeId",
        count("Outcome", "nFlowOutcome"),
        count("Failed", "nFlowOutcomeFailed"),
        average("Avg Outcome", "tFlowOutcome"),
        total("Total Outcome", "tFlowOutcome"),
        metrics="nFlowOutcome nFlowOutcomeFailed tFlowOutcome",
    ),
    "AGENT_EVALUATION_SUMMARY_VIEW": _view(
        "evaluations",
        "userId",
        count("Evaluations", "nEvaluations"),
        average("Avg Score", "oTotalScore", Kind.SHARE),
        average("Avg Critical Score", "oTotalCriticalScore", Kind.SHARE),
        metrics="nEvaluations oTotalScore oTotalCriticalScore",
    ),
    "SURVEY_FORM_PERFORMANCE_SUMMARY_VIEW": _view(
        "surveys",
        "surveyFormId",
        count("Sent", "nSurveysSent"),
        count("Responses", "nSurveyResponses"),
        average("Avg Score", "oSurveyTotalScore", Kind.SHARE),
        metrics="nSurveysSent nSurveyResponses oSurveyTotalScore",
    ),
    "INTERACTION_SEARCH_VIEW": InteractionView(),
    "INTERACTION_DETAIL_VIEW": InteractionView(),
    "QUEUE_INTERACTION_DETAIL_VIEW": InteractionView(("queueIds",)),
    "AGENT_INTERACTION_DETAIL_VIEW": InteractionView(("userIds",)),
}


def view_metadata(name: str, longest_days: int) -> dict[str, Any]:
    """What the vendor's metadata says of a view."""
    view = VIEWS[name]
    return {
        "id": name,
        "name": name,
        "viewType": name,
        "dateLimitations": f"P{longest_days}D",
        "requiredFilters": list(view.required_filters),
        "supportedFilters": list(view.supported_filters),
        "requiredColumnIds": [column.id for column in view.required],
        "dependentColumnIds": {},
        "availableColumnIds": [column.id for column in view.columns],
    }
