"""The vendor's figure and table, told by files under every rule for bounds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics_platform.catalogue.services import Events, State
from analytics_platform.gms.selection import Selection
from analytics_platform.lake import Lake
from analytics_platform.landing.service_file_following import follow
from analytics_platform.landing.service_folders import ServiceFolders
from analytics_platform_tests import services_figure
from analytics_platform_tests.landing.scratch import scratch
from analytics_platform_tests.landing.service_file_days import file_place
from analytics_platform_tests.services_figure import BOUNDS, DAY, SENSIBLE, T1, T2, T3
from analytics_platform_tests.simulated_org import SimulatedOrg


@pytest.fixture(scope="module", params=BOUNDS)
def figure(request: pytest.FixtureRequest) -> Iterator[tuple[SimulatedOrg, dict[str, str], str, Path]]:
    """Nothing but the services of the vendor's figure, by each rule for bounds, and the folder files come to."""
    with scratch() as made, SimulatedOrg(assume=[f"gms_bounds={request.param}"], gms_folder=[made]) as org:
        named = org.put_only_services(figure=DAY)
        org.set_now(T3)
        yield org, {service_id: name for name, service_id in named.items()}, request.param, made


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("row", SENSIBLE, ids="-".join)
def test_a_row_of_the_vendors_table_is_told_by_files_by_whatever_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str, Path], folder: Path, row: tuple[str, str], form: str
) -> None:
    org, names, bounds, exports = figure
    lake, mapped = Lake.open(folder), ServiceFolders((("C:/", exports),))
    with file_place(org.url, folder, file_format_parameter="format") as place:
        created = place.gms.request_files(Selection(T1, T2, Events(row[0]), State(row[1])), form)
    files = follow(lake, DAY, mapped.export(created.files), first_pause=0.001, patience=20.0)
    files.discard()
    assert sorted(names[each.service_id] for each in files.read.services) == services_figure.told(row, bounds)


def test_the_figures_day_lands_by_files_under_every_rule_for_bounds(
    figure: tuple[SimulatedOrg, dict[str, str], str, Path], folder: Path
) -> None:
    org, names, _, exports = figure
    org.set_now("2014-09-03T12:00:00Z")
    try:
        with file_place(org.url, folder / "place", ("C:/", exports)) as place:
            place.land_files(DAY)
            place.build()
            assert {names[each] for each in place.services()} == set(names.values())
    finally:
        org.set_now(T3)
