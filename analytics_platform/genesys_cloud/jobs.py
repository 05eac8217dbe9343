"""Asynchronous details jobs: watermark, submit, wait, pages, cancel (vendor facts: SDK 269.0.0, AsyncQueryStatus).

States run QUEUED, PENDING, then FULFILLED, FAILED or CANCELLED; FULFILLED becomes EXPIRED after `expirationDate`.
A job over a window past the watermark succeeds with part of the data and says nothing.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock

from analytics_platform.catalogue.operations import JobFamily
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.token import TOKEN
from analytics_platform.source.errors import (
    BadCredentials,
    BadRequest,
    JobCancelled,
    JobDeadline,
    JobError,
    JobExpired,
    JobFailed,
    JobGone,
    NotFound,
    NotJson,
    SourceError,
    SubmitUncertain,
    TransientError,
    UnexpectedAnswer,
)
from analytics_platform.source.looks import looks
from analytics_platform.source.pages import Page, instant, split_page
from analytics_platform.source.wire import Payload

_log = logging.getLogger(__name__)
_RUNNING = ("QUEUED", "PENDING")


@dataclass(frozen=True)
class JobStatus:
    """What the vendor says of a job; instants are UTC, None where not (yet) known. The set of states is open."""

    state: str
    error_message: str | None = None
    submission_date: datetime | None = None
    completion_date: datetime | None = None
    expiration_date: datetime | None = None


class DetailsJobs:
    """The details jobs of one family, conversations or users.

    Whether the vendor tells an OAuth client of another one's job is not known, so a job is asked about as its owner.
    """

    def __init__(self, client: GenesysCloud, family: JobFamily) -> None:
        self.family = family
        self._client = client
        self._owners: dict[str, str] = {}
        self._given: Counter[str] = Counter()
        self._choosing = Lock()

    @property
    def client(self) -> GenesysCloud:
        """The connection they are asked over."""
        return self._client

    def availability(self) -> datetime:
        """The watermark, UTC: data before it is complete. Each family has its own."""
        answer = self._client.call(self.family.availability)
        value = answer.value.get("dataAvailabilityDate") if isinstance(answer.value, dict) else None
        watermark = instant(value)
        if watermark is None:
            raise UnexpectedAnswer(
                f"The availability of {self.family.name} came without a dataAvailabilityDate "
                f"(correlation id {answer.correlation_id}): try again later, or ask the vendor.",
                operation=self.family.availability,
                status=answer.status,
                correlation_id=answer.correlation_id,
            )
        return watermark

    def submit(self, body: Mapping[str, object]) -> str:
        """Submit a job and return its id; never repeated unless the vendor surely did not take it.

        Raises SubmitUncertain where it may have been taken: no answer, one cut short, 5xx, or none we understand.
        """
        operation = self.family.submit
        try:
            answer = self._chosen().call(operation, body=dict(body))
        except (TransientError, NotJson) as fault:
            if fault.untaken or fault.operation is TOKEN:
                raise
            raise self._uncertain(str(fault), fault.status, fault.correlation_id) from fault
        job_id = answer.value.get("jobId") if isinstance(answer.value, dict) else None
        if not isinstance(job_id, str) or not job_id:
            raise self._uncertain("The answer holds no jobId.", answer.status, answer.correlation_id)
        self._owners[job_id] = answer.asked_as
        _log.info("Submitted %s job %s.", self.family.name, job_id)
        return job_id

    def _chosen(self) -> GenesysCloud:
        """The connection as the OAuth client that was given the fewest jobs, as each brings many requests with it."""
        with self._choosing:
            chosen = self._client.together(self._given)
            self._given[chosen.asks_as] += 1
            return chosen

    def owner(self, job_id: str) -> str:
        """The OAuth client that a job submitted or adopted here belongs to."""
        return self._owners[job_id]

    def adopt(self, job_id: str, client_id: str) -> None:
        """Go on with a job that an OAuth client submitted before; an empty id is whoever is asked first.

        Raises JobGone where the connection does not speak as that client (any more).
        """
        owner = client_id or self._client.client_ids[0]
        if owner not in self._client.client_ids:
            raise JobGone(
                f"The {self.family.name} job {job_id} belongs to the OAuth client {owner}, which is not configured any "
                "more: submit it anew.",
                operation=self.family.status,
            )
        self._owners[job_id] = owner

    def status(self, job_id: str) -> JobStatus:
        """The job's state now. Raises JobGone when the vendor does not know it."""
        with self._as_owner(job_id) as client:
            answer = client.call(self.family.status, path={"jobId": job_id})
        facts = answer.value if isinstance(answer.value, dict) else {}
        message = facts.get("errorMessage")
        return JobStatus(
            state=str(facts.get("state") or ""),
            error_message=str(message) if message else None,
            submission_date=instant(facts.get("submissionDate")),
            completion_date=instant(facts.get("completionDate")),
            expiration_date=instant(facts.get("expirationDate")),
        )

    def wait(
        self,
        job_id: str,
        *,
        first_pause: float,
        deadline: float,
        longest_pause: float = 30.0,
        on_status: Callable[[JobStatus], None] | None = None,
    ) -> JobStatus:
        """Wait until the job is FULFILLED and return that status.

        Looks first after `first_pause` seconds, then after pauses that grow by half up to `longest_pause`, and for
        the last time `deadline` seconds from now. `on_status` is told of every look. A state nobody knows is reported
        once and waited through.

        Raises JobFailed, JobCancelled, JobExpired, JobGone, or JobDeadline; the job goes on after the latter.
        """
        strange: set[str] = set()
        look = partial(self.status, job_id)
        for status in looks(look, f"job {job_id}", first_pause, deadline, longest_pause):
            if on_status is not None:
                on_status(status)
            if status.state == "FULFILLED":
                return status
            ended = self._ended(job_id, status)
            if ended is not None:
                raise ended
            if status.state not in _RUNNING and status.state not in strange:
                strange.add(status.state)
                _log.warning("Job %s is in the unknown state %r; waiting on.", job_id, status.state)
        raise JobDeadline(
            f"The {self.family.name} job {job_id} is still {status.state or 'without a state'} after "
            f"{deadline:.0f} s: it goes on at Genesys Cloud, so run again to take it up, or raise "
            "ANALYTICS_PLATFORM_JOB_DEADLINE_MINUTES.",
            operation=self.family.status,
        )

    def page(self, job_id: str, cursor: str | None, page_size: int) -> Payload:
        """One page of results as on the wire, the first one without a cursor. A cursor dies with its job.

        Raises JobGone when the vendor does not know the job (any more), and when it refuses the request because the
        job will not deliver (any more), JobExpired, JobFailed or JobCancelled; else BadRequest stands.
        """
        query: dict[str, str | int] = {"pageSize": page_size}
        if cursor is not None:
            query["cursor"] = cursor
        try:
            with self._as_owner(job_id) as client:
                return client.download(self.family.results, path={"jobId": job_id}, query=query)
        except BadRequest as fault:
            # How results of an ended job are refused is not documented; the job's state is.
            ended = self._ended(job_id, self.status(job_id))
            raise ended or fault from fault

    def split(self, payload: Payload) -> Page:
        """A page's records, undecoded, and the cursor to the next."""
        return split_page(payload.inflate(), self.family.records_key, payload.origin)

    def cancel(self, job_id: str) -> None:
        """Cancel the job or delete its results; a job the vendor does not know counts as cancelled."""
        try:
            # Not decoded: what comes with a cancelled job is not known.
            with self._as_owner(job_id) as client:
                client.download(self.family.cancel, path={"jobId": job_id})
        except JobGone:
            _log.info("Job %s is gone already.", job_id)

    def _ended(self, job_id: str, status: JobStatus) -> JobError | None:
        name = f"The {self.family.name} job {job_id}"
        operation = self.family.status
        if status.state == "FAILED":
            reason = status.error_message or "no reason given"
            return JobFailed(
                f"{name} failed at Genesys Cloud ({reason}): submit it anew, over a shorter interval if need be.",
                operation=operation,
                message=status.error_message,
            )
        if status.state == "CANCELLED":
            return JobCancelled(f"{name} was cancelled: submit it anew.", operation=operation)
        if status.state == "EXPIRED":
            return JobExpired(f"{name} has expired, its results are gone: submit it anew.", operation=operation)
        return None

    @contextmanager
    def _as_owner(self, job_id: str) -> Iterator[GenesysCloud]:
        """The connection as the job's owner. JobGone where the vendor does not know the job, and where it refuses its
        owner while others could submit it anew."""
        owner = self._owners.get(job_id)
        try:
            yield self._client if owner is None else self._client.alone(owner)
        except NotFound as fault:
            raise self._gone(job_id, fault, "Genesys Cloud does not know") from fault
        except BadCredentials as fault:
            if len(self._client.client_ids) == 1:
                raise
            raise self._gone(job_id, fault, f"Genesys Cloud refuses the OAuth client {owner} of") from fault

    def _gone(self, job_id: str, fault: SourceError, why: str) -> JobGone:
        return JobGone(
            f"{why} the {self.family.name} job {job_id} (any more): submit it anew.",
            operation=fault.operation,
            status=fault.status,
            code=fault.code,
            message=fault.message,
            correlation_id=fault.correlation_id,
        )

    def _uncertain(self, what: str, status: int | None, correlation_id: str | None) -> SubmitUncertain:
        return SubmitUncertain(
            f"Nobody knows whether Genesys Cloud took the {self.family.name} job: do not submit it again before the "
            f"time one would take has passed. {what}",
            operation=self.family.submit,
            status=status,
            correlation_id=correlation_id,
        )
