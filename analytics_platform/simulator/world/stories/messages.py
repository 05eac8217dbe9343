"""Messages: SMS, messengers, web messaging and social posts; they live hours to days and end by silence."""

from analytics_platform.simulator.world.conversation import Facts, Late
from analytics_platform.simulator.world.instants import HOUR, MINUTE, SECOND, iso
from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.digital import (
    bot_session,
    digital_agent,
    digital_customer,
    digital_queue,
)

_PLATFORMS = (
    ("sms", "SMS", "PureCloud Messaging"),
    ("whatsapp", "WhatsApp", "PureCloud Messaging"),
    ("facebook", "FacebookMessenger", "PureCloud Messaging"),
    ("instagram", "Instagram", "PureCloud Social"),
    ("twitter", "X", "PureCloud Social"),
    ("webmessaging", "WebChat", "PureCloud Webmessaging"),
    ("open", "OpenMessaging", "PureCloud Messaging"),
)
_DELIVERIES = ("Queued", "Sent", "Published", "DeliverySuccess", "DeliveryPushed", "Read", "DeliveryFailed", "Failed")


def message(stage: Stage) -> None:
    """A bot first; a third is served by it alone, the rest by one agent or, after a quiet night, two."""
    dice, start, until = stage.dice, stage.outline.start, stage.outline.until
    queue, org = dice.pick(stage.organisation.queues), stage.organisation
    kind, source, provider = _PLATFORMS[stage.outline.number // 3 % len(_PLATFORMS)]
    facts: Facts = {"direction": "inbound", "mediaType": "message", "messageType": kind, "provider": provider}
    facts |= {"addressFrom": f"{kind}-{dice.digits(8)}", "addressTo": f"{kind}-service", "engagementSource": source}
    stage.facts |= {"divisionIds": [queue.division_id], "originatingDirection": "inbound"}
    stage.facts |= {"inactivityTimeout": iso(until + HOUR), "knowledgeBaseIds": list(org.knowledge_bases)}
    if provider == "PureCloud Social":
        stage.facts["originatingSocialMediaPublic"] = dice.chance(0.5)
    peer = dice.uuid()
    told = {**facts, "sessionId": peer, "authenticated": dice.chance(0.4), "mediaCount": dice.span(0, 4)}
    alone = dice.chance(0.3)
    customer = digital_customer(stage, told, start, until, None if alone else queue, "inactivity")
    bag = [Late(start, dice.pick(org.attribute_bags))]
    stage.join("customer", [customer], bag, participantName=f"Guest {dice.digits(4)}", externalContactId=dice.uuid())
    bot, talked = dice.pick(org.bots), until if alone else start + dice.span(10 * SECOND, 3 * MINUTE)
    target = None if alone else queue
    stage.join("botflow", [bot_session(stage, facts, peer, start + 90, talked, bot, target)], participantName=bot.name)
    if alone:
        stage.later.append(Late(until, {"selfServed": True}))
        return
    taken = talked + min(dice.span(2 * SECOND, 30 * MINUTE), (until - talked) // 4)
    stage.join("acd", [digital_queue(stage, facts, peer, talked, taken, queue)], participantName=queue.name)
    shifts = 2 if until - taken > 12 * HOUR else 1
    length = (until - taken) // shifts
    for shift in range(shifts):
        agent, begun = stage.agent(), taken + shift * length
        session = digital_agent(stage, facts, peer, agent, begun, begun + length, queue, taken - talked)
        delivered = dice.pick(_DELIVERIES)
        sent = session.segments[1].start + SECOND
        status: Facts = {"deliveryStatus": delivered, "deliveryStatusChangeDate": iso(sent)}
        status |= {"deliveryPushed": delivered == "DeliveryPushed"}
        if "Fail" in delivered:
            status["extendedDeliveryStatus"] = "UndeliverableDestination"
        session.later.append(Late(sent, status))
        stage.join("agent", [session], userId=agent.id, teamId=agent.team_id)
