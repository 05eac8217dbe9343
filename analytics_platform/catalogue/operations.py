"""The vendor's REST operations the platform calls: method, path, and any one of the permissions each needs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One REST operation; `path` holds `{names}` to fill, `permissions` lists those of which one is enough."""

    method: str
    path: str
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class JobFamily:
    """The five operations of one asynchronous details job, and the key under which a page lists its records."""

    name: str
    records_key: str
    availability: Operation
    submit: Operation
    status: Operation
    results: Operation
    cancel: Operation


def _job_family(name: str, records_key: str, permission: str, *also: str) -> JobFamily:
    base = f"/api/v2/analytics/{name}/details/jobs"
    any_of = (permission, *also)
    return JobFamily(
        name=name,
        records_key=records_key,
        availability=Operation("GET", f"{base}/availability", (permission,)),
        submit=Operation("POST", base, any_of),
        status=Operation("GET", f"{base}/{{jobId}}", any_of),
        results=Operation("GET", f"{base}/{{jobId}}/results", any_of),
        cancel=Operation("DELETE", f"{base}/{{jobId}}", any_of),
    )


CONVERSATION_JOBS = _job_family(
    "conversations",
    "conversations",
    "analytics:conversationDetail:view",
    "analytics:agentConversationDetail:view",
)
USER_JOBS = _job_family("users", "userDetails", "analytics:userDetail:view")
JOB_FAMILIES = (CONVERSATION_JOBS, USER_JOBS)
