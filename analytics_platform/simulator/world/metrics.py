"""The metrics that follow from a session's segments: timers equal the segments they measure, totals their sums."""

from analytics_platform.simulator.world.conversation import Metric, Segment

_TIMERS = {
    "interact": "tTalk",
    "hold": "tHeld",
    "wrapup": "tAcw",
    "dialing": "tDialing",
    "contacting": "tContacting",
    "parked": "tPark",
    "monitoring": "tMonitoring",
    "coaching": "tCoaching",
    "barging": "tBarging",
    "screenmonitoring": "tScreenMonitoring",
    "callback": "tActiveCallback",
}
_COMPLETES = {
    "tTalk": "tTalkComplete",
    "tHeld": "tHeldComplete",
    "tPark": "tParkComplete",
    "tMonitoring": "tMonitoringComplete",
    "tCoaching": "tCoachingComplete",
    "tActiveCallback": "tActiveCallbackComplete",
}
_HANDLED = ("tTalk", "tHeld", "tAcw", "tDialing", "tContacting")


def agent_metrics(segments: list[Segment], waited: int | None, alerted: str = "tAlert") -> list[Metric]:
    """What an agent's session emits, by emission.

    `waited` is the tAcd of the queue session before it, told again as tAnswered when the agent answers; None for a
    session that was not queued or not answered. `alerted` names the alert's timer (`tNotResponding` comes beside it).
    tHandle = tTalkComplete + tHeldComplete + tAcw + tDialing + tContacting, at the end of the last of them.
    """
    metrics: list[Metric] = []
    sums: dict[str, int] = {}
    last_active = 0
    for segment in segments:
        length = segment.end - segment.start
        if segment.kind == "alert":
            metrics.append(Metric(segment.end, "tAlert", length))
            if alerted != "tAlert":
                metrics.append(Metric(segment.end, alerted, length))
            if waited is not None:
                metrics.append(Metric(segment.end, "tAnswered", waited))
            continue
        name = _TIMERS.get(segment.kind)
        if name is None:
            continue
        metrics.append(Metric(segment.end, name, length))
        sums[name] = sums.get(name, 0) + length
        if name != "tAcw":
            last_active = segment.end
    metrics += [Metric(last_active, complete, sums[timer]) for timer, complete in _COMPLETES.items() if timer in sums]
    handled = [sums[name] for name in _HANDLED if name in sums]
    if handled:
        metrics.append(Metric(segments[-1].end, "tHandle", sum(handled)))
    metrics.sort()
    return metrics


def customer_metrics(connected: int, end: int) -> list[Metric]:
    """nConnected when the customer is connected, tConnected for the whole connection when it ends."""
    return [Metric(connected, "nConnected", 1), Metric(end, "tConnected", end - connected)]


def queue_metrics(offered: int, end: int, abandoned: bool, service_level: int) -> list[Metric]:
    """nOffered; tAcd of the waiting; nOverSla past the service level; tAbandon and tShortAbandon when given up."""
    waited = end - offered
    metrics = [Metric(offered, "nOffered", 1), Metric(end, "tAcd", waited)]
    if waited > service_level:
        metrics.append(Metric(offered + service_level, "nOverSla", 1))
    if abandoned:
        metrics.append(Metric(end, "tAbandon", waited))
        if waited < 10_000:
            metrics.append(Metric(end, "tShortAbandon", waited))
    metrics.sort()
    return metrics


def flow_metrics(start: int, end: int, overhead: int, outcomes: int, disconnected: bool) -> list[Metric]:
    """nFlow, tIvr of the segment; tFlow is `overhead` ms shorter and comes a little after it, with how it was left."""
    inside = max(0, end - start - overhead)
    metrics = [
        Metric(start + min(overhead, end - start), "nFlow", 1),
        Metric(end, "tIvr", end - start),
        Metric(end + 11, "tFlow", inside),
        Metric(end + 11, "tFlowDisconnect" if disconnected else "tFlowExit", inside),
    ]
    if outcomes:
        metrics.append(Metric(end + 11, "nFlowOutcome", outcomes))
        metrics.append(Metric(end + 11, "tFlowOutcome", inside))
    metrics.sort()
    return metrics
