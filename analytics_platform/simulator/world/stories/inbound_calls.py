"""Calls that come in: answered, given up in the queue, served by the menu alone, or rung at somebody who is away."""

from typing import NamedTuple

from analytics_platform.simulator.world.conversation import Late, Metric, Segment, Session
from analytics_platform.simulator.world.instants import MINUTE, SECOND
from analytics_platform.simulator.world.legs import (
    Line,
    agent_leg,
    customer_leg,
    flow_leg,
    new_line,
    queue_leg,
    routing_facts,
    wrap_up_facts,
)
from analytics_platform.simulator.world.metrics import agent_metrics
from analytics_platform.simulator.world.organisation import Agent, Queue
from analytics_platform.simulator.world.stage import Stage


class Handled(NamedTuple):
    """An agent, the agent's session, and the instant at which the talk ended (the wrap-up comes after it)."""

    agent: Agent
    session: Session
    talked: int


def open_call(stage: Stage, queue: Queue | None) -> tuple[Line, int, int]:
    """The line, the customer's first instant and the end of the menu; tells the conversation's own facts.

    The first segment begins at the conversation's start, except now and then some milliseconds before or after it.
    """
    start = stage.outline.start + {7: -13, 13: 9}.get(stage.outline.number % 20, 0)
    stage.facts["divisionIds"] = [queue.division_id if queue else stage.organisation.divisions[0]]
    stage.facts["originatingDirection"] = "inbound"
    line = new_line(stage, "inbound")
    menu_start = start + 70
    menu_end = menu_start + stage.dice.span(4 * SECOND, 50 * SECOND)
    flow = stage.dice.pick(stage.organisation.inbound_flows)
    leg = flow_leg(stage, line, menu_start, menu_end, queue, flow)
    stage.join("ivr", [leg], participantName=flow.name)
    return line, start, menu_end


def customer_joins(stage: Stage, line: Line, start: int, end: int, hung_up: str, queue: Queue | None) -> None:
    """The customer, with the attributes the menu left: the first two at once, the rest when it is done."""
    leg = customer_leg(stage, line, start, start + stage.dice.span(40, 60), end, hung_up, queue)
    bag = stage.dice.pick(stage.organisation.attribute_bags)
    attributes = [Late(start, {"ANI ": line.ani, "DNIS": line.dnis}), Late(start + 3 * SECOND, bag)]
    stage.join(
        "customer", [leg], attributes, externalContactId=stage.dice.uuid(), participantName="Guest " + line.ani[-4:]
    )


def talk(stage: Stage) -> list[tuple[str, int]]:
    """What an agent does once rung: alert, talk with a hold or two, wrap up."""
    dice = stage.dice
    steps = [("alert", dice.span(30, 6 * SECOND)), ("interact", dice.span(20 * SECOND, 6 * MINUTE))]
    while len(steps) < 6 and dice.chance(0.35):
        steps.append(("hold", dice.span(3 * SECOND, 90 * SECOND)))
        steps.append(("interact", dice.span(SECOND, 4 * MINUTE)))
    steps.append(("wrapup", dice.span(2 * SECOND, 4 * MINUTE)))
    return steps


def queued_agent(
    stage: Stage, line: Line, from_instant: int, queue: Queue, steps: list[tuple[str, int]], hung_up: str
) -> Handled:
    """The queue from an instant until an agent answers, and that agent."""
    dice = stage.dice
    queued = from_instant + 30
    answered = queued + 60 + steps[0][1] + int(dice.expovariate(1 / (25 * SECOND)))
    waiting = queue_leg(stage, line, queued, answered, queue, "transfer")
    name = queue.name if dice.chance(0.8) else queue.id
    stage.join("acd", [waiting], participantName=name)
    agent = stage.agent()
    waited = answered - waiting.segments[1].start
    leg = agent_leg(stage, line, agent, answered - steps[0][1] - 3, steps, queue, waited, hung_up)
    stage.join("agent", [leg], userId=agent.id, teamId=agent.team_id)
    wrapped = leg.segments[-1].kind == "wrapup"
    return Handled(agent, leg, leg.segments[-1].start if wrapped else leg.end)


def inbound_call(stage: Stage) -> None:
    """Menu, queue, agent: the ordinary call."""
    queue = stage.dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    hung_up = stage.dice.pick(("peer", "client"))
    handled = queued_agent(stage, line, menu_end, queue, talk(stage), hung_up)
    customer_joins(stage, line, start, handled.talked + stage.dice.span(-4, 5), "endpoint", queue)


def abandoned_call(stage: Stage) -> None:
    """The customer hangs up in the queue."""
    queue = stage.dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    gone = menu_end + stage.dice.span(4 * SECOND, 4 * MINUTE)
    stage.join("acd", [queue_leg(stage, line, menu_end + 30, gone, queue, "client")], participantName=queue.name)
    customer_joins(stage, line, start, gone, "endpoint", queue)


def self_served_call(stage: Stage) -> None:
    """The menu answers the question and nobody else is needed."""
    line, start, menu_end = open_call(stage, None)
    stage.facts["selfServed"] = True
    customer_joins(stage, line, start, menu_end, "endpoint", None)


def unanswered_call(stage: Stage) -> None:
    """Rung at an agent who does not answer, wraps up all the same, and then at one who does."""
    dice = stage.dice
    queue = dice.pick(stage.organisation.queues)
    line, start, menu_end = open_call(stage, queue)
    rung = menu_end + dice.span(SECOND, 20 * SECOND)
    away = stage.agent()
    leg = agent_leg(stage, line, away, rung, [("alert", dice.span(8 * SECOND, 30 * SECOND))], queue, None, "client")
    missed = leg.segments[0]
    leg.later.clear()
    closing = {"disconnectType": "client", **wrap_up_facts(stage, queue)}
    leg.segments.append(
        Segment(missed.end + 249, missed.end + 249 + dice.span(SECOND, MINUTE), "wrapup", routing_facts(queue), closing)
    )
    leg.metrics = [*agent_metrics(leg.segments, None, "tNotResponding"), Metric(missed.end + 249, "nError", 1)]
    leg.metrics.sort()
    stage.join("agent", [leg], userId=away.id)
    handled = queued_agent(stage, line, missed.end, queue, talk(stage), "peer")
    customer_joins(stage, line, start, handled.talked, "endpoint", queue)
