"""Days land side by side: the first decoder of a model is made by one thread while others wait for it."""

import subprocess
import sys

import pytest

_PROGRAM = """
import sys, threading
from analytics_platform.tables.drift import drift
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
record = b'{"conversationId":"x","participants":[{"sessions":[{"segments":[{}],"metrics":[{"name":"nTransferred"}]}]}]}'
def look():
    together.wait()
    drift("AnalyticsConversation", [record])
threads = [threading.Thread(target=look) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.parametrize("attempt", range(8))
def test_threads_that_look_at_records_for_the_first_time_together_end_well(attempt: int) -> None:
    ended = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True)
    assert ended.returncode == 0, f"attempt {attempt}: {ended.stderr}"
