"""The vendor's figure of services with its table, and edges beside it: what an export of T1 to T2 tells, asked at T3.

Source: the vendor's Developer's Guide of Context Services 8.5; S1 to S3 are its own, E1 to E9 stand at its edges.
"""

from datetime import UTC, date, datetime

DAY = date(2014, 9, 2)
T1, T2, T3 = (datetime(2014, 9, 2, hour, tzinfo=UTC) for hour in (8, 12, 18))
BOUNDS = ("[)", "[]", "(]", "()")
"""Whether a range holds its beginning and its end; the vendor does not say."""
TABLE = {
    ("any", "any"): "S1 S2 S3",
    ("any", "active"): "S2",
    ("any", "inactive"): "S1 S3",
    ("started", "any"): "S1 S2",
    ("started", "active"): "S2",
    ("started", "inactive"): "S1",
    ("completed", "any"): "S3",
    ("completed", "active"): "",
    ("completed", "inactive"): "S3",
}
"""The vendor's nine rows, by events and state."""
SENSIBLE = [row for row in TABLE if row != ("completed", "active")]
"""All but the one of which the vendor says that it cannot return results."""
_INSIDE = {
    ("any", "any"): "E1 E9",
    ("any", "inactive"): "E1 E9",
    ("started", "any"): "E1 E9",
    ("started", "inactive"): "E1 E9",
    ("completed", "any"): "E1",
    ("completed", "inactive"): "E1",
}
"""Of the edges, those no bound plays a part in."""
_AT_START = {
    ("any", "any"): "E4 E7",
    ("any", "active"): "E4",
    ("any", "inactive"): "E7",
    ("started", "any"): "E4",
    ("started", "active"): "E4",
    ("completed", "any"): "E7",
    ("completed", "inactive"): "E7",
}
"""Those with an event at T1."""
_AT_END = {row: names.replace("E4", "E5").replace("E7", "E6") for row, names in _AT_START.items()}
"""Those with an event at T2."""


def told(row: tuple[str, str], bounds: str) -> list[str]:
    """The names of the services that a row's export tells under one of BOUNDS, in order."""
    first = _AT_START.get(row, "") if bounds[0] == "[" else ""
    last = _AT_END.get(row, "") if bounds[1] == "]" else ""
    return sorted(f"{TABLE[row]} {_INSIDE.get(row, '')} {first} {last}".split())
