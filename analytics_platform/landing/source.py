"""A lake holds one org."""

from analytics_platform.lake import Lake
from analytics_platform.landing.errors import OtherSource


def refuse_another_source(lake: Lake, table: str, source: str) -> None:
    """Raise OtherSource when the newest landed day of a table came from another org than `source`, its API host."""
    landed = lake.days(table)[-1:]
    manifest = lake.manifest(table, landed[0]) if landed else None
    if manifest is not None and manifest.facts["source"] != source:
        raise OtherSource(lake.place.name, str(manifest.facts["source"]), source)
