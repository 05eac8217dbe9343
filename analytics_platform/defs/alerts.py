"""Failure alerts: every failed run is told to a webhook a person names."""

import dagster as dg

from analytics_platform.settings import Settings, load_settings


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One sensor that posts `{"text": ..., "run_id": ..., "url": ...}`, which chat tools understand; none without a
    webhook."""
    if not settings.alert_webhook.get_secret_value():
        return []

    @dg.run_failure_sensor(
        name="failure_alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts a message to ANALYTICS_PLATFORM_ALERT_WEBHOOK for every run that failed.",
    )
    def failure_alerts(context: dg.RunFailureSensorContext) -> None:
        import httpx

        run = context.dagster_run
        steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
        what = ", ".join(steps) or run.job_name
        reason = _reason(context)
        webhook = load_settings().alert_webhook.get_secret_value()
        message = {"text": f"{what} failed: {reason}", "run_id": run.run_id, "tags": dict(run.tags)}
        try:
            httpx.post(webhook, json=message, timeout=10).raise_for_status()
        except httpx.HTTPError as fault:
            # The URL is a secret: it is left out of what is told.
            raise dg.Failure(f"The alert webhook did not take the message ({type(fault).__name__}).") from None

    return [failure_alerts]


def _reason(context: dg.RunFailureSensorContext) -> str:
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description
        if data.error is not None:
            return data.error.message.strip()
    return context.failure_event.message or "no reason given"
