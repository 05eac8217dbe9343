"""What reporting lists, answer by answer, each as it was sent."""

from collections.abc import Iterator, Mapping

from analytics_platform.catalogue.listings import Listing
from analytics_platform.catalogue.operations import Operation
from analytics_platform.genesys_cloud.answered import Answered, ask
from analytics_platform.genesys_cloud.client import GenesysCloud
from analytics_platform.genesys_cloud.directory import listed_ids, pages


def list_now(client: GenesysCloud, listing: Listing) -> Iterator[Answered]:
    """All answers of a listing, of one asked about each entity those of all of them.

    Raises the client's errors, UnexpectedAnswer for a page that is none.
    """
    if listing.each is None:
        yield from _answers(client, listing.operation, {})
        return
    (name,) = (word.strip("{}") for word in listing.operation.path.split("/") if word.startswith("{"))
    for one in listed_ids(client, listing.each):
        yield from _answers(client, listing.operation, {name: one})


def _answers(client: GenesysCloud, operation: Operation, path: Mapping[str, str]) -> Iterator[Answered]:
    if operation.limits.page_size is None:
        yield ask(client, operation, path=path)
        return
    for page in pages(client, operation, path=path):
        yield page.answer
