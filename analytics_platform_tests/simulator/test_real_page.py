"""A simulated page beside the one real page there is: the same keys in the same order, the same kinds of value.

The real page is not part of the project; the tests skip themselves where it is absent.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from analytics_platform.catalogue.models import model
from analytics_platform_tests.simulator.asking import DAYS, Asker, day
from analytics_platform_tests.simulator.telling import sessions_of, small_world, told

_PAGE = Path(__file__).parents[3] / "shared" / "samples" / "conversation_details_job_results_page.json"


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    """The real page."""
    if not _PAGE.exists():
        pytest.skip("the real page is not beside this checkout")
    page: dict[str, Any] = json.loads(_PAGE.read_text(encoding="utf-8"))
    return page


def shapes(record: Any, name: str, found: dict[tuple[str, str], set[str]]) -> None:
    """The JSON types of every field by model, checking the order of keys on the way."""
    fields = model(name).fields
    assert list(record) == [field for field in fields if field in record], name
    for key, value in record.items():
        items = value if isinstance(value, list) else [value]
        found.setdefault((name, key), set()).update(type(item).__name__ for item in items)
        if fields[key].is_model:
            for item in items:
                shapes(item, fields[key].type, found)


def test_what_is_real_is_simulated_in_the_same_shape(real: dict[str, Any]) -> None:
    of_real: dict[tuple[str, str], set[str]] = {}
    of_simulated: dict[tuple[str, str], set[str]] = {}
    for conversation in real["conversations"]:
        shapes(conversation, "AnalyticsConversation", of_real)
    for conversation in told(small_world(conversations_per_day=300)):
        shapes(conversation, "AnalyticsConversation", of_simulated)
    assert set(of_real) <= set(of_simulated)
    for key, kinds in of_real.items():
        assert kinds <= of_simulated[key], key


def test_what_happens_in_a_real_call_happens_in_a_simulated_one(real: dict[str, Any]) -> None:
    def happenings(conversations: Any) -> set[tuple[str, str, str]]:
        return {
            (participant["purpose"], session["mediaType"], what)
            for conversation in conversations
            for participant, session in sessions_of(conversation)
            for what in (
                *(segment["segmentType"] for segment in session["segments"]),
                *(metric["name"] for metric in session.get("metrics", [])),
            )
        }

    missing = happenings(real["conversations"]) - happenings(told(small_world()))
    assert missing == set()


def test_a_page_has_the_keys_of_the_real_page(real: dict[str, Any], asker: Asker) -> None:
    job = asker.submit("conversations", day(DAYS[0]))
    asker.finish("conversations", job)
    simulated = asker.results("conversations", job, pageSize=10).json()
    assert list(simulated) == list(real)
    assert len(simulated["conversations"]) == len(real["conversations"])
    assert simulated["dataAvailabilityDate"][-1] == real["dataAvailabilityDate"][-1] == "Z"
    assert "." not in real["dataAvailabilityDate"]
