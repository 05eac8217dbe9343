"""Expected faults as failures a person can read: a sentence, the correlation id, retried only where it helps."""

import contextlib
from collections.abc import Iterator

import dagster as dg

from analytics_platform.catalogue.names import UnknownName
from analytics_platform.settings import SettingsError

MEND = "somebody must mend it"
"""The metadata of a failure that stays until a person changes something: a permission, a setting, a place."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn the platform's own errors into `dg.Failure`; anything else passes through."""
    from analytics_platform.lake import LakeError
    from analytics_platform.lake.errors import LakeUnreachable
    from analytics_platform.landing.errors import LandingError, RawReplaced
    from analytics_platform.source.errors import GivenUp, SourceError, SubmitUncertain

    try:
        yield
    except SourceError as fault:
        parts = {"status": fault.status, "code": fault.code, "correlation_id": fault.correlation_id, **_mending(fault)}
        raise dg.Failure(
            description=str(fault),
            metadata={name: value for name, value in parts.items() if value is not None},
            # An uncertain submit is in the ledger; after the policy's pause a new one is no blind repetition, and an
            # export is looked for in the list before.
            allow_retries=fault.transient or isinstance(fault, SubmitUncertain | GivenUp),
        ) from None
    except (LandingError, LakeError, SettingsError, UnknownName) as fault:
        passing = isinstance(fault, LakeUnreachable | RawReplaced)
        raise dg.Failure(description=str(fault), metadata=_mending(fault), allow_retries=passing) from None


def _mending(fault: Exception) -> dict[str, bool]:
    """What marks a failure that only a person can take away."""
    from analytics_platform.lake.errors import NotWritable
    from analytics_platform.landing.errors import FilesRefused, OtherSource
    from analytics_platform.source.errors import BadCredentials, MissingPermission, Untrusted

    lasting = (BadCredentials, MissingPermission, Untrusted, OtherSource, FilesRefused, NotWritable)
    return {MEND: True} if isinstance(fault, (*lasting, SettingsError, UnknownName)) else {}


def expected_faults() -> tuple[type[Exception], ...]:
    """What may go wrong without anything being wrong with the platform; the text of each is one sentence."""
    from analytics_platform.lake import LakeError
    from analytics_platform.landing.errors import LandingError
    from analytics_platform.source.errors import SourceError

    return (SourceError, LakeError, LandingError, SettingsError, UnknownName)
