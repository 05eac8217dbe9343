import pytest

from analytics_platform.catalogue.regions import REGIONS, region
from analytics_platform_tests.catalogue import vendor_sdk


def test_regions_are_those_of_the_vendors_sdk() -> None:
    assert {known.aws: known.domain for known in REGIONS} == vendor_sdk.region_domains()


def test_no_region_and_no_domain_is_named_twice() -> None:
    names = [name for known in REGIONS for name in (known.aws, known.domain)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["eu-west-1", "mypurecloud.ie", " EU-West-1 ", "MyPureCloud.ie\n"])
def test_a_region_is_found_by_aws_name_and_by_domain_however_it_is_typed(name: str) -> None:
    found = region(name)
    assert (found.api_url, found.login_url) == ("https://api.mypurecloud.ie", "https://login.mypurecloud.ie")


@pytest.mark.parametrize("name", ["", "mars-1", "https://api.mypurecloud.ie", "mypurecloud"])
def test_an_unknown_region_is_refused_with_the_setting_and_the_choices(name: str) -> None:
    with pytest.raises(ValueError, match="GENESYSCLOUD_REGION") as refusal:
        region(name)
    assert "eu-central-1 (mypurecloud.de)" in str(refusal.value)
