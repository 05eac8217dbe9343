"""The table of what was forgotten, which keeps what the source still delivers of it from coming back."""

from analytics_platform.catalogue.tables import Column, plain_table

CONVERSATION, EXTERNAL_CONTACT, USER = KINDS = ("conversation", "external_contact", "user")
FORGOTTEN = plain_table(
    "forgotten",
    (
        Column("kind", "string", None, f"What was forgotten: {', '.join(KINDS)}."),
        Column("sha256", "string", None, "The SHA-256 of its id, hexadecimal digits; no id stands here in clear."),
        Column("forgotten_at", "instant", None, "When it was forgotten."),
    ),
    ("kind", "sha256"),
    "forgotten_at",
    "What was forgotten, by the UTC day on which it was: days landed or read again leave it out.",
)
