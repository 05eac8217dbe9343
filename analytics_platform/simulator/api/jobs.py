"""Details jobs: submitted, queued, pending, done - and their results kept until they expire."""

import time
import uuid
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from analytics_platform.simulator.api.errors import ApiError, not_found
from analytics_platform.simulator.api.interval import Interval
from analytics_platform.simulator.assumptions import Assumptions
from analytics_platform.simulator.clock import Clock
from analytics_platform.simulator.world.edition import Edition
from analytics_platform.simulator.world.instants import HOUR, iso

UNFINISHED = ("QUEUED", "PENDING")


@dataclass(slots=True)
class Job:
    """One job; `at` is the watermark it was submitted under and `edition` the world as it was told then: all its
    results are told of them.

    `fate` overrules its course: a final state, or PENDING for one that never ends. `selection` is what it found, in
    order, filled when it is first read.
    """

    id: str
    family: str
    client_id: str
    body: dict[str, Any]
    interval: Interval
    at: int
    edition: Edition
    submitted: int
    fate: str | None = None
    state: str = "QUEUED"
    looks: int = 0
    entered: float = field(default_factory=time.monotonic)
    completed: int | None = None
    selection: list[Any] | None = None
    lock: Lock = field(default_factory=Lock)


class Jobs:
    """All jobs of the org."""

    def __init__(self, clock: Clock, assumptions: Assumptions) -> None:
        self._clock = clock
        self._assumptions = assumptions
        self._jobs: dict[str, Job] = {}
        self._lock = Lock()

    def submit(
        self,
        family: str,
        client_id: str,
        body: dict[str, Any],
        interval: Interval,
        at: int,
        edition: Edition,
        fate: str | None,
    ) -> Job:
        """Take a job on; ApiError 429 when the client has too many unfinished ones."""
        limit = self._assumptions.max_jobs_in_flight
        with self._lock:
            unfinished = sum(job.client_id == client_id and job.state in UNFINISHED for job in self._jobs.values())
            if limit and unfinished >= limit:
                words = f"Rate limit exceeded the maximum [{limit}] for concurrent jobs"
                raise ApiError(429, "too.many.requests", words)
            job = Job(str(uuid.uuid4()), family, client_id, body, interval, at, edition, self._clock.now(), fate)
            self._jobs[job.id] = job
        return job

    def find(self, family: str, job_id: str, client_id: str) -> Job:
        """The job of a family by id, its expiry brought up to date; ApiError 404 when the client knows none."""
        job = self._jobs.get(job_id)
        hidden = self._assumptions.jobs_are_private and job is not None and job.client_id != client_id
        if job is None or job.family != family or hidden:
            raise not_found(f"job {job_id}")
        if job.state == "FULFILLED" and self._clock.now() >= self.expires(job):
            job.state, job.selection = "EXPIRED", None
        return job

    def look(self, job: Job, skew: int = 0) -> dict[str, Any]:
        """The status body, its dates `skew` milliseconds off, after the job has moved on as far as looks and real time
        let it."""
        with job.lock:
            self._advance(job)
            job.looks += 1
            told: dict[str, Any] = {"state": job.state}
            if job.state == "FAILED":
                told["errorMessage"] = "The query failed. Please try again."
            if job.completed is not None:
                told["expirationDate"] = iso(self.expires(job) + skew)
            told["submissionDate"] = iso(job.submitted + skew)
            if job.completed is not None:
                told["completionDate"] = iso(job.completed + skew)
            return told

    def cancel(self, job: Job) -> None:
        """Cancel an unfinished job; forget a finished one where that is assumed."""
        if job.state in UNFINISHED:
            job.state, job.completed = "CANCELLED", self._clock.now()
        elif self._assumptions.delete_forgets_finished:
            self._jobs.pop(job.id, None)

    def expires(self, job: Job) -> int:
        done = job.submitted if job.completed is None else job.completed
        return done + self._assumptions.result_retention_hours * HOUR

    def _advance(self, job: Job) -> None:
        assumed = self._assumptions
        if job.state == "QUEUED" and self._waited(job, assumed.queued_looks, assumed.queued_seconds):
            self._enter(job, "PENDING")
        if (
            job.state == "PENDING"
            and job.fate != "PENDING"
            and self._waited(job, assumed.pending_looks, assumed.pending_seconds)
        ):
            self._enter(job, job.fate or "FULFILLED")
            job.completed = self._clock.now()

    @staticmethod
    def _waited(job: Job, looks: int, seconds: float) -> bool:
        return job.looks >= looks and time.monotonic() - job.entered >= seconds

    @staticmethod
    def _enter(job: Job, state: str) -> None:
        job.state, job.looks, job.entered = state, 0, time.monotonic()
