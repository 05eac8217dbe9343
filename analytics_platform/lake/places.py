"""From what a person writes to the place it means: a folder, or an object store behind a URL."""

import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import pyarrow as pa
import pyarrow.fs as pafs

from analytics_platform.lake.errors import LakeError, LakeUnreachable
from analytics_platform.lake.local import LocalPlace
from analytics_platform.lake.object_store import ObjectStorePlace
from analytics_platform.lake.place import Place

_SCHEMES = {"s3", "gs", "gcs", "abfs", "abfss"}


def place_at(url: str | Path, scratch: Path | None) -> Place:
    """The place at `url`; LakeError when its scheme is unknown or pyarrow cannot read it."""
    if isinstance(url, Path) or "://" not in url:
        return _local(Path(url).expanduser())
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _local(Path(unquote(parts.path)))
    name = urlunsplit((parts.scheme, _without_secrets(parts.netloc), parts.path.rstrip("/"), "", ""))
    if parts.scheme not in _SCHEMES:
        raise LakeError(
            f"The lake cannot live at {name}: the scheme {parts.scheme}:// is unknown; "
            "use a folder, s3://, gs:// or abfs://."
        )
    try:
        filesystem, root = pafs.FileSystem.from_uri(_with_environment(url))
    except pa.ArrowException as fault:
        reason = str(fault).replace(url, name).replace(parts.netloc, _without_secrets(parts.netloc))
        raise LakeError(f"The lake's URL {name} cannot be used ({reason}); correct it.") from None
    except OSError as fault:  # S3 is asked for the bucket's region where nothing names it
        raise LakeUnreachable(
            f"The lake at {name} cannot be opened ({fault}); check the address, or name the region with AWS_REGION."
        ) from None
    _refuse_partition_names(root)
    folder = scratch or Path(tempfile.gettempdir()) / "analytics-platform-scratch"
    return ObjectStorePlace(name, filesystem, root, folder)


def _local(folder: Path) -> LocalPlace:
    place = LocalPlace(folder)
    _refuse_partition_names(place.name)
    return place


def _refuse_partition_names(path: str) -> None:
    if odd := next((part for part in path.split("/") if "=" in part), None):
        raise LakeError(
            f"The lake cannot live below {odd}: readers take a folder `name=value` for a partition; "
            "choose another folder."
        )


def _without_secrets(netloc: str) -> str:
    """The host, with what stands before it only where it can be no credentials: a container, `lake@account`."""
    before, _, host = netloc.rpartition("@")
    return f"{before}@{host}" if before and ":" not in before else host


def _with_environment(url: str) -> str:
    """An `s3://` URL with the region and endpoint of the environment, where it names none itself.

    pyarrow would ask AWS for the bucket's region, also when an endpoint of the environment says it is elsewhere.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3":
        return url
    query = dict(parse_qsl(parts.query))
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and "endpoint_override" not in query:
        where = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
        query |= {"endpoint_override": where.netloc, "scheme": where.scheme}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region and "region" not in query:
        query["region"] = region
    return urlunsplit(parts._replace(query=urlencode(query)))
