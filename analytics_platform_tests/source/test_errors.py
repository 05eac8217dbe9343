"""The tree of errors."""

import inspect
import pickle

import pytest

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.source import errors
from analytics_platform.source.errors import SourceError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SourceError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_is_drawn_and_keeps_its_parts_between_processes(kind: type[SourceError]) -> None:
    assert f" {kind.__name__} " in (errors.__doc__ or "").replace("\n", " ")
    error = kind(
        "What is wrong.",
        operation=CONVERSATION_JOBS.submit,
        status=429,
        code="too.many.requests",
        message="Slow down",
        correlation_id="c-1",
        retry_after=42.0,
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_transient_and_terminal_part_the_tree() -> None:
    for kind in KINDS:
        if kind not in (SourceError, errors.GivenUp):  # nothing is wrong with what was given up
            assert issubclass(kind, errors.TransientError) != issubclass(kind, errors.TerminalError)
            assert kind.transient == issubclass(kind, errors.TransientError)
    assert {kind for kind in KINDS if kind.untaken} == {errors.Unreachable, errors.RateLimited}
