"""What a seed brings."""

from collections import Counter

from soak.plan import REREAD_AFTER_DAYS, plan


def test_a_seed_brings_the_same_again_and_another_seed_something_else() -> None:
    assert plan(7, 30) == plan(7, 30)
    assert plan(7, 30) != plan(8, 30)


def test_among_many_seeds_everything_happens() -> None:
    wakes = [wake for seed in range(300) for wake in plan(seed, 30).wakes]
    changes = Counter(change.kind for wake in wakes for change in wake.changes)
    assert changes.keys() == {"erase", "correct", "reopen", "move_start", "late", "end", "correct_status"}
    faults = {str(fault["kind"]) for wake in wakes for fault in wake.faults}
    assert {"job_stuck", "cursor_refused", "watermark_back", "record_huge", "lost_answer", "clock_skew"} <= faults
    assert {death.victim for wake in wakes for death in wake.deaths} == {"run", "daemon", "host"}
    hands = {wake.hand.kind for wake in wakes if wake.hand}
    assert hands == {"provisional", "refill", "twice", "forget", "rebuild"}
    assert any(wake.disk for wake in wakes)


def test_the_world_changes_only_while_the_platform_will_still_read_again_what_changed() -> None:
    for seed in range(50):
        played = plan(seed, 30)
        for wake in played.wakes:
            if wake.changes:
                assert (played.end - wake.now).days >= max(REREAD_AFTER_DAYS)
