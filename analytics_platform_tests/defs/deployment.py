"""A deployment as people run it: code server, web server and daemon as processes on one instance, talked to over
GraphQL."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from analytics_platform.cli.servers import code_server
from analytics_platform_tests.defs.workplace import CHECKOUT, Workplace
from analytics_platform_tests.waiting import wait_until

_BIN = Path(sys.executable).parent
LOCATION = {"repositoryLocationName": "analytics_platform.definitions", "repositoryName": "__repository__"}
MISSING = "dagster-webserver is not installed; install the extra `ui`"


def installed() -> bool:
    """Whether a web server can be started."""
    return shutil.which("dagster-webserver", path=str(_BIN)) is not None


class Deployment:
    """Code server, web server and daemon of a workplace; all end with the block, with all their children."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self._log = workplace.folder / "processes.log"
        self._processes: list[subprocess.Popen[Any]] = []
        self._code = ExitStack()
        self._http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        served = code_server(self._log, self.workplace.environment)
        self._workspace, self.code_server = self._code.enter_context(served)
        self._start("dagster-webserver", "--host", "127.0.0.1", "--port", self.url.rpartition(":")[2])
        self._start("dagster-daemon", "run")
        wait_until(self._answers, "the web server and its code location")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        for process in self._processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=30)
        self._code.close()

    def start_daemon(self) -> None:
        """Start one more daemon on the instance, as nobody should."""
        self._start("dagster-daemon", "run")

    @property
    def output(self) -> bytes:
        """All that the processes have written."""
        return self._log.read_bytes()

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer; an error in it is an AssertionError."""
        answer = self._http.post("/graphql", json={"query": query, "variables": variables})
        told = answer.raise_for_status().json()
        assert "errors" not in told, told["errors"]
        data: dict[str, Any] = told["data"]
        return data

    @property
    def processes(self) -> Sequence[subprocess.Popen[Any]]:
        """The web server and the daemon, in this order."""
        return self._processes

    def backfill(self, tables: Sequence[str], days: Sequence[date]) -> str:
        """Ask for a backfill the way the UI's button does; its id."""
        told = self.graphql(
            "mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {"
            " __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }",
            params={
                "assetSelection": [{"path": [each]} for each in tables],
                "partitionNames": [day.isoformat() for day in days],
            },
        )["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return str(told["backfillId"])

    def finished(self, backfill: str) -> str | None:
        """How a backfill ended; None while it goes on."""
        told = self.graphql(
            "query($id: String!) { partitionBackfillOrError(backfillId: $id) {"
            " ... on PartitionBackfill { status error { message } } } }",
            id=backfill,
        )["partitionBackfillOrError"]
        status = str(told["status"])
        return None if status in ("REQUESTED", "CANCELING", "FAILING") else status

    def launch(self, table: str, day: date) -> str:
        """Materialize one partition, as the UI's button does; the run's id."""
        told = self.graphql(
            "mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) { __typename"
            " ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }",
            params={
                "selector": LOCATION | {"pipelineName": "__ASSET_JOB", "assetSelection": [{"path": [table]}]},
                "mode": "default",
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": day.isoformat()}]},
            },
        )["launchPipelineExecution"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return str(told["run"]["runId"])

    def start_sensor(self, name: str) -> None:
        """Switch a sensor on, as in the UI."""
        told = self.graphql(
            "mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename"
            " ... on PythonError { message } } }",
            selector=LOCATION | {"sensorName": name},
        )["startSensor"]
        assert told["__typename"] == "Sensor", told

    def stop_sensor(self, name: str) -> None:
        state = self.graphql(
            "query($selector: SensorSelector!) { sensorOrError(sensorSelector: $selector) {"
            " ... on Sensor { sensorState { id } } } }",
            selector=LOCATION | {"sensorName": name},
        )["sensorOrError"]["sensorState"]["id"]
        self.graphql("mutation($id: String!) { stopSensor(id: $id) { __typename } }", id=state)

    def start_schedule(self, name: str) -> str:
        """Switch a schedule on, as in the UI; the id by which it is switched off."""
        told = self.graphql(
            "mutation($selector: ScheduleSelector!) { startSchedule(scheduleSelector: $selector) { __typename"
            " ... on ScheduleStateResult { scheduleState { id } } ... on PythonError { message } } }",
            selector=LOCATION | {"scheduleName": name},
        )["startSchedule"]
        assert told["__typename"] == "ScheduleStateResult", told
        return str(told["scheduleState"]["id"])

    def stop_schedule(self, state: str) -> None:
        self.graphql("mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }", id=state)

    def _start(self, command: str, *arguments: str) -> None:
        words = [str(_BIN / command), *arguments, "-w", str(self._workspace)]
        with self._log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    words,
                    env=self.workplace.environment,
                    cwd=CHECKOUT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _answers(self) -> bool:
        assert all(process.poll() is None for process in self._processes), self.output.decode()[-2000:]
        try:
            told = self.graphql("{ repositoriesOrError { __typename } }")
        except httpx.HTTPError:
            return False
        return bool(told["repositoriesOrError"]["__typename"] == "RepositoryConnection")
