"""What no public source says about the vendor, set down in one place, each value open to change."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Assumptions:
    """Each field is an assumption, not a fact; `--assume name=value` changes it."""

    max_interval_days: int = 31
    """Assumed: the longest interval a details job takes; a longer one is a 400. No public number."""
    result_retention_hours: int = 24
    """Assumed: how long after completion a job's results can be read; then its state is EXPIRED."""
    default_page_size: int = 100
    """Assumed: conversations or users on a page when `pageSize` is not given."""
    max_page_size: int = 1000
    """Assumed: the largest `pageSize`; public connectors use 1 000. A larger one is a 400."""
    short_pages: bool = False
    """Assumed: a page holds `pageSize` records while more follow; true fills pages to two thirds only."""
    result_cap: int = 400_000
    """Assumed: records one job delivers; reading past it is a 400 (the number was seen in a third party's code)."""
    delete_status: int = 204
    """Assumed: the status of a successful DELETE of a job; known is only that its body is empty."""
    delete_forgets_finished: bool = True
    """Assumed: DELETE of a finished job forgets it (404 from then on); an unfinished one becomes CANCELLED."""
    unfinished_status: int = 202
    """Assumed: the status of a status answer while the job is QUEUED or PENDING; 200 and 202 are both declared."""
    unready_results_status: int = 400
    """Assumed: the status of a results request for a job that is not FULFILLED (any more)."""
    queued_looks: int = 1
    """Assumed: status answers that say QUEUED before the job moves on."""
    pending_looks: int = 1
    """Assumed: status answers that say PENDING before the job moves on."""
    queued_seconds: float = 0.0
    """Assumed: least real seconds in QUEUED; a vendor's job takes 3 to 15 s in all."""
    pending_seconds: float = 0.0
    """Assumed: least real seconds in PENDING."""
    max_jobs_in_flight: int = 0
    """Assumed: unfinished jobs one client may have, 429 beyond; 0 is no limit. No public number."""
    jobs_are_private: bool = True
    """Assumed: a client knows the jobs it submitted, another's is a 404; false lets every client of the org read it."""
    rate_window_seconds: float = 60.0
    """Assumed: the request budget is counted in fixed windows of this length, in real seconds."""
    token_rate_limit: int = 0
    """Assumed: tokens one client may mint in a window before the login host answers 400; 0 is no limit."""
    watermark_step_seconds: int = 60
    """Assumed: availability moves in steps of this length, at whole multiples of it."""
    touching_end_counts: bool = True
    """Assumed: what ends exactly at the start of an interval is delivered for it."""

    aggregate_lag_seconds: float = 0.0
    """Assumed: how far aggregates trail the clock; the vendor calls them near real time."""
    max_aggregate_interval_days: int = 31
    """Assumed: the longest interval an aggregate query takes; a longer one is a 400. No public number."""
    max_aggregate_buckets: int = 20_000
    """Assumed: the most buckets that a granularity may cut an interval into; more are a 400. No public number."""
    max_observations: int = 100
    """Assumed: the most observations that a detail metric lists before it is truncated (a third party's finding)."""
    longest_is_instant: bool = True
    """Assumed: oLongestWaiting and oLongestInteracting tell, as calculatedMetricValue, since when it is so, in epoch
    milliseconds (seen by third parties in a live org); false tells for how many milliseconds."""
    alerting_waits: bool = True
    """Assumed: an interaction that alerts an agent is still counted as waiting in its queue."""
    export_submitted_looks: int = 1
    """Assumed: listings that say SUBMITTED of an export before it moves on."""
    export_running_looks: int = 1
    """Assumed: listings that say RUNNING of an export before it moves on."""
    export_submitted_seconds: float = 0.0
    """Assumed: least real seconds in SUBMITTED."""
    export_running_seconds: float = 0.0
    """Assumed: least real seconds in RUNNING."""
    export_max_interval_days: int = 31
    """Assumed: the longest interval an export takes, told in metadata as dateLimitations; a longer one is a 400."""
    export_max_bytes: int = 10_000_000
    """Assumed: the largest file of an export; a larger one fails as FAILED_AS_EXPORT_FILE_SIZE_IS_GREATER_THAN_10MB."""
    export_csv_bom: bool = True
    """Assumed: a CSV begins with UTF-8's byte order mark."""
    export_csv_quotes_all: bool = False
    """Assumed: a cell of a CSV is quoted only where it must be; true quotes every one."""
    download_redirect_status: int = 303
    """Assumed: the status that leads from a downloadUrl to where the file is stored."""
    download_url_seconds: int = 600
    """Assumed: real seconds a signed address of a stored file is good for."""
    report_running_looks: int = 1
    """Assumed: answers about a report's run that was asked for which find it RUNNING before it has ended."""
    report_running_seconds: float = 0.0
    """Assumed: least real seconds that such a run is RUNNING."""
    report_history: int = 100
    """Assumed: the newest runs that a schedule's history tells."""
    turn_retention_days: int = 10
    """Assumed: reporting turns are gone this long after their completion; the vendor says about ten days, not less."""

    gms_bounds: Literal["[)", "[]", "(]", "()"] = "[)"
    """Assumed: which ends belong to the range of an export of services; the sibling query is half open like this."""
    gms_state_filter_without_content: Literal["honour", "ignore", "reject"] = "honour"
    """Assumed: what filter_state does where only ids are asked for; the vendor's pages disagree."""
    gms_empty_status: int = 200
    """Assumed: the status of a list of services that is empty; 200 with [] or 204."""
    gms_duplicates: bool = False
    """Assumed: a service is listed once; true lists every third one twice."""
    gms_tasks_within_states: bool = False
    """Assumed: a state's task is told among the service's, with its state_id; true tells it within the state."""
    gms_content_seconds: float = 0.0
    """Assumed: real seconds that each service costs an answer with export_content."""
    gms_content_most: int = 0
    """Assumed: services after which an answer with export_content breaks off in the middle; 0 is no limit."""
    gms_tenants: str = ""
    """Assumed: the tenants' names or ids by commas, of which ContactCenterId must name one; none by default."""
    gms_tenant_status: int = 400
    """Assumed: the status of an answer to a missing or unknown tenant; known are only the words."""
    gms_server_folders: str = "C:/;/opt/genesys/gms/export/"
    """Assumed: what each node calls the folder it writes exports to, by semicolons."""
    gms_format_parameter: str = "format"
    """Assumed: the name of the parameter that asks for csv or json; not found in any source."""
    gms_default_format: Literal["csv", "json"] = "csv"
    """Assumed: the format of files when none is asked for."""
    gms_json_files: Literal["one", "three"] = "one"
    """Assumed: a JSON export is one file of whole services; three is one a type of data, as for CSV."""
    gms_created_is_list: bool = True
    """Assumed: `created` is a list also where there is one file; false gives the name of a single one alone."""
    gms_packed: Literal["", "gz", "zip"] = ""
    """Assumed: files are plain; otherwise each is packed and its name ends so."""
    gms_csv_separator: str = ","
    """Assumed: what stands between the cells of a CSV."""
    gms_csv_encoding: str = "utf-8"
    """Assumed: the encoding of a CSV, a name that Python knows."""
    gms_files_seconds: float = 0.0
    """Assumed: real seconds over which files grow after the answer named them; 0 writes them before it."""

    def assume(self, text: str) -> "Assumptions":
        """These with one changed by `name=value`; ValueError names what can be assumed."""
        name, _, value = text.partition("=")
        kinds = get_type_hints(Assumptions)
        if name not in kinds:
            known = ", ".join(field.name for field in fields(self))
            raise ValueError(f"There is no assumption {name!r}. Known: {known}.")
        return replace(self, **{name: _read(name, kinds[name], value)})


def _read(name: str, kind: Any, value: str) -> Any:
    """The value of an assumption in its kind; ValueError says what it takes."""
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{name} takes one of {', '.join(map(repr, get_args(kind)))}, not {value!r}.")
        return value
    if kind is bool:
        if value.lower() not in ("true", "false"):
            raise ValueError(f"{name} takes true or false, not {value!r}.")
        return value.lower() == "true"
    try:
        return kind(value)
    except ValueError:
        raise ValueError(f"{name} takes a number, not {value!r}.") from None
