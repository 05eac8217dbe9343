"""Files are opened in the folders they are mapped to and nowhere else."""

import threading
from pathlib import Path

import pytest

from analytics_platform.landing.errors import FilesRefused
from analytics_platform_tests.landing.service_file_days import ServiceFilePlace
from analytics_platform_tests.landing.service_files.asking import ASK, DAY, Places, asked, nothing_landed
from analytics_platform_tests.simulated_org import SimulatedOrg
from analytics_platform_tests.waiting import wait_until


@pytest.mark.parametrize(
    "named",
    [
        None,
        "D:/export20260303_160508_183_services.csv",
        "C:/../export20260303_160508_183_services.csv",
        "/etc/passwd",
        "C:/passwd",
        "C:/export20260303_160508_183_services.csv",
    ],
)
def test_a_name_outside_the_mapping_is_refused_and_never_opened(
    place: ServiceFilePlace, org: SimulatedOrg, named: str | None
) -> None:
    org.arm("file_elsewhere", ASK, reason=named)
    with pytest.raises(FilesRefused, match="are not opened"):
        place.land_files(DAY)
    assert nothing_landed(place)


def test_a_mapping_put_right_goes_on_with_what_was_created(
    places: Places, org: SimulatedOrg, exports: Path, folder: Path
) -> None:
    with pytest.raises(FilesRefused, match="GMS_FILE_FOLDERS"):
        places("first", ("D:/", exports)).land_files(DAY)
    places("first").land_files(DAY, request="another run")
    assert len(asked(org)) == 1


def test_a_folder_that_is_not_mounted_is_told_of_before_anything_is_asked(
    places: Places, org: SimulatedOrg, folder: Path
) -> None:
    with pytest.raises(FilesRefused, match="elsewhere, which GMS_FILE_FOLDERS maps C:/ to, cannot be read"):
        places("first", ("C:/", folder / "elsewhere")).land_files(DAY)
    assert not asked(org)


def test_a_link_that_leads_out_of_its_folder_is_refused(
    place: ServiceFilePlace, org: SimulatedOrg, exports: Path, folder: Path
) -> None:
    org.arm("file_missing", ASK)
    outside = folder / "outside.csv"
    outside.write_bytes(b"service_id,task_id\n")

    def link() -> None:
        wait_until(lambda: len(list(exports.iterdir())) == 2, "two files")
        states = next(exports.glob("*states.csv"))
        (exports / states.name.replace("states", "tasks")).symlink_to(outside)

    linking = threading.Thread(target=link)
    linking.start()
    with pytest.raises(FilesRefused, match="a link that leads out"):
        place.land_files(DAY)
    linking.join(30)
    assert nothing_landed(place)


def test_each_node_writes_to_a_folder_of_its_own(
    nodes: tuple[SimulatedOrg, Path, Path], org: SimulatedOrg, places: Places
) -> None:
    mapped = ("C:/", nodes[1]), ("/opt/genesys/gms/export", nodes[2])
    for name, number in (("one", 1), ("two", 2)):
        place = places(name, *mapped, files_url=f"{org.url}/node-{number}")
        manifest = place.land_files(DAY)
        assert all((nodes[number] / row["file"]).exists() for row in place.files(DAY).values())
        assert manifest.rows > 10
