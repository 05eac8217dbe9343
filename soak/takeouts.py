"""`python -m soak.takeouts [KIND …]`: takes out what handles each kind of fault, and sees the kind's test fail.

It works in a copy of the tracked files as they stand. First every test passes untouched; then one handling after the
other is replaced there, its test runs and has to fail, and the handling is put back. Prints a Markdown table.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from soak.handlings import HANDLINGS
from soak.handlings.handling import Handling

ROOT = Path(__file__).parent.parent
PACKAGE, TESTS = "analytics_platform", "analytics_platform_tests"
_SECONDS = 90
"""A test takes a few; one that waits for longer has failed, as the handling it misses is what ends the waiting."""
_LONGEST = 110
_NOTHING = "nothing is there to be taken out"
_SURVIVED = "**passed all the same**"
_HEADS = ("kind", "how the org does it", "what handles it", "test", "taken out, the test said")


class Unfit(Exception):
    """The list does not fit the code, or a test fails untouched; the text says which."""


def main() -> int:
    """The exit code is 1 where a test passed without what it is the test of, or nothing could be found out."""
    options = argparse.ArgumentParser(prog="python -m soak.takeouts", description=__doc__)
    options.add_argument("kinds", nargs="*", metavar="KIND", help="kinds of faults; all where none is named")
    asked = options.parse_args().kinds
    unknown = set(asked) - {each.kind for each in HANDLINGS}
    if unknown:
        options.error(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(each.kind for each in HANDLINGS)}.")
    chosen = [each for each in HANDLINGS if not asked or each.kind in asked]
    with tempfile.TemporaryDirectory(prefix="takeouts-") as folder:
        copy = Path(folder)
        try:
            _copy_to(copy)
            _refuse_unfit(copy, chosen)
            said = {each: _taken_out(copy, each) for each in chosen}
        except Unfit as fault:
            print(fault, file=sys.stderr)
            return 1
    print(_table(said))
    return 1 if _SURVIVED in said.values() else 0


def _copy_to(copy: Path) -> None:
    """Copy the tracked files, and make sure that processes started there take the package from there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    asked = [sys.executable, "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)"]
    told = subprocess.run(asked, cwd=copy / TESTS, env=_environment(copy), check=True, capture_output=True, text=True)
    if not Path(told.stdout.strip()).resolve().is_relative_to(copy.resolve()):
        raise Unfit(f"Tests in {copy} would import the package from {told.stdout.strip()}.")


def _refuse_unfit(copy: Path, chosen: Sequence[Handling]) -> None:
    """Refuse what does not stand exactly once where the list says, and tests that fail with nothing taken out."""
    for each in chosen:
        found = (copy / PACKAGE / each.module).read_text().count(each.text) if each.text else 1
        if found != 1:
            raise Unfit(f"{each.kind}: {each.text!r} stands {found} times in {each.module}, and has to once.")
    status, said = _tested(copy, sorted({each.test for each in chosen}), _SECONDS * len(chosen))
    if status != 0:
        raise Unfit(f"With nothing taken out a test fails: {said}")


def _taken_out(copy: Path, handling: Handling) -> str:
    """What the kind's test said without what handles it."""
    if not handling.text:
        return _NOTHING
    module = copy / PACKAGE / handling.module
    whole = module.read_text()
    module.write_text(whole.replace(handling.text, handling.instead))
    try:
        status, said = _tested(copy, [handling.test], _SECONDS)
    finally:
        module.write_text(whole)
    print(f"{handling.kind}: {said}", file=sys.stderr, flush=True)
    return _SURVIVED if status == 0 else said


def _tested(copy: Path, tests: Sequence[str], seconds: float) -> tuple[int, str]:
    """The exit code of tests that run in the copy, and what they said in one line; 1 also where they do not end.

    Raises Unfit where pytest did not come to run them.
    """
    nodes = [f"{TESTS}/{test}" for test in tests]
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "--tb=short", *nodes]
    running = subprocess.Popen(
        command, cwd=copy, env=_environment(copy), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        output, _ = running.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        # Interrupted, it stops the servers that it started.
        running.send_signal(signal.SIGINT)
        running.communicate()
        return 1, f"still waiting after {seconds} s"
    if running.returncode not in (0, 1) or (running.returncode == 1 and "\nFAILED " not in output):
        raise Unfit(f"Tests could not be run: {' '.join(nodes)}\n{output[-2000:]}")
    return running.returncode, _said(output)


def _said(output: str) -> str:
    """The first line of what went wrong, shortened, without what differs from run to run."""
    line = _first(r"^E +Actual message: ['\"](.+)$", output) or _first(r"^E +(.+)$", output) or "passed"
    line = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", "…", line)
    line = re.sub(r"/api/v2/\S*/", "…/", line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def _first(pattern: str, output: str) -> str:
    found = re.search(pattern, output, re.MULTILINE)
    return re.sub(r"^(\w+\.)+(?=[A-Z])", "", found.group(1)) if found else ""


def _environment(copy: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}


def _table(said: dict[Handling, str]) -> str:
    rows = [_HEADS, ("---",) * len(_HEADS)]
    for each, words in said.items():
        where = f"{each.what} (`{each.module}`)" if each.module else each.what
        told = words if words in (_NOTHING, _SURVIVED) else f"`{words.replace('`', chr(39))}`"
        rows.append((each.kind, each.org, where, f"`{each.test}`", told))
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
