"""The operations are the vendor's: held against its SDK, against each other, and against the models."""

import re
from collections import Counter

import pytest

from analytics_platform.catalogue.aggregates import AGGREGATES
from analytics_platform.catalogue.listings import LISTINGS
from analytics_platform.catalogue.models import model, model_names
from analytics_platform.catalogue.observations import OBSERVATIONS
from analytics_platform.catalogue.operations import (
    CONVERSATION_JOBS,
    JOB_FAMILIES,
    LISTED,
    OPERATIONS,
    ROLES,
    USER_JOBS,
    JobFamily,
    Lands,
    Operation,
    operation,
)
from analytics_platform_tests.catalogue import vendor_sdk

PERMISSION = re.compile(r"[a-zA-Z]+:[a-zA-Z]+:[a-zA-Z]+|employee")
"""Domain, entity and action; `employee` is a role that old permissions of reporting name."""


def _named(each: Operation) -> str:
    return each.name


def _operations(family: JobFamily) -> list[Operation]:
    return [family.availability, family.submit, family.status, family.results, family.cancel]


@pytest.mark.parametrize("one", [each for each in OPERATIONS if each.withdrawn is None], ids=_named)
def test_a_live_operation_is_one_of_the_vendors_sdk(one: Operation) -> None:
    assert (one.method, one.path) in vendor_sdk.operations()


@pytest.mark.parametrize("one", [each for each in OPERATIONS if each.withdrawn], ids=_named)
def test_a_withdrawn_operation_is_none_of_the_vendors_sdk_and_tells_its_release(one: Operation) -> None:
    assert (one.method, one.path) not in vendor_sdk.operations()
    assert re.fullmatch(r"\d+\.0\.0 \(20\d\d-\d\d-\d\d\)", str(one.withdrawn))


def test_the_vendors_overview_has_45_operations_of_which_31_live() -> None:
    assert [each.listed for each in LISTED] == list(range(1, 46))
    assert sum(each.withdrawn is None for each in LISTED) == 31


@pytest.mark.parametrize("told", [lambda each: each.name, lambda each: (each.method, each.path)], ids=["name", "call"])
def test_no_two_operations_have_the_same(told: object) -> None:
    assert callable(told)
    assert [each for each, count in Counter(map(told, OPERATIONS)).items() if count > 1] == []


@pytest.mark.parametrize("one", OPERATIONS, ids=_named)
def test_the_models_of_an_operation_are_those_the_catalogue_holds(one: Operation) -> None:
    for name in (one.takes, one.gives):
        assert name in (None, "list[string]", *model_names())
    assert one.method in ("POST", "PUT", "PATCH") or one.takes is None


@pytest.mark.parametrize("one", OPERATIONS, ids=_named)
def test_an_operation_is_told_in_full(one: Operation) -> None:
    assert one.path.startswith("/api/v2/") and one.path.count("{") == one.path.count("}")
    assert one.summary.endswith(".")
    assert all(PERMISSION.fullmatch(permission) for permission in one.permissions)
    assert one.successor is None or operation(one.successor).withdrawn is None
    assert bool(one.tables) or one.lands not in (Lands.DAY, Lands.SNAPSHOT), "what lands, lands in a table"


@pytest.mark.parametrize("one", OPERATIONS, ids=_named)
def test_the_limits_of_pages_go_with_the_parameters_or_the_body_that_ask_for_them(one: Operation) -> None:
    asked = {parameter.name for parameter in one.parameters} | set(model(one.takes).fields if one.takes else ())
    assert (one.limits.page_size is None) or bool(asked & {"pageSize", "paging"})
    assert (one.limits.default_page_size or 0) <= (one.limits.page_size or 0)


def test_an_action_is_never_read_by_get_and_every_other_write_of_the_vendors_is_a_query_or_a_request() -> None:
    assert all(each.method != "GET" for each in OPERATIONS if each.lands is Lands.ACTION)
    writes = {
        each.name for each in OPERATIONS if each.method in ("PUT", "PATCH", "DELETE") and each.lands is not Lands.ACTION
    }
    assert writes == {"conversations.cancel", "users.cancel"}
    posts = {each for each in OPERATIONS if each.method == "POST" and each.lands is not Lands.ACTION}
    started = {each.name for each in posts if not each.path.endswith("/query")}
    assert started == {"conversations.submit", "users.submit", "exports.request"}


def test_what_to_grant_names_every_permission_and_the_place() -> None:
    one, two = ("domain:one:view", "domain:two:view")
    any_of, all_of = (Operation("x", "GET", "/x", (one, two), all_of=each) for each in (False, True))
    assert any_of.grant == f"add a role with {one} or {two} at {ROLES}"
    assert all_of.grant == f"add a role with {one} and {two} at {ROLES}"
    assert Operation("x", "GET", "/x").grant == f"add a role with one that allows it at {ROLES}"


def test_an_operation_is_found_by_its_name() -> None:
    assert all(operation(each.name) is each for each in OPERATIONS)
    with pytest.raises(KeyError, match="martians"):
        operation("martians.list")


@pytest.mark.parametrize("family", JOB_FAMILIES, ids=lambda family: family.name)
def test_the_five_operations_of_a_family_differ_and_each_needs_a_permission(family: JobFamily) -> None:
    operations = _operations(family)
    assert len({(each.method, each.path) for each in operations}) == 5
    assert all(each.permissions for each in operations)


def test_a_page_lists_its_records_under_the_key_the_vendor_gives_it() -> None:
    conversations = vendor_sdk.model_types("AnalyticsConversationAsyncQueryResponse")
    users = vendor_sdk.model_types("AnalyticsUserDetailsAsyncQueryResponse")
    assert conversations[CONVERSATION_JOBS.records_key] == "list[AnalyticsConversation]"
    assert users[USER_JOBS.records_key] == "list[AnalyticsUserDetail]"


def test_every_family_that_lands_by_query_has_its_entry() -> None:
    """Aggregates, observations and lists: what lands from them is said once, and for all of them."""
    aggregates = {each for each in OPERATIONS if each.name.endswith(".aggregates")}
    assert {family.operation for family in AGGREGATES} == aggregates and len(aggregates) == 8
    observed = {each for each in OPERATIONS if each.name.endswith(".observations")}
    assert {family.operation for family in OBSERVATIONS} == observed and len(observed) == 3
    snapshots = {each for each in OPERATIONS if each.lands is Lands.SNAPSHOT}
    assert {listing.operation for listing in LISTINGS} | observed | {operation("reports.read")} == snapshots


@pytest.mark.parametrize("family", AGGREGATES, ids=lambda family: family.name)
def test_a_family_of_aggregates_groups_by_dimensions_it_has(family: object) -> None:
    assert set(family.group_by) <= set(family.dimensions)  # type: ignore[attr-defined]
    table = family.table(family.group_by)  # type: ignore[attr-defined]
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names)) and set(table.key) <= set(names)
