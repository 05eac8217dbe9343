"""What is seldom seen, laid over a story once it is told: kinds of routing, and facts few conversations carry."""

from collections.abc import Callable

from analytics_platform.simulator.world.conversation import Facts, Participant, Session
from analytics_platform.simulator.world.stage import Stage

Rarity = Callable[[Stage, list[Session]], None]


def rarities(stage: Stage) -> None:
    """One of them in about every third conversation, in turn; most need a session that was queued."""
    turn = stage.outline.number // 15 + stage.outline.number
    if turn % 3:
        return
    queued = [
        session
        for told in stage.participants
        if told.facts["purpose"] in ("customer", "acd", "agent")
        for session in told.sessions
        if "requestedRoutings" in session.facts
    ]
    _RARITIES[turn // 3 % len(_RARITIES)](stage, queued)


def _bullseye(stage: Stage, queued: list[Session]) -> None:
    first = stage.dice.span(0, len(stage.organisation.skills) - 3)
    skills = list(stage.organisation.skills[first : first + 3])
    for session in queued:
        session.facts |= {
            "requestedRoutings": ["Bullseye"],
            "activeSkillIds": skills[1:],
            "removedSkillIds": skills[:1],
        }
        session.facts |= {"agentBullseyeRing": 2, "routingRing": 2}
        _used(session, "Bullseye")


def _predictive(stage: Stage, queued: list[Session]) -> None:
    dice = stage.dice
    ranked = dice.few(stage.organisation.agents, 3)
    proposed = [{"agentRank": rank, "proposedAgentId": agent.id} for rank, agent in enumerate(ranked, 1)]
    scored = [{"agentScore": 90 - rank, "scoredAgentId": agent.id} for rank, agent in enumerate(ranked, 1)]
    for session in queued:
        session.facts |= {"requestedRoutings": ["Predictive"], "proposedAgents": proposed, "selectedAgentRank": 1}
        session.facts["eligibleAgentCounts"] = [len(ranked), 4]
        _used(session, "Predictive")
        _on_segments(session, {"scoredAgents": scored})


def _conditional(stage: Stage, queued: list[Session]) -> None:
    dice = stage.dice
    group = {
        "agentGroupId": dice.pick(stage.organisation.groups),
        "agentGroupType": dice.pick(("Group", "SkillGroup", "Team")),
    }
    for session in queued:
        session.facts |= {"requestedRoutings": ["Conditional", "Standard"], "agentGroups": [group]}
        session.facts |= {"routingRule": dice.uuid(), "routingRuleType": "Conditional", "routingRing": 1}
        session.facts |= {"waitingInteractionCounts": [3, 0], "eligibleAgentCounts": [0, 7]}
        _used(session, "Conditional")


def _preferred(stage: Stage, queued: list[Session]) -> None:
    dice = stage.dice
    wanted = [agent.id for agent in dice.few(stage.organisation.agents, 2)]
    expression = dice.uuid()
    for session in queued:
        session.facts |= {"requestedRoutings": ["Preferred", "Standard"], "skillExpressionId": expression}
        _used(session, "Preferred")
        _on_segments(session, {"requestedRoutingUserIds": wanted})


def _language(stage: Stage, queued: list[Session]) -> None:
    language = stage.dice.pick(stage.organisation.languages)
    for session in queued:
        session.facts["activeSkillIds"] = list(stage.organisation.skills[:2])
        _on_segments(session, {"requestedLanguageId": language})


def _assisted(stage: Stage, queued: list[Session]) -> None:
    dice = stage.dice
    for told in _agents(stage):
        told.facts |= {"screenRecording": True}
        told.sessions[0].facts |= {"agentAssistantId": dice.uuid(), "scriptId": dice.pick(stage.organisation.scripts)}
        told.sessions[0].facts |= {"snippetRecording": True, "mediaBridgeId": dice.uuid(), "acwSkipped": False}


def _sold(stage: Stage, queued: list[Session]) -> None:
    """Properties that an integration left on a segment."""
    told = [
        {"property": "basket", "propertyType": "integer", "value": "3"},
        {"property": "segment", "propertyType": "string", "value": "gold"},
    ]
    for participant in _agents(stage):
        _on_segments(participant.sessions[0], {"properties": told})


def _tagged(stage: Stage, queued: list[Session]) -> None:
    dice = stage.dice
    stage.facts |= {"externalTag": f"case-{dice.digits(5)}", "accessAttributes": ["region:north", "tier:gold"]}
    stage.facts |= {"customerParticipation": True, "associatedConversationId": dice.uuid()}


def _initiated(stage: Stage, queued: list[Session]) -> None:
    inbound = stage.facts.get("originatingDirection") == "inbound"
    stage.facts |= {"conversationInitiator": "customer" if inbound else "agent", "customerParticipation": inbound}


def _organized(stage: Stage, queued: list[Session]) -> None:
    for told in stage.participants:
        if told.facts["purpose"] == "customer":
            told.facts["externalOrganizationId"] = stage.dice.pick(stage.organisation.external_organizations)


def _flowed_out(stage: Stage, queued: list[Session]) -> None:
    for told in stage.participants:
        if told.facts["purpose"] == "acd":
            told.sessions[0].facts["flowOutType"] = stage.dice.pick(("voicemail", "ivr", "acd"))


def _named_ends(stage: Stage, queued: list[Session]) -> None:
    for session in queued:
        if session.facts["mediaType"] == "voice":
            session.facts["destinationAddresses"] = [f"sip:u{stage.dice.digits(6)}%40example.invalid@localhost"]


_RARITIES: tuple[Rarity, ...] = (
    _bullseye,
    _predictive,
    _conditional,
    _preferred,
    _language,
    _assisted,
    _sold,
    _tagged,
    _initiated,
    _organized,
    _flowed_out,
    _named_ends,
)


def _agents(stage: Stage) -> list[Participant]:
    return [told for told in stage.participants if told.facts["purpose"] == "agent"]


def _used(session: Session, routing: str) -> None:
    """The routing that was used, where and when any was."""
    session.later = [
        late._replace(facts=late.facts | {"usedRouting": routing}) if "usedRouting" in late.facts else late
        for late in session.later
    ]
    if "usedRouting" in session.facts:
        session.facts["usedRouting"] = routing


def _on_segments(session: Session, facts: Facts) -> None:
    """Facts on all segments of a session; segments share their facts, so each gets its own."""
    for segment in session.segments:
        segment.facts = segment.facts | facts
