"""The vendor's job operations, each a function of the org and a call; what surrounds every call is in `gate`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytics_platform.catalogue.operations import JobFamily, Operation
from analytics_platform.simulator.api.answers import Answer
from analytics_platform.simulator.api.calls import Call
from analytics_platform.simulator.api.errors import ApiError, bad_request
from analytics_platform.simulator.api.faults import FATES
from analytics_platform.simulator.api.interval import parse_interval
from analytics_platform.simulator.api.jobs import Job
from analytics_platform.simulator.api.matching import Matcher
from analytics_platform.simulator.api.org import Org
from analytics_platform.simulator.api.pages import cursor_refused, cursor_to, read_page_request
from analytics_platform.simulator.api.spoiling import RECORDS, invent
from analytics_platform.simulator.api.validation import read_body
from analytics_platform.simulator.world.instants import HOUR, iso

_BODY_MODELS = {"conversations": "AsyncConversationQuery", "users": "AsyncUserDetailsQuery"}
_RECORD_KEYS = {"conversations": "conversationId", "users": "userId"}


@dataclass(frozen=True)
class JobApi:
    """The five operations of one job family."""

    org: Org
    family: JobFamily

    def handlers(self) -> Mapping[Operation, Callable[[Call], Answer]]:
        """What serves each operation; it raises ApiError for every answer that is an error."""
        family = self.family
        return {
            family.availability: self.availability,
            family.submit: self.submit,
            family.status: self.status,
            family.results: self.results,
            family.cancel: self.cancel,
        }

    def availability(self, call: Call) -> Answer:
        known = self.org.availability(self.family.name)
        if back := self.org.faults.take(call.name, ("watermark_back",)):
            known -= int(back.hours * HOUR)
        return Answer.of(200, {"dataAvailabilityDate": iso(known)})

    def submit(self, call: Call) -> Answer:
        name = self.family.name
        body = read_body(call.body, _BODY_MODELS[name])
        interval = parse_interval(body["interval"], self.org.assumptions.max_interval_days)
        if body.get("limit") is not None and body["limit"] < 1:
            raise bad_request("The limit must be at least 1")
        if name == "users":
            Matcher.of_users(body)
        else:
            Matcher.of_conversations(body)
        fault = self.org.faults.take(call.name, tuple(FATES))
        job = self.org.jobs.submit(
            name,
            call.client.id,
            body,
            interval,
            self.org.availability(name),
            self.org.edition(),
            FATES[fault.kind] if fault else None,
        )
        self.org.log.note_submit(name, call.client.id, job.id, body)
        return Answer.of(202, {"jobId": job.id})

    def status(self, call: Call) -> Answer:
        skew = self.org.skew(call.name)
        told = self.org.jobs.look(self._job(call), skew)
        unfinished = told["state"] in ("QUEUED", "PENDING")
        status = self.org.assumptions.unfinished_status if unfinished else 200
        return Answer.of(status, told, {"Date": self.org.date(skew)})

    def cancel(self, call: Call) -> Answer:
        self.org.jobs.cancel(self._job(call))
        return Answer(self.org.assumptions.delete_status)

    def results(self, call: Call) -> Answer:
        org, job = self.org, self._job(call)
        if job.state != "FULFILLED":
            status = org.assumptions.unready_results_status
            raise ApiError(status, "bad.request", f"The results of job {job.id} are not available: {job.state}")
        page = read_page_request(call.query, job.id, org.assumptions)
        if "cursor" in call.query and org.faults.take(call.name, ("cursor_refused",), page.number):
            raise cursor_refused(call.query["cursor"])
        selection = self._selection(job)
        short = org.faults.take(call.name, ("page_short",), page.number)
        following = page.offset + (max(1, page.size // 2) if short else page.size)
        records = [self._record(job, item) for item in selection[page.offset : following]]
        if records and org.faults.take(call.name, ("page_twice",), page.number):
            following = page.offset
        records += self._invented(call, page.number, records)
        parts = []
        if records:
            parts.append(b'"' + self.family.records_key.encode() + b'":[' + b",".join(records) + b"]")
        if following < len(selection):
            parts.append(b'"cursor":"' + cursor_to(job.id, page.number + 1, following).encode() + b'"')
        parts.append(b'"dataAvailabilityDate":"' + iso(job.at).encode() + b'"')
        return Answer(200, b"{" + b",".join(parts) + b"}")

    def _invented(self, call: Call, page: int, told: list[bytes]) -> list[bytes]:
        """What faults add to a page that holds records."""
        faults, added = self.org.faults, list[bytes]()
        for kind in RECORDS if told else ():
            if fault := faults.take(call.name, (kind,), page):
                record, identity = invent(told[0], kind, _RECORD_KEYS[self.family.name], fault.bytes)
                added.append(record)
                if identity is not None:
                    faults.invented(fault, identity)
        return added

    def _job(self, call: Call) -> Job:
        return self.org.jobs.find(self.family.name, call.path["jobId"], call.client.id)

    def _selection(self, job: Job) -> list[Any]:
        with job.lock:
            if job.selection is None:
                teller = self.org.teller
                chosen: list[Any] = (
                    list(teller.users_active(job.edition, job.interval, job.at, job.body))
                    if job.family == "users"
                    else list(teller.conversations_alive(job.edition, job.interval, job.at, job.body))
                )
                job.selection = chosen
            return job.selection

    def _record(self, job: Job, item: Any) -> bytes:
        if job.family == "users":
            return self.org.teller.user_json(job.edition, item, job.interval, job.at)
        return self.org.teller.conversation_json(job.edition, item, job.at)
