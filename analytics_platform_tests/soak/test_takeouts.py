"""What handles each kind of fault, as `make takeouts` takes it out."""

from pathlib import Path

import pytest

import analytics_platform
from soak.handlings import HANDLINGS
from soak.handlings.handling import Handling

PACKAGE = Path(analytics_platform.__file__).parent
TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("handling", HANDLINGS, ids=lambda handling: handling.kind)
def test_what_handles_a_kind_of_fault_stands_once_where_the_list_says_and_its_test_is_there(handling: Handling) -> None:
    if handling.text:
        assert (PACKAGE / handling.module).read_text().count(handling.text) == 1
    file, _, name = handling.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (TESTS / file).read_text()
