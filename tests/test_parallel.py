"""Jobs dealt to processes: order, one initializer each, few pending, and a process that dies."""

import os

import pytest

from speakor_common import parallel
from speakor_common.errors import SpeakorError

_tool: list[int] = []


def fetch_tool(size: int) -> None:
    _tool[:] = [size]


def square(number: int) -> int:
    return number * number


def use_tool(number: int) -> tuple[int, int, int]:
    return number, _tool[0], os.getpid()


def die(number: int) -> None:
    os._exit(number)


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_MEMORY", 1)


@pytest.mark.parametrize("most", [0, 1, 2, 8])
@pytest.mark.parametrize("count", [0, 1, 2, 23])
def test_results_come_in_the_order_of_the_jobs(two_cores, most, count):
    jobs = [(number,) for number in range(count)]
    assert list(parallel.on_cores(square, jobs, most)) == [n * n for n in range(count)]


@pytest.mark.parametrize("most", [1, 2])
def test_an_initializer_runs_once_in_every_process_before_its_first_job(two_cores, most):
    _tool.clear()
    jobs = [(number,) for number in range(12)]
    results = list(parallel.on_cores(use_tool, jobs, most, fetch_tool, (7,)))
    assert [result[:2] for result in results] == [(number, 7) for number in range(12)]
    processes = {result[2] for result in results}
    assert (processes == {os.getpid()}) == (most == 1) and len(processes) <= most


def test_few_jobs_are_handed_out_before_their_results_are_taken(two_cores):
    drawn = []

    def numbers():
        for number in range(100):
            drawn.append(number)
            yield (number,)

    with parallel.executor(2, __name__) as pool:
        results = parallel._in_order(pool, square, numbers(), 6)
        assert next(results) == 0 and len(drawn) == 6
        assert list(results) == [n * n for n in range(1, 100)]


def test_too_little_memory_for_two_means_this_process(two_cores):
    results = list(parallel.on_cores(use_tool, [(1,), (2,)], 2, fetch_tool, (3,), memory=2**60))
    assert {result[2] for result in results} == {os.getpid()}


def test_an_error_of_a_job_is_the_callers_and_a_dead_process_is_named(two_cores):
    with pytest.raises(TypeError):
        list(parallel.on_cores(square, [("a",), (2,)], 2))
    with pytest.raises(SpeakorError, match="die was ended from outside, probably because memory"):
        list(parallel.on_cores(die, [(1,), (1,)], 2))
