"""What arrives together is done together; each is done once, and nobody suffers for another."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.grouped.gathering import Gathering, Own


class Work:
    """Doings that take as long as the test wants; what they were given."""

    def __init__(self) -> None:
        self.alone: list[int] = []
        self.together: list[list[int]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.refused: frozenset[int] = frozenset()

    async def one(self, entry: int) -> str:
        self.alone.append(entry)
        await self.may_end.wait()
        return f"{entry} alone"

    async def many(self, entries: list[int]) -> Sequence[str | Own]:
        self.together.append(entries)
        await self.may_end.wait()
        return [Own.WAY if entry in self.refused else f"{entry} together" for entry in entries]

    def begin(self, gathering: Gathering, entry: int, kind: str = "kind") -> "asyncio.Task[str]":
        return asyncio.create_task(
            gathering.do(kind, entry, alone=self.one, together=self.many), name=str(entry)
        )


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_alone_goes_alone() -> None:
    work, gathering = Work(), Gathering(most=10)
    assert [await work.begin(gathering, n) for n in range(3)] == ["0 alone", "1 alone", "2 alone"]
    assert work.together == []


async def test_who_comes_in_one_turn_goes_together() -> None:
    work, gathering = Work(), Gathering(most=10)
    done = await asyncio.gather(*(work.begin(gathering, n) for n in range(4)))
    assert done == [f"{n} together" for n in range(4)]
    assert (work.alone, work.together) == ([], [[0, 1, 2, 3]])


async def test_who_comes_meanwhile_goes_next_and_no_more_at_once_than_allowed() -> None:
    work, gathering = Work(), Gathering(most=3)
    work.may_end.clear()
    tasks = [work.begin(gathering, 0)]
    await settled()
    for n in range(1, 6):
        tasks.append(work.begin(gathering, n))
        await settled()
    assert (work.alone, work.together) == ([0], [])
    work.may_end.set()
    assert await asyncio.gather(*tasks) == ["0 alone", *(f"{n} together" for n in range(1, 6))]
    assert work.together == [[1, 2, 3], [4, 5]]


async def test_kinds_do_not_wait_for_one_another() -> None:
    work, gathering = Work(), Gathering(most=10)
    work.may_end.clear()
    tasks = [work.begin(gathering, 0, "slow"), work.begin(gathering, 1, "other")]
    await settled()
    assert work.alone == [0, 1]
    work.may_end.set()
    await asyncio.gather(*tasks)


async def test_those_that_cannot_be_done_with_the_others_go_alone() -> None:
    work, gathering = Work(), Gathering(most=10)
    work.refused = frozenset({1})
    done = await asyncio.gather(*(work.begin(gathering, n) for n in range(3)))
    assert done == ["0 together", "1 alone", "2 together"]


async def test_what_fails_for_all_fails_for_each_and_the_next_go_on() -> None:
    work, gathering = Work(), Gathering(most=2)

    async def failing(entries: list[int]) -> Sequence[str]:
        raise OSError(f"{entries}")

    first = [
        asyncio.create_task(gathering.do("kind", n, alone=work.one, together=failing))
        for n in range(4)
    ]
    failed = await asyncio.gather(*first, return_exceptions=True)
    assert [str(each) for each in failed] == ["[0, 1]", "[0, 1]", "[2, 3]", "[2, 3]"]
    assert await work.begin(gathering, 9) == "9 alone"


async def test_who_gives_up_before_its_turn_is_not_done_and_takes_nobody_along() -> None:
    work, gathering = Work(), Gathering(most=10)
    work.may_end.clear()
    first = work.begin(gathering, 0)
    await settled()
    waiting = [work.begin(gathering, n) for n in range(1, 4)]
    await settled()
    waiting[0].cancel()
    first.cancel()
    await settled()
    assert work.together == [[2, 3]]
    waiting[1].cancel()  # under way by now
    work.may_end.set()
    assert await waiting[2] == "3 together"
    assert [task.cancelled() for task in (first, *waiting)] == [True, True, True, False]
    assert await work.begin(gathering, 9) == "9 alone"


async def test_the_first_of_a_turn_may_give_up_in_it() -> None:
    work, gathering = Work(), Gathering(most=10)
    tasks = [work.begin(gathering, n) for n in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await asyncio.gather(*tasks[1:]) == ["1 together", "2 together"]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


@given(
    arrivals=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), max_size=40),
    most=st.integers(1, 5),
)
def test_each_is_done_once_in_order_whoever_comes_and_goes(
    arrivals: list[tuple[int, int, bool]], most: int
) -> None:
    """Of each: turns to wait before it comes, turns after which it gives up, whether it does."""
    done: list[int] = []

    async def one(entry: int) -> int:
        done.append(entry)
        await asyncio.sleep(0)
        return entry

    async def many(entries: list[int]) -> list[int]:
        assert len(entries) <= most
        done.extend(entries)
        await asyncio.sleep(0)
        return entries

    async def story() -> None:
        gathering, tasks, leaving = Gathering(most=most), [], {}
        for entry, (pause, patience, gives_up) in enumerate(arrivals):
            task = asyncio.create_task(gathering.do("kind", entry, alone=one, together=many))
            tasks.append(task)
            if gives_up:
                leaving[entry] = asyncio.create_task(_cancel_after(task, patience))
            for _ in range(pause):
                await asyncio.sleep(0)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*leaving.values())
        for entry, outcome in enumerate(outcomes):
            assert outcome == entry or (
                entry in leaving and isinstance(outcome, asyncio.CancelledError)
            )
            assert done.count(entry) == 1 or (entry in leaving and entry not in done)
        await settled()
        assert (gathering._waiting, gathering._tasks) == ({}, set())

    asyncio.run(story())


async def _cancel_after(task: "asyncio.Task[int]", turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
