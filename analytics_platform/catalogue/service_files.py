"""The names of the files Context Services exports to: `export<yyyyMMdd>_<HHmmss>_<SSS>_<kind>.<format>`.

Source: the vendor's API reference of Context Services 8.5, Export Services File; its example lies in `C:/` and has one
file a type of data. That a name may go on with .gz or .zip is assumed.
"""

import re
from dataclasses import dataclass

KINDS = ("services", "states", "tasks")
FORMATS = ("csv", "json")
PACKINGS = ("", ".gz", ".zip")
_NAME = re.compile(r"(export\d{8}_\d{6}_\d{3})_(services|states|tasks)\.(csv|json)(\.gz|\.zip|)", re.ASCII)


@dataclass(frozen=True)
class ServiceFileName:
    """The name of one file, and what it says: `stamp` is what the files of one export share."""

    name: str
    stamp: str
    kind: str
    format: str
    packing: str

    @classmethod
    def of(cls, name: str) -> "ServiceFileName | None":
        """What a name without folder says; None for any other name."""
        found = _NAME.fullmatch(name)
        return None if found is None else cls(name, *found.groups())

    @property
    def kept_as(self) -> str:
        """What the file is called where one export a day is kept."""
        return f"{self.kind}.{self.format}{self.packing}"


KEPT_NAMES = tuple(f"{kind}.{each}{packing}" for kind in KINDS for each in FORMATS for packing in PACKINGS)
"""Every name a kept file can have."""


def whole(files: tuple[ServiceFileName, ...]) -> bool:
    """Whether these are all files of an export: one a kind, or JSON's services, which may hold the rest within."""
    kinds = sorted(each.kind for each in files)
    return kinds == sorted(KINDS) or (kinds == ["services"] and files[0].format == "json")
