"""Dagster's SQLite storage at less cost: it opens an engine for each event, makes each run's tables by the statement,
and reads all its migrations whenever it is opened. Here engines are kept, a run's tables are copied, and migrations are
read once; what is stored, and where, is the same.
"""

import os
import shutil
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

_KEPT = 8
_EMPTY = "empty"
_directory_of = ScriptDirectory.from_config


@cache
def _directory(location: str) -> ScriptDirectory:
    return _directory_of(_CONFIGS[location])


def _directory_once(config: Config) -> ScriptDirectory:
    """A folder of migrations, read once in a process and by those forked from it."""
    location = str(config.get_main_option("script_location"))
    _CONFIGS.setdefault(location, config)
    return _directory(location)


_CONFIGS: dict[str, Config] = {}
ScriptDirectory.from_config = _directory_once  # type: ignore[method-assign]


class _Engines:
    """The engines last used, by what they are connected to; a forked process makes its own."""

    def __init__(self) -> None:
        self._engines: OrderedDict[tuple[int, str], Engine] = OrderedDict()

    @contextmanager
    def connection(self, url: str) -> Iterator[Connection]:
        key = (os.getpid(), url)
        engine = self._engines.get(key)
        if engine is None:
            engine = self._engines[key] = sqlalchemy.create_engine(url, connect_args={"timeout": 60})
        self._engines.move_to_end(key)
        with engine.connect() as connection, connection.begin():
            yield connection
        while len(self._engines) > _KEPT:
            self._engines.popitem(last=False)[1].dispose()


class _Events(SqliteEventLogStorage):
    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            self._begin(Path(self.path_for_shard(shard)))
            with super()._connect(shard):
                pass
        with _ENGINES.connection(self.conn_string_for_shard(shard)) as connection:
            yield connection

    def _begin(self, database: Path) -> None:
        """Make the tables of a run by copying those of an empty one, complete before they have their name."""
        if database.exists() or database.stem == INDEX_SHARD_NAME:
            return
        empty = database.with_name(_EMPTY)
        if not empty.exists():
            made = database.with_name(f"{_EMPTY}.{os.getpid()}")
            self._initdb(sqlalchemy.create_engine(f"sqlite:///{made}", poolclass=NullPool))
            made.replace(empty)
        copied = database.with_name(f"{database.name}.{os.getpid()}")
        shutil.copyfile(empty, copied)
        copied.replace(database)


class _Runs(SqliteRunStorage):
    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with _ENGINES.connection(self._conn_string) as connection:
            yield connection


class _Schedules(SqliteScheduleStorage):
    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with _ENGINES.connection(self._conn_string) as connection:
            yield connection


class KeptSqliteStorage(DagsterSqliteStorage):
    """What `dagster.yaml` of a season names."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._run_storage = _Runs.from_local(str(Path(base_dir) / "history"))
        self._event_log_storage = _Events(str(Path(base_dir) / "history" / "runs"))
        self._schedule_storage = _Schedules.from_local(str(Path(base_dir) / "schedules"))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptSqliteStorage":
        return cls(inst_data=inst_data, **config_value)


_ENGINES = _Engines()
