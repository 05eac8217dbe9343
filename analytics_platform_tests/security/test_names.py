"""Names that come from the network or from a file of choices never lead the file system astray."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from analytics_platform.catalogue.service_files import KEPT_NAMES, ServiceFileName
from analytics_platform.catalogue.services import SERVICE_IDS
from analytics_platform.choices import ExportChoice
from analytics_platform.lake import Lake
from analytics_platform.landing.service_folders import NotMapped, ServiceFolders
from analytics_platform.tables.schemas import table_schema

EVIL = [
    "../up",
    "/etc/passwd",
    "a/../../b",
    "nul\x00name",
    "x" * 5000,
    "CON",
    "C:\\windows",
    "a\\b",
    "name.",
    ".hidden",
    "a b",
    "ä",
    "a:stream",
    "",
    "name\n",
]
GOOD = "export20260302_000000_000"


@pytest.mark.parametrize("name", EVIL)
def test_no_table_and_no_export_is_named_so(tmp_path: Path, name: str) -> None:
    lake = Lake.open(tmp_path / "lake")
    with pytest.raises(ValueError, match="name"):
        lake.stage(name, date(2026, 3, 2), table_schema(SERVICE_IDS))
    with pytest.raises(ValueError, match="cannot be kept"):
        lake.stage_file(name, date(2026, 3, 2), "export.csv")
    with pytest.raises(ValidationError):
        ExportChoice(name=name, view="QUEUE_PERFORMANCE_SUMMARY_VIEW")
    assert not (tmp_path / "lake").exists() or not [file for file in (tmp_path / "lake").rglob("*") if file.is_file()]


@pytest.mark.parametrize("name", EVIL)
def test_no_file_of_a_server_is_opened_or_kept_by_a_name_like_it(tmp_path: Path, name: str) -> None:
    folders = ServiceFolders((("C:/exports", tmp_path),))
    for path in (name, f"C:/exports/{name}", f"C:/exports/{name}/{GOOD}_services.json", f"{name}/{GOOD}_services.json"):
        assert ServiceFileName.of(path.rpartition("/")[2]) is None or path.startswith(("C:/exports", name))
        try:
            files = folders.export([path])
        except NotMapped:
            continue
        # A folder of an odd but harmless name below the mapped one.
        assert [file.path.resolve().is_relative_to(tmp_path) for file in files] == [True]
        assert {file.name.kept_as for file in files} <= set(KEPT_NAMES)


def test_a_link_in_a_mapped_folder_leads_nowhere_else(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / f"{GOOD}_services.json").write_text("[]", encoding="utf-8")
    (inside / f"{GOOD}_services.json").symlink_to(outside / f"{GOOD}_services.json")
    (inside / "sub").symlink_to(outside)
    folders = ServiceFolders((("C:/exports", inside),))
    for path in (f"C:/exports/{GOOD}_services.json", f"C:/exports/sub/{GOOD}_services.json"):
        (file,) = folders.export([path])
        with pytest.raises(NotMapped, match="leads out of its folder"):
            file.resolved()
