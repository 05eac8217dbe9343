"""The export to files: a new set in the folder of the node that answers, whole or still growing when it does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Lock, Thread

from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.services import SERVICE_FILES
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.faults import FILES, Fault
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.gms.errors import SERVER, GmsError
from analytics_platform.simulator.gms.export_files import export_files, packed
from analytics_platform.simulator.gms.gate import GmsCall
from analytics_platform.simulator.gms.reading import selected, teller

_STEPS = 10
_HOLD_LOOKS_EVERY = 0.02


@dataclass
class _Growing:
    """Files that are written side by side, piece by piece."""

    contents: dict[Path, bytes]
    _written: dict[Path, int] = field(default_factory=dict)

    def grow(self, share: float) -> None:
        """Write on until a share of each is there."""
        for path, content in self.contents.items():
            until = int(len(content) * share)
            with path.open("ab") as file:
                file.write(content[self._written.get(path, 0) : until])
            self._written[path] = until

    def grow_over(self, seconds: float) -> None:
        """Write all, in equal steps of real time."""
        for step in range(1, _STEPS + 1):
            time.sleep(seconds / _STEPS)
            self.grow(step / _STEPS)

    def grow_when_released(self, fault: Fault) -> None:
        """Write the rest once a fault is released."""
        fault.waiting += 1
        while not fault.released:
            time.sleep(_HOLD_LOOKS_EVERY)
        self.grow(1.0)
        fault.waiting -= 1


class FilesApi:
    """Serves the export to files; the balancer gives every request without a node to the next one."""

    def __init__(self, org: Org) -> None:
        self._org = org
        for folder in org.gms_folders:
            folder.mkdir(parents=True, exist_ok=True)
        self._turns = count()
        self._named = 0
        self._lock = Lock()

    def handlers(self) -> Mapping[Operation, Callable[[GmsCall], Answer]]:
        return {SERVICE_FILES: self.export}

    def export(self, call: GmsCall) -> Answer:
        """Writes the services selected into files; 200 `{"created": [...]}` with the server's own paths of them."""
        assumed, parameter = self._org.assumptions, self._org.assumptions.gms_format_parameter
        form = call.query.get(parameter, assumed.gms_default_format).lower()
        if form not in ("csv", "json"):
            raise GmsError(400, f"Parameter {parameter} is not valid: {form}; expected one of csv, json")
        ids = selected(self._org, call.query, call.now)
        tell = teller(self._org)
        told = [tell.service(service, call.now) for each in ids if (service := self._org.services.service(each))]
        fault = self._org.faults.take(call.name, FILES)
        folder, server_folder = self._folders(call.node)
        prefix, ending = self._prefix(call.now), f".{assumed.gms_packed}" if assumed.gms_packed else ""
        files = {
            f"{prefix}_{kind}.{form}{ending}": packed(content, f"{prefix}_{kind}.{form}", assumed.gms_packed)
            for kind, content in export_files(told, form, assumed).items()
        }
        created = [server_folder + name for name in files]
        self._write(folder, files, fault)
        if fault is not None and fault.kind == "file_elsewhere":
            created[0] = fault.reason or f"{server_folder}../elsewhere/{next(iter(files))}"
        alone = len(created) == 1 and not assumed.gms_created_is_list
        return Answer.of(200, {"created": created[0] if alone else created})

    def _write(self, folder: Path, files: dict[str, bytes], fault: Fault | None) -> None:
        kind = None if fault is None else fault.kind
        if kind == "file_missing":
            files = dict(list(files.items())[:-1])
        growing = _Growing({folder / name: content for name, content in files.items()})
        if fault is not None and kind == "file_cut":
            first = next(iter(growing.contents))
            growing.contents[first] = growing.contents[first][: int(len(growing.contents[first]) * fault.fraction)]
        if fault is not None and kind in ("disk_full", "file_held"):
            growing.grow(fault.fraction)
            if kind == "disk_full":
                raise GmsError(500, "There is not enough space on the disk", "java.io.IOException")
            Thread(target=growing.grow_when_released, args=(fault,), daemon=True).start()
        elif self._org.assumptions.gms_files_seconds:
            growing.grow(0.0)
            Thread(target=growing.grow_over, args=(self._org.assumptions.gms_files_seconds,), daemon=True).start()
        else:
            growing.grow(1.0)

    def _folders(self, node: int | None) -> tuple[Path, str]:
        """The folder of the node that answers, and what that node calls it; GmsError 500 where it has none."""
        folders = self._org.gms_folders
        if not folders:
            raise GmsError(500, "The folder of exports can not be written to", SERVER)
        number = next(self._turns) % len(folders) if node is None else node
        known = self._org.assumptions.gms_server_folders.split(";")
        return folders[number], known[min(number, len(known) - 1)]

    def _prefix(self, now: int) -> str:
        """What the names of a new set begin with: its instant in UTC, a millisecond on where that was given before."""
        with self._lock:
            self._named = now = max(now, self._named + 1)
        told = datetime.fromtimestamp(now // 1000, UTC)
        return f"export{told:%Y%m%d_%H%M%S}_{now % 1000:03d}"
