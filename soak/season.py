"""One seed from its first day to the comparison: the org, the platform's home, and what happens to both."""

import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from analytics_platform.catalogue.streams import STREAMS
from analytics_platform_tests.simulated_org import SimulatedOrg
from soak import hands, host, launcher
from soak.changing import asked_of
from soak.deployment import enter
from soak.dying import Death, die_at, fill_disk
from soak.plan import REREAD_AFTER_DAYS, Change, Hand, Plan, Wake, iso, plan
from soak.processes import Processes
from soak.retries import retries
from soak.runner import Runner

_SENSORS = [name for stream in STREAMS for name in (f"{stream.name}_availability", f"{stream.typed}_home_days")]
_UPKEEP = [f"{stream.name}_upkeep" for stream in STREAMS]
_LOOKS = 2
_LAST_LOOKS = 20


@dataclass
class Outcome:
    """What became of a seed. `differences` is empty where the lake equals the truth."""

    seed: int
    days: int
    wakes: int = 0
    differences: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    wall_seconds: float = 0.0


class Season:
    """The processes of one seed under `folder`; this one starts no thread, since it is forked for each of them."""

    def __init__(self, plan: Plan, folder: Path, org: SimulatedOrg) -> None:
        self._plan = plan
        self._folder = folder
        self._home = folder / "home"
        self._org = org
        self._processes = Processes(folder)
        self._runner = Runner(self._processes, self._execute)
        self._outcome = Outcome(plan.seed, plan.days)
        self._ours, self._theirs = socket.socketpair()
        launcher.use(self._theirs)
        self._made: set[str] = set()
        self._forgotten: set[str] = set()

    def play(self) -> Outcome:
        from soak.definitions import defs

        began = time.monotonic()
        with host.workspace(self._home) as loaded:
            host.switch(loaded, _SENSORS, on=True)
            self._loaded = loaded
            self._instance_ref = loaded.instance.get_ref()
            self._platform = defs()
            self._repository = self._platform.get_repository_def()
            for number, wake in enumerate(self._plan.wakes):
                self._wake(number, wake)
            self._rest()
            self._runner.end()
        self._outcome.cpu_seconds = {kind: round(spent, 1) for kind, spent in self._processes.cpu.items()}
        self._outcome.wall_seconds = round(time.monotonic() - began, 1)
        return self._outcome

    def _wake(self, number: int, wake: Wake) -> None:
        self._outcome.wakes += 1
        self._org.set_now(wake.now)
        self._org.set_lag(**wake.lag_hours)
        for position, change in enumerate(wake.changes):
            self._change(change, Random(f"{self._plan.seed}/{number}/{position}"), wake.now)
        for fault in wake.faults:
            self._org.arm(**fault)  # type: ignore[arg-type]
        self._look(_LOOKS, wake.deaths, wake.disk)
        if wake.hand is not None:
            self._by_hand(wake.hand, Random(f"{self._plan.seed}/{number}/hand"), wake.deaths)
        for fault in self._org.faults():
            self._outcome.counts[f"fault {fault['kind']}"] += fault["fired"]
            self._made.update(fault["made"])
        self._org.clear_faults()

    def _rest(self) -> None:
        """Nothing is wrong any more: the platform comes to rest, and what it holds is compared.

        Evaluations, surveys and resolutions of the last days come after they have been read and before they are read
        again: a person refills these days first.
        """
        self._org.set_now(self._plan.end)
        self._org.set_lag(conversations=6.0, users=6.0)
        rested = self._look(_LAST_LOOKS, (), {})
        newest = self._newest()
        first = max(self._plan.first, newest - timedelta(days=REREAD_AFTER_DAYS[-1]))
        young = [first + timedelta(days=ahead) for ahead in range((newest - first).days + 1)]
        self._processes.wait(self._processes.start("hand", lambda: 1 - hands.land(self._platform, young)))
        rested = self._look(_LAST_LOOKS, (), {}) and rested
        self._outcome.counts["rested"] += rested
        self._outcome.differences = self._compared()
        told = self._org.requests()
        self._outcome.counts["requests"] += told["total"]
        self._outcome.counts["jobs"] += len(told["submits"])
        self._outcome.counts.update(retries(self._home))

    def _look(self, looks: int, deaths: tuple[Death, ...], disk: Mapping[int, int]) -> bool:
        """The daemon works until it comes to rest, and with it the runs it asks for; whether it came to rest."""
        daemon_dies = [death.step for death in deaths if death.victim == "daemon"]

        def daemon() -> int:
            self._ours.close()
            self._runner.leave()
            if daemon_dies:
                die_at(daemon_dies[0], self._folder)
            return 0 if host.daemon(self._loaded, _UPKEEP, looks) else 1

        child = self._processes.start("daemon", daemon)
        self._ours.setblocking(False)
        for position, run_id in enumerate(self._asked_runs(child), 1):
            dying = next((d for d in deaths if d.victim != "daemon" and d.run == position), None)
            killed = self._run(run_id, dying, disk.get(position))
            if killed and dying is not None and dying.victim == "host":
                os.kill(child, signal.SIGKILL)
                self._runner.kill()
                self._outcome.counts["killed host"] += 1
                self._processes.wait(child)
                self._drained()
                return False
            self._ours.sendall(b"ended")
        if self._status < 0:
            self._outcome.counts["killed daemon"] += 1
            self._drained()
        return self._status == 0

    def _asked_runs(self, child: int) -> Iterator[str]:
        """The ids of the runs the daemon asks for, until it ends; its status is in `_status` then."""
        while True:
            with suppress(BlockingIOError):
                yield self._ours.recv(4096).decode()
            ended = self._processes.look(child)
            if ended is not None:
                self._status = ended
                return
            time.sleep(0.01)

    def _drained(self) -> None:
        with suppress(BlockingIOError):
            while self._ours.recv(4096):
                pass
        self._ours.close()
        self._theirs.close()
        self._ours, self._theirs = socket.socketpair()
        launcher.use(self._theirs)

    def _run(self, run_id: str, death: Death | None, disk: int | None) -> bool:
        """One run, to its end or to its death; whether it was killed. What is to befall it, befalls it alone."""

        def work() -> int:
            if death is not None:
                die_at(death.step, self._folder)
            if disk is not None:
                fill_disk(disk)
            self._execute(run_id)
            return 0

        killed = False
        if death is None and disk is None:
            self._runner.execute(run_id)
        else:
            killed = self._processes.wait(self._processes.start("run", work)) < 0
        self._outcome.counts["runs"] += 1
        self._outcome.counts["killed run"] += killed
        self._outcome.counts["full disk"] += disk is not None
        return killed

    def _execute(self, run_id: str) -> None:
        host.run(self._repository, self._instance_ref, run_id)

    def _by_hand(self, hand: Hand, dice: Random, deaths: tuple[Death, ...]) -> None:
        """What a person does, in one process or two at once; who does it dies with the first run that is to die."""
        newest = self._newest()
        days = [newest - timedelta(days=back) for back in range(hand.days - 1, -1, -1)]
        if days[0] < self._plan.first:
            return
        words: tuple[str, ...] = ("rebuild",)
        if hand.kind == "provisional":
            days = [newest + timedelta(days=1)]
        if hand.kind == "forget":
            told = self._org.truth_conversation_ids(self._plan.first, newest)
            chosen = dice.sample(told, min(hand.days, len(told)))
            self._forgotten.update(chosen)
            words = ("forget", *(word for each in chosen for word in ("--conversation", each)))

        def work() -> int:
            if deaths:
                die_at(deaths[0].step, self._folder)
            if hand.kind in ("forget", "rebuild"):
                return hands.command(*words)
            return 0 if hands.land(self._platform, days, provisional=hand.kind == "provisional") else 1

        at_once = 2 if hand.kind == "twice" else 1
        for child in [self._processes.start("hand", work) for _ in range(at_once)]:
            status = self._processes.wait(child)
            self._outcome.counts["killed hand"] += status < 0
            if status and hand.kind == "forget":
                self._processes.wait(self._processes.start("hand", lambda: hands.command(*words)))
        self._outcome.counts[f"by hand {hand.kind}"] += 1

    def _newest(self) -> date:
        """The newest day the watermark of conversations has passed."""
        return date.fromisoformat(self._org.availability("conversations")[:10]) - timedelta(days=1)

    def _compared(self) -> list[str]:
        """The comparison, in a process of its own: reading Parquet starts threads."""
        path = self._folder / "differences.json"

        def compare() -> int:
            from analytics_platform.lake import Lake
            from soak.comparison import Left, differences

            changes = self._org.changes()
            erased = {each for made in changes if made["kind"] == "erase" for each in made["conversations"]}
            left = Left(frozenset(self._made), frozenset(self._forgotten), frozenset(erased))
            lake = Lake.open(self._folder / "lake")
            path.write_text(json.dumps(differences(lake, self._org, self._plan.first, self._newest(), left)))
            return 0

        if self._processes.wait(self._processes.start("comparison", compare)):
            return [f"the comparison itself failed; see {self._processes.log}"]
        found: list[str] = json.loads(path.read_text())
        return found

    def _change(self, change: Change, dice: Random, now: datetime) -> None:
        asked = asked_of(change, dice, now, self._org)
        if asked is not None:
            with suppress(ValueError):  # what another change has made impossible
                for made in self._org.make_changes(asked):
                    self._outcome.counts[f"change {change.kind}"] += len(made["conversations"]) + len(made["users"])


@contextmanager
def season(plan: Plan, folder: Path) -> Iterator[Season]:
    """A season ready to be played: its org runs, its home is made, this process is in its environment."""
    folder.mkdir(parents=True)
    with SimulatedOrg(
        start_day=plan.first.isoformat(),
        days=plan.days,
        conversations_per_day=plan.conversations,
        agents=plan.agents,
        seed=plan.seed,
        now=iso(plan.end - timedelta(days=plan.days)),
        assume=list(plan.assumptions),
    ) as org:
        enter(plan, folder, org.url)
        yield Season(plan, folder, org)


def main(seed: str, days: str, folder: str) -> None:
    """Play one seed and print its outcome as JSON."""
    with season(plan(int(seed), int(days)), Path(folder)) as ready:
        print(json.dumps(vars(ready.play())))


if __name__ == "__main__":
    main(*sys.argv[1:])
