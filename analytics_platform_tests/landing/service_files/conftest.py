"""Fixtures of service files: an org with two nodes that write to folders, and places that land from them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace, file_place
from analytics_platform_tests.landing.service_files.asking import Places
from analytics_platform_tests.simulated_org import OrgOptions, SimulatedOrg


@pytest.fixture(scope="package")
def nodes() -> Iterator[tuple[SimulatedOrg, Path, Path]]:
    """An org with two nodes, and the folder each writes to; the first calls its own C:/."""
    with scratch() as made:
        folders = made / "first", made / "second"
        with SimulatedOrg(gms_folder=folders) as running:
            yield running, *folders


@pytest.fixture
def org(nodes: tuple[SimulatedOrg, Path, Path]) -> SimulatedOrg:
    running, *folders = nodes
    running.reset()
    running.restore_services()
    running.set_now(OrgOptions.now)
    for each in folders:
        each.mkdir(exist_ok=True)
        for file in each.iterdir():
            file.unlink()
    return running


@pytest.fixture
def exports(nodes: tuple[SimulatedOrg, Path, Path]) -> Path:
    return nodes[1]


@pytest.fixture
def places(org: SimulatedOrg, exports: Path, folder: Path) -> Iterator[Places]:
    """A place by name; its files are asked of the org's first node."""
    with ExitStack() as clients:

        def make(name: str = "first", *mapped: tuple[str, Path], **options: Any) -> ServiceFilePlace:
            given = {"files_url": f"{org.url}/node-1", "file_format_parameter": "format", **options}
            where = mapped or (("C:/", exports),)
            return clients.enter_context(file_place(org.url, folder / name, *where, **given))

        yield make


@pytest.fixture
def place(places: Places) -> ServiceFilePlace:
    return places()
