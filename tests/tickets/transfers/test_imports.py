"""Files of tickets, and of what became of them elsewhere."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from guanxi_shared.db import Connection, Database
from guanxi_shared.imports.prepared import Outcome, Prepared
from guanxi_tickets.imports.ticket_rows import TicketRows
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.statements import statements_of
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.conftest import Known
from tests.tickets.past import owning
from tests.tickets.promising import policy

HEAD = "ticket id,subject,status,priority,assignee,opened at,changed at\n"
LOG = HEAD + (
    "A-1,打印机坏了,New,,rep@alpha.example,2024-03-01 08:00,2024-03-01 08:00\n"
    "A-1,打印机坏了,open,high,rep@alpha.example,2024-03-01 08:00,2024-03-01 08:30\n"
    "A-1,打印机坏了,pending,high,rep@alpha.example,2024-03-01 08:00,2024-03-01 10:30\n"
    "A-2,No mail,open,,,2024-03-02 09:00,2024-03-02 09:10\n"
    "A-1,打印机坏了,solved,high,rep2@alpha.example,2024-03-01 08:00,2024-03-02 08:00\n"
    "A-1,打印机坏了,closed,high,rep2@alpha.example,2024-03-01 08:00,2024-03-05 08:00\n"
)
KEPT = {"key": "external_id", "duplicates": "update", "time_zone": "UTC"}


def counts(ended: dict[str, Any]) -> dict[str, int]:
    assert ended["job"]["status"] == "done", ended["job"]
    return {name: n for name, n in ended["job"]["counts"].items() if n}


async def only(send: Sender, external_id: str) -> dict[str, Any]:
    found = await send.records(external_id=external_id)
    assert len(found) == 1
    return found[0]


async def test_a_log_becomes_a_ticket_with_its_past(
    send: Sender, organisation: Organisation
) -> None:
    ended = await send(_named(LOG, organisation), **KEPT)
    assert counts(ended) == {"created": 2, "updated": 4}
    ticket = await only(send, "A-1")
    assert ticket["status"] == "closed"
    assert ticket["created_at"] == "2024-03-01T08:00:00Z"
    assert ticket["solved_at"] == "2024-03-02T08:00:00Z"
    assert ticket["closed_at"] == "2024-03-05T08:00:00Z"
    assert ticket["assignee_id"] == str(organisation.rep2.id)
    assert ticket["number"] == "TK-000001"
    assert ticket["sla_policy_id"] is None
    history = (await send.client.get(f"{PATH}/{ticket['id']}/history")).json()["data"]
    told = [(each["type"].rpartition(".")[2], each["occurred_at"]) for each in history[::-1]]
    assert told == [
        ("created", "2024-03-01T08:00:00Z"),
        ("updated", "2024-03-01T08:30:00Z"),
        ("moved", "2024-03-01T08:30:00Z"),
        ("moved", "2024-03-01T10:30:00Z"),
        ("assigned", "2024-03-02T08:00:00Z"),
        ("solved", "2024-03-02T08:00:00Z"),
        ("closed", "2024-03-05T08:00:00Z"),
    ]
    then = await send.client.get(f"{PATH}/{ticket['id']}?as_of=2024-03-01T12:00:00Z")
    assert (then.json()["status"], then.json()["priority"]) == ("pending", "high")
    assert [each.split(".")[2] for each in await told_of(send.client, ticket["id"])] == [
        what for what, _ in told
    ]


async def test_the_same_file_again_changes_nothing_and_a_longer_one_goes_on(
    send: Sender, organisation: Organisation
) -> None:
    log = _named(LOG, organisation)
    await send(log, **KEPT)
    before = await only(send, "A-1")
    again = await send(log, **KEPT)
    assert counts(again) == {"unchanged": 6}
    assert await only(send, "A-1") == before
    more = log + "A-1,打印机坏了,open,high,,2024-03-01 08:00,2024-03-06 08:00\n"
    longer = await send(more, **KEPT)
    assert counts(longer) == {"unchanged": 6, "updated": 1}
    after = await only(send, "A-1")
    assert (after["status"], after["reopened_count"]) == ("open", 1)
    assert after["updated_at"] > before["updated_at"]


async def test_what_is_past_is_not_rewritten(send: Sender, organisation: Organisation) -> None:
    await send(_named(LOG, organisation), **KEPT)
    other = HEAD + "A-1,打印机坏了,on_hold,high,,2024-03-01 08:00,2024-03-01 11:00\n"
    ended = await send(other, **KEPT)
    assert counts(ended) == {"refused": 1}
    assert "what is past is not rewritten" in await send.errors(ended["id"])
    assert (await only(send, "A-1"))["version"] == 7


async def test_a_ticket_is_refused_with_all_its_rows(
    send: Sender, organisation: Organisation
) -> None:
    ended = await send(
        HEAD
        + "B-1,One,new,,,2024-03-01 08:00,2024-03-01 08:00\n"
        + "B-1,One,lost,,,2024-03-01 08:00,2024-03-01 09:00\n"
        + "B-2,Two,new,,,2124-03-01 08:00,\n"
        + "B-3,Three,new,,,2024-03-01 08:00,\n",
        **KEPT,
    )
    assert counts(ended) == {"created": 1, "refused": 3}
    errors = await send.errors(ended["id"])
    assert "The ticket is refused for what stands in line 3." in errors
    assert "status: 'lost' is no state here; there are: new, open" in errors
    assert "is still to come" in errors
    assert [each["external_id"] for each in await send.records()] == ["B-3"]
    assert (await only(send, "B-3"))["number"] == "TK-000001"


async def test_who_asks_and_for_whom_is_found_by_what_the_file_calls_them(
    send: Sender, account: Known, person: Known
) -> None:
    acme = await account("Acme 有限公司", external_id="C7")
    ann = await person("Ann Lee", emails=["Ann@Acme.example"])
    ended = await send(
        "subject,account name,customer number,customer email,requester\n"
        "By names,acme 有限公司,,,Ann Lee\n"
        "By numbers,,C7,ann@acme.example,\n"
        "Nobody,,C8,,\n"
    )
    assert counts(ended) == {"created": 2, "refused": 1}
    for ticket in await send.records():
        assert (ticket["account_id"], ticket["requester_id"]) == (acme, ann)
    found = await send.records(q="acme")
    assert len(found) == 2
    assert "'C8': there is no such account" in await send.errors(ended["id"])


async def test_rows_without_moments_keep_to_the_moves(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    ticket = await made(admin, "Slow", external_id="N-1")
    await moved(admin, ticket, "closed")
    ended = await send("ticket id,status\nN-1,solved\n", key="external_id", duplicates="update")
    assert counts(ended) == {"refused": 1}
    assert "From closed it may go to: open." in await send.errors(ended["id"])
    opened = await send("ticket id,status\nN-1,open\n", key="external_id", duplicates="update")
    assert counts(opened) == {"updated": 1}
    assert (await only(send, "N-1"))["reopened_count"] == 1


async def test_a_dry_run_says_the_same_and_takes_no_number(
    send: Sender, organisation: Organisation
) -> None:
    log = _named(LOG, organisation)
    dry = await send(log, dry_run=True, **KEPT)
    assert counts(dry) == {"created": 2, "updated": 4}
    assert await send.records() == []
    ended = await send(log, **KEPT)
    assert counts(ended) == counts(dry)
    assert {each["number"] for each in await send.records()} == {"TK-000001", "TK-000002"}


async def test_numbers_have_no_gaps_while_others_make_tickets(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    rows = "subject\n" + "".join(f"From a file {n}\n" for n in range(60))
    admin = client(organisation.admin)
    importing = asyncio.create_task(send(rows))
    await asyncio.gather(*(made(admin, f"By hand {n}") for n in range(20)))
    assert counts(await importing) == {"created": 60}
    numbers = sorted(each["number"] for each in await send.records())
    assert numbers == [f"TK-{n:06d}" for n in range(1, 81)]


async def test_what_was_missed_elsewhere_is_shown_and_told_to_nobody(
    send: Sender,
    client: Clients,
    organisation: Organisation,
    always: str,
    service_database: Database,
    database: Clone,
) -> None:
    admin = client(organisation.admin)
    await policy(admin, always)
    ended = await send(
        HEAD
        + "S-1,Old and open,open,,,2024-03-01 08:00,2024-03-01 08:00\n"
        + "S-2,Old and over,solved,,,2024-03-01 08:00,2024-03-03 08:00\n",
        **KEPT,
    )
    assert counts(ended) == {"created": 2}
    late, over = await only(send, "S-1"), await only(send, "S-2")
    assert late["sla"]["breached"] == ["first_response", "resolution"]
    assert over["sla_policy_id"] is None
    explained = (await admin.get(f"{PATH}/{late['id']}/sla/explain")).json()
    assert {each["state"] for each in explained["clocks"]} == {"breached"}
    async with owning(database.admin_url) as owner:  # whatever has a worker look at it
        await owner.execute("UPDATE tickets SET sla_next_at = now() WHERE external_id = 'S-1'")
    await give_alerts.duty(service_database)
    assert (await admin.get("/v1/sla-alerts")).json()["data"] == []


def _named(log: str, organisation: Organisation) -> str:
    return log.replace("@alpha.example", f"@{organisation.id}.example")


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("chunk_rows", [60])
async def test_a_batch_costs_as_much_for_many_tickets_as_for_a_few(
    send: Sender, organisation: Organisation, service_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Queues and policies are asked once for all; so is what was told of those that are there."""
    admin, tagged = send.client, [{"field": "tags", "operator": "has", "value": "bill"}]
    always = {"name": "24/7", "time_zone": "UTC", "always": True}
    calendar = (await admin.post("/v1/business-calendars", json=always)).json()["id"]
    gold = await policy(admin, calendar, filter_groups=[{"filters": tagged}])
    team = str(organisation.teams["a"])
    queue = {"name": "Bills", "team_id": team, "filter_groups": [{"filters": tagged}]}
    bills = (await admin.post("/v1/queues", json=queue)).json()["id"]
    costs: list[tuple[int, int]] = []
    write = TicketRows.write

    async def counted(
        self: TicketRows, connection: Connection, rows: Sequence[Prepared]
    ) -> Outcome:
        with statements_of(service_database) as seen:
            outcome = await write(self, connection, rows)
        costs.append((len(rows), len(seen)))
        return outcome

    monkeypatch.setattr(TicketRows, "write", counted)
    head = "external_id,subject,tags,kind,assignee\n"
    for many in (1, 3, 50):  # of the first, what is known of policies is read
        kinds = ["complaint", "request"]
        rows = [f"{many}-{n},Help,bill,{kinds[n % 2]}," for n in range(many)]
        assert counts(await send(head + "\n".join(rows), **KEPT)) == {"created": many}
        given = [row.replace("bill", "bill;x") + f"rep@{organisation.id}.example" for row in rows]
        assert counts(await send(head + "\n".join(given), **KEPT)) == {"updated": many}
    made = await send.records(external_id="50-49")
    assert [(each["queue_id"], each["sla_policy_id"]) for each in made] == [(bills, gold["id"])]
    few, large = costs[2:4], costs[4:6]
    assert [size for size, _ in (*few, *large)] == [3, 3, 50, 50]
    assert [cost for _, cost in few] == [cost for _, cost in large], costs
