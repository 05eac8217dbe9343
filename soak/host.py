"""The platform's own processes, forked from the season: Dagster's daemon, one turn after another, and a run."""

import importlib
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.instance import InstanceRef
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration

_log = logging.getLogger("soak.host")
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_LATER = (
    *(f"analytics_platform.{name}" for name in ("genesys_cloud.jobs", "lake.io_manager")),
    *(f"analytics_platform.landing.{name}" for name in ("details", "typed", "forgetting")),
    "analytics_platform.defs.compute_logs",
    "arro3.core",
    "dagster._core.executor.in_process",
    "dagster._core.system_config.composite_descent",
    "numpy.ma",
)
"""What a run imports when it comes to it."""
_BETWEEN_LOOKS = 1.1
"""Seconds: the least a sensor waits between two looks."""


@contextmanager
def workspace(home: Path) -> Iterator[WorkspaceProcessContext]:
    """The platform as a code location of this process, on the instance in `home`, imported as a whole."""
    for name in _LATER:
        importlib.import_module(name)
    origin = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="soak.definitions"), location_name="soak")
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget(origin)) as loaded,
    ):
        yield loaded


def switch(loaded: WorkspaceProcessContext, names: Sequence[str], *, on: bool) -> None:
    """Switch sensors on or off, as a person does in the UI."""
    instance = loaded.instance
    for location in loaded.create_request_context().code_locations:
        for repository in location.get_repositories().values():
            for sensor in repository.get_sensors():
                if sensor.name in names and on:
                    instance.start_sensor(sensor)
                elif sensor.name in names:
                    instance.stop_sensor(sensor.get_remote_origin_id(), sensor.selector_id, sensor)


def daemon(loaded: WorkspaceProcessContext, upkeep: Sequence[str], looks: int) -> bool:
    """Dagster's daemon: dead runs noticed and retried, sensors looked at, runs launched, until nothing is asked for.

    The sensors named `upkeep` look last, as in a deployment they look seldom; again and again until they ask for
    nothing either. True when it came to rest so, False when `looks` of them were not enough.
    """
    with QueuedRunCoordinatorDaemon(1) as dequeuing:
        for _ in range(looks):
            while _turn(loaded, dequeuing):
                pass
            switch(loaded, upkeep, on=True)
            asked = _turn(loaded, dequeuing)
            switch(loaded, upkeep, on=False)
            if not asked and not _waits(loaded.instance):
                return True
    return False


def _turn(loaded: WorkspaceProcessContext, dequeuing: QueuedRunCoordinatorDaemon) -> bool:
    """One turn of each of the daemon's loops; whether any run was asked for or is still to come."""
    instance = loaded.instance
    # A sensor that looked a moment ago would be passed over.
    time.sleep(_BETWEEN_LOOKS)
    before = instance.get_runs_count()
    _all(execute_run_monitoring_iteration(loaded, _log))
    _all(EventLogConsumerDaemon().run_iteration(loaded))
    _all(execute_sensor_iteration(loaded, _log, None, None))
    _all(dequeuing.run_iteration(loaded))
    return instance.get_runs_count() > before or instance.get_runs_count(dg.RunsFilter(statuses=_UNFINISHED)) > 0


def run(repository: dg.RepositoryDefinition, instance_ref: InstanceRef, run_id: str) -> None:
    """Execute one run to its end."""
    with dg.DagsterInstance.from_ref(instance_ref) as instance:
        asked = instance.get_run_by_id(run_id)
        assert asked is not None
        execute_run(InMemoryJob(repository.get_job(asked.job_name)), asked, instance)


def _waits(instance: dg.DagsterInstance) -> bool:
    """Whether a sensor failed at its last look, or said that it waits before it asks for a failed day again."""
    looks = [
        look
        for state in instance.all_instigator_state()
        for look in instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
    ]
    return any(look.is_failure or "asked for again after" in (look.skip_reason or "") for look in looks)


def _all(iteration: Iterator[object]) -> None:
    """One turn of a daemon; what it says of its errors is in the season's log."""
    for told in iteration:
        if told is not None:
            _log.warning("%s", told)
