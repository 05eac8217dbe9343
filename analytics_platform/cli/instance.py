"""The Dagster instance commands use: a folder beside the lake, made once before anything opens it."""

import os
import shutil
from importlib.resources import as_file, files
from pathlib import Path

_HOME = Path("data/dagster")


def prepared_home() -> Path:
    """DAGSTER_HOME, or `data/dagster` where it is not set; holds the platform's `dagster.yaml` and a fresh storage.

    Several processes that open a fresh SQLite storage at once can break it for good, so it is opened here first.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or _HOME).resolve()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        with as_file(files("analytics_platform.defs") / "dagster.yaml") as shipped:
            shutil.copyfile(shipped, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        instance.get_runs_count()
        instance.all_asset_keys()
    return home
