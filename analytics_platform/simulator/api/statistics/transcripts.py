"""What transcripts count: each analysed communication when its talk was over.

The vendor publishes no definition of these metrics, so they are assumed: a conversation counts once, with its first
analysed communication; a topic once for every communication it comes up in; times and sentiments once for each.
"""

from collections.abc import Iterator
from functools import partial

from analytics_platform.catalogue.aggregates import aggregate_family
from analytics_platform.simulator.api.communications import communications
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.records.conversations import ConversationRecord
from analytics_platform.simulator.api.statistics.dimensions import dimensions_of, session_layers
from analytics_platform.simulator.api.statistics.facts import Fact
from analytics_platform.simulator.api.statistics.told import told_facts
from analytics_platform.simulator.world.organisation import Named
from analytics_platform.simulator.world.speech import Speech, speech_of

_FAMILY = aggregate_family("transcripts")
_TIMES = {
    "tAgentSpeech": "agent",
    "tCustomerSpeech": "customer",
    "tOverTalkSpeech": "overtalk",
    "tSilence": "silence",
    "tOtherAudio": "other",
}


def facts(org: Org, start: int, end: int) -> Iterator[Fact]:
    """The facts with `start <= at < end`, as known at the org's clock."""
    return told_facts(org, start, end, partial(_facts_of, org.world.organisation.topics), 0)


def _facts_of(topics: tuple[Named, ...], conversation: ConversationRecord) -> Iterator[Fact]:
    first = True
    for participant, session, ended, talked in communications(conversation):
        speech = speech_of(str(session.sessionId), str(session.mediaType), talked, topics)
        if speech is None:
            continue
        dimensions = dimensions_of(_FAMILY, (conversation, *session_layers(participant, session)))
        if first:
            yield Fact(ended, "nSpeechTextAnalyzedConversations", 1, dimensions)
            first = False
        for metric, value in _measured(speech, talked):
            yield Fact(ended, metric, value, dimensions)
        for topic in speech.topics:
            yield Fact(ended, "nTopicCommunications", 1, dimensions | {"topicId": (topic.id,)})


def _measured(speech: Speech, talked: int) -> Iterator[tuple[str, int]]:
    yield "oSentimentScore", speech.sentiment
    yield "oCustomerSentiment", speech.customer_sentiment
    if speech.times:
        yield "oOverTalkSpeechInstances", speech.overtalk_instances
        yield "tTotalSpeechAndSilence", talked
        yield from ((metric, speech.times[name]) for metric, name in _TIMES.items())
