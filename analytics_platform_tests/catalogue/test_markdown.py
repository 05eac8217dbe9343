"""The docs' table of operations is what the catalogue says today."""

from pathlib import Path

import pytest

from analytics_platform.catalogue.markdown import BEGIN, END, block, main, page, with_block
from analytics_platform.catalogue.operations import LISTED, OPERATIONS, Lands

CHECKOUT = Path(__file__).parents[2]
REMEDY = "run `python -m analytics_platform.catalogue.markdown`"


def _rows() -> list[list[str]]:
    lines = [line for line in page().splitlines() if line.startswith("| ") and not line.startswith("| #")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_of_operations_is_that_of_the_catalogue() -> None:
    assert (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8") == page(), REMEDY


def test_the_readmes_block_is_that_of_the_catalogue() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    if BEGIN in readme:
        assert with_block(readme) == readme, REMEDY


def test_the_page_has_the_45_in_the_vendors_order_and_then_those_beside_them() -> None:
    rows = _rows()
    beside = [each.name for each in OPERATIONS if each.listed is None]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 46)] + [""] * len(beside)
    assert [row[1] for row in rows] == [f"`{name}`" for name in [*(each.name for each in LISTED), *beside]]


def test_a_row_tells_call_permissions_tables_limits_and_whether_it_is_withdrawn() -> None:
    rows = dict(zip((each.name for each in LISTED), _rows(), strict=False))
    assert rows["bots.turns"][-1] == "deprecated; now `bots.division_turns`"
    assert rows["conversations.transcripts"][-1] == "withdrawn with 234.0.0 (2025-08-03)"
    query = rows["conversations.query"]
    assert query[2].startswith("POST `…/conversations/details/query`<br>")
    assert query[3] == "`analytics:conversationDetail:view`<br>`analytics:agentConversationDetail:view`"
    assert query[5] == "7 days, 31 with a filter; 100 a page, 25 by default; 100 000 results"
    assert rows["queues.observations"][4] == "a snapshot in `queue_observations`"
    assert rows["conversations.submit"][4] == "a step of `conversation_details`"


def test_the_block_names_every_table_that_something_lands_in_and_every_action() -> None:
    landing = [each for each in OPERATIONS if each.lands in (Lands.DAY, Lands.SNAPSHOT)]
    assert all(f"`{name}`" in block() for each in landing for name in each.tables)
    assert all(f"`{each.name}`" in block() for each in OPERATIONS if each.lands is Lands.ACTION)


def test_the_block_stands_between_its_markers_and_nothing_else_changes() -> None:
    readme = f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe rest.\n"
    assert with_block(readme) == f"# Title\n\n{BEGIN}\n{block()}\n{END}\n\nThe rest.\n"
    assert with_block(with_block(readme)) == with_block(readme)
    with pytest.raises(ValueError, match="operations: begin"):
        with_block("# Title\n")


def test_the_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    main()
    assert (tmp_path / "docs" / "operations.md").read_text(encoding="utf-8") == page()
    assert block() in (tmp_path / "README.md").read_text(encoding="utf-8")
