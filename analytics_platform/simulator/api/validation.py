"""Request bodies, held against the vendor's models: what the model does not know is refused, in the vendor's words."""

import re
from typing import Any

import msgspec

from analytics_platform.catalogue.models import Field, model
from analytics_platform.simulator.api.errors import ApiError, bad_request, invalid_value

_AGGREGATE = re.compile(r"(.+?)Aggregat(?:e|ion)(?:Query|View|Sort)")
_KINDS = {"groupBy": "Dimension", "dimension": "Dimension", "metrics": "Metric", "target": "Metric", "name": "Metric"}


def read_body(body: bytes, model_name: str) -> dict[str, Any]:
    """The JSON object in a body, valid against a model; ApiError 400 saying what is wrong with it."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError as fault:
        raise bad_request(
            f"The request could not be understood by the server due to malformed syntax: {fault}"
        ) from None
    if not isinstance(told, dict):
        raise bad_request("The request body must be a JSON object")
    _check(told, model_name, "")
    return told


def _check(told: dict[str, Any], model_name: str, path: str) -> None:
    fields = model(model_name).fields
    for name, value in told.items():
        if name not in fields:
            raise bad_request(f'Unrecognized field "{path}{name}" (class {model_name}), not marked as ignorable')
        if value is not None:
            _check_field(value, fields[name], path + name, _type_name(model_name, name))
    for field in fields.values():
        if field.required and told.get(field.name) is None:
            raise ApiError(400, "constraint.validation", f"{path}{field.name} may not be null")


def _type_name(model_name: str, name: str) -> str:
    """The vendor's name of a field's type in a refusal: UserAggregateDimension and QueryFilterType were seen, those of
    other aggregates are made like them, any other of the field's name."""
    if name == "type" and model_name.endswith(("QueryFilter", "QueryClause")):
        return "QueryFilterType"
    aggregate = _AGGREGATE.match(model_name)
    if aggregate is not None and name in _KINDS:
        return f"{aggregate[1]}Aggregate{_KINDS[name]}"
    return name[0].upper() + name[1:]


def _check_field(value: Any, field: Field, path: str, type_name: str) -> None:
    if field.container == "list":
        if not isinstance(value, list):
            raise _mistyped(value, path, "list")
        for position, item in enumerate(value):
            _check_one(item, field, f"{path}[{position}]", type_name)
    elif field.container == "dict":
        if not isinstance(value, dict):
            raise _mistyped(value, path, "object")
        for key, item in value.items():
            _check_one(item, field, f"{path}.{key}", type_name)
    else:
        _check_one(value, field, path, type_name)


def _check_one(value: Any, field: Field, path: str, type_name: str) -> None:
    if field.is_model:
        if not isinstance(value, dict):
            raise _mistyped(value, path, "object")
        _check(value, field.type, path + ".")
    elif field.type == "object":
        return  # anything
    elif field.type == "boolean":
        if not isinstance(value, bool):
            raise _mistyped(value, path, "boolean")
    elif field.type in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int if field.type == "integer" else int | float):
            raise _mistyped(value, path, field.type)
    elif not isinstance(value, str):
        raise _mistyped(value, path, "string")
    elif field.known_values and value not in field.known_values:
        raise invalid_value(value, type_name, field.known_values)


def _mistyped(value: Any, path: str, wanted: str) -> ApiError:
    return bad_request(f"Value [{value}] of field [{path}] is not a valid {wanted}")
