"""A random, seeded story of an organisation through the public API, over everything the feed tells of.

Each step is one request of somebody who may be refused; what was done how often is counted, so that
a test can demand that every step of the story took place.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation

Record = dict[str, Any]
ERASE = {"reason": "subject_request", "request_reference": "DSR-1"}
HERE = {"latitude": 39.9836, "longitude": 116.3164, "accuracy_m": 12.5, "note": "at the door"}
LONG_AGO, SOON = "2026-01-05T01:30:00Z", "2027-03-01T02:00:00.250000Z"


class Story:
    def __init__(self, client: Clients, organisation: Organisation, seed: int) -> None:
        self.random = random.Random(seed)
        self.organisation = organisation
        self.admin = client(organisation.admin)
        self.people = [client(u) for u in (organisation.admin, organisation.rep, organisation.rep2)]
        self.ids: dict[str, list[str]] = {}
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.number = 0

    @property
    def steps(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            name.removeprefix("do_"): getattr(self, name)
            for name in sorted(dir(self))
            if name.startswith("do_")
        }

    async def tell(self, length: int) -> None:
        """Every step once, then as many at random."""
        await self.do_create_pool()
        await self.do_field()
        for _ in range(6):
            await self.do_create_account()
            await self.do_create_contact()
            await self.do_create_activity()
            await self.do_upload_file()
            await self.do_segment()
        names = list(self.steps)
        for name in [*names, *self.random.choices(names, k=length)]:
            await self.steps[name]()

    # What the steps are made of

    def one(self, kind: str) -> str:
        return self.random.choice(self.ids[kind])

    def word(self) -> str:
        self.number += 1
        return f"{self.random.choice(('未来', 'Müller', 'Łódź', 'acme'))} {self.number}"

    def user_id(self) -> str:
        o = self.organisation
        return str(self.random.choice((o.rep, o.rep2, o.manager, o.junior)).id)

    def tags(self) -> list[str]:
        return self.random.sample(["vip", "old", "new", "展会"], k=self.random.randint(0, 3))

    async def ask(
        self, step: str, method: str, path: str, *, keep: str | None = None,
        user: httpx.AsyncClient | None = None, **request: Any,
    ) -> Any:  # fmt: skip
        answer = await (user or self.admin).request(method, path, **request)
        assert answer.status_code < 500, f"{step}: {answer.text}"
        assert answer.status_code not in (400, 405), f"{step}: {answer.text}"
        if answer.status_code >= 300:
            self.refused[f"{step} {answer.status_code} {answer.json().get('code')}"] += 1
            return None
        self.done[step] += 1
        found = answer.json()
        if keep is not None:
            self.ids.setdefault(keep, []).append(found["id"])
        return found

    async def job(self, step: str, path: str, body: Record) -> None:
        answer = await self.admin.post(path, json=body)
        assert answer.status_code == 202, answer.text

        async def ended() -> Any:
            found = (await self.admin.get(answer.headers["location"])).json()
            return found if found["status"] in ("done", "failed", "cancelled") else None

        assert (await until(ended))["status"] == "done"
        self.done[step] += 1

    # Accounts

    async def do_create_account(self) -> None:
        rng = self.random
        fields: Record = {
            "name": self.word(), "tags": self.tags(), "industry": rng.choice(["retail", "steel", None]),
            "revenue": {"amount": f"{rng.randint(0, 10**7)}.50", "currency": "CNY"},
            "credit_limit": {"amount": f"{rng.randint(0, 10**5)}.00", "currency": "EUR"},
            "phones": [{"number": f"010-6554{rng.randint(1000, 9999)}", "kind": "work"}],
            "addresses": [{"city": "北京", "latitude": 39.98, "longitude": 116.31}],
            "custom": {"rating": rng.choice(["A", "B"])} if self.ids.get("field") else {},
            "external_id": f"A{self.number}",
        }  # fmt: skip
        user = rng.choice(self.people)
        await self.ask(
            "create account", "POST", "/v1/accounts", keep="account", user=user, json=fields
        )

    async def do_change_account(self) -> None:
        rng = self.random
        fields: Record = rng.choice(
            [
                {"name": self.word()}, {"owner_id": self.user_id()}, {"tags": self.tags()},
                {"parent_id": self.one("account")}, {"referred_by_id": self.one("account")},
                {"revenue": {"amount": "12345678901.99", "currency": "USD"}}, {"revenue": None},
                {"team_id": str(self.organisation.teams["a"])}, {"key_account": {"plan": self.word()}},
                {"emails": [{"address": "Info@Weilai.example"}], "staff_count": rng.randint(1, 99)},
            ]
        )  # fmt: skip
        user = rng.choice(self.people)
        await self.ask(
            "change account", "PATCH", f"/v1/accounts/{self.one('account')}", user=user, json=fields
        )

    async def do_delete_account(self) -> None:
        await self.ask("delete account", "DELETE", f"/v1/accounts/{self.one('account')}")

    async def do_restore_account(self) -> None:
        for id in self.ids["account"]:
            if await self.ask("restore account", "POST", f"/v1/accounts/{id}/restore"):
                return

    async def do_change_standing(self) -> None:
        sent = {"grade": self.random.choice("ABC"), "reason": self.word(), "is_correction": True}
        await self.ask(
            "standing", "POST", f"/v1/accounts/{self.one('account')}/standing", json=sent
        )

    async def do_merge_accounts(self) -> None:
        await self._merge("accounts", "account")

    # People

    async def do_create_contact(self) -> None:
        places = [{"account_id": id, "role": "buyer"} for id in self._some("account")]
        fields = {
            "name": self.word(), "accounts": places, "tags": self.tags(), "birthday": "1966-06-06",
            "emails": [{"address": f"p{self.number}@weilai.example"}], "external_id": f"C{self.number}",
        }  # fmt: skip
        await self.ask("create contact", "POST", "/v1/contacts", keep="contact", json=fields)

    async def do_change_contact(self) -> None:
        fields: Record = self.random.choice(
            [
                {"title": self.word()}, {"accounts": []}, {"reports_to_id": self.one("contact")},
                {"accounts": [{"account_id": id} for id in self._some("account")]},
                {"owner_id": self.user_id()}, {"do_not_contact": True}, {"hobbies": ["围棋"]},
            ]
        )  # fmt: skip
        await self.ask(
            "change contact", "PATCH", f"/v1/contacts/{self.one('contact')}", json=fields
        )

    async def do_delete_contact(self) -> None:
        await self.ask("delete contact", "DELETE", f"/v1/contacts/{self.one('contact')}")

    async def do_restore_contact(self) -> None:
        for id in self.ids["contact"]:
            if await self.ask("restore contact", "POST", f"/v1/contacts/{id}/restore"):
                return

    async def do_merge_contacts(self) -> None:
        await self._merge("contacts", "contact")

    async def do_consent(self) -> None:
        said = {"channel": "email", "purpose": "marketing", "status": "granted", "source": "form"}
        await self.ask("consent", "POST", f"/v1/contacts/{self.one('contact')}/consents", json=said)

    async def do_hold_and_release_contact(self) -> None:
        path = f"/v1/contacts/{self.one('contact')}/legal-hold"
        await self.ask("hold", "POST", path, json={"reason": "case 7"})
        await self.ask("release hold", "DELETE", path)

    async def do_erase_contact(self) -> None:
        if self.done["erase contact"] < 1 + self.done["create contact"] // 6:
            await self.ask(
                "erase contact", "POST", f"/v1/contacts/{self.one('contact')}/erase", json=ERASE
            )

    def _some(self, kind: str) -> list[str]:
        known = self.ids.get(kind, [])
        return self.random.sample(known, k=min(len(known), self.random.randint(0, 2)))

    # Merges

    async def _merge(self, resource: str, kind: str) -> None:
        for _ in range(5):
            survivor, source = self.random.sample(self.ids[kind], k=2)
            asked = {"resource": resource, "survivor_id": survivor, "source_ids": [source]}
            step = f"merge {resource}"
            if await self.ask(step, "POST", "/v1/merges", keep="merge", json=asked):
                return

    async def do_undo(self) -> None:
        for id in reversed(self.ids.get("merge", [])):
            if await self.ask("undo", "POST", f"/v1/merges/{id}/undo", params={"force": "true"}):
                return

    async def do_merge_and_undo(self) -> None:
        """Of people with a place in what is merged, who are deleted now and then."""
        await self.do_create_account()
        one, other = self.ids["account"][-1], self.ids["account"][-2]
        place = {"name": self.word(), "accounts": [{"account_id": one}]}
        person = await self.ask(
            "create contact", "POST", "/v1/contacts", keep="contact", json=place
        )
        asked = {"resource": "accounts", "survivor_id": other, "source_ids": [one]}
        made = await self.ask("merge", "POST", "/v1/merges", keep="merge", json=asked)
        if person is not None and self.random.random() < 0.5:
            await self.ask("delete contact", "DELETE", f"/v1/contacts/{person['id']}")
        if made is not None and self.random.random() < 0.7:
            await self.ask("undo", "POST", f"/v1/merges/{made['id']}/undo")

    # Activities

    async def do_create_activity(self) -> None:
        rng = self.random
        fields: Record = {
            "kind": rng.choice(["call", "visit", "meeting", "note", "task"]), "subject": self.word(),
            "account_ids": self._some("account"), "contact_ids": self._some("contact"), "tags": self.tags(),
            "participants": [{"contact_id": id} for id in self._some("contact")] + [{"name": "guest"}],
            "latitude": 39.123456789, "longitude": 116.1,
        }  # fmt: skip
        await self.ask("create activity", "POST", "/v1/activities", keep="activity", json=fields)

    async def do_create_repeating_task(self) -> None:
        fields = {
            "kind": "task", "subject": self.word(), "due_at": SOON, "recurrence": "FREQ=WEEKLY",
            "reminder_at": LONG_AGO, "contact_ids": self._some("contact"),
        }  # fmt: skip
        made = await self.ask(
            "repeating task", "POST", "/v1/activities", keep="activity", json=fields
        )
        if made is not None and self.random.random() < 0.7:
            await self.ask("complete", "POST", f"/v1/activities/{made['id']}/complete", json={})

    async def do_create_series(self) -> None:
        self.number += 1
        start = f"20{30 + self.number % 60}-03-01T02:00:00Z"
        fields = {
            "kind": "visit", "subject": self.word(), "starts_at": start, "duration_minutes": 30,
            "recurrence": "FREQ=WEEKLY;COUNT=5", "account_ids": self._some("account"),
        }  # fmt: skip
        made = await self.ask("series", "POST", "/v1/activities", keep="activity", json=fields)
        if made is not None:
            other = {"recurrence_id": start, "subject": self.word()}
            path = f"/v1/activities/{made['id']}/occurrences"
            await self.ask("occurrence", "POST", path, keep="activity", json=other)

    async def do_change_activity(self) -> None:
        fields: Record = self.random.choice(
            [
                {"subject": self.word()}, {"owner_id": self.user_id()}, {"tags": self.tags()},
                {"account_ids": self._some("account")}, {"contact_ids": self._some("contact")},
                {"status": "done"}, {"outcome": self.word()}, {"reminder_at": LONG_AGO},
            ]
        )  # fmt: skip
        await self.ask(
            "change activity", "PATCH", f"/v1/activities/{self.one('activity')}", json=fields
        )

    async def do_visit(self) -> None:
        sent = {**HERE, "account_id": self.one("account")}
        made = await self.ask(
            "check in", "POST", "/v1/activities/check-in", keep="activity", json=sent
        )
        if made is not None:
            await self.ask("check out", "POST", f"/v1/activities/{made['id']}/check-out", json=HERE)

    async def do_delete_activity(self) -> None:
        await self.ask("delete activity", "DELETE", f"/v1/activities/{self.one('activity')}")

    async def do_restore_activity(self) -> None:
        for id in self.ids["activity"]:
            if await self.ask("restore activity", "POST", f"/v1/activities/{id}/restore"):
                return

    # Pools

    async def do_create_pool(self) -> None:
        fields = {"name": self.word(), "priority": self.number, "protection_days": 3}
        await self.ask("create pool", "POST", "/v1/pools", keep="pool", json=fields)

    async def do_change_pool(self) -> None:
        fields = {"max_held": self.random.randint(50, 99), "user_ids": []}
        await self.ask("change pool", "PATCH", f"/v1/pools/{self.one('pool')}", json=fields)

    async def do_delete_pool(self) -> None:
        made = await self.ask("create pool", "POST", "/v1/pools", json={"name": self.word()})
        await self.ask("delete pool", "DELETE", f"/v1/pools/{made['id']}")

    async def _released(self) -> str:
        for _ in range(9):
            account = self.one("account")
            if await self.ask("release", "POST", f"/v1/accounts/{account}/release", json={}):
                break
        return account

    async def do_release_and_claim(self) -> None:
        account = await self._released()
        user = self.random.choice(self.people)
        for pool in self.ids["pool"]:
            path, sent = f"/v1/pools/{pool}/claim", {"record_ids": [account]}
            if await self.ask("claim", "POST", path, user=user, json=sent):
                return

    async def do_release_and_assign(self) -> None:
        account = await self._released()
        for pool in self.ids["pool"]:
            sent = {"record_ids": [account], "owner_id": self.user_id()}
            if await self.ask("assign", "POST", f"/v1/pools/{pool}/assign", json=sent):
                return

    # Files, views, segments, fields, calendars

    async def do_upload_file(self) -> None:
        asked = {"name": f"{self.word()}.txt", "contact_id": self.one("contact")}
        content = self.word().encode()
        await self.ask("upload", "POST", "/v1/files", keep="file", params=asked, content=content)

    async def do_change_file(self) -> None:
        links = [{"type": "account", "id": id} for id in self._some("account")]
        fields = self.random.choice([{"links": links}, {"name": self.word()}])
        await self.ask("change file", "PATCH", f"/v1/files/{self.one('file')}", json=fields)

    async def do_delete_and_restore_file(self) -> None:
        path = f"/v1/files/{self.one('file')}"
        await self.ask("delete file", "DELETE", path)
        if self.random.random() < 0.5:
            await self.ask("restore file", "POST", f"{path}/restore")

    async def do_view(self) -> None:
        fields = {"name": self.word(), "resource": "accounts", "columns": ["name", "grade"]}
        user = self.random.choice(self.people)
        made = await self.ask(
            "create view", "POST", "/v1/views", keep="view", user=user, json=fields
        )
        path = f"/v1/views/{made['id']}"
        await self.ask("change view", "PATCH", path, user=user, json={"shared_with": "all"})
        if self.random.random() < 0.3:
            await self.ask("delete view", "DELETE", path, user=user)
            if self.random.random() < 0.5:
                await self.ask("restore view", "POST", f"{path}/restore", user=user)

    async def do_segment(self) -> None:
        document = {
            "filter_groups": [{"filters": [{"field": "tags", "operator": "has", "value": "vip"}]}]
        }
        fields = {
            "name": self.word(), "resource": "accounts", "document": document,
            "kind": self.random.choice(["dynamic", "frozen"]),
        }  # fmt: skip
        await self.ask("create segment", "POST", "/v1/segments", keep="segment", json=fields)

    async def do_change_segment(self) -> None:
        path = f"/v1/segments/{self.one('segment')}"
        await self.ask("change segment", "PATCH", path, json={"description": self.word()})
        await self.ask("freeze", "POST", f"{path}/freeze", keep="segment", json={})
        await self.ask("members", "POST", f"{path}/members", json={"add": [self.one("account")]})
        if self.random.random() < 0.3:
            await self.ask("delete segment", "DELETE", path)

    async def do_field(self) -> None:
        fields = {
            "resource": "accounts", "key": f"key_{self.number}", "kind": "text", "label": {"en": "X"}
        }  # fmt: skip
        if not self.ids.get("field"):
            fields |= {"key": "rating", "kind": "choice", "options": ["A", "B"]}
            await self.ask("create field", "POST", "/v1/fields", keep="field", json=fields)
            return
        made = await self.ask("create field", "POST", "/v1/fields", json=fields)
        if made is not None:
            path = f"/v1/fields/{made['id']}"
            await self.ask("change field", "PATCH", path, json={"label": {"en": "Y"}})
            if self.random.random() < 0.5:
                await self.ask("delete field", "DELETE", path)

    async def do_calendar_feed(self) -> None:
        made = await self.ask(
            "create calendar", "POST", "/v1/calendar/feeds", json={"name": self.word()}
        )
        read = await self.admin.get(made["url"])
        assert read.status_code == 200, read.text
        if self.random.random() < 0.5:
            await self.ask("delete calendar", "DELETE", f"/v1/calendar/feeds/{made['id']}")

    # Many at once

    async def do_batch(self) -> None:
        operations = [
            {"op": "create", "data": {"name": self.word()}},
            {"op": "update", "id": self.one("account"), "data": {"region": self.word()}},
            {"op": "update", "id": self.one("account"), "data": {"owner_id": self.user_id()}},
            {"op": "upsert", "match": {"field": "external_id", "value": "A3"}, "data": {"name": self.word()}},
            {"op": "delete", "id": self.one("account")},
        ]  # fmt: skip
        asked = {"mode": "independent", "operations": operations}
        await self.ask("batch", "POST", "/v1/accounts/batch", json=asked)

    async def do_batch_of_contacts(self) -> None:
        operations = [
            {"op": "create", "data": {"name": self.word()}},
            {"op": "update", "id": self.one("contact"), "data": {"accounts": []}},
            {"op": "update", "id": self.one("contact"), "data": {"title": self.word()}},
        ]
        asked = {"mode": "independent", "operations": operations}
        await self.ask("batch of contacts", "POST", "/v1/contacts/batch", json=asked)

    async def do_import_accounts(self) -> None:
        known = self.random.randint(1, 6)
        table = (
            "external_id,name,tags,industry\n"
            f"A{known},{self.word()},vip,steel\nX{self.number},{self.word()},old,\n"
        )
        await Sender(self.admin)(table, key="external_id")
        self.done["import accounts"] += 1

    async def do_import_contacts(self) -> None:
        account = (await self.admin.get("/v1/accounts", params={"limit": 1})).json()["data"][0]
        table = (
            "external_id,name,account.id\n"
            f"C{self.random.randint(1, 9)},{self.word()},{account['id']}\nY{self.number},{self.word()},\n"
        )
        await Sender(self.admin, "contacts")(table, key="external_id")
        self.done["import contacts"] += 1

    async def do_rename_tags(self) -> None:
        gone, to = self.random.sample(["vip", "old", "new", "展会"], k=2)
        for resource in ("accounts", "contacts"):
            path = f"/v1/{resource}/tags/rename"
            await self.job("rename tags", path, {"tags": [gone], "to": to})
