"""What evaluations count: each at its event, with its scores where it is finished.

Assumed: an evaluation counts at its eventTime (the default of alternateTimeDimension) and carries, beside its own
dimensions, its conversation's and those of the sessions of the user it is about.
"""

from collections.abc import Iterator

from msgspec import Struct

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.statistics.dimensions import dimensions_of
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.api.statistics.told import JUDGED_WITHIN, told_facts
from analytics_platform.simulator.world.instants import parse

_FAMILY = aggregate_family("evaluations")


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock."""
    return told_facts(org, start, end, _facts_of, JUDGED_WITHIN)


def _facts_of(conversation: ConversationRecord) -> Iterator[Fact]:
    for evaluation in conversation.evaluations or ():
        at = parse(str(evaluation.eventTime))
        dimensions = dimensions_of(_FAMILY, (conversation, evaluation, *judged(conversation, evaluation.userId)))
        counted = {
            "nEvaluations": 1,
            "nEvaluationsDeleted": int(evaluation.deleted is True),
            "nEvaluationsRescored": int(evaluation.rescored is True),
        }
        for metric, value in counted.items():
            if value:
                yield Fact(at, metric, value, dimensions)
        for metric in ("oTotalCriticalScore", "oTotalScore"):
            score = getattr(evaluation, metric)
            if isinstance(score, int):
                yield Fact(at, metric, score, dimensions)


def judged(conversation: ConversationRecord, user: object) -> Iterator[Struct]:
    """The participants that are a user, and the sessions of theirs: whom a judgement is about."""
    for participant in conversation.participants or ():
        if participant.userId == user:
            yield participant
            yield from participant.sessions or ()
