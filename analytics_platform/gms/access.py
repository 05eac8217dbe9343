"""What a request to GMS needs to be let in: basic authentication where it is on, a tenant where there are several."""

import base64
from dataclasses import dataclass, field

_HIDDEN = "***"


@dataclass(frozen=True)
class Access:
    """What a request needs to be let in; a field left empty is not sent."""

    username: str = ""
    password: str = field(default="", repr=False)
    contact_center_id: str = ""
    group_id: str = ""

    @property
    def headers(self) -> dict[str, str]:
        told = {"ContactCenterId": self.contact_center_id, "GroupId": self.group_id}
        if self.username:
            told["Authorization"] = f"Basic {self._basic}"
        return {name: value for name, value in told.items() if value}

    def hide(self, text: str) -> str:
        """`text` without the password, plain or as it is sent."""
        for secret in (self.password, self._basic if self.username else ""):
            if secret:
                text = text.replace(secret, _HIDDEN)
        return text

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
