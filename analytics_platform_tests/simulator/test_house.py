"""The simulated org never knows the client: it imports the catalogue and itself, and world/ nothing of api/."""

import ast
from pathlib import Path

import pytest

import analytics_platform.simulator

_ROOT = Path(analytics_platform.simulator.__file__).parent
_MODULES = sorted(_ROOT.rglob("*.py"))


def imports_of(module: Path) -> set[str]:
    """The modules of the project that one imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("analytics_platform")}


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_module_keeps_to_its_floor(module: Path) -> None:
    allowed = ["analytics_platform.simulator", "analytics_platform.catalogue"]
    if "world" in module.relative_to(_ROOT).parts:
        allowed = ["analytics_platform.simulator.world", "analytics_platform.catalogue"]
    assert all(name.startswith(tuple(allowed)) for name in imports_of(module))


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_module_is_short_and_says_what_it_is(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 300
    assert ast.get_docstring(ast.parse(text))
