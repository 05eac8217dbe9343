"""What is said about a conversation once it is over: evaluations, surveys, resolutions, and corrections days later."""

from analytics_platform.simulator.world.conversation import Facts, Late
from analytics_platform.simulator.world.instants import DAY, HOUR, MINUTE, iso
from analytics_platform.simulator.world.stage import Stage


def judge(stage: Stage, late: bool) -> None:
    """Now and then an evaluation (hours to four days on), a survey (a day), a resolution (after seven), a correction.

    With `late` false they are known at the conversation's last instant already, and there are no corrections.
    """
    dice = stage.dice
    if not dice.chance(0.14):
        return
    agents = [told for told in stage.participants if "userId" in told.facts and told.facts["purpose"] == "agent"]
    if not agents:
        return
    agent = agents[-1]
    user, queue = agent.facts["userId"], agent.sessions[0].segments[0].facts.get("queueId", "")
    last = max(session.end for told in stage.participants for session in told.sessions)

    def known(least: int, most: int) -> int:
        return last + dice.span(least, most) if late else last - 1

    kind = dice.span(0, 10)
    if kind < 5:
        stage.evaluations.append(Late(known(HOUR, 4 * DAY), _evaluation(stage, user, queue)))
    elif kind < 8:
        asked = known(5 * MINUTE, 26 * HOUR)
        stage.surveys.append(Late(asked, _survey(stage, user, queue, asked)))
    elif kind < 9:
        stage.resolutions.append(
            Late(
                known(7 * DAY, 7 * DAY + HOUR),
                {"queueId": queue, "userId": user, "nNextContactAvoided": dice.span(0, 2)},
            )
        )
    elif late:
        agent.later.append(Late(known(12 * HOUR, 3 * DAY), {"flaggedReason": "general"}))
        stage.later.append(Late(known(3 * DAY, 4 * DAY), {"externalTag": f"case-{dice.digits(5)}"}))


def _evaluation(stage: Stage, user: str, queue: str) -> Facts:
    dice = stage.dice
    form = dice.pick(stage.organisation.forms)
    told: Facts = {
        "assigneeApplicable": dice.chance(0.8),
        "assigneeId": dice.pick(stage.organisation.supervisors).id,
        "contextId": dice.uuid(),
        "deleted": False,
        "evaluationId": dice.uuid(),
        "evaluationStatus": dice.pick(("Finished", "Finished", "InProgress", "InReview", "Pending", "Retracted")),
        "evaluatorId": dice.pick(stage.organisation.supervisors).id,
        "formId": form.id,
        "formName": form.name,
        "queueId": queue,
        "released": dice.chance(0.7),
        "rescored": dice.chance(0.1),
        "systemSubmitted": dice.chance(0.1),
        "userId": user,
    }
    if dice.chance(0.3):
        told["calibrationId"] = dice.uuid()
    if told["evaluationStatus"] == "Finished":
        told["oTotalCriticalScore"], told["oTotalScore"] = dice.span(0, 101), dice.span(20, 101)
    return told


def _survey(stage: Stage, user: str, queue: str, at: int) -> Facts:
    dice = stage.dice
    form = dice.pick(stage.organisation.forms)
    told: Facts = {
        "queueId": queue,
        "surveyFormContextId": dice.uuid(),
        "surveyFormId": form.id,
        "surveyFormName": form.name,
        "surveyId": dice.uuid(),
        "surveyPartialResponse": dice.chance(0.2),
        "surveyStatus": dice.pick(("Sent", "Finished", "Finished", "OptOut", "Expired")),
        "surveyType": dice.pick(("Web", "Voice")),
        "userId": user,
    }
    if told["surveyStatus"] == "Finished":
        told["surveyCompletedDate"] = iso(at)
        told["surveyPromoterScore"], told["oSurveyTotalScore"] = dice.span(0, 11), dice.span(0, 101)
    return told
