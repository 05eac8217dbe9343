"""Dagster's own SQLite storage at less cost: the same files, the same tables, fewer ceremonies.

As it comes, it makes an engine for every event it stores, so that each statement is compiled anew; it looks through
the columns of its tables for every partition, in transactions of its own; it makes the tables of each run by the
statement; and it reads all its migrations each time an instance is opened. Here engines are kept by each process, the
partitions of an output are stored together, a run's tables are copied from an empty one, and what is stamped as
complete is not looked through again.
An instance goes on with either; `dagster instance migrate` works as ever.
"""

import os
import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import sqlalchemy
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes.config_class import ConfigurableClassData
from dagster_shared.serdes import serialize_value
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool, Pool, QueuePool

_KEPT = 16
_EVENTS = SqlEventLogStorageTable
_INDEXED = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}
_EMPTY = "empty"
_BATCH = "1000"
"""Events, at most, that a run tells of an output's partitions at once."""


class _Engines:
    """The engines last used, by database; a forked process makes its own."""

    def __init__(self) -> None:
        self._engines: OrderedDict[tuple[int, str], Engine] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def connection(self, url: str, pool: type[Pool]) -> Iterator[Connection]:
        """A connection in a transaction, which ends with the block."""
        with self._of(url, pool).connect() as connection, connection.begin():
            yield connection

    def _of(self, url: str, pool: type[Pool]) -> Engine:
        key = (os.getpid(), url)
        with self._lock:
            if key not in self._engines:
                waiting = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
                self._engines[key] = sqlalchemy.create_engine(url, poolclass=pool, connect_args=waiting)
            self._engines.move_to_end(key)
            while len(self._engines) > _KEPT:
                self._engines.popitem(last=False)[1].dispose()
            return self._engines[key]


_engines = _Engines()


class _Events(SqliteEventLogStorage):
    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._tables: set[str] = set()
        self._indexes: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            self._begin(shard)
        # Whoever watches a run in the UI watches its file, which changes when a connection to it is closed.
        pool = QueuePool if shard == INDEX_SHARD_NAME else NullPool
        with _engines.connection(self.conn_string_for_shard(shard), pool) as connection:
            yield connection

    def _begin(self, shard: str) -> None:
        """Make sure of a database's tables: those of a run are a copy of an empty one, whole when it has its name."""
        database = Path(self.path_for_shard(shard))
        if shard != INDEX_SHARD_NAME and not database.exists():
            self._copy_empty(database)
        if not _stamped(database):
            with super()._connect(shard):
                pass
        self._initialized_dbs.add(shard)

    def _copy_empty(self, database: Path) -> None:
        mine = f"{os.getpid()}.{threading.get_ident()}"
        empty = database.with_name(_EMPTY)
        if not empty.exists():
            made = database.with_name(f"{_EMPTY}.{mine}")
            self._initdb(sqlalchemy.create_engine(f"sqlite:///{made}", poolclass=NullPool))
            made.replace(empty)
        copied = database.with_name(f"{database.name}.{mine}")
        shutil.copyfile(empty, copied)
        # Linked, not moved: another process may have begun the same database meanwhile.
        with suppress(OSError):
            database.hardlink_to(copied)
        copied.unlink()

    def store_event(self, event: EventLogEntry) -> None:
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store what a run tells at once, such as a table's partitions: a transaction in its database, and one in the
        index that all runs share."""
        for run_id in dict.fromkeys(event.run_id for event in events):
            mine = [(event, self._event_to_row(event)) for event in events if event.run_id == run_id]
            with self.run_connection(run_id) as run:
                run.execute(_EVENTS.insert(), [row for _, row in mine])
            self._index([(event, row) for event, row in mine if event.dagster_event_type in _INDEXED])

    def _index(self, events: Sequence[tuple[EventLogEntry, Mapping[str, Any]]]) -> None:
        if not events:
            return
        with self.index_connection() as index:
            stored = [(event, index.execute(_EVENTS.insert(), row).lastrowid) for event, row in events]
            of_assets = [(event, number) for event, number in stored if event.dagster_event_type in ASSET_EVENTS]
            self._store_asset_event_tags(index, [event for event, _ in of_assets], [number for _, number in of_assets])
            # What is known of an asset is what the last event of a kind tells.
            last = {
                (event.get_dagster_event().asset_key, event.dagster_event_type): (event, n) for event, n in of_assets
            }
            for event, number in sorted(last.values(), key=lambda told: told[1]):
                self._store_asset_event(index, event, number)
        for event, number in stored:
            if event.dagster_event_type in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, number)

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        """A row for each partition, all of which hold the event: it is written out once for all."""
        planned = event.get_dagster_event().asset_check_planned_data
        subset = planned.partitions_subset
        row = {
            "asset_key": planned.asset_key.to_string(),
            "check_name": planned.check_name,
            "run_id": event.run_id,
            "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
            "evaluation_event": serialize_value(event),
            "evaluation_event_timestamp": self._event_insert_timestamp(event),  # type: ignore[no-untyped-call]
            "evaluation_event_storage_id": event_id,
        }
        rows = [{**row, "partition": each} for each in (subset.get_partition_keys() if subset is not None else [None])]
        if rows:
            with self.index_connection() as index:
                index.execute(AssetCheckExecutionsTable.insert(), rows)

    def has_table(self, table_name: str) -> bool:
        """Asked for every check and every materialization: a table that is there stays there."""
        if table_name not in self._tables:
            with self.index_connection() as index:
                if not sqlalchemy.inspect(index).has_table(table_name):
                    return False
            self._tables.add(table_name)
        return True

    def has_secondary_index(self, name: str) -> bool:
        """Asked twice for every asset that is looked up: an index that was made stays made."""
        if name not in self._indexes:
            if not super().has_secondary_index(name):
                return False
            self._indexes.add(name)
        return True

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return True  # asked for every event: all releases this one may go on from have them


class _Runs(SqliteRunStorage):
    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with _engines.connection(self._conn_string, QueuePool) as connection:
            yield connection

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> Self:
        if _stamped(Path(base_dir, "runs.db")):
            return cls(create_db_conn_string(base_dir, "runs"), inst_data)
        return super().from_local(base_dir, inst_data)


class _Schedules(SqliteScheduleStorage):
    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with _engines.connection(self._conn_string, QueuePool) as connection:
            yield connection

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> SqliteScheduleStorage:
        if _stamped(Path(base_dir, "schedules.db")):
            return cls(create_db_conn_string(base_dir, "schedules"), inst_data)
        return super().from_local(base_dir, inst_data)


class KeptSqliteStorage(DagsterSqliteStorage):
    """The three storages of an instance in `base_dir`, its home; what `dagster.yaml` names."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", _BATCH)  # the one way to ask Dagster for it
        self.base_dir = base_dir
        self._inst_data = inst_data
        self._run_storage = _Runs.from_local(str(Path(base_dir, "history")))
        self._event_log_storage = _Events(str(Path(base_dir, "history", "runs")))
        self._schedule_storage = _Schedules.from_local(str(Path(base_dir, "schedules")))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)


def _stamped(database: Path) -> bool:
    """Whether a database's tables are complete, as their last statement says."""
    if not database.exists():
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, timeout=SQLITE_BUSY_TIMEOUT_SECONDS)) as opened:
        return bool(opened.execute("SELECT count(*) FROM alembic_version").fetchone()[0])
    return False
