"""What the vendor's SDK says, read from its source: importing it would run half a million lines for a few facts."""

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

_OPERATION = re.compile(r"resource_path = '([^']+)'.*?call_api\(resource_path, '(\w+)'", re.DOTALL)
_APIS = ("analytics", "users", "routing", "architect", "downloads")
_HOST = re.compile(r'(\w+) = "https://api\.([^"]+)"')


@cache
def _folder() -> Path:
    found = find_spec("PureCloudPlatformClientV2")
    if found is None or found.origin is None:
        pytest.skip("the vendor's SDK is not installed")
    return Path(found.origin).parent


@cache
def operations() -> frozenset[tuple[str, str]]:
    """Method and path of every operation of the analytics API, and of the APIs that list what it is asked about."""
    texts = [(_folder() / "apis" / f"{api}_api.py").read_text(encoding="utf-8") for api in _APIS]
    return frozenset((method, path) for text in texts for path, method in _OPERATION.findall(text))


@cache
def methods() -> dict[tuple[str, str], str]:
    """The SDK's method for each operation of the analytics API, by HTTP method and path."""
    text = (_folder() / "apis" / "analytics_api.py").read_text(encoding="utf-8")
    parts = re.split(r"\n    def (\w+)\(self", text)[1:]
    found = {name: _OPERATION.search(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}
    return {(match.group(2), match.group(1)): name for name, match in found.items() if match is not None}


def region_domains() -> dict[str, str]:
    """AWS region to domain."""
    text = (_folder() / "purecloud_region_hosts.py").read_text(encoding="utf-8")
    return {name.replace("_", "-"): domain for name, domain in _HOST.findall(text)}


def has_model(model: str) -> bool:
    return _file(model).exists()


def model_types(model: str) -> dict[str, str]:
    """The fields of a model by their JSON names, each with the SDK's type."""
    tables = {
        node.targets[0].attr: ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(_file(model).read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and node.targets[0].attr in ("swagger_types", "attribute_map")
    }
    return {json_name: tables["swagger_types"][name] for name, json_name in tables["attribute_map"].items()}


def _file(model: str) -> Path:
    return _folder() / "models" / (re.sub(r"(?<!^)(?=[A-Z])", "_", model).lower() + ".py")
