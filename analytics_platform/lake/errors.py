"""What can go wrong with the lake, each told as one sentence: what, where, and what to do.

LakeError
├── LakeFull          no space is left; what had landed before is unharmed
├── LakeUnreachable   the object store does not answer or lets nobody in
├── NotWritable       the place exists or could be made, but not by this process
├── PartitionMissing  the asked table and day has not landed
└── PartitionDamaged  a file is there, but not as it was written
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa


class LakeError(Exception):
    """The lake cannot do what was asked; the text is one sentence meant for a person."""


class LakeFull(LakeError):
    """No space is left where the lake or its scratch folder lives; nothing landed was harmed."""


class LakeUnreachable(LakeError):
    """The object store does not answer, or refuses the credentials; trying again later may help."""


class NotWritable(LakeError):
    """This process may not write where the lake lives."""


class PartitionMissing(LakeError):
    """The asked table and day has not landed."""


class KeyAway(LakeError):
    """What is encrypted cannot be read: its key is not among those given, or it was changed."""


class PartitionDamaged(LakeError):
    """A partition's file is not as it was written: damaged, foreign, or on an object store replaced while read."""


_DAMAGE = re.compile(r"CRC|thrift|Corrupt|Unexpected end|Invalid Parquet|InvalidRange|HTTP status 416", re.IGNORECASE)
"""What Arrow says of a damaged file; it gives no error number for it. 416: the object shrank since it was opened."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}


@contextmanager
def told(doing: str, place: str, *, writing: bool = False) -> Iterator[None]:
    """Turn faults of the operating system, the object store and Arrow into LakeError.

    `doing` says what was under way ("writing conversations of 2026-01-02"), `place` where. FileNotFoundError of a
    read passes through: absent is no fault, the caller knows what it means.
    """
    try:
        yield
    except FileNotFoundError as fault:
        if not writing:
            raise
        raise _not_writable(doing, place, fault) from fault
    except OSError as fault:
        raise _sentence(doing, place, fault, writing) from fault
    except pa.ArrowInvalid as fault:
        raise _damaged(doing, place, fault) from fault


def _sentence(doing: str, place: str, fault: OSError, writing: bool) -> LakeError:
    if fault.errno in _FULL:
        return LakeFull(
            f"No space is left at {place} while {doing} ({_reason(fault)}); nothing landed was harmed: "
            "free some space or move the lake, then run again."
        )
    if fault.errno in _FORBIDDEN or (writing and fault.errno == errno.ENOENT):
        return _not_writable(doing, place, fault) if writing else _not_readable(doing, place, fault)
    if not fault.errno and "decrypt" in str(fault):
        return KeyAway(
            f"Failed {doing}: what is kept at {place} is encrypted; set ANALYTICS_PLATFORM_RAW_KEY to read it."
        )
    if not fault.errno and _DAMAGE.search(str(fault)):
        return _damaged(doing, place, fault)
    if "://" in place:
        return LakeUnreachable(
            f"The object store at {place} failed {doing} ({_first_line(fault)}); check its address, the "
            "credentials and the network, then run again."
        )
    return LakeError(f"Failed {doing} at {place} ({_reason(fault)}); check the disk, then run again.")


def _damaged(doing: str, place: str, fault: Exception) -> PartitionDamaged:
    return PartitionDamaged(
        f"Failed {doing}: a file at {place} is not the Parquet that was written ({_first_line(fault)}); "
        "land the day again to replace it."
    )


def _not_writable(doing: str, place: str, fault: OSError) -> NotWritable:
    return NotWritable(
        f"Cannot write at {place} while {doing} ({_reason(fault)}); "
        "set ANALYTICS_PLATFORM_LAKE to a place this user may write to."
    )


def _not_readable(doing: str, place: str, fault: OSError) -> LakeError:
    return LakeError(f"Cannot read at {place} while {doing} ({_reason(fault)}); give this user read access to it.")


def _reason(fault: OSError) -> str:
    return errno.errorcode.get(fault.errno or 0, "") or _first_line(fault)


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0][:300].rstrip(". ")
