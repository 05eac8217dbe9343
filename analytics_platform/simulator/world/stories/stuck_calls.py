"""A call whose consulted outside leg is never cleared: it stays open for some sixty days, until somebody finds it.

Its tConnected passes 32 bits, as real ones do.
"""

from analytics_platform.simulator.world.conversation import Late
from analytics_platform.simulator.world.instants import iso
from analytics_platform.simulator.world.legs import customer_leg, new_line
from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.inbound_calls import (
    customer_joins,
    open_call,
    queued_agent,
    talk,
)


def stuck_call(stage: Stage) -> None:
    """The customer leaves after minutes; the line the agent opened to a third party stays connected to the end."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    agent, _, talked = queued_agent(stage, line, menu_end, queue, talk(stage), "client")
    customer_joins(stage, line, start, talked, "endpoint", queue)
    outside = new_line(stage, "outbound")
    dialed = talked - 4_000
    leg = customer_leg(stage, outside, dialed, dialed + 3_000, stage.outline.until, "endpoint", None)
    leg.segments[1].facts = {"conference": True, "queueId": queue.id, "sourceConversationId": dice.uuid()}
    leg.facts["ani"] = agent.address
    leg.media.clear()
    stage.later.append(Late(dialed + 3_000, {"conferenceStart": iso(dialed + 3_000)}))
    stage.join("customer", [leg], participantName="Partner Line", externalContactId=dice.uuid())
