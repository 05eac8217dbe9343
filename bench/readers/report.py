"""What was asked of each layout and what it cost, as Markdown tables and as JSON."""

from collections.abc import Collection, Sequence
from math import inf
from statistics import median

import msgspec

from bench.readers.asking import CONNECT, ENGINES, Asked
from bench.readers.questions import QUESTIONS, Subject
from bench.readers.rewriting import Written
from bench.readers.tried import SHIPPED
from bench.report import line, machine

_LIKE = 1.5
"""Times the bytes of what is shipped that a layout of like size takes less than."""


class Round(msgspec.Struct, frozen=True):
    """By layout, every question asked of one subject by every engine, in a process of its own."""

    subject: Subject
    asked: dict[str, list[Asked]]


def markdown(written: Sequence[Written], rounds: Sequence[Round]) -> str:
    """What is shipped by the best for each question, then every layout: medians, CPU in milliseconds.

    The best is that of the layouts of like size, less than half as large again, and that of all.
    """
    costs = {name: _cpu(rounds, name) for name in rounds[0].asked}
    cheapest = {name: min(_of(written, name), key=lambda each: each.cpu_seconds) for name in costs}
    shipped = cheapest[SHIPPED.name]
    heads = [question.name for question in QUESTIONS]
    like = {name for name, each in cheapest.items() if each.bytes < _LIKE * shipped.bytes}
    best = [line(["question", *(f"{engine}: ms, by the best of like size, of all" for engine in ENGINES)])]
    best.append(line(["---"] + ["---:"] * len(ENGINES)))
    best += [line([head, *(_by_best(costs, like, engine, head) for engine in ENGINES)]) for head in heads]
    subjects = len({each.subject for each in rounds})
    counted = f"Medians of {subjects} subjects, of each the least of {len(rounds) // subjects} rounds."
    sections = [f"{machine()} {counted}", "\n".join(best)]
    for engine in ENGINES:
        rows = [line(["layout", *heads, "writing", "bytes"]), line(["---"] + ["---:"] * (len(heads) + 2))]
        for each in cheapest.values():
            ratios = [costs[each.layout][engine, head] / costs[SHIPPED.name][engine, head] for head in heads]
            ratios += [each.cpu_seconds / shipped.cpu_seconds, each.bytes / shipped.bytes]
            rows.append(line([each.layout, *(f"{ratio:.2f}" for ratio in ratios)]))
        sections.append(f"### {engine}\n\nCPU by that of what is shipped.\n\n" + "\n".join(rows))
    connecting = [each.cpu_seconds for done in rounds for each in done.asked[SHIPPED.name] if each.engine == CONNECT]
    sections.append(
        f"Making the links and views of `sql` takes {1000 * median(connecting):.0f} ms of CPU, in no figure above. A "
        f"day's typed tables take {shipped.cpu_seconds * 1000:.0f} ms of CPU to write as shipped, and all "
        f"{shipped.bytes / 1e6:,.0f} MB."
    )
    return "\n\n".join(sections) + "\n"


def json(written: Sequence[Written], rounds: Sequence[Round]) -> bytes:
    """Every single measurement."""
    return msgspec.json.format(msgspec.json.encode({"machine": machine(), "written": written, "rounds": rounds}))


def _of(written: Sequence[Written], layout: str) -> list[Written]:
    return [each for each in written if each.layout == layout]


def _cpu(rounds: Sequence[Round], layout: str) -> dict[tuple[str, str], float]:
    """CPU milliseconds by engine and question: of each subject the least, as nothing makes an answer cheaper than it is
    while the same layout asked twice differs by a quarter; of those the median."""
    least: dict[tuple[str, str], dict[Subject, float]] = {}
    for done in rounds:
        for each in done.asked[layout]:
            of = least.setdefault((each.engine, each.question), {})
            of[done.subject] = min(1000 * each.cpu_seconds, of.get(done.subject, inf))
    return {key: median(of.values()) for key, of in least.items()}


def _by_best(costs: dict[str, dict[tuple[str, str], float]], like: Collection[str], engine: str, question: str) -> str:
    """The shipped layout's cost, and its ratio to the cheapest of those of like size and of all, and which they are."""
    mine = costs[SHIPPED.name][engine, question]
    told = [f"{mine:.0f}"]
    for names in (like, costs):
        best = min(names, key=lambda name: (costs[name][engine, question], name != SHIPPED.name))
        told.append(f"**{mine / costs[best][engine, question]:.2f}** ({best})")
    return ", ".join(told)
