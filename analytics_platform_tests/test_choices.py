"""Choices in a TOML file: defaults without it, every word of it held against the vendor's, each refusal a sentence."""

from pathlib import Path

import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.choices import AggregateChoice, BotFlowsChoice, Choices, ExportChoice, load_choices
from analytics_platform.settings import Settings, SettingsError

WHOLE = """
[aggregates.conversations]
granularity = "PT1H"
group_by = ["queueId", "userId"]
metrics = ["nOffered", "tHandle"]
time_zone = "Europe/Dublin"
filter = {type = "and", predicates = [{dimension = "mediaType", value = "voice"}]}

[aggregates.bots]
enabled = false

[observations.queues]
metrics = ["oWaiting"]

[bot_flows]
ids = ["a-flow", "another"]

[[exports]]
name = "queues"
view = "QUEUE_PERFORMANCE_SUMMARY_VIEW"
filter = {mediaTypes = ["voice"]}
columns = ["Offered"]

[[exports]]
name = "agents_pdf"
view = "AGENT_PERFORMANCE_SUMMARY_VIEW"
format = "PDF"
period = "PT15M"
time_zone = "Europe/Dublin"
locale = "de"
split_by_media = true
exclude_empty_rows = true
"""


def _load(folder: Path, text: str) -> Choices:
    file = folder / "streams.toml"
    file.write_text(text, encoding="utf-8")
    return load_choices(Settings(streams=file))  # type: ignore[call-arg]


def test_without_a_file_every_family_has_its_defaults_and_nothing_is_exported() -> None:
    chosen = load_choices(Settings(streams=None))  # type: ignore[call-arg]
    assert chosen == Choices()
    for family in AGGREGATES:
        assert chosen.aggregate(family.name) == AggregateChoice(enabled=True, granularity="PT30M")
    assert all(chosen.observation(family.name).enabled for family in OBSERVATIONS)
    assert (chosen.bot_flows.ids, chosen.exports) == ((), ())


def test_an_empty_setting_is_no_file() -> None:
    assert Settings(streams="").streams is None  # type: ignore[call-arg, arg-type]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    chosen = _load(tmp_path, WHOLE)
    conversations = chosen.aggregate("conversations")
    assert (conversations.enabled, conversations.granularity, conversations.time_zone) == (
        True,
        "PT1H",
        "Europe/Dublin",
    )
    assert conversations.group_by == ("queueId", "userId") and conversations.metrics == ("nOffered", "tHandle")
    assert conversations.filter == {"type": "and", "predicates": [{"dimension": "mediaType", "value": "voice"}]}
    assert not chosen.aggregate("bots").enabled and chosen.aggregate("users") == AggregateChoice()
    assert chosen.observation("queues").metrics == ("oWaiting",) and chosen.observation("users").metrics is None
    assert chosen.bot_flows == BotFlowsChoice(ids=("a-flow", "another"))
    queues, agents = chosen.exports
    assert queues == ExportChoice(
        name="queues",
        view="QUEUE_PERFORMANCE_SUMMARY_VIEW",
        filter={"mediaTypes": ["voice"]},
        columns=("Offered",),
    )
    assert (queues.format, queues.period, queues.time_zone) == ("CSV", "PT30M", "UTC")
    assert (agents.format, agents.split_by_media, agents.exclude_empty_rows) == ("PDF", True, True)


def test_all_bot_flows_can_be_chosen_by_one_word(tmp_path: Path) -> None:
    assert _load(tmp_path, '[bot_flows]\nids = "all"').bot_flows.ids == "all"


def _export(**fields: str) -> str:
    told = {"name": "queues", "view": "QUEUE_PERFORMANCE_SUMMARY_VIEW", **fields}
    return "[[exports]]\n" + "".join(f'{name} = "{value}"\n' for name, value in told.items())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[aggregates.conversation]", ["no family of aggregates 'conversation'", "conversations"]),
        (
            '[aggregates.conversations]\nmetrics = ["tHandel"]',
            ["no metric of conversations aggregates 'tHandel'", "tHandle"],
        ),
        (
            '[aggregates.users]\ngroup_by = ["queueId"]',
            ["no dimension of users aggregates 'queueId'", "userId"],
        ),
        ("[observations.queue]", ["no family of observations 'queue'", "queues"]),
        (
            '[observations.queues]\nmetrics = ["oWaitng"]',
            ["no metric of queues observations 'oWaitng'", "oWaiting"],
        ),
        (_export(view="QUEUE_PERFORMANCE_SUMARY_VIEW"), ["exports.0.view", "QUEUE_PERFORMANCE_SUMMARY_VIEW"]),
        (_export() + "filter = {mediaType = ['voice']}", ["no filter of a view 'mediaType'", "mediaTypes"]),
        (_export(name="Queues!"), ["exports.0.name", "small letters"]),
        (_export(name="views"), ["exports.0.name", "taken for another table, export_views"]),
        (_export(format="XLS"), ["exports.0.format", "CSV"]),
        (_export() + _export(), ["two exports have the same name"]),
        ("[aggregates.users]\ngranularty = 'PT1H'", ["aggregates.users.granularty"]),
        ("[bot_flows]\nids = 3", ["bot_flows.ids"]),
        ("[aggregates", ["cannot be read"]),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_place_and_the_nearest_names(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    with pytest.raises(SettingsError) as refusal:
        _load(tmp_path, text)
    assert "streams.toml" in str(refusal.value)
    for words in said:
        assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ANALYTICS_PLATFORM_STREAMS"):
        load_choices(Settings(streams=tmp_path / "nowhere.toml"))  # type: ignore[call-arg]
