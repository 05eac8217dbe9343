"""What the org is known to serve: what probes learned of its operations, kept by a file in the state folder.

The org is asked by `analytics-platform check` and by the job capability_probe, never from here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import msgspec

from analytics_platform.catalogue.operations import Operation
from analytics_platform.connections import org_of
from analytics_platform.genesys_cloud.standings import Learned, Standing
from analytics_platform.settings import Settings

_REFUSED = (Standing.NOT_PERMITTED, Standing.NOT_ANSWERED)


@dataclass(frozen=True)
class Capabilities:
    """What was learned of each operation, by its name; nothing of one that was never asked."""

    learned: Mapping[str, Learned] = field(default_factory=dict)

    def why_not(self, operation: Operation) -> str | None:
        """A sentence why the org does not serve an operation; None where it does, or where nothing is known.

        One that the vendor withdrew is taken as not served until the org was asked.
        """
        known = self.learned.get(operation.name)
        if known is not None and known.standing is not Standing.NOT_KNOWN:
            return known.why if known.standing in _REFUSED else None
        if operation.withdrawn is None:
            return None
        return (
            f"The vendor withdrew {operation.method} {operation.path} with release {operation.withdrawn} of its SDK, "
            "and whether this org still answers it is not known: run `analytics-platform check`, which asks it."
        )

    def and_now(self, newer: Mapping[str, Learned]) -> "Capabilities":
        """These with what a newer probe learned; where that learned nothing, what was known stays."""
        told = {
            name: learned
            for name, learned in newer.items()
            if learned.standing is not Standing.NOT_KNOWN or name not in self.learned
        }
        return Capabilities({**self.learned, **told})


def known_capabilities(settings: Settings) -> Capabilities:
    """What is known of the org that the settings name; nothing where it was never asked or the file is spoilt.

    Reads one small file and never raises: definitions, sensors and schedules may ask it at any time. Those that run for
    long ask anew at each look, since a probe may have run meanwhile.
    """
    try:
        return Capabilities(msgspec.json.decode(_file(settings).read_bytes(), type=dict[str, Learned]))
    except (OSError, ValueError):
        return Capabilities()


def remember(settings: Settings, learned: Mapping[str, Learned]) -> Capabilities:
    """Keep what a probe learned beside what was known, in one step; OSError where the state folder takes no file."""
    capabilities = known_capabilities(settings).and_now(learned)
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_name(f"{file.name}.{os.getpid()}.part")
    written.write_bytes(msgspec.json.format(msgspec.json.encode(capabilities.learned)) + b"\n")
    written.replace(file)
    return capabilities


def _file(settings: Settings) -> Path:
    """One file for each org and OAuth client; ValueError where the settings name no usable host."""
    return settings.state / f"capabilities-{quote(org_of(settings), safe='@')}.json"
