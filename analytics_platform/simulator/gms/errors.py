"""The error bodies of Context Services: `{"message", "exception"}`, the second a Java class."""

from analytics_platform.simulator.api.answers import Answer

RESOURCE = "com.genesyslab.gsg.services.contextservices.exceptions.ContextServicesExceptionResource"
"""Seen in the vendor's pages, for an invalid tenant; which other classes there are is assumed."""
PARAMETER = "com.genesyslab.gsg.services.contextservices.exceptions.ContextServicesExceptionBadParameter"
NOT_FOUND = "com.genesyslab.gsg.services.contextservices.exceptions.ContextServicesExceptionNotFound"
ACCESS = "com.genesyslab.gsg.services.contextservices.exceptions.ContextServicesExceptionAccess"
SERVER = "com.genesyslab.gsg.services.contextservices.exceptions.ContextServicesExceptionServer"


class GmsError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, exception: str = PARAMETER, **headers: str) -> None:
        self.status = status
        self.message = message
        self.exception = exception
        self.headers = headers
        super().__init__(message)

    def answer(self) -> Answer:
        """The error as an answer; header names take `_` for `-`."""
        headers = {name.replace("_", "-"): value for name, value in self.headers.items()}
        return Answer.of(self.status, {"message": self.message, "exception": self.exception}, headers)


def no_service(service_id: str) -> GmsError:
    return GmsError(404, f"Service {service_id} not found", NOT_FOUND)
