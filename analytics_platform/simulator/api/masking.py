"""What an org tells of people while its reporting settings mask personal data.

Assumed, as no public source lists the fields: names of those outside and the addresses and numbers of everybody are
told as a mask; ids, participants' attributes and what is no personal data stay.
"""

from msgspec import UNSET

from analytics_platform.simulator.api.records.conversations import ConversationRecord

MASK = "****"
_ADDRESSES = (
    "addressFrom",
    "addressOther",
    "addressSelf",
    "addressTo",
    "ani",
    "callbackUserName",
    "dnis",
    "remote",
    "sessionDnis",
)
_LISTS = ("bcc", "callbackNumbers", "cc", "destinationAddresses")
_OUTSIDE = ("customer", "external")


def mask(record: ConversationRecord) -> ConversationRecord:
    """The record with its personal data masked, in place."""
    for participant in record.participants or ():
        if participant.purpose in _OUTSIDE and participant.participantName is not UNSET:
            participant.participantName = MASK
        for session in participant.sessions or ():
            for name in _ADDRESSES:
                if getattr(session, name) is not UNSET:
                    setattr(session, name, MASK)
            for name in _LISTS:
                if held := getattr(session, name):
                    setattr(session, name, [MASK] * len(held))
    return record
