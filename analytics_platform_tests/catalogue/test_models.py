import re

import pytest

from analytics_platform.catalogue.models import Field, model, model_names
from analytics_platform.catalogue.operations import OPERATIONS
from analytics_platform_tests.catalogue import vendor_sdk

_SDK_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "datetime": "datetime"}


def _reachable(root: str) -> set[str]:
    found, waiting = set(), [root]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [field.type for field in model(name).fields.values() if field.is_model]
    return found


RECORD_MODELS = sorted(_reachable("AnalyticsConversation") | _reachable("AnalyticsUserDetail"))
SDK_MODELS = [name for name in model_names() if vendor_sdk.has_model(name)]
LIVE_MODELS = {
    each
    for operation in OPERATIONS
    for name in (operation.takes, operation.gives)
    if operation.withdrawn is None and name in model_names()
    for each in _reachable(str(name))
}


def _sdk_type(declared: str) -> tuple[str, str | None]:
    wrapped = re.fullmatch(r"(list|dict)[\[(](?:str, )?(.+)[\])]", declared)
    container, inner = (wrapped.group(1), wrapped.group(2)) if wrapped else (None, declared)
    return re.sub(r"\w+", lambda word: _SDK_WORDS.get(word[0], word[0]), inner), container


@pytest.mark.parametrize("name", SDK_MODELS)
def test_a_models_fields_are_those_of_the_vendors_sdk(name: str) -> None:
    known = {field.name: (field.type, field.container) for field in model(name).fields.values()}
    assert known == {field: _sdk_type(declared) for field, declared in vendor_sdk.model_types(name).items()}


def test_every_model_a_record_reaches_is_one_the_catalogue_holds() -> None:
    assert {"AnalyticsSessionMetric", "AnalyticsRoutingStatusRecord"} < set(RECORD_MODELS) <= set(model_names())


def test_every_model_of_a_live_operation_is_one_of_the_vendors_sdk() -> None:
    assert set(SDK_MODELS) >= LIVE_MODELS > set(RECORD_MODELS)


def test_every_field_is_of_a_known_word_or_of_a_model_the_catalogue_holds() -> None:
    words = {*_SDK_WORDS.values(), "list[string]", "object"}
    strange = [
        (name, field.name, field.type)
        for name in model_names()
        for field in model(name).fields.values()
        if not field.is_model and field.type not in words
    ]
    assert strange == []


def test_a_field_tells_its_container_and_its_known_values() -> None:
    fields = model("AnalyticsParticipant").fields
    assert fields["attributes"] == Field("attributes", "string", "dict", (), False)
    assert fields["sessions"].container == "list" and fields["sessions"].is_model
    assert "agent" in fields["purpose"].known_values


def test_known_values_of_a_list_are_those_of_its_items() -> None:
    assert model("AnalyticsSession").fields["requestedRoutings"].known_values


def test_an_unknown_model_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="Martian"):
        model("Martian")
