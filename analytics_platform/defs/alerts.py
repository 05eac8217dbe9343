"""Failure alerts: every failed run is told to a webhook a person names."""

import dagster as dg

from analytics_platform.defs.partitions import tagged_days
from analytics_platform.settings import Settings, SettingsError, load_settings

_SECONDS = 10


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One sensor that posts `{"text", "run_id", "job", "days"}`, of which chat tools show the text; none without a
    webhook."""
    if not settings.alert_webhook.get_secret_value():
        return []

    @dg.run_failure_sensor(
        name="failure_alerts",
        minimum_interval_seconds=min(settings.sensor_seconds, 30),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts a message to ANALYTICS_PLATFORM_ALERT_WEBHOOK for every run that failed.",
    )
    def failure_alerts(context: dg.RunFailureSensorContext) -> None:
        fault = _post(_message(context))
        if fault is not None:
            raise dg.Failure(f"The alert webhook did not take the message ({fault}).")

    return [failure_alerts]


def _message(context: dg.RunFailureSensorContext) -> dict[str, object]:
    run = context.dagster_run
    steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
    days = [day.isoformat() for day in tagged_days(run.tags)]
    when = f" of {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    return {
        "text": f"{', '.join(steps) or run.job_name}{when} failed: {_reason(context)}",
        "run_id": run.run_id,
        "job": run.job_name,
        "days": [days[0], days[-1]] if days else [],
    }


def _post(message: dict[str, object]) -> str | None:
    """Post a message; what kind of fault kept it from being taken, or None. The URL is a secret: no fault tells it."""
    import httpx

    try:
        webhook = load_settings().alert_webhook.get_secret_value()
        answer = httpx.post(webhook, json=message, timeout=_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL, SettingsError) as fault:
        return type(fault).__name__
    return None if answer.is_success else f"it answered {answer.status_code}"


def _reason(context: dg.RunFailureSensorContext) -> str:
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
        if data.error is not None:
            return data.error.message.strip()
    return context.failure_event.message or "no reason given"
