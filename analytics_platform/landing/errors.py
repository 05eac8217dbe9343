"""Why a day was not landed, each in one sentence that says what to do.

LandingError
├── DayNotComplete     the day is past the source's watermark
├── RawMissing         typed tables were asked for, and raw knows nothing of the day
├── OtherSource        the lake was filled from another org
├── RawReplaced        raw changed while typed tables were made from it
├── AnswerUnusable     an answer is not what the vendor describes, so that no day can be made of it
├── JobFull            an interval holds more than one job delivers; raised when it is the shortest that is asked for
├── DayForgotten       the source no longer has (all of) the day
├── ExportUnusable     the file of an export is no table
├── ExportNotDone      an export takes longer than a run waits; it is landed when it is done
├── FilesRefused       a server named files that are not to be opened from here
├── FilesUnusable      exported files are missing, break off or hold something else
├── FilesNotDone       exported files still grow after a run has waited for them
└── ReadAgain          a job is to be read from its first page again; raised when a new job fails so too
    ├── CursorRefused  the vendor no longer takes the cursor kept of it
    └── SpoolDamaged   a page kept of it cannot be read
"""

from collections.abc import Sequence
from datetime import date, datetime


class LandingError(Exception):
    """A day was not landed; nothing landed before was touched."""


class DayNotComplete(LandingError):
    """The source does not yet vouch for the day: a job over it would succeed with part of the data."""

    def __init__(self, stream: str, day: date, watermark: datetime) -> None:
        super().__init__(
            f"{stream} of {day} cannot be landed: the source vouches for data before {watermark:%Y-%m-%d %H:%M} UTC "
            "only, and the day ends later; wait until the watermark has passed it, or ask for a provisional landing."
        )
        self.day = day
        self.watermark = watermark


class RawMissing(LandingError):
    """Typed tables were asked for of days of which nothing has landed."""

    def __init__(self, typed: str, raw: str, days: Sequence[date]) -> None:
        named = f"{days[0]}" if len(days) == 1 else f"{days[0]} and {len(days) - 1} more days up to {days[-1]}"
        super().__init__(f"The {typed} tables of {named} cannot be made: land {raw} of these days first.")
        self.days = tuple(days)


class OtherSource(LandingError):
    """The lake was filled from another org; two orgs in one lake could not be told apart."""

    def __init__(self, lake: str, holds: str, given: str) -> None:
        super().__init__(
            f"The lake at {lake} holds days of {holds} and cannot take those of {given}: "
            "set ANALYTICS_PLATFORM_LAKE to a lake of its own, or empty this one."
        )


class RawReplaced(LandingError):
    """A raw day was landed anew while typed tables were being made from it; made again they take in the new one."""

    def __init__(self, raw: str, activity_day: date) -> None:
        super().__init__(f"{raw} of {activity_day} was landed anew while typed tables were made from it: run again.")


class AnswerUnusable(LandingError):
    """An answer is not what the vendor describes; the day stays as it was."""

    def __init__(self, stream: str, day: date, fault: Exception) -> None:
        super().__init__(
            f"{stream} of {day} stays as it was. {str(fault).partition(';')[0].rstrip('.')}: "
            "run again, or ask the vendor when it stays so."
        )


class JobFull(LandingError):
    """An interval holds more records than one job delivers; it is cut, unless it is the shortest that is asked for."""

    def __init__(self, stream: str, interval: str, delivered: int) -> None:
        super().__init__(
            f"{stream} of {interval} holds the {delivered} records that one job delivers at most, or more, and nothing "
            "of the day was replaced: raise ANALYTICS_PLATFORM_JOB_RESULT_CAP where the vendor delivers more, or ask "
            "the vendor how a shorter interval is to be had."
        )


class DayForgotten(LandingError):
    """The source keeps what it is asked for some days only; what it gives of an older day is not the day."""

    def __init__(self, stream: str, days: Sequence[date]) -> None:
        named = f"{days[0]}" if len(days) == 1 else f"{len(days)} days from {days[0]} to {days[-1]}"
        super().__init__(
            f"{stream} of {named} cannot be landed: the vendor no longer keeps them whole, so nothing was replaced and "
            "no empty day was taken for a complete one; land days while they are young."
        )
        self.days = tuple(days)


class ExportUnusable(LandingError):
    """The file of an export is not the CSV that was asked for; nothing of the day was replaced."""

    def __init__(self, stream: str, day: date, run_id: str, reason: str) -> None:
        super().__init__(
            f"{stream} of {day} cannot be landed, as the file of export {run_id} is no table: {reason}. Compare the "
            "export in Genesys Cloud, then run again, which fetches the same one."
        )


class ExportNotDone(LandingError):
    """The vendor still works on an export; it stays in the ledger, and what finishes later is landed then."""

    def __init__(self, stream: str, day: date, reason: str) -> None:
        super().__init__(
            f"{stream} of {day} has not landed yet: {reason} The sensor exports_finished lands it when it is done; a "
            "longer wait is set by ANALYTICS_PLATFORM_EXPORT_MINUTES."
        )
        self.day = day


class FilesRefused(LandingError):
    """A server named files that lie outside the folders mapped for it, or that are no files of one export."""

    def __init__(self, day: date, reason: str) -> None:
        super().__init__(f"The files of services of {day} are not opened: {reason}.")


class FilesUnusable(LandingError):
    """No services can be made of exported files; nothing of the day was replaced, and another run asks for new ones."""

    def __init__(self, day: date, reason: str) -> None:
        super().__init__(
            f"Services of {day} cannot be landed from files: {reason}. Look at the files and at GMS's log, then run "
            "again, which asks for new files."
        )


class FilesNotDone(LandingError):
    """The server still writes; another run goes on with the same files."""

    def __init__(self, day: date, file: str) -> None:
        super().__init__(
            f"Services of {day} have not landed yet: {file} still grows. Run again, which goes on with the same files; "
            "a longer wait is set by GMS_FILE_PATIENCE_MINUTES."
        )


class ReadAgain(LandingError):
    """The job can still be read, from its first page."""


class CursorRefused(ReadAgain):
    """The vendor no longer takes the cursor kept of a job."""


class SpoolDamaged(ReadAgain):
    """A page kept on disk is not what was written, as after a power cut."""
