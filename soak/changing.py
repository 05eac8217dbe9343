"""What a planned change of the world is of: chosen when it is due, from what the truth tells then."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from analytics_platform_tests.simulated_org import SimulatedOrg
from soak.plan import REREAD_AFTER_DAYS, Change, iso


def asked_of(change: Change, dice: Random, now: datetime, org: SimulatedOrg) -> dict[str, Any] | None:
    """The change as the org takes it, of things that the platform will read again after it; None where there are none.

    A day is read again for the last time when it ended `REREAD_AFTER_DAYS[-1]` days ago, so only what lived on a
    younger day can still be noticed.
    """
    if change.kind == "correct_status":
        day = (now - timedelta(days=dice.randint(1, REREAD_AFTER_DAYS[-1] - 2))).date()
        return {"kind": change.kind, "day": day.isoformat(), "share": 0.3, "seed": dice.randint(1, 1000)}
    if change.kind == "late":
        day = (now + timedelta(days=1)).date()
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        at = end + timedelta(hours=dice.uniform(30, 24 * (REREAD_AFTER_DAYS[-1] - 1)))
        return {"kind": "late", "day": day.isoformat(), "share": 0.2, "seed": dice.randint(1, 1000), "at": iso(at)}
    told = org.truth_conversations()
    if change.kind == "end":
        among = [each["conversationId"] for each in told if "conversationEnd" not in each]
    else:
        youngest = iso(now - timedelta(days=REREAD_AFTER_DAYS[-1] - 1))
        among = [each["conversationId"] for each in told if each.get("conversationEnd", "") >= youngest]
    if not among:
        return None
    asked: dict[str, Any] = {"kind": change.kind, "conversations": dice.sample(among, min(change.count, len(among)))}
    if change.kind == "move_start":
        asked["by_ms"] = dice.choice((-1, 1)) * dice.randint(1, _longest_move(told, asked["conversations"]))
    if change.kind == "correct":
        asked["seed"] = dice.randint(1, 1000)
    return asked


def _longest_move(told: list[dict[str, Any]], chosen: list[str]) -> int:
    """Milliseconds by which all of the chosen can start later and still before their end, three hours at most."""
    lengths = [
        datetime.fromisoformat(each["conversationEnd"]) - datetime.fromisoformat(each["conversationStart"])
        for each in told
        if each["conversationId"] in chosen
    ]
    return max(1, min(3 * 3_600_000, *(int(length / timedelta(milliseconds=1)) - 1 for length in lengths)))
