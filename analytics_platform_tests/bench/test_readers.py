"""What readers are asked in every layout: the files are those of the platform, and the least of all rounds counts."""

from datetime import date
from pathlib import Path

import pyarrow as pa

from analytics_platform.catalogue.streams import CONVERSATION_DETAILS
from analytics_platform.catalogue.tables import table
from analytics_platform.lake import Lake
from analytics_platform.landing.layouts import layout
from analytics_platform.tables.schemas import table_schema
from bench.readers.asking import ENGINES, Asked
from bench.readers.questions import QUESTIONS, Subject
from bench.readers.report import Round, markdown
from bench.readers.rewriting import Written, rewrite
from bench.readers.tried import LAYOUTS, SHIPPED

DAY = date(2026, 3, 1)
METRICS = "session_metrics"


def _groups(lake: Lake) -> list[int]:
    with lake.open_partition(METRICS, DAY) as file:
        return [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]


def _metrics(rows: int) -> pa.Table:
    names = pa.array([f"t{number % 50:02}" for number in range(rows)])
    empty = table_schema(table(METRICS))
    return pa.table([names if field.name == "name" else pa.nulls(rows, field.type) for field in empty], schema=empty)


def test_what_is_shipped_is_written_again_in_the_row_groups_it_had(tmp_path: Path) -> None:
    lake = Lake.open(tmp_path / "lake")
    for each in CONVERSATION_DETAILS.tables:
        with lake.stage(each.name, DAY, table_schema(each), layout(each)) as writer:
            for rows in (60_000, 20_000) if each.name == METRICS else ():
                writer.write(_metrics(rows))
                writer.flush()
            writer.seal({}).publish()
    whole = next(tried for tried in LAYOUTS if tried.name == "one row group a day")
    written = rewrite(lake, [SHIPPED, whole], tmp_path / "written")
    assert [each.layout for each in written] == [SHIPPED.name, whole.name]
    assert len(_groups(lake)) > 4
    assert _groups(Lake.open(tmp_path / "written" / "0")) == _groups(lake)
    assert _groups(Lake.open(tmp_path / "written" / "1")) == [80_000]


def _round(subject: Subject, shipped: float, other: float) -> Round:
    def asked(seconds: float) -> list[Asked]:
        return [Asked(engine, question.name, seconds, seconds) for engine in ENGINES for question in QUESTIONS]

    connected = Asked("connect", "links and views of all tables", 0.1, 0.1)
    return Round(subject, {SHIPPED.name: [*asked(shipped), connected], "other": asked(other)})


def test_the_least_of_each_subject_counts_and_what_is_shipped_is_told_by_the_best() -> None:
    first, second = (Subject(DAY, name, name, name) for name in "ab")
    rounds = [_round(first, 0.03, 0.02), _round(first, 0.012, 0.05), _round(second, 0.018, 0.004)]
    written = [Written(SHIPPED.name, 2.0, 100), Written("other", 1.0, 200), Written(SHIPPED.name, 1.0, 100)]
    told = markdown(written, rounds)
    assert f"| {QUESTIONS[0].name} |" + " 15, **1.00** (shipped), **1.25** (other) |" * len(ENGINES) in told
    assert "| other |" + " 0.80 |" * len(QUESTIONS) + " 1.00 | 2.00 |" in told
