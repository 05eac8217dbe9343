"""The book of stories: which story tells which kind of conversation."""

from collections.abc import Callable, Mapping

from analytics_platform.simulator.world.stage import Stage
from analytics_platform.simulator.world.stories.callbacks import callback
from analytics_platform.simulator.world.stories.chats import chat
from analytics_platform.simulator.world.stories.emails import email
from analytics_platform.simulator.world.stories.handed_on_calls import (
    consulted_call,
    supervised_call,
    transferred_call,
)
from analytics_platform.simulator.world.stories.inbound_calls import (
    abandoned_call,
    inbound_call,
    self_served_call,
    unanswered_call,
)
from analytics_platform.simulator.world.stories.messages import message
from analytics_platform.simulator.world.stories.outbound_calls import (
    campaign_call,
    internal_call,
    manual_call,
)
from analytics_platform.simulator.world.stories.stuck_calls import stuck_call

Story = Callable[[Stage], None]

_STORIES: tuple[Story, ...] = (
    inbound_call,
    abandoned_call,
    self_served_call,
    unanswered_call,
    transferred_call,
    consulted_call,
    supervised_call,
    callback,
    campaign_call,
    manual_call,
    internal_call,
    email,
    message,
    chat,
    stuck_call,
)
STORIES: Mapping[str, Story] = {story.__name__: story for story in _STORIES}
"""Each kind of outline by its story."""
