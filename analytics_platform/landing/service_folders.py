"""The folders a GMS exports to, as they are reached from here: no file outside them is ever opened.

A server names files by paths on its own disk. Each folder of a server is mapped to one here; each node has its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics_platform.catalogue.service_files import ServiceFileName, whole


class NotMapped(ValueError):
    """A name that is not to be opened from here; the text is a sentence's end that says why."""


@dataclass(frozen=True)
class ExportedFile:
    """A file of an export: its name, the path the server calls it by, and the folder here that must hold it."""

    name: ServiceFileName
    server_path: str
    folder: Path
    path: Path

    def resolved(self) -> Path:
        """Where it really lies, links followed; NotMapped where that is outside its folder."""
        real = self.path.resolve()
        if not real.is_relative_to(self.folder.resolve()):
            raise NotMapped(f"{self.server_path} is a link that leads out of its folder")
        return real


@dataclass(frozen=True)
class ServiceFolders:
    """Folders of servers and the folders here that they are reached by, as GMS_FILE_FOLDERS says."""

    mapped: tuple[tuple[str, Path], ...]

    def export(self, created: Sequence[str]) -> tuple[ExportedFile, ...]:
        """The files of one export by the server's paths of them; NotMapped where they are no such thing."""
        files = tuple(self._file(path) for path in created)
        names = tuple(file.name for file in files)
        if len({(name.stamp, name.format, file.path.parent) for name, file in zip(names, files, strict=True)}) > 1:
            raise NotMapped(f"{', '.join(created)} are not files of one export")
        if not whole(names):
            raise NotMapped(
                f"{', '.join(created) or 'nothing'} was created where one file of services, one of states and one of "
                "tasks are expected"
            )
        return files

    def require(self) -> None:
        """NotMapped where one of the folders here cannot be looked into, such as one that is not mounted."""
        for server, here in self.mapped:
            try:
                next(here.iterdir(), None)
            except OSError as fault:
                raise NotMapped(
                    f"{here}, which GMS_FILE_FOLDERS maps {server} to, cannot be read ({fault.strerror or fault})"
                ) from None

    def exports(self) -> Mapping[str, tuple[str, ...]]:
        """The server's paths of the files of every whole export that lies in the folders now, by the first of them."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for server, here in self.mapped:
            for each in sorted(here.iterdir()):
                name = ServiceFileName.of(each.name)
                if name is not None:
                    found.setdefault((server, name.stamp, name.format), []).append(f"{_ended(server)}{name.name}")
        sets = (tuple(paths) for paths in found.values() if whole(tuple(_names(paths))))
        return {paths[0]: paths for paths in sets}

    def _file(self, server_path: str) -> ExportedFile:
        plain = server_path.replace("\\", "/")
        parts = plain.split("/")
        if ".." in parts or "." in parts or any(not part for part in parts[1:]) or not plain.isprintable():
            raise NotMapped(f"{server_path!r} is no plain path of a file")
        name = ServiceFileName.of(parts[-1])
        if name is None:
            raise NotMapped(f"{server_path} is not named as exports are, export<date>_<time>_<kind>.csv or .json")
        for server, here in sorted(self.mapped, key=lambda pair: -len(pair[0])):
            outer, inner = plain[: len(_ended(server))], plain[len(_ended(server)) :]
            if _spelled(outer) == _spelled(_ended(server)) and ":" not in inner:
                return ExportedFile(name, server_path, here, here / inner)
        raise NotMapped(f"{server_path} lies in no folder that GMS_FILE_FOLDERS maps; add it where it should")


def _ended(server: str) -> str:
    return server.replace("\\", "/").rstrip("/") + "/"


def _spelled(path: str) -> str:
    """A path as to be compared: on a drive of Windows capitals make no difference."""
    return path.casefold() if path[1:2] == ":" else path


def _names(paths: Iterable[str]) -> Iterable[ServiceFileName]:
    return (name for path in paths if (name := ServiceFileName.of(path.rpartition("/")[2])) is not None)
