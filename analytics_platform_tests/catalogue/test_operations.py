import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS, JOB_FAMILIES, USER_JOBS, JobFamily, Operation
from analytics_platform_tests.catalogue import vendor_sdk


def _operations(family: JobFamily) -> list[Operation]:
    return [family.availability, family.submit, family.status, family.results, family.cancel]


@pytest.mark.parametrize("family", JOB_FAMILIES, ids=lambda family: family.name)
def test_every_job_operation_is_one_of_the_vendors(family: JobFamily) -> None:
    assert {(operation.method, operation.path) for operation in _operations(family)} <= vendor_sdk.operations()


@pytest.mark.parametrize("family", JOB_FAMILIES, ids=lambda family: family.name)
def test_the_five_operations_of_a_family_differ_and_each_needs_a_permission(family: JobFamily) -> None:
    operations = _operations(family)
    assert len({(operation.method, operation.path) for operation in operations}) == 5
    assert all(operation.permissions for operation in operations)


def test_a_page_lists_its_records_under_the_key_the_vendor_gives_it() -> None:
    conversations = vendor_sdk.model_types("AnalyticsConversationAsyncQueryResponse")
    users = vendor_sdk.model_types("AnalyticsUserDetailsAsyncQueryResponse")
    assert conversations[CONVERSATION_JOBS.records_key] == "list[AnalyticsConversation]"
    assert users[USER_JOBS.records_key] == "list[AnalyticsUserDetail]"
