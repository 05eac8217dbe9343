"""Asset checks of a details stream: counts against the source's pages, keys, parents, missing days, and the lag.

They look at the days of their run, or at the newest landed ones where they are run by themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from analytics_platform.catalogue.streams import Stream, TypedStream
from analytics_platform.catalogue.tables import Table
from analytics_platform.connections import opened_lake
from analytics_platform.defs.failures import expected_faults
from analytics_platform.defs.openings import Opening, jobs_watermark
from analytics_platform.defs.partitions import days_between, tagged_days
from analytics_platform.defs.provisional import provisional_check
from analytics_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_platform.lake import Lake
    from analytics_platform.lake.manifest import Manifest
    from analytics_platform.landing.drift_report import Difference

_NEWEST = 7
_SHOWN = 100


def details_checks(stream: Stream, settings: Settings) -> list[dg.AssetChecksDefinition]:
    """All checks of a stream's raw and typed tables."""
    return [
        _raw_checks(stream),
        key_checks(stream),
        lag_check(stream.raw.name, jobs_watermark(stream.family), settings),
        provisional_check(stream.name, [stream.raw.name, stream.head.name], jobs_watermark(stream.family)),
    ]


def _raw_checks(stream: Stream) -> dg.AssetChecksDefinition:
    raw = stream.raw.name

    @dg.multi_asset_check(
        name=f"{raw}_checks",
        can_subset=True,
        specs=[
            dg.AssetCheckSpec(
                "rows_match_pages", asset=raw, description="Rows kept and set aside are all records of the jobs' pages."
            ),
            contiguous_spec(raw),
            dg.AssetCheckSpec(
                "known_to_the_catalogue",
                asset=raw,
                description="A sample of records holds no field, value or type that the typed tables do not know.",
            ),
        ],
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = load_settings()
        lake = opened_lake(now)
        chosen = {key.name for key in context.selected_asset_check_keys}
        manifests = lake.manifests(raw, days_of_run(context, lake.days(raw)))
        if "rows_match_pages" in chosen:
            yield _rows_match(raw, manifests)
        if "known_to_the_catalogue" in chosen:
            yield known_to_the_catalogue(raw, manifests)
        if "days_contiguous" in chosen:
            yield contiguous(raw, lake.days(raw), now.start_day)

    return checks


def _rows_match(raw: str, manifests: "Mapping[date, Manifest]") -> dg.AssetCheckResult:
    wrong = {
        str(day): f"{manifest.facts['records']} sent, {manifest.rows} kept, {manifest.facts['set_aside']} set aside"
        for day, manifest in manifests.items()
        if manifest.rows + _told_apart(manifest) != manifest.facts["records"]
    }
    set_aside = sum(manifest.facts["set_aside"] for manifest in manifests.values())
    return dg.AssetCheckResult(
        check_name="rows_match_pages",
        asset_key=raw,
        passed=not wrong,
        metadata={"days": len(manifests), "set_aside": set_aside, **_counted("differing", len(wrong), wrong)},
    )


def _told_apart(manifest: "Manifest") -> int:
    """Records that are no rows: set aside, of a version that another job of the same day knows more of, forgotten when
    they came, or removed since."""
    return sum(int(manifest.facts.get(name, 0)) for name in ("set_aside", "superseded", "forgotten", "removed"))


def known_to_the_catalogue(raw: str, manifests: "Mapping[date, Manifest]") -> dg.AssetCheckResult:
    """`known_to_the_catalogue` of a table: what the vendor sent is as the catalogue says."""
    from analytics_platform.landing.drift_report import gathered, looked_at

    found = list(gathered(raw, manifests.values()))
    shown = [dg.TableRecord(_told(each)) for each in found[:_SHOWN]]
    return dg.AssetCheckResult(
        check_name="known_to_the_catalogue",
        asset_key=raw,
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description="Raw keeps all of it; the typed tables follow with a release that knows it." if found else None,
        metadata={
            "differences_count": len(found),
            **({"differences": dg.MetadataValue.table(shown)} if shown else {}),
            "looked_at": str(looked_at(raw, manifests.values())),
        },
    )


def _told(difference: "Difference") -> dict[str, str | int | float | bool | None]:
    """A difference as a row of the UI's; the asset says of which stream it is."""
    days = {"first_day": difference.first_day.isoformat(), "last_day": difference.last_day.isoformat()}
    return {name: value for name, value in {**vars(difference), **days}.items() if name != "stream"}


def contiguous_spec(raw: str) -> dg.AssetCheckSpec:
    """What `contiguous` of a table is a result of."""
    return dg.AssetCheckSpec(
        "days_contiguous", asset=raw, description="No day is missing between the first to land and the newest."
    )


def contiguous(raw: str, landed: Sequence[date], first: date) -> dg.AssetCheckResult:
    """`days_contiguous` of a table: no day is missing between the first to land and the newest."""
    missing = sorted(set(days_between(first, max(landed, default=first))) - set(landed))
    return dg.AssetCheckResult(
        check_name="days_contiguous",
        asset_key=raw,
        passed=not missing,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "landed": len(landed),
            **_counted("missing", len(missing), [day.isoformat() for day in missing[:100]]),
        },
    )


def _counted(name: str, count: int, which: Mapping[str, object] | Sequence[object]) -> dict[str, Any]:
    """How many were found, and which where there are any: the UI would show none as JSON to be opened."""
    return {f"{name}_count": count, **({name: which} if which else {})}


def key_checks(stream: TypedStream) -> dg.AssetChecksDefinition:
    """The checks of a stream's typed tables: keys, parents, and that each thing has one home."""
    specs = []
    for table in stream.tables:
        specs.append(
            dg.AssetCheckSpec("unique_keys", asset=table.name, description=f"No two rows share {', '.join(table.key)}.")
        )
        if table.parent in stream.tables:
            text = f"Every row has its row in {table.parent.name}."
            specs.append(dg.AssetCheckSpec("children_have_parents", asset=table.name, description=text))
    head = stream.head
    if head.parent is None:
        text = f"No {head.key[0]} stands on two home days, as it would after the vendor moved its start over midnight."
        specs.append(dg.AssetCheckSpec("one_home", asset=head.name, description=text))

    @dg.multi_asset_check(name=f"{stream.typed}_checks", specs=specs, can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from analytics_platform.lake.rows_at_fault import looked_into, orphans, repeated_keys

        now = load_settings()
        lake = opened_lake(now)
        chosen = context.selected_asset_check_keys
        days = days_of_run(context, lake.days(stream.head.name))
        near = _near(stream, days) if days else []
        wanted = {table.name: near if table is stream.head else days for table in stream.tables}
        with looked_into(lake, wanted, overflow(now)) as database:
            if dg.AssetCheckKey(dg.AssetKey(stream.head.name), "one_home") in chosen:
                yield verdict("one_home", stream.head, repeated_keys(database, stream.head, near))
            for table in stream.tables:
                if dg.AssetCheckKey(dg.AssetKey(table.name), "unique_keys") in chosen:
                    yield verdict("unique_keys", table, repeated_keys(database, table, days))
                if dg.AssetCheckKey(dg.AssetKey(table.name), "children_have_parents") in chosen:
                    assert table.parent is not None
                    yield verdict("children_have_parents", table, orphans(database, table, table.parent, days))

    return checks


def lag_check(raw: str, opening: Opening, settings: Settings) -> dg.AssetChecksDefinition:
    """The check of how far a table trails the watermark that opens its days."""
    allowed = settings.allowed_lag_days

    @dg.asset_check(
        name="lag_behind_watermark",
        asset=raw,
        description=f"The newest complete day is at most {allowed} days behind the newest the source vouches for.",
    )
    def lag(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        now = load_settings()
        try:
            watermark = opening.watermark(now)
        except expected_faults() as fault:
            # A day that has landed is not undone by an org that cannot be asked how late it is.
            return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(fault))
        complete = _newest_complete(opened_lake(now), raw)
        newest_open = watermark.date() - timedelta(days=1)
        behind = (newest_open - complete).days if complete else (newest_open - now.start_day).days + 1
        return dg.AssetCheckResult(
            passed=behind <= allowed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "days_behind": behind,
                "newest_complete_day": complete.isoformat() if complete else "none",
                "watermark": dg.MetadataValue.timestamp(watermark),
            },
        )

    return lag


def verdict(name: str, table: Table, faults: int) -> dg.AssetCheckResult:
    """The result of a check that counts rows (or keys) at fault."""
    return dg.AssetCheckResult(
        check_name=name, asset_key=table.name, passed=faults == 0, metadata={"rows_at_fault": faults}
    )


def overflow(now: Settings) -> Path:
    """Where checks lay down what does not fit into memory: beside the ledger."""
    return now.state / "scratch"


def _near(stream: TypedStream, days: Sequence[date]) -> list[date]:
    """The home days on which what has its home on these days may have stood before."""
    # The vendor rounds the start of a conversation; that of a service is told by whoever starts it.
    reach = timedelta(days=1 if isinstance(stream, Stream) else 90)
    return days_between(days[0] - reach, days[-1] + reach)


def days_of_run(context: dg.AssetCheckExecutionContext, landed: Sequence[date]) -> list[date]:
    """The days the run was asked for, of those that landed; the newest landed ones where it names none."""
    asked = tagged_days(context.run.tags) or sorted(landed)[-_NEWEST:]
    return sorted(set(asked).intersection(landed))


def _newest_complete(lake: "Lake", raw: str) -> date | None:
    for day in reversed(lake.days(raw)):
        manifest = lake.manifest(raw, day)
        if manifest is not None and manifest.facts["state"] != "provisional":
            return day
    return None
