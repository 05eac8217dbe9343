"""Synchronous queries for details, asked page by page and only as their records are consumed.

The vendor's queries for conversations match whole days: they give what started on the UTC days an interval touches
(developer.genesys.cloud, conversation_details_job). Pages move while data arrives, so that a record may come twice;
`totalHits` is approximate; past the last page the list of records is absent. Hence pieces of an interval are cut at UTC
midnights, a conversation belongs to the piece in which it started, each is given once, and a page without records is
the end. Memory holds a page and the ids of one piece, which the vendor's limit of results bounds.
"""

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from analytics_platform.catalogue.models import Field, model
from analytics_platform.catalogue.operations import Operation
from analytics_platform.catalogue.operations.details import CONVERSATION_BY_ID, CONVERSATIONS_BY_IDS
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.found import Course, Found, Keys, Records, keys
from analytics_platform.genesys_cloud.questions import Question
from analytics_platform.source.errors import NotFound, QueryRefused, UnexpectedAnswer
from analytics_platform.source.intervals import Interval
from analytics_platform.source.pages import instant, split_page
from analytics_platform.source.wire import not_json


def find(client: GenesysCloud, question: Question) -> Found:
    """What a question finds; raises the client's errors as pages are asked for.

    QueryRefused where more match on one UTC day than one query gives, as days cannot be split further.
    """
    asking = _Asking(client, question)
    return Found(_listed(question.subject.operation).type, asking.pages(), asking.course, question.limit)


def conversations_by_ids(client: GenesysCloud, ids: Iterable[str]) -> Found:
    """Conversations by their ids, in the order given, asked for together as many as one call takes.

    Ids the vendor does not know are told in `course.missing`. QueryRefused for an id that cannot be one.
    """
    course = Course()
    return Found(_listed(CONVERSATIONS_BY_IDS).type, _by_ids(client, ids, course), course)


def unknown_conversations(client: GenesysCloud, ids: Iterable[str]) -> list[str]:
    """Those of the ids that the vendor tells none of the connection's OAuth clients of.

    What one client may not see another may: each is asked for what those before it were not told of. Raises the
    client's errors, and UnexpectedAnswer for records that none of the ids can be told to be of.
    """
    unknown = list(dict.fromkeys(ids))
    for client_id in client.client_ids:
        found = conversations_by_ids(client.alone(client_id), unknown)
        told = sum(len(page) for page in found)
        if told + len(found.course.missing) != len(unknown):
            raise UnexpectedAnswer(
                f"Asked for {len(unknown)} conversations by their ids, the vendor told of others, or of some without "
                "their id, so that nobody knows which it does not know: ask again later.",
                operation=CONVERSATIONS_BY_IDS,
            )
        unknown = found.course.missing
    return unknown


def conversation(client: GenesysCloud, conversation_id: str) -> Found:
    """One conversation; NotFound, once it is asked for, where the vendor does not know it."""
    course = Course()

    def page() -> Iterator[Records]:
        payload = client.download(CONVERSATION_BY_ID, path={"conversationId": _id(conversation_id)})
        course.requests += 1
        try:
            yield [msgspec.json.decode(payload.inflate(), type=msgspec.Raw)]
        except msgspec.DecodeError:
            raise not_json("is not JSON", payload.origin) from None

    return Found(str(CONVERSATION_BY_ID.gives), page(), course)


class _Asking:
    """A question on its way: page after page of piece after piece."""

    def __init__(self, client: GenesysCloud, question: Question) -> None:
        self._client = client
        self._question = question
        self._subject = question.subject
        self._most = self._subject.operation.limits.results
        self._pieces = question.pieces()
        self.course = Course(pieces=len(self._pieces), split=self._split())

    def _split(self) -> str:
        if not self._subject.by_start:
            return f"each of the {self._subject.name} has a record in each of them"
        by = str(self._question.body.get("orderBy") or "conversationStart")
        return "" if by == "conversationStart" else f"records are ordered by {by} within each of them"

    def pages(self) -> Iterator[Records]:
        for piece in self._pieces:
            yield from self._piece(piece, set())

    def _piece(self, piece: Interval, seen: set[object]) -> Iterator[Records]:
        client, size = self._client.together(), self._subject.operation.limits.page_size
        for number in itertools.count(1):
            if self._most is not None and size is not None and number * size > self._most:
                break
            records, hits = self._page(client, piece, number)
            if not records:
                return
            if number == 1 and self._beyond(hits):
                break
            self.course.hits += hits if number == 1 else 0
            repeated = self.course.repeated
            if fresh := self._fresh(records, piece, seen):
                yield fresh
            if size is None and self.course.repeated - repeated == len(records):
                return  # a search whose pages nobody limits: one that knows no pages would give the same for ever
        # More than one query gives: fewer days a query, what was given already being known.
        if piece.days == 1 or not self._subject.by_start:
            raise self._too_many(piece)
        halves = self._question.in_order(piece.pieces(-(-piece.days // 2)))
        self.course.pieces += len(halves) - 1
        for half in halves:
            yield from self._piece(half, seen)

    def _page(self, client: GenesysCloud, piece: Interval, number: int) -> tuple[Records, int]:
        operation = self._subject.operation
        try:
            payload = client.download(operation, body=self._question.page(piece, number), repeatable=True)
        except NotFound as fault:
            if operation.withdrawn is None:
                raise
            raise QueryRefused(
                f"This org does not answer {operation.method} {operation.path}: the vendor withdrew it with release "
                f"{operation.withdrawn} of its SDK.",
                operation=operation,
                status=fault.status,
                correlation_id=fault.correlation_id,
            ) from fault
        self.course.requests += 1
        text = payload.inflate()
        records = split_page(text, _listed(operation).name, payload.origin).records
        hits = keys(text).total_hits if number == 1 else None
        return records, hits if isinstance(hits, int) else 0

    def _beyond(self, hits: int) -> bool:
        """Whether more match than one query gives, and more are wanted."""
        wanted = self._question.limit
        return self._most is not None and hits > self._most and (wanted is None or wanted > self._most)

    def _fresh(self, records: Records, piece: Interval, seen: set[object]) -> Records:
        """The records that are the piece's own and not seen before; one that cannot be read is always given."""
        fresh = []
        for record in records:
            read = keys(bytes(record))
            known = _known(read, self._subject.record_id)
            if known is not None and known in seen:
                self.course.repeated += 1
                continue
            if known is not None:
                seen.add(known)
            start = instant(read.conversation_start) if self._subject.by_start else None
            if start is not None and not piece.holds(start):
                self.course.outside += 1
                continue
            fresh.append(record)
        return fresh

    def _too_many(self, piece: Interval) -> QueryRefused:
        days = str(piece.start.date()) if piece.days == 1 else str(piece)
        route = f", or materialize the asset {self._subject.route} of these days, whose jobs have no such limit"
        return QueryRefused(
            f"More {self._subject.name} match in {days} than the {self._most} one query gives, and it cannot be split "
            f"into smaller ones: narrow it by a filter{route if self._subject.route else ''}.",
            operation=self._subject.operation,
        )


def _by_ids(client: GenesysCloud, ids: Iterable[str], course: Course) -> Iterator[Records]:
    given = (_id(each) for each in ids)
    while batch := list(dict.fromkeys(itertools.islice(given, CONVERSATIONS_BY_IDS.limits.ids))):
        payload = client.download(CONVERSATIONS_BY_IDS, query={"id": ",".join(batch)})
        course.requests += 1
        wanted: dict[object, msgspec.Raw] = {}
        others: Records = []
        for record in split_page(payload.inflate(), _listed(CONVERSATIONS_BY_IDS).name, payload.origin).records:
            known = _known(keys(bytes(record)), "conversationId")
            if known in batch and known not in wanted:
                wanted[known] = record
            else:
                others.append(record)
        course.missing += [each for each in batch if each not in wanted]
        yield [wanted[each] for each in batch if each in wanted] + others


def _id(text: str) -> str:
    told = text.strip()
    if not told or "," in told or "/" in told or len(told.split()) > 1:
        raise QueryRefused(f"{text!r} is no conversation's id.")
    return told


def _listed(operation: Operation) -> Field:
    """The field of an answer that lists its records."""
    return next(each for each in model(str(operation.gives)).fields.values() if each.container == "list")


def _known(read: Keys, name: str) -> str | None:
    """What a record is known by; None where it does not say it."""
    told = read.conversation_id if name == "conversationId" else read.user_id
    return told if isinstance(told, str) and told else None
