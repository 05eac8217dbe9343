"""Sensors looked at as the daemon does - cursors and run keys kept in the instance - with runs executed here."""

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from analytics_platform.catalogue.streams import STREAMS
from analytics_platform.definitions import platform
from analytics_platform.defs.partitions import tagged_days
from analytics_platform_tests.defs.workplace import Workplace

_REPOSITORY = RemoteRepositoryOrigin(
    ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name="analytics_platform.definitions")),
    "__repository__",
)
SENSORS = [
    name
    for stream in STREAMS
    for name in (f"{stream.name}_availability", f"{stream.typed}_home_days", f"{stream.name}_upkeep")
]


class Ticks:
    """Looks of a deployment's sensors, one after another."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._run_keys: set[str] = set()

    def look(self, sensor: str) -> SensorExecutionData:
        """One look; its cursor is kept, its records are stored, and its requests are left to the caller."""
        with self._workplace.entered() as settings, self._workplace.instance() as instance:
            definitions = platform(settings)
            with dg.build_sensor_context(
                instance=instance, cursor=self.cursor(sensor), definitions=definitions, sensor_name=sensor
            ) as context:
                brought = definitions.get_repository_def().get_sensor_def(sensor).evaluate_tick(context)
            for event in brought.asset_events:
                instance.report_runless_asset_event(event)
        if brought.cursor is not None:
            self.set_cursor(sensor, brought.cursor)
        return brought

    def requested(self, sensor: str) -> list[str]:
        """One look: `reason first..last` of each run it requests that was not requested before."""
        return [_told(request) for request in self._new(self.look(sensor))]

    def settle(self) -> list[str]:
        """Look at all sensors and execute what they request, until none requests anything; what was run."""
        ran: list[str] = []
        while more := [told for sensor in SENSORS for told in self._run_requested(sensor)]:
            ran += more
        return ran

    def _run_requested(self, sensor: str) -> list[str]:
        ran: list[str] = []
        for request in self._new(self.look(sensor)):
            tables = [key.to_user_string() for key in request.asset_selection or ()]
            self._workplace.run(tables, tagged_days(request.tags), tags=dict(request.tags))
            ran.append(f"{tables[0]} {_told(request)}")
        return ran

    def cursor(self, sensor: str) -> str | None:
        """What the sensor has written down at its last look."""
        with self._workplace.instance() as instance:
            known = _state(sensor, None)
            state = instance.get_instigator_state(known.instigator_origin_id, known.selector_id)
        return None if state is None else getattr(state.instigator_data, "cursor", None)

    def set_cursor(self, sensor: str, cursor: str | None) -> None:
        """What a look or a person writes down."""
        state = _state(sensor, cursor)
        with self._workplace.instance() as instance:
            known = instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
            (instance.add_instigator_state if known is None else instance.update_instigator_state)(state)

    def _new(self, brought: SensorExecutionData) -> list[dg.RunRequest]:
        requests = [request for request in brought.run_requests or () if request.run_key not in self._run_keys]
        self._run_keys.update(request.run_key for request in requests if request.run_key)
        return requests


def _told(request: dg.RunRequest) -> str:
    days = tagged_days(request.tags)
    return f"{request.tags['analytics_platform/reason']} {days[0]}..{days[-1]}"


def _state(sensor: str, cursor: str | None) -> InstigatorState:
    origin = _REPOSITORY.get_instigator_origin(sensor)
    return InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING, SensorInstigatorData(cursor=cursor))
