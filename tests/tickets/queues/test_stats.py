"""A queue in figures: each is the number of rows that its filter finds, for those who see the tickets."""

from typing import Any

from guanxi_shared.db import Database
from guanxi_tickets.sla_alerts.giving import give_alerts
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved
from tests.tickets.past import setting_back
from tests.tickets.promising import policy
from tests.tickets.queueing import NEVER, QUEUES, agent, claim, queue

BACK = "UPDATE tickets SET queued_at = queued_at - interval '2 hours' WHERE organisation_id = $1 AND id = $2"


def counted(found: Any) -> list[dict[str, Any]]:
    """Every figure with a filter, wherever it is."""
    if isinstance(found, dict):
        own = [found] if "filter_groups" in found else []
        return own + [each for value in found.values() for each in counted(value)]
    return [each for value in found for each in counted(value)] if isinstance(found, list) else []


async def test_each_figure_is_the_number_of_rows_its_filter_finds(
    client: Clients, company: Organisation, service_database: Database, database: Any, always: str
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await policy(admin, always)
    await agent(admin, company.rep, load_limit=7)
    await agent(admin, company.rep2, shifts=NEVER)
    bills = await queue(admin, company, load_limit=5)
    late, taken, solved, _urgent, pending, gone = [
        await made(rep, queue_id=bills["id"], priority=priority)
        for priority in ("normal", "normal", "normal", "urgent", "low", "low")
    ]
    await made(rep)
    await setting_back(database, company)(late, hours=1.5)
    await give_alerts.duty(service_database)
    async with service_database.transaction(company.id) as connection:
        await connection.execute(BACK, company.id, taken["id"])
    assert (await rep.post(f"{PATH}/{taken['id']}/claim")).status_code == 200
    await moved(rep, solved, "solved")
    await moved(rep, pending, "pending")
    await rep.delete(f"{PATH}/{gone['id']}")
    answer = await rep.get(f"{QUEUES}/{bills['id']}/stats")
    assert answer.status_code == 200, answer.text
    stats = answer.json()
    for figure in counted(stats):
        body = {"filter_groups": figure["filter_groups"], "limit": 200}
        rows = (await rep.post(f"{PATH}/search", json=body)).json()
        assert len(rows["data"]) == figure["count"], figure
    assert stats["waiting"]["count"] == 3
    assert stats["waiting"]["oldest_since"] == late["queued_at"]
    assert stats["undone"]["count"] == 4
    by_priority = {name: each["count"] for name, each in stats["by_priority"].items()}
    assert by_priority == {"urgent": 1, "high": 0, "normal": 2, "low": 1}
    hour, day = stats["last_hour"], stats["last_day"]
    assert [hour[n]["count"] for n in ("arrivals", "taken", "solved")] == [4, 1, 1]
    assert [day[n]["count"] for n in ("arrivals", "taken", "solved")] == [5, 1, 1]
    assert 7200 <= hour["taken"]["median_wait_seconds"] <= 7260
    assert (stats["breached"]["count"], stats["due_within_an_hour"]["count"]) == (1, 1)
    assert stats["agents_on_shift"] == 1
    mine, hers = sorted(stats["agents"], key=lambda each: each["is_on_shift"], reverse=True)
    assert (mine["user_id"], mine["load_limit"], mine["assigned"]["count"]) == (
        str(company.rep.id),
        5,
        1,
    )
    assert mine["load"] == 2
    assert (hers["user_id"], hers["is_available"]) == (str(company.rep2.id), True)


async def test_the_figures_are_for_those_who_see_its_tickets(
    client: Clients, company: Organisation, other_organisation: Organisation
) -> None:
    rep = client(company.rep)
    bills = await queue(client(company.admin), company)
    await made(rep, queue_id=bills["id"])
    path = f"{QUEUES}/{bills['id']}/stats"
    for user in (company.rep, company.rep2, company.manager, company.admin):
        stats = (await client(user).get(path)).json()
        assert (stats["waiting"]["count"], stats["breached"]["count"]) == (1, 0), user.name
        assert stats["last_hour"]["taken"]["median_wait_seconds"] is None
    for user in (company.other_rep, company.junior, company.read_only):
        assert (await client(user).get(path)).status_code == 403, user.name
    assert (await client(other_organisation.admin).get(path)).status_code == 404
    await claim(rep, bills)
    assert (await rep.get(path)).json()["waiting"] | {"filter_groups": 0} == {
        "count": 0, "oldest_since": None, "oldest_seconds": None, "filter_groups": 0,
    }  # fmt: skip
