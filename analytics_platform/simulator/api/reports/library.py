"""The reports there are, and what a schedule of one can say.

Assumed, as the vendor published no list: the reports themselves, their formats and periods; that a locale or parameter
a report does not have is refused, and that a schedule may lack a parameter that its report requires.
"""

from dataclasses import dataclass
from typing import Any

from analytics_platform.simulator.api.errors import bad_request
from analytics_platform.simulator.world.dice import Dice

FORMATS = ("CSV", "PDF", "XLS")
TIME_PERIODS = (
    "TODAY",
    "YESTERDAY",
    "THIS_WEEK",
    "PREVIOUS_WEEK",
    "THIS_MONTH",
    "PREVIOUS_MONTH",
    "LAST_7_DAYS",
    "LAST_30_DAYS",
)
_LOCALES = ("en-us", "de", "fr")


@dataclass(frozen=True)
class ReportParameter:
    """One parameter of a report, in the vendor's words."""

    name: str
    type: str
    domain: str
    required: bool


@dataclass(frozen=True)
class Report:
    """One report; `titles` by locale, in English for the others."""

    id: str
    name: str
    titles: dict[str, str]
    keywords: tuple[str, ...]
    parameters: tuple[ReportParameter, ...]

    def told(self, locale: str | None) -> dict[str, Any]:
        """The vendor's ReportMetaData in a locale; ApiError 400 for one the report does not have."""
        self.check_locale(locale)
        title = self.titles.get(locale or "en-us", self.titles["en-us"])
        return {
            "id": self.id,
            "name": self.name,
            "title": title,
            "description": f"{title}.",
            "keywords": list(self.keywords),
            "availableLocales": list(_LOCALES),
            "parameters": [
                {"name": each.name, "parameterType": each.type, "domain": each.domain, "required": each.required}
                for each in self.parameters
            ],
            "selfUri": f"/api/v2/analytics/reporting/{self.id}/metadata",
        }

    def check_locale(self, locale: str | None) -> None:
        """ApiError 400 for a locale the report does not have."""
        if locale is not None and locale not in _LOCALES:
            raise bad_request(f"The locale {locale} is not available. Available are: {', '.join(_LOCALES)}")

    def check_parameters(self, given: dict[str, Any]) -> None:
        """ApiError 400 for a parameter the report does not have."""
        known = [each.name for each in self.parameters]
        for name in given:
            if name not in known:
                raise bad_request(f"The report {self.name} has no parameter {name}. It has: {', '.join(known)}")


_QUEUES = ReportParameter("queueIds", "UUIDLIST", "QUEUEID", True)
_USERS = ReportParameter("userIds", "UUIDLIST", "USERID", True)
_MEDIA = ReportParameter("mediaType", "STRING", "MEDIATYPE", False)
_BOOK: tuple[tuple[str, str, str, tuple[ReportParameter, ...]], ...] = (
    ("queueMetrics", "Queue Metrics", "Warteschlangen", (_QUEUES, _MEDIA)),
    ("queueMetricsByInterval", "Queue Metrics by Interval", "Warteschlangen nach Intervall", (_QUEUES, _MEDIA)),
    ("agentMetrics", "Agent Metrics", "Agenten", (_USERS, _MEDIA)),
    ("agentStatus", "Agent Status Summary", "Status der Agenten", (_USERS,)),
    ("interactionDetails", "Interaction Details", "Interaktionen", (_MEDIA,)),
    (
        "campaignAttempts",
        "Campaign Attempts",
        "Kampagnenversuche",
        (ReportParameter("campaignId", "UUID", "DIALERCAMPAIGNID", True),),
    ),
    (
        "evaluationScores",
        "Evaluation Scores",
        "Bewertungen",
        (ReportParameter("formId", "UUID", "QMEVALFORMID", True), ReportParameter("group", "STRING", "UNKNOWN", False)),
    ),
)


def reports_of(seed: int) -> dict[str, Report]:
    """The reports of a world by id, in the order they are listed."""
    dice = Dice(f"reports/{seed}")
    book = (
        Report(dice.uuid(), name, {"en-us": english, "de": german}, tuple(english.lower().split()), parameters)
        for name, english, german, parameters in _BOOK
    )
    return {report.id: report for report in book}
