"""Push hints: to devices whose users may see what changed, one until they pull, and without a content."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest

from guanxi_gateway.hints import providers
from guanxi_gateway.hints.hinting import hint_organisation
from guanxi_gateway.hints.providers import Hint, LogProvider
from guanxi_gateway.hints.settings import HintSettings
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.webhooks.reading import FeedAway, Heard
from guanxi_shared.calls import House
from tests.gateway.identity.people import Company, Person, unique

TOKEN = "fcm:canary-of-hints"
SETTINGS = HintSettings(seconds=0.000_001, again_seconds=3600)


class Carrier:
    """Remembers what it was given."""

    def __init__(self, *, dead: bool = False, fails: bool = False) -> None:
        self.sent: list[Hint] = []
        self._dead, self._fails = dead, fails

    async def send(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        if self._fails:
            raise OSError("no line")
        self.sent += hints
        return hints if self._dead else ()


class Feed:
    """News for these users, as the services would find by who asks."""

    def __init__(self, house: House, *users: Person, away: bool = False) -> None:
        self._house, self._users, self._away = house, {UUID(user.id) for user in users}, away
        self.permissions: set[tuple[str, ...]] = set()

    async def read(self, token: str, cursor: str, types: Sequence[str], *, limit: int = 1) -> Heard:
        if self._away:
            raise FeedAway("restarting")
        by = await self._house.verifier.verify(token)
        self.permissions.add(
            tuple(p for p in ("events:read", "accounts:update", "users:read") if by.may(p))
        )
        events = [{"data": {"name": "secret"}}] if by.user_id in self._users else []
        return Heard(events, cursor)


async def phone(person: Person) -> str:
    name = unique()
    sent = {"device_id": name, "name": "Phone", "platform": "ios", "push_token": TOKEN}
    made = await person.post("/v1/devices", sent)
    assert made.status_code == 201, made.text
    await pull(person, name)
    found: str = made.json()["id"]
    return found


async def pull(person: Person, name: str) -> None:
    assert (await person.get("/v1/sync/pull", headers={"x-device-id": name})).status_code == 200


async def hinted(
    house: House, company: Company, feed: Feed, carrier: Carrier | None = None, **more: Any
) -> list[str]:
    carrier = carrier or Carrier()
    settings = SETTINGS.model_copy(update=more)
    await hint_organisation(house.db, identity(house), feed, carrier, settings, UUID(company.id))
    return sorted(str(hint.device_id) for hint in carrier.sent)


async def test_those_are_hinted_whose_users_may_see_it_once_until_they_pull(
    house: House, company: Company
) -> None:
    rep, other = await company.hire(), await company.hire()
    own = await phone(rep)
    await phone(other)
    name = (await rep.get(f"/v1/devices/{own}")).json()["device_id"]
    feed = Feed(house, rep)
    assert await hinted(house, company, feed) == [own]
    assert await hinted(house, company, feed) == []
    await pull(rep, name)
    assert await hinted(house, company, feed) == [own]
    assert await hinted(house, company, feed, again_seconds=0.000_001) == [own]
    assert await hinted(house, company, Feed(house)) == []
    await pull(rep, name)
    assert await hinted(house, company, feed, seconds=3600) == []
    assert feed.permissions == {("events:read",)}


async def test_a_device_without_a_token_or_a_pull_and_one_of_others_get_none(
    house: House, company: Company
) -> None:
    rep = await company.hire()
    await rep.post("/v1/devices", {"device_id": unique(), "name": "No token"})
    await rep.post("/v1/devices", {"device_id": unique(), "name": "No pull", "push_token": TOKEN})
    assert await hinted(house, company, Feed(house, rep)) == []
    device = await phone(rep)
    await company.admin.patch(f"/v1/users/{rep.id}", {"is_active": False})
    assert await hinted(house, company, Feed(house, rep)) == []
    assert (await company.admin.get(f"/v1/devices/{device}")).json()["takes_hints"] is True


async def test_a_device_to_be_wiped_is_hinted_until_it_has_heard(
    house: House, company: Company
) -> None:
    rep = await company.hire()
    device = await phone(rep)
    await company.admin.post(f"/v1/devices/{device}/wipe")
    assert await hinted(house, company, Feed(house)) == [device]


async def test_what_cannot_be_sent_comes_again_and_dead_tokens_are_dropped(
    house: House, company: Company
) -> None:
    rep = await company.hire()
    device, feed = await phone(rep), Feed(house, rep)
    assert await hinted(house, company, Feed(house, rep, away=True)) == []
    assert await hinted(house, company, feed, Carrier(fails=True)) == []
    assert await hinted(house, company, feed, Carrier(dead=True)) == [device]
    assert (await rep.get(f"/v1/devices/{device}")).json()["takes_hints"] is False


class Lines:
    """What is written into the log."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def info(self, event: str, **more: Any) -> None:
        self.written.append({"event": event, **more})


async def test_a_hint_holds_no_content_and_the_log_no_token(
    house: House, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep = await company.hire()
    device, lines = await phone(rep), Lines()
    assert {field.name for field in fields(Hint)} == {
        "organisation_id", "device_id", "platform", "push_token"
    }  # fmt: skip
    monkeypatch.setattr(providers, "_log", lines)
    await hint_organisation(
        house.db, identity(house), Feed(house, rep), LogProvider(), SETTINGS, UUID(company.id)
    )
    (line,) = lines.written
    assert (line["event"], line["device"]) == ("push hint", device)
    assert TOKEN not in str(line)
    assert "secret" not in str(line)
