"""What a process remembers for a second."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from guanxi_shared import remembered as module
from guanxi_shared.db import Database
from guanxi_shared.remembered import Remembered

ONE, OTHER = uuid4(), uuid4()


class Shelf:
    """What is read, how often, and what happens in the middle of it."""

    def __init__(self) -> None:
        self.value, self.reads = "old", 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def read(self, db: Database, organisation: UUID) -> str:
        self.reads += 1
        found = self.value
        await asyncio.sleep(0)
        self.meanwhile()
        return found


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def known(shelf: Shelf) -> Remembered[str]:
    return Remembered(Database("postgresql://nowhere"), shelf.read)


async def test_each_organisation_is_read_once(shelf: Shelf, known: Remembered[str]) -> None:
    for organisation in (ONE, ONE, OTHER, ONE, OTHER):
        assert await known.of(organisation) == "old"
    assert shelf.reads == 2


async def test_it_is_read_again_after_its_second(
    shelf: Shelf, known: Remembered[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.05)
    await known.of(ONE)
    shelf.value = "new"
    await asyncio.sleep(0.06)
    assert await known.of(ONE) == "new"


async def test_what_lacks_something_is_read_anew(shelf: Shelf, known: Remembered[str]) -> None:
    await known.of(ONE)
    shelf.value = "new"
    assert await known.of(ONE, lacks=lambda value: value != "old") == "old"
    assert await known.of(ONE, lacks=lambda value: value != "new") == "new"
    assert await known.of(ONE) == "new"


async def test_what_is_read_until_a_change_stands_is_not_remembered(
    shelf: Shelf, known: Remembered[str]
) -> None:
    await known.of(ONE)
    known.forget(ONE)
    assert await known.of(ONE) == "old"  # not committed yet
    shelf.value = "new"
    assert await known.of(ONE) == "new"


async def test_what_was_being_read_when_it_changed_is_not_remembered(
    shelf: Shelf, known: Remembered[str]
) -> None:
    def change() -> None:
        shelf.value = "new"
        known.forget(ONE)

    shelf.meanwhile = change
    assert await known.of(ONE) == "old"
    shelf.meanwhile = lambda: None
    assert await known.of(ONE) == "new"


async def test_what_is_forgotten_of_one_is_remembered_of_another(
    shelf: Shelf, known: Remembered[str]
) -> None:
    await known.of(OTHER)
    known.forget(ONE)
    await known.of(OTHER)
    assert shelf.reads == 1
