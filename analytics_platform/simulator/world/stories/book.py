"""The book of stories: which story tells which kind of conversation."""

from collections.abc import Callable, Mapping

from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.emails import email
from analytics_platform.simulator.world.stories.inbound_calls import (
    abandoned_call,
    inbound_call,
    self_served_call,
    unanswered_call,
)
from analytics_platform.simulator.world.stories.stuck_calls import stuck_call

Story = Callable[[Stage], None]

STORIES: Mapping[str, Story] = {
    "inbound_call": inbound_call,
    "abandoned_call": abandoned_call,
    "self_served_call": self_served_call,
    "unanswered_call": unanswered_call,
    "transferred_call": inbound_call,
    "consulted_call": inbound_call,
    "supervised_call": inbound_call,
    "callback": inbound_call,
    "campaign_call": inbound_call,
    "manual_call": inbound_call,
    "internal_call": inbound_call,
    "email": email,
    "message": email,
    "chat": inbound_call,
    "stuck_call": stuck_call,
}
