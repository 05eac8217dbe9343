"""The house: imports only go down, and each library lives on its floor."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "analytics_platform"

MAY_IMPORT = {
    "catalogue": set[str](),
    "simulator": {"catalogue"},
    "source": {"catalogue"},
    "genesys_cloud": {"source", "catalogue"},
    "gms": {"source", "catalogue"},
    "lake": {"catalogue"},
    "tables": {"catalogue"},
    "landing": {"tables", "lake", "gms", "genesys_cloud", "source", "catalogue"},
    "secret_files": set[str](),
    "settings": {"secret_files"},
    "gms_settings": {"settings", "secret_files"},
    "choices": {"settings", "catalogue"},
    "oauth_clients": {"settings"},
    "protection": {"settings", "choices", "tables", "lake", "catalogue"},
    "connections": {
        "settings",
        "gms_settings",
        "oauth_clients",
        "choices",
        "protection",
        "lake",
        "gms",
        "genesys_cloud",
        "source",
        "catalogue",
    },
    "capabilities": {"settings", "connections", "genesys_cloud", "source", "catalogue"},
    "defs": {
        "landing",
        "lake",
        "tables",
        "gms",
        "genesys_cloud",
        "source",
        "catalogue",
        "settings",
        "gms_settings",
        "choices",
        "connections",
        "protection",
        "capabilities",
    },
    "definitions": {"defs", "settings", "gms_settings", "choices", "protection", "capabilities"},
    "cli": {
        "definitions",
        "defs",
        "landing",
        "lake",
        "tables",
        "gms",
        "genesys_cloud",
        "source",
        "catalogue",
        "settings",
        "gms_settings",
        "choices",
        "connections",
        "protection",
        "secret_files",
        "capabilities",
        "simulator",
    },
}
"""Which rooms each room may import from, beside itself."""

LIVES_IN = {
    "dagster": {"defs", "definitions", "cli", "lake/io_manager.py"},
    "httpx": {"source", "genesys_cloud", "gms", "defs", "cli"},
    "socket": {"simulator"},
    "uvicorn": {"simulator"},
    "starlette": {"simulator"},
    "sqlite3": {"landing", "genesys_cloud", "defs/storage.py"},
    "duckdb": {"lake", "defs", "cli"},
    "typer": {"cli", "simulator"},
}
"""Where a library may be imported at all."""


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _named(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("module", _modules(), ids=_named)
def test_a_room_imports_only_from_the_floors_below(module: Path) -> None:
    room = _room(module)
    if room == "__init__":
        return
    rooms = {name.split(".")[1] for name in _imports(module) if name.startswith("analytics_platform.")}
    assert rooms - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize("library", LIVES_IN)
def test_a_library_lives_in_its_rooms(library: str) -> None:
    users = {
        module
        for module in _modules()
        if any(name == library or name.startswith(f"{library}.") for name in _imports(module))
    }
    strangers = {_named(m) for m in users if _room(m) not in LIVES_IN[library] and _named(m) not in LIVES_IN[library]}
    assert not strangers


@pytest.mark.parametrize("module", _modules(), ids=_named)
def test_a_module_is_one_idea_that_says_what_it_is(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert module.stem not in {"util", "utils", "helper", "helpers", "common", "core", "misc"}
    assert len(text.splitlines()) <= 320
    assert module.name == "__init__.py" or ast.get_docstring(ast.parse(text))
