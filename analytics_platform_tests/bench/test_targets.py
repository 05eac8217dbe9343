"""The benchmark says of each target whether it is reached, from the figures alone."""

from dataclasses import replace

from bench.comparison import Comparison
from bench.figures import Figures
from bench.measurements import Measurements
from bench.targets import targets
from bench.ways import DLT, FLOOR_KEEPS_RAW, IN_DAGSTER, LEAN_FLOOR, OURS, SDK, WITHOUT_CHECKS, Way

_CPU = dict.fromkeys((OURS, FLOOR_KEEPS_RAW, LEAN_FLOOR, IN_DAGSTER, WITHOUT_CHECKS), 1.0) | {DLT: 11.0, SDK: 20.0}


def test_every_target_is_reached_by_figures_that_reach_it() -> None:
    assert [target.reached for target in targets(_measured(_CPU))] == [True] * 7


def test_each_figure_that_falls_short_is_told_as_not_reached() -> None:
    short = [_CPU | {way: cpu} for way, cpu in ((FLOOR_KEEPS_RAW, 0.8), (DLT, 9.0), (SDK, 17.0), (WITHOUT_CHECKS, 1.1))]
    for number, cpu in enumerate(short):
        assert [target.reached for target in targets(_measured(cpu))].index(False) == number


def test_a_request_too_many_a_look_too_many_and_memory_are_told() -> None:
    good = _measured(_CPU)
    (seconds, pause, figures), day = good.looks[0], good.day.measurements
    often = replace(good, looks=((seconds, pause, replace(figures, looks=80, requests=84)),))
    asked_twice = replace(good, looks=((seconds, pause, replace(figures, requests=figures.requests + 1)),))
    large = replace(good, day=replace(good.day, measurements=tuple(replace(each, peak_mb=351.0) for each in day)))
    for measured, text in ((often, "looks at a job"), (asked_twice, "requests exactly"), (large, "peak memory")):
        (missed,) = [target for target in targets(measured) if not target.reached]
        assert missed.wanted.startswith(text)


def test_what_a_full_job_cost_is_told_beside_the_requests_of_days_that_one_job_delivers() -> None:
    good = _measured(_CPU)
    cut = replace(good.looks[0][2], conversations=1_000_000, jobs=4, pages=1000, requests=1416)
    (requests,) = [target for target in targets(replace(good, memory=(cut,))) if target.wanted.startswith("requests")]
    assert requests.reached
    assert requests.found == "0 more at most; 400 more of 1,000,000 conversations, for a first job that was full"


def _measured(cpu: dict[Way, float]) -> Measurements:
    day = Comparison(10_000, tuple(_figures(way, seconds) for way, seconds in cpu.items()))
    looked = replace(_figures(OURS, 1.0), looks=10, requests=14)
    return Measurements(day=day, large=day, memory=(), arranged=(), looks=((8.0, 0.1, looked),))


def _figures(way: Way, cpu_seconds: float) -> Figures:
    return Figures(
        way=way.name,
        conversations=10_000,
        json_mb=1.0,
        cpu_seconds=cpu_seconds,
        wall_seconds=1.0,
        peak_mb=300.0,
        loaded_mb=100.0,
        bytes_written=1,
        pages=1,
        requests=5,
        looks=1,
        jobs=1,
    )
