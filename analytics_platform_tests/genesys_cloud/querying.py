"""Queries for details as tests ask them, and what was found as plain records."""

import json
from typing import Any

from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.found import Found
from analytics_platform.genesys_cloud.queries import find
from analytics_platform.genesys_cloud.questions import CONVERSATIONS, question

Record = dict[str, Any]


def records(found: Found) -> list[Record]:
    return [json.loads(bytes(record)) for page in found for record in page]


def conversations(client: GenesysCloud, interval: str, *expressions: str, **words: Any) -> Found:
    return find(client, question(CONVERSATIONS, interval_text=interval, expressions=expressions, **words))
