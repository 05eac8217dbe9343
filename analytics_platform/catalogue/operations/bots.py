"""Reporting turns of bot flows: each thing said to a bot and what came of it.

Kept about ten days by the vendor; 50 turns a page, 250 at most (SDK 269.0.0, AnalyticsApi).
"""

from analytics_platform.catalogue.operations.operation import Lands, Limits, Operation, Parameter

_PARAMETERS = (
    Parameter("after"),
    Parameter("pageSize", "50"),
    Parameter("interval"),
    Parameter("actionId"),
    Parameter("sessionId"),
    Parameter("language"),
    Parameter(
        "askActionResults",
        None,
        (
            "AgentRequestedByUser",
            "ConfirmationRequired",
            "DisambiguationRequired",
            "Error",
            "ExpressionError",
            "NoInputCollection",
            "NoInputConfirmation",
            "NoInputDisambiguation",
            "NoMatchCollection",
            "NoMatchConfirmation",
            "NoMatchDisambiguation",
            "SuccessCollection",
            "SkippedCollection",
            "SuccessConfirmationNo",
            "SuccessConfirmationYes",
            "SuccessDisambiguation",
            "SuccessDisambiguationNone",
            "GuardrailsViolation",
        ),
    ),
)


def _turns(name: str, path: str, **facts: object) -> Operation:
    return Operation(
        name,
        "GET",
        f"/api/v2/analytics/botflows/{{botFlowId}}/{path}",
        ("analytics:botFlowReportingTurn:view",),
        gives="ReportingTurnsResponse",
        parameters=_PARAMETERS,
        limits=Limits(page_size=250, default_page_size=50),
        lands=Lands.DAY,
        tables=("bot_turns",),
        **facts,  # type: ignore[arg-type]
    )


BOT_TURNS = _turns(
    "bots.turns",
    "reportingturns",
    summary="Turns of a bot flow; deprecated.",
    listed=1,
    successor="bots.division_turns",
)
BOT_DIVISION_TURNS = _turns("bots.division_turns", "divisions/reportingturns", summary="Turns of a bot flow.")
BOTS = (BOT_TURNS, BOT_DIVISION_TURNS)
