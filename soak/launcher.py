"""A run launcher whose runs are children of the season's own process, which waits for each.

The process that looks at sensors has threads of many libraries by then, and a process with threads cannot be forked
safely. It asks the season, which has none, through a pair of sockets, and goes on when the run has ended, well or not.
"""

import socket
from collections.abc import Mapping
from typing import Any

from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._core.storage.dagster_run import DagsterRun
from dagster._serdes import ConfigurableClass
from dagster._serdes.config_class import ConfigurableClassData

from soak.processes import LONGEST_LINE

_channel: socket.socket | None = None


def use(channel: socket.socket) -> None:
    """Ask through this end for every run from now on; set before the process is forked."""
    global _channel
    _channel = channel


class SeasonLauncher(RunLauncher, ConfigurableClass):
    """What `dagster.yaml` of a season names."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, object]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "SeasonLauncher":
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        assert _channel is not None
        _channel.sendall(context.dagster_run.run_id.encode())
        if not _channel.recv(LONGEST_LINE):
            raise RuntimeError("the season has ended")

    def terminate(self, run_id: str) -> bool:
        return False

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Runs have ended when the launch returns: one that says it has not was killed."""
        return CheckRunHealthResult(WorkerStatus.FAILED, "The process of the run is gone.")
