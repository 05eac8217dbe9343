"""Web chats, with what can grow out of one: a walk through the site before it, co-browsing, a shared screen, video."""

from analytics_platform.simulator.world.conversation import Facts, Late, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND
from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.digital import (
    bot_session,
    digital_agent,
    digital_customer,
    digital_queue,
)


def chat(stage: Stage) -> None:
    """Bot, queue, agent within minutes; every chat shares something more than words."""
    dice, start = stage.dice, stage.outline.start
    queue, org = dice.pick(stage.organisation.queues), stage.organisation
    room, peer = f"{dice.getrandbits(96):024x}@conference.example.orgspan.com", dice.uuid()
    facts: Facts = {"direction": "inbound", "mediaType": "chat", "provider": "PureCloud Webchat v2", "roomId": room}
    stage.facts |= {"divisionIds": [queue.division_id], "originatingDirection": "inbound"}
    greeted = start + dice.span(4 * SECOND, MINUTE)
    taken = greeted + dice.span(2 * SECOND, 4 * MINUTE)
    wrapped = taken + dice.span(2 * MINUTE, 25 * MINUTE)
    agent, bot = stage.agent(), dice.pick(org.bots)
    stage.join("botflow", [bot_session(stage, facts, peer, start + 60, greeted, bot, queue)], participantName=bot.name)
    stage.join("acd", [digital_queue(stage, facts, peer, greeted, taken, queue)], participantName=queue.name)
    served = digital_agent(stage, facts, peer, agent, taken, wrapped, queue, taken - greeted)
    begun, ended = served.segments[1].start, served.segments[1].end
    told = {**facts, "sessionId": peer, "engagementSource": "WebChat", "remoteNameDisplayable": "Guest"} | _journey(
        stage
    )
    written = digital_customer(stage, told, start, ended, queue, "client")
    ours, theirs = _shared(stage, begun, ended)
    stage.join("agent", [served, ours], userId=agent.id, teamId=agent.team_id)
    bag = [Late(start, dice.pick(org.attribute_bags))]
    stage.join("customer", [written, theirs], bag, participantName="Guest", externalContactId=dice.uuid())


def _journey(stage: Stage) -> Facts:
    """The visit the chat came out of."""
    dice = stage.dice
    return {
        "journeyActionId": dice.uuid(),
        "journeyActionMapId": dice.pick(stage.organisation.journey_maps),
        "journeyActionMapVersion": 1 + int(dice.random() * 6),
        "journeyCustomerId": dice.uuid(),
        "journeyCustomerIdType": "cookie",
        "journeyCustomerSessionId": dice.uuid(),
        "journeyCustomerSessionIdType": "web",
    }


def _shared(stage: Stage, begun: int, ended: int) -> tuple[Session, Session]:
    """One more medium on both sides: the agent's session and the customer's, from `begun` to `ended`."""
    dice = stage.dice
    base: Facts = {"direction": "inbound", "provider": "PureCloud Webchat v2"}
    room = dice.uuid()
    kind = stage.outline.number // 100 % 3
    muted: Facts = {}
    shared = "sharing"
    if kind == 0:
        facts = base | {"mediaType": "cobrowse", "cobrowseRoomId": room}
        ours, theirs = facts | {"cobrowseRole": "viewer"}, facts | {"cobrowseRole": "sharer"}
        metric = Metric(begun, "nCobrowseSessions", 1)
    elif kind == 1:
        facts = base | {"mediaType": "screenshare", "screenShareRoomId": room}
        ours = facts | {"screenShareAddressSelf": stage.agent().address, "sharingScreen": False}
        theirs = facts | {"screenShareAddressSelf": "guest@example.com", "sharingScreen": True}
        metric = Metric(begun, "oExternalMediaCount", 1)
    else:
        facts = base | {"mediaType": "video", "videoRoomId": room}
        ours = facts | {"videoAddressSelf": stage.agent().address}
        theirs = facts | {"videoAddressSelf": "guest@example.com"}
        muted = {"audioMuted": dice.chance(0.5), "videoMuted": dice.chance(0.5)}
        shared = "interact"
        metric = Metric(ended, "tAgentVideoConnected", ended - begun)
    sessions = [
        Session(
            {**told, "sessionId": dice.uuid()},
            [Segment(begun, ended, shared, {"conference": False, **muted}, {"disconnectType": "peer"})],
        )
        for told in (ours, theirs)
    ]
    sessions[0].metrics = [metric]
    return sessions[0], sessions[1]
