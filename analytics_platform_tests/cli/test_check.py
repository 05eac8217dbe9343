"""`check` says what is missing and where to get it, and ends with an exit code a script can use."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.operations import OPERATIONS
from analytics_platform_tests.simulated_org import SimulatedOrg

PROGRAM = Path(sys.executable).parent / "analytics-platform"


def _check(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("GENESYSCLOUD", "ANALYTICS", "GMS"))
    }
    return subprocess.run(
        [PROGRAM, "check", *words],
        cwd=folder,
        env={**own, "COLUMNS": "300", **settings},
        capture_output=True,
        text=True,
    )


def _named(org: SimulatedOrg, **others: str) -> dict[str, str]:
    return {
        "GENESYSCLOUD_API_URL": org.url,
        "GENESYSCLOUD_OAUTHCLIENT_ID": org.client_id,
        "GENESYSCLOUD_OAUTHCLIENT_SECRET": org.client_secret,
        **others,
    }


def test_a_client_with_all_permissions_passes(org: SimulatedOrg, tmp_path: Path) -> None:
    done = _check(tmp_path, **_named(org))
    assert done.returncode == 0, done.stdout + done.stderr
    for found in ("lake", "state folder", "conversation_details", "user_details"):
        assert f"ok │ {found}" in " ".join(done.stdout.split())


def test_nothing_named_lists_the_three_variables(tmp_path: Path) -> None:
    done = _check(tmp_path)
    assert done.returncode == 1
    for name in ("GENESYSCLOUD_REGION", "GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYSCLOUD_OAUTHCLIENT_SECRET"):
        assert name in done.stdout


def test_a_wrong_secret_is_told_once_and_not_shown(org: SimulatedOrg, tmp_path: Path) -> None:
    done = _check(tmp_path, **_named(org, GENESYSCLOUD_OAUTHCLIENT_SECRET="canary-secret"))
    assert done.returncode == 1
    assert done.stdout.count("no │ OAuth client") == 1
    assert "canary" not in done.stdout + done.stderr


def test_a_missing_permission_names_it_and_where_to_grant_it(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    org = start_org(client=["half:secret:analytics:conversationDetail:view"])
    settings = _named(org, GENESYSCLOUD_OAUTHCLIENT_ID="half", GENESYSCLOUD_OAUTHCLIENT_SECRET="secret")
    done = _check(tmp_path, **settings)
    assert done.returncode == 1
    assert "ok │ conversation_details" in " ".join(done.stdout.split())
    assert "analytics:userDetail:view" in done.stdout and "Admin" in done.stdout


def test_a_stream_that_was_chosen_and_cannot_land_is_told_and_so_is_how_to_leave_it_out(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    details = "analytics:conversationDetail:view,analytics:userDetail:view"
    org = start_org(client=[f"details:secret:{details}"])
    settings = _named(org, GENESYSCLOUD_OAUTHCLIENT_ID="details", GENESYSCLOUD_OAUTHCLIENT_SECRET="secret")
    done = _check(tmp_path, **settings)
    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert "no │ queue_observations" in told and "analytics:queueObservation:view" in told
    assert "aggregates.bots.enabled = false" in told

    (tmp_path / "streams.toml").write_text(
        "".join(f"[aggregates.{family.name}]\nenabled = false\n" for family in AGGREGATES)
        + "".join(f"[observations.{family.name}]\nenabled = false\n" for family in OBSERVATIONS)
    )
    done = _check(tmp_path, **settings, ANALYTICS_PLATFORM_STREAMS="streams.toml")
    assert done.returncode == 0, done.stdout
    assert "exports.list (analytics:dataExport:view)" in " ".join(done.stdout.split())


def test_what_the_vendor_withdrew_and_the_org_lacks_is_information(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    done = _check(tmp_path, **_named(start_org(withdrawn=False)))
    assert done.returncode == 0, done.stdout
    assert "– │ snapshots │ not answered by this org, withdrawn by the vendor: reports.list" in " ".join(
        done.stdout.split()
    )


def test_all_shows_every_operation_and_the_answer_is_kept(org: SimulatedOrg, tmp_path: Path) -> None:
    done = _check(tmp_path, "--all", **_named(org))
    told = " ".join(done.stdout.split())
    for operation in OPERATIONS:
        assert f"{operation.name} │ {operation.method} {operation.path} │" in told
    (kept,) = (tmp_path / "data" / "state").glob("capabilities-*.json")
    assert set(json.loads(kept.read_text())) == {operation.name for operation in OPERATIONS}


def test_choices_that_cannot_be_read_are_told_beside_the_rest(org: SimulatedOrg, tmp_path: Path) -> None:
    (tmp_path / "streams.toml").write_text("[aggregates.martians]")
    done = _check(tmp_path, **_named(org, ANALYTICS_PLATFORM_STREAMS="streams.toml"))
    assert done.returncode == 1
    assert "ok │ conversation_details" in " ".join(done.stdout.split())
    assert "There is no family of aggregates 'martians'" in done.stdout and "Traceback" not in done.stderr


def test_an_unknown_region_lists_the_known_ones(tmp_path: Path) -> None:
    done = _check(
        tmp_path,
        GENESYSCLOUD_REGION="mars-north-1",
        GENESYSCLOUD_OAUTHCLIENT_ID="x",
        GENESYSCLOUD_OAUTHCLIENT_SECRET="y",
    )
    assert done.returncode == 1
    assert "mars-north-1" in done.stdout and "eu-west-1" in done.stdout


@pytest.mark.parametrize("name", ["ANALYTICS_PLATFORM_LAKE", "ANALYTICS_PLATFORM_STATE"])
def test_a_folder_that_cannot_be_written_is_told(org: SimulatedOrg, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    done = _check(tmp_path, **_named(org, **{name: str(tmp_path / "file" / "folder")}))
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stdout and "Traceback" not in done.stderr


def test_a_malformed_setting_ends_as_one_sentence(tmp_path: Path) -> None:
    done = _check(tmp_path, ANALYTICS_PLATFORM_START_DAY="2999-01-01")
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0 and "in the future" in done.stderr


def test_services_are_looked_at_where_a_gms_is_named(start_org: Callable[..., SimulatedOrg], tmp_path: Path) -> None:
    org = start_org(gms_user=["reader:pass:Supervisor"])
    gms = {"GMS_URL": org.url, "GMS_USERNAME": "reader", "GMS_PASSWORD": "pass"}
    mapped = {"GMS_FILE_FOLDERS": f"C:/={tmp_path};D:/={tmp_path / 'nowhere'}"}
    seen = " ".join(_check(tmp_path, **_named(org, **gms, **mapped)).stdout.split())
    assert "ok │ services │ readable; GMS's clock is at 2026-03-07 00:00 UTC" in seen
    assert "ok │ files of services in C:/" in seen and "no │ files of services in D:/" in seen
    refused = _check(tmp_path, **_named(org, **(gms | {"GMS_PASSWORD": "canary-secret"})))
    assert refused.returncode == 1
    assert "no │ services" in " ".join(refused.stdout.split()) and "canary" not in refused.stdout + refused.stderr


def test_services_are_not_spoken_of_where_no_gms_is_named(org: SimulatedOrg, tmp_path: Path) -> None:
    assert "GMS" not in _check(tmp_path, **_named(org)).stdout


def test_each_oauth_client_is_looked_at_and_one_that_may_not_see_the_same_is_named(
    start_org: Callable[..., SimulatedOrg], tmp_path: Path
) -> None:
    org = start_org(client=["demo:demo", "poor:secret:analytics:conversationDetail:view"])
    (tmp_path / "clients.toml").write_text(
        '[[client]]\nid = "poor"\nsecret = "secret"\n[[client]]\nid = "gone"\nsecret = "canary-secret"\n'
    )
    done = _check(tmp_path, **_named(org, ANALYTICS_PLATFORM_OAUTH_CLIENTS="clients.toml"))
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    for client in ("demo", "poor", "gone"):
        assert f"– │ requests of OAuth client {client} │ 0 of 300 in the last minute" in told
    assert "no │ OAuth client poor │ may not call what another may:" in told and "users.availability" in told
    assert "no │ OAuth client gone │" in told
    assert "canary" not in done.stdout + done.stderr


def test_a_pause_that_the_vendor_asked_for_is_told(org: SimulatedOrg, tmp_path: Path) -> None:
    org.arm("status", "*.availability", status=429, retry_after=3000, times=1)
    assert _check(tmp_path, **_named(org)).returncode == 1
    told = " ".join(_check(tmp_path, **_named(org)).stdout.split())
    assert "in the last minute; paused until 20" in told and "UTC, as Genesys Cloud asked" in told
