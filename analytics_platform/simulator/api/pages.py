"""Pages: a slice of a job's selection, and the opaque cursor that leads to the next."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from analytics_platform.simulator.api.errors import ApiError, bad_request
from analytics_platform.simulator.assumptions import Assumptions


@dataclass(frozen=True)
class PageRequest:
    """Which records of a job are asked for: `size` from `offset` on."""

    offset: int
    size: int


def read_page_request(query: Mapping[str, str], job_id: str, assumptions: Assumptions) -> PageRequest:
    """From `cursor` and `pageSize`; ApiError 400 for a size out of range or a cursor of no page of this job."""
    size = _page_size(query.get("pageSize"), assumptions)
    cursor = query.get("cursor")
    offset = 0 if cursor is None else _offset(cursor, job_id)
    if offset >= assumptions.result_cap:
        raise bad_request(f"Pagination may not exceed {assumptions.result_cap} results.")
    return PageRequest(offset, size)


def cursor_to(job_id: str, offset: int) -> str:
    """The cursor of the page that begins at `offset`."""
    text = f"cursor_v2|{offset}"
    return base64.urlsafe_b64encode(f"{text}|{_seal(job_id, text):08x}".encode()).decode()


def _offset(cursor: str, job_id: str) -> int:
    refused = ApiError(400, "invalid.query.param.value", f"The cursor [{cursor}] is not valid")
    try:
        text, _, seal = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().rpartition("|")
        if int(seal, 16) != _seal(job_id, text):
            raise refused
        return int(text.partition("|")[2])
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise refused from None


def _seal(job_id: str, text: str) -> int:
    return zlib.crc32(f"{job_id}|{text}".encode())


def _page_size(text: str | None, assumptions: Assumptions) -> int:
    if text is None:
        return assumptions.default_page_size
    if not text.isdecimal() or not 1 <= int(text) <= assumptions.max_page_size:
        raise ApiError(
            400,
            "invalid.query.param.value",
            f"Value [{text}] is not valid for parameter [pageSize]. It must be 1 to {assumptions.max_page_size}",
        )
    return int(text)


def page_number(query: Mapping[str, str]) -> int | None:
    """The page a request asks for, from 0, when the size is given or it is the first; else None."""
    cursor, size = query.get("cursor"), query.get("pageSize", "")
    if cursor is None:
        return 0
    try:
        offset = int(base64.b64decode(cursor, altchars=b"-_").decode().split("|")[1])
        return offset // int(size)
    except (binascii.Error, UnicodeDecodeError, ValueError, IndexError, ZeroDivisionError):
        return None
