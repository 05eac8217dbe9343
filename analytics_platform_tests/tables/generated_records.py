"""Records made up by hypothesis from the catalogue's models: absent fields, nulls, empty lists, odd keys, wide numbers.

Objects hold few of their fields at a time, so that records stay small enough to be read when a test fails.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from analytics_platform.catalogue.models import Field, model

_FIRST = datetime(2024, 2, 28, tzinfo=UTC)
_TEXT = st.one_of(
    st.sampled_from(
        ["", " ", "agent", "ANI ", "a.b", "7day", 'quo"te', "back\\slash", "new\nline | pipe", "\U0001f600"]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
_WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([2**31, 5_173_038_302, 2**53 + 1, 2**63 - 1, -(2**63)]))


def _instant(moment: datetime, shape: str) -> str:
    if shape == "offset":
        return (moment + timedelta(hours=5, minutes=30)).strftime("%Y-%m-%dT%H:%M:%S+05:30")
    if shape == "micros":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    milliseconds = f".{moment.microsecond // 1000:03d}" if shape == "vendor" else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + milliseconds + ("" if shape == "naive" else "Z")


INSTANTS = st.builds(
    _instant,
    st.integers(0, 3 * 86_400_000_000).map(lambda micros: _FIRST + timedelta(microseconds=micros)),
    st.sampled_from(["vendor", "vendor", "micros", "offset", "naive", "seconds"]),
)
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "integer": _WHOLE,
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "datetime": INSTANTS,
}


@st.composite
def objects(draw: st.DrawFn, model_name: str, always: tuple[str, ...] = ()) -> dict[str, Any]:
    """One object of a model with some of its fields, and now and then with one that nobody knows."""
    fields = model(model_name).fields
    plain = [name for name, field in fields.items() if not field.is_model]
    nested = [name for name, field in fields.items() if field.is_model]
    names = [*always, *draw(st.lists(st.sampled_from(plain), max_size=4))]
    if nested:
        names += draw(st.lists(st.sampled_from(nested), max_size=3))
    made = {name: draw(_value(fields[name], name in always)) for name in dict.fromkeys(names)}
    if draw(st.integers(0, 9)) == 0:
        made["aFieldNobodyKnows"] = draw(st.sampled_from([None, 1, [], {"metrics": [{"name": "x"}]}]))
    return made


@st.composite
def _value(draw: st.DrawFn, field: Field, always: bool) -> Any:
    if not always and draw(st.integers(0, 11)) == 0:
        return None
    item = objects(field.type) if field.is_model else _SCALARS[field.type]
    if field.container == "dict":
        return draw(st.dictionaries(_TEXT, st.one_of(_TEXT, st.none()), max_size=3))
    if field.container == "list":
        return draw(st.lists(st.one_of(item, item, item, item, st.none()), max_size=3))
    return draw(item)


def conversations(max_size: int = 4) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(objects("AnalyticsConversation", ("conversationId", "participants")), max_size=max_size)


def users(max_size: int = 4) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(objects("AnalyticsUserDetail", ("userId",)), max_size=max_size)
