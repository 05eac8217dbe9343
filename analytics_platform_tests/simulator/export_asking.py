"""Asks the simulated org for exports of views and waits for them, as its tests do."""

import csv
from io import StringIO
from typing import Any

import httpx

from analytics_platform.catalogue.models import model
from analytics_platform_tests.simulated_org import NO_TLS
from analytics_platform_tests.simulator.asking import DAYS, Asker, day

Record = dict[str, Any]
EXPORTS = "/reporting/exports"
QUEUES = "QUEUE_PERFORMANCE_SUMMARY_VIEW"


def wanted(**changed: Any) -> Record:
    """A request for a day of queue performance by the hour."""
    return {
        "name": "of a test",
        "timeZone": "UTC",
        "exportFormat": "CSV",
        "interval": day(DAYS[0]),
        "period": "PT1H",
        "viewType": QUEUES,
        "filter": {},
        "locale": "en-us",
        "excludeEmptyRows": True,
    } | changed


def request(asker: Asker, **changed: Any) -> str:
    """The id of a new export."""
    answer = asker.http.post(EXPORTS, json=wanted(**changed))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["percentageComplete"]) == ("SUBMITTED", 0)
    assert set(told) <= set(model("ReportingExportJobResponse").fields)
    return str(told["id"])


def listed(asker: Asker, export: str) -> Record:
    entities = asker.http.get(EXPORTS, params={"pageSize": 100}).json()["entities"]
    return next(told for told in entities if told["id"] == export)


def finished(asker: Asker, **changed: Any) -> Record:
    """An export once it is neither SUBMITTED nor RUNNING."""
    export = request(asker, **changed)
    while (told := listed(asker, export))["status"] in ("SUBMITTED", "RUNNING"):
        assert "downloadUrl" not in told
    return told


def fetched(asker: Asker, export: Record) -> httpx.Response:
    """The file of a completed export, by way of the redirect, the token left behind."""
    redirect = asker.http.get(export["downloadUrl"])
    assert redirect.status_code == 303, redirect.text
    answer = httpx.get(redirect.headers["Location"], trust_env=False, verify=NO_TLS)
    assert answer.status_code == 200, answer.text
    return answer


def table(asker: Asker, delimiter: str = ",", **changed: Any) -> list[dict[str, str]]:
    """The rows of an export's CSV by heading."""
    content = fetched(asker, finished(asker, **changed)).content
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))
