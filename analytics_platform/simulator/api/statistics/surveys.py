"""What surveys count: each at its event, with its answer where it was finished.

Assumed: a survey counts at its eventTime (the default of alternateTimeDimension), once sent and once for what its
status says became of it: Finished is a response, full or partial, Expired and OptOut (abandoned) are not. A promoter
answers 9 or 10, a detractor 0 to 6, as the Net Promoter Score has it. Questions and errors are not in the world.
"""

from collections.abc import Iterator

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord, SurveyRecord
from analytics_platform.simulator.api.statistics.dimensions import dimensions_of
from analytics_platform.simulator.api.statistics.evaluations import judged
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.api.statistics.told import JUDGED_WITHIN, told_facts
from analytics_platform.simulator.world.instants import parse

_FAMILY = aggregate_family("surveys")


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock."""
    return told_facts(org, start, end, _facts_of, JUDGED_WITHIN)


def _facts_of(conversation: ConversationRecord) -> Iterator[Fact]:
    for survey in conversation.surveys or ():
        at = parse(str(survey.eventTime))
        dimensions = dimensions_of(_FAMILY, (conversation, survey, *judged(conversation, survey.userId)))
        for metric in _counted(survey):
            yield Fact(at, metric, 1, dimensions)
        if isinstance(survey.oSurveyTotalScore, int):
            yield Fact(at, "oSurveyTotalScore", survey.oSurveyTotalScore, dimensions)


def _counted(survey: SurveyRecord) -> Iterator[str]:
    yield "nSurveysSent"
    yield "nVoiceSurveys" if survey.surveyType == "Voice" else "nWebSurveys"
    if survey.surveyStatus == "Expired":
        yield "nSurveysExpired"
    elif survey.surveyStatus == "OptOut":
        yield "nSurveysAbandoned"
    elif survey.surveyStatus == "Finished":
        yield "nSurveysStarted"
        yield "nSurveyResponses"
        yield "nSurveyPartialResponses" if survey.surveyPartialResponse is True else "nSurveyFullResponses"
    score = survey.surveyPromoterScore
    if isinstance(score, int):
        yield "nSurveyNpsResponses"
        if score >= 9:
            yield "nSurveyNpsPromoters"
        elif score <= 6:
            yield "nSurveyNpsDetractors"
