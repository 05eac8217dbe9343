"""Expected faults as failures a person can read: a sentence, the correlation id, retried only where it helps."""

import contextlib
from collections.abc import Iterator

import dagster as dg

from analytics_platform.catalogue.names import UnknownName
from analytics_platform.settings import SettingsError


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn the platform's own errors into `dg.Failure`; anything else passes through."""
    from analytics_platform.lake import LakeError
    from analytics_platform.lake.errors import LakeUnreachable
    from analytics_platform.landing.errors import GivenUp, LandingError, RawReplaced
    from analytics_platform.source.errors import SourceError, SubmitUncertain

    try:
        yield
    except SourceError as fault:
        parts = {"status": fault.status, "code": fault.code, "correlation_id": fault.correlation_id}
        raise dg.Failure(
            description=str(fault),
            metadata={name: value for name, value in parts.items() if value is not None},
            # An uncertain submit is in the ledger; after the policy's pause a new one is no blind repetition, and an
            # export is looked for in the list before.
            allow_retries=fault.transient or isinstance(fault, SubmitUncertain),
        ) from None
    except (LandingError, LakeError, SettingsError, UnknownName) as fault:
        passing = isinstance(fault, LakeUnreachable | RawReplaced | GivenUp)
        raise dg.Failure(description=str(fault), allow_retries=passing) from None


def expected_faults() -> tuple[type[Exception], ...]:
    """What may go wrong without anything being wrong with the platform; the text of each is one sentence."""
    from analytics_platform.lake import LakeError
    from analytics_platform.landing.errors import LandingError
    from analytics_platform.source.errors import SourceError

    return (SourceError, LakeError, LandingError, SettingsError, UnknownName)
