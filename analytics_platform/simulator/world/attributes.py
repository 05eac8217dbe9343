"""Participant attributes: free keys and texts, as odd as real flows leave them.

Real keys carry spaces, trailing spaces, dots and leading digits; real values carry newlines and bars, and are empty
strings as often as not. The vendor cuts keys and values at 1 024 characters.
"""

from analytics_platform.simulator.world.dice import Dice

MOST_CHARACTERS = 1024

_ODD_KEYS = ("ANI ", "ivr.Skills", "7day", "Customer ANI", "flow.Menu.1", "Größe", " lead", "a/b", "x:y")
_STEMS = ("Flow", "Menu", "Caller", "Contract", "Skill", "Prompt", "Schedule", "Lookup", "Route", "Debug", "Policy")
_PARTS = ("Result", "Name", "Id", "Type", "Language", "Priority", "Override", "Reason", "State", "Group", "Flag")
_WORDS = ("open", "closed", "gold", "silver", "renewal", "north", "callback", "main line", "no match", "yes", "no")


def attribute_bags(dice: Dice) -> tuple[dict[str, str], ...]:
    """Some thirty sets of attributes, of two to forty keys; one of them holds a key and a value of full length."""
    bags = [_bag(dice, 2 + number * 38 // 29) for number in range(30)]
    bags[7]["k" * MOST_CHARACTERS] = "v" * MOST_CHARACTERS
    return tuple(bags)


def _bag(dice: Dice, size: int) -> dict[str, str]:
    bag = {"CallerType": dice.pick(_WORDS), dice.pick(_ODD_KEYS): _value(dice)}
    while len(bag) < size:
        bag[f"{dice.pick(_STEMS)}{dice.pick(('_', '', ' ', '.'))}{dice.pick(_PARTS)}"] = _value(dice)
    return bag


def _value(dice: Dice) -> str:
    shape = dice.span(0, 10)
    if shape < 3:
        return ""
    if shape < 4:
        return f"{dice.pick(_WORDS)}\n{dice.pick(_WORDS)}"
    if shape < 6:
        return " | ".join(dice.pick(_WORDS) for _ in range(4))
    if shape < 8:
        return dice.digits(7)
    return dice.pick(_WORDS)
