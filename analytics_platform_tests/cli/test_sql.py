"""`sql`: a question in, an answer out as a table, CSV or JSON; a wrong question is one sentence."""

import csv
import io
import json
import os
import pty
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from analytics_platform.lake import Lake
from analytics_platform_tests.cli.conftest import SCRIPT, Run, land, script

DAY = date(2026, 1, 1)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    land(lake, "conversations", DAY, 3)
    land(lake, "conversations", date(2026, 1, 2), 2)
    return lake


def test_a_table(filled: Lake, run: Run) -> None:
    told = run("sql", "SELECT day, count(*) AS conversations FROM conversations GROUP BY day ORDER BY day")
    assert told.exit_code == 0
    lines = [line.split() for line in told.stdout.replace("│", " ").replace("┃", " ").splitlines()]
    assert lines[0] == ["day", "conversations"]
    assert lines[2:] == [["2026-01-01", "3"], ["2026-01-02", "2"]]


def test_csv(filled: Lake, run: Run) -> None:
    told = run(
        "sql", "--format", "csv", "SELECT name, number, NULL AS nothing FROM conversations WHERE day = '2026-01-02'"
    )
    assert told.stdout == "name,number,nothing\nrow 0,0,\nrow 1,1,\n"


def test_csv_keeps_awkward_text(lake: Lake, run: Run) -> None:
    told = run("sql", "--format", "csv", """SELECT 'a,b' AS x, 'say "no"' AS y, E'two\\nlines' AS z""")
    assert list(csv.reader(io.StringIO(told.stdout))) == [["x", "y", "z"], ["a,b", 'say "no"', "two\nlines"]]


def test_json_says_every_type(lake: Lake, run: Run) -> None:
    query = """
    SELECT TIMESTAMPTZ '2026-01-01 02:00:00+02' AS instant, DATE '2026-01-01' AS day, NULL AS nothing, true AS flag,
           9007199254740993 AS whole, 1.25::DECIMAL(9, 2) AS exact, 'nan'::DOUBLE AS nan, [1, 2] AS list,
           {'at': TIMESTAMPTZ '2026-01-01 00:00:00Z'} AS part, map(['k'], [1]) AS pairs, 'ü' AS text, 1 AS text
    """
    assert json.loads(run("sql", "--format", "json", query).stdout) == [
        {
            "instant": "2026-01-01T00:00:00Z",
            "day": "2026-01-01",
            "nothing": None,
            "flag": True,
            "whole": 9007199254740993,
            "exact": 1.25,
            "nan": None,
            "list": [1, 2],
            "part": {"at": "2026-01-01T00:00:00Z"},
            "pairs": {"k": 1},
            "text": "ü",
            "text_2": 1,
        }
    ]


def test_no_rows(filled: Lake, run: Run) -> None:
    query = "SELECT number FROM conversations WHERE day = '2025-01-01'"
    assert json.loads(run("sql", "--format", "json", query).stdout) == []
    assert run("sql", "--format", "csv", query).stdout == "number\n"
    assert run("sql", query).exit_code == 0


def test_instants_are_utc(lake: Lake, run: Run) -> None:
    table = pa.table({"instant": pa.array([datetime(2026, 1, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "UTC"))})
    with lake.stage("sessions", DAY, table.schema) as writer:
        writer.write(table)
        writer.seal({}).publish()
    assert "2026-01-01T12:00:00Z" in run("sql", "SELECT instant FROM sessions").stdout


def test_a_long_table_is_cut_and_says_so(lake: Lake, run: Run) -> None:
    told = run("sql", "--limit", "3", "SELECT * FROM range(10)").stdout
    assert "The first 3 rows; --limit 0 shows all" in told
    assert len(told.splitlines()) == 6
    assert len(run("sql", "--limit", "0", "SELECT * FROM range(1000)").stdout.splitlines()) == 1002
    assert "first" not in run("sql", "--limit", "10", "SELECT * FROM range(10)").stdout


def test_a_wide_table_is_not_folded_in_a_pipe(lake: Lake, run: Run) -> None:
    told = run("sql", "SELECT repeat('x', 300) AS long, repeat('[bold]y', 30) AS markup").stdout
    assert "x" * 300 in told
    assert "[bold]y" * 30 in told


def test_a_statement_without_an_answer_says_nothing(lake: Lake, run: Run) -> None:
    told = run("sql", "SET threads = 1")
    assert (told.exit_code, told.stdout) == (0, "")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS n FROM conversations",
        "SELECT count(*) AS n FROM Conversations JOIN sessions ON conversations.number = sessions.number",
        "WITH few AS (FROM conversations) SELECT count(*) AS n FROM few, sessions WHERE few.name = sessions.name",
        "SELECT count(*) AS n FROM conversations JOIN sessions USING (number, name)",
        "SELECT sum(rows) AS n FROM days WHERE table_name = 'conversations'",
        "SELECT 5 AS n",
    ],
)
def test_a_query_is_answered_whichever_tables_it_names(filled: Lake, run: Run, query: str) -> None:
    land(filled, "sessions", DAY, 3)
    land(filled, "sessions", date(2026, 1, 3), 2)
    told = run("sql", "--format", "json", query)
    expected = 9 if "JOIN" in query or "few" in query else 5
    assert json.loads(told.stdout) == [{"n": expected}]


def test_a_damaged_table_is_no_fault_of_a_query_that_does_not_name_it(filled: Lake, run: Run, tmp_path: Path) -> None:
    land(filled, "sessions", DAY, 3)
    for file in (tmp_path / "lake" / "sessions").rglob("*.parquet"):
        file.write_bytes(b"no Parquet")
    assert json.loads(run("sql", "--format", "json", "SELECT sum(number) AS n FROM conversations").stdout) == [{"n": 4}]
    assert run("sql", "SELECT sum(number) FROM sessions").exit_code == 1


def test_a_query_from_standard_input(filled: Lake) -> None:
    told = script("sql", "--format", "csv", stdin="SELECT count(*) AS n\nFROM conversations;\n")
    assert (told.returncode, told.stdout, told.stderr) == (0, "n\n5\n", "")


def test_a_reader_that_stops_reading_is_no_fault(lake: Lake) -> None:
    words = [str(SCRIPT), "sql", "--format", "csv", "SELECT * FROM range(1000000)"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (
            "SELECT * FROM nothing",
            "The query cannot be answered: Catalog Error: Table with name nothing does not exist. "
            "The lake has the tables conversations, days.\n",
        ),
        ("SELEC 1", 'The query cannot be answered: Parser Error: syntax error at or near "SELEC".\n'),
        (
            "SELECT error('no\nmore')",
            "The query cannot be answered: Invalid Input Error: no more.\n",
        ),
    ],
)
def test_a_wrong_query_is_one_sentence(filled: Lake, query: str, told: str) -> None:
    ended = script("sql", query)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", told)


def test_an_empty_lake_is_told(lake: Lake, run: Run) -> None:
    told = run("sql", "SELECT * FROM conversations")
    assert told.exit_code == 1
    assert "The lake has no tables yet." in told.stderr
    assert not os.path.exists(lake.place.name)  # noqa: PTH110 - the name is text


def test_no_query_is_told(lake: Lake) -> None:
    told = script("sql", stdin="  \n")
    assert told.returncode == 1
    assert told.stderr == "No query was given: write it after the command or send it to standard input.\n"


def test_the_internet_is_not_asked(lake: Lake, run: Run) -> None:
    told = run("sql", "SELECT * FROM 'https://127.0.0.1:1/data.parquet'")
    assert told.exit_code == 1
    assert "httpfs" in told.stderr


def test_a_prompt_on_a_terminal(filled: Lake) -> None:
    """Queries over two lines, a fault that does not end the prompt, and the end."""
    ours, theirs = pty.openpty()
    words = [str(SCRIPT), "sql", "--format", "csv"]
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.close(theirs)
        os.write(ours, b"SELECT count(*) AS n\nFROM conversations;\nSELEC;\nSELECT 42 AS answer;\nexit\n")
        out, error = process.communicate()
        os.close(ours)
    assert process.returncode == 0
    assert "as it is now has the tables conversations" in out
    assert "n\n5\n" in out
    assert "answer\n42\n" in out
    assert "syntax error" in error
