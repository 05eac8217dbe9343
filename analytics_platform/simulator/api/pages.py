"""Pages: a slice of a job's selection, and the opaque cursor that leads to the next."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from analytics_platform.simulator.api.errors import ApiError, bad_request
from analytics_platform.simulator.assumptions import Assumptions


@dataclass(frozen=True)
class PageRequest:
    """Which records of a job are asked for: `size` from `offset` on; `number` counts the job's pages from 0."""

    offset: int
    size: int
    number: int


def read_page_request(query: Mapping[str, str], job_id: str, assumptions: Assumptions) -> PageRequest:
    """From `cursor` and `pageSize`; ApiError 400 for a size out of range or a cursor of no page of this job."""
    size = _page_size(query.get("pageSize"), assumptions)
    cursor = query.get("cursor")
    number, offset = (0, 0) if cursor is None else _opened(cursor, job_id)
    if offset >= assumptions.result_cap:
        raise bad_request(f"Pagination may not exceed {assumptions.result_cap} results.")
    return PageRequest(offset, max(1, size * 2 // 3) if assumptions.short_pages else size, number)


def cursor_to(job_id: str, number: int, offset: int) -> str:
    """The cursor of a page by its number and the record it begins at."""
    text = f"cursor_v2|{number}|{offset}"
    return base64.urlsafe_b64encode(f"{text}|{_seal(job_id, text):08x}".encode()).decode()


def page_number(query: Mapping[str, str]) -> int | None:
    """The number of the page a request asks for; None for a cursor that cannot be read."""
    cursor = query.get("cursor")
    if cursor is None:
        return 0
    try:
        return int(_read(cursor).split("|")[1])
    except (ValueError, IndexError):
        return None


def cursor_refused(cursor: str) -> ApiError:
    """What a cursor that leads nowhere is answered with."""
    return ApiError(400, "invalid.query.param.value", f"The cursor [{cursor}] is not valid")


def _opened(cursor: str, job_id: str) -> tuple[int, int]:
    refused = cursor_refused(cursor)
    try:
        text, _, seal = _read(cursor).rpartition("|")
        if int(seal, 16) != _seal(job_id, text):
            raise refused
        _, number, offset = text.split("|")
        return int(number), int(offset)
    except ValueError:
        raise refused from None


def _read(cursor: str) -> str:
    """The text in a cursor; ValueError when it is no base64 of one."""
    return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()


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
