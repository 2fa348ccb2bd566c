"""All that is said of one customer: as fitted on real purchases, and only as far as the caller sees what it is made of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.analytics.contracting import Contract, months_on, signed
from tests.analytics.contracting import told as terms_of
from tests.analytics.test_contracts import by_length_and_age
from tests.analytics.test_fits import cdnow, customer, fit, heard, named
from tests.analytics.test_satisfaction import answered, told
from tests.factories import Clients, Organisation
from tests.tickets.company import in_role

NAME = "1516"


def path_of(organisation: Organisation, name: str = NAME) -> str:
    return f"/v1/analytics/customers/{customer(organisation, name)}"


def complaint(organisation: Organisation, at: str, status: str = "open") -> dict[str, Any]:
    id = str(new_id())
    state = {
        "id": id, "account_id": str(customer(organisation, NAME)), "requester_id": None, "product_id": None, "queue_id": None,
        "assignee_id": str(organisation.rep.id), "team_id": None, "kind": "complaint", "priority": "normal",
        "status_kind": status, "channel": "email", "created_at": f"{at}T08:00:00+00:00", "first_responded_at": None,
        "solved_at": None, "reopened_count": 0, "sla": None,
    }  # fmt: skip
    return {
        "organisation_id": str(organisation.id), "type": "tickets.ticket.created", "subject_type": "ticket",
        "subject_id": id, "version": 1, "before": None, "after": state, "occurred_at": f"{at}T08:00:00+00:00",
    }  # fmt: skip


async def under_contract(database: Database, organisation: Organisation) -> date:
    """The customer's own contract, in its second year, beside those that hazards are learnt from."""
    await signed(database, organisation, by_length_and_age())
    contract = Contract(NAME, months_on(datetime.now(UTC).date().replace(day=1), -22), 12, 2)
    events = terms_of(organisation, [contract], "2026-01-01T00:00:00+00:00", "rep")
    for event in events:
        event["after"]["account_id"] = str(customer(organisation, NAME))
    await told(database, organisation, events)
    return contract.days()[-1][1]


async def test_everything_about_a_customer_adds_up_and_says_why(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await heard(service_database, organisation, cdnow())
    await named(service_database, organisation, NAME)
    ends = await under_contract(service_database, organisation)
    today, about = datetime.now(UTC).date(), str(new_id())
    low = answered(organisation, "csat", 2, str(today - timedelta(days=3)), name=NAME)
    low["after"]["ticket_id"] = about
    await told(
        service_database, organisation,
        [
            low,
            answered(organisation, "csat", 5, str(today - timedelta(days=90)), name=NAME),
            answered(organisation, "nps", 9, str(today - timedelta(days=9)), name=NAME),
            complaint(organisation, "2026-03-01"), complaint(organisation, "2026-02-01"),
            complaint(organisation, "2026-01-01", "solved"),
        ],
    )  # fmt: skip
    admin, path = client(organisation.admin), path_of(organisation)
    await fit(service_database, organisation, admin, until="1997-09-30")
    found = (await admin.get(path, params={"term_value": "1000"})).json()
    [outlook] = found["outlooks"]
    assert outlook["verdict"] == "use"
    whys = {each["score"]: each for each in found["why"]}
    # Hazards are fitted as of 1997, when no term was due: they say so below, and none is told.
    assert set(whys) == {"alive", "value", "at_risk"}
    for each in whys.values():
        assert sum(Decimal(part["contribution"]) for part in each["contributions"]) == Decimal(each["total"])  # fmt: skip
    assert whys["value"]["total"] == outlook["value"]["expected"]["amount"]
    assert whys["at_risk"]["total"] == outlook["at_risk"]["amount"]
    alive = Decimal(str(outlook["alive"]))
    value = Decimal(outlook["value"]["expected"]["amount"])
    assert Decimal(outlook["at_risk"]["amount"]) == pytest.approx(
        value * (1 - alive), rel=Decimal("0.01")
    )
    listed = (await admin.get("/v1/analytics/customers", params={"currency": "USD"})).json()
    [own] = [each for each in listed["data"] if each["name"] == NAME]
    standing = found["quadrant"]
    assert (standing["quadrant"], standing["since"]) == (own["quadrant"], own["moved_at"])
    assert own["at_risk"] == outlook["at_risk"]
    content = found["satisfaction"]
    assert [(each["kind"], each["score"]) for each in content["answers"]] == [("csat", 2), ("nps", 9)]  # fmt: skip
    assert [each["ticket_id"] for each in content["answers"]] == [about, None]
    assert content["loyalty_type"] == "spurious"  # the last one is low, and they still buy
    assert (content["complaints"]["open"], content["complaints"]["oldest_at"]) == (2, "2026-02-01T08:00:00Z")  # fmt: skip
    assert len(content["complaints"]["ticket_ids"]) == 2
    [contract] = found["contracts"]["data"]
    assert (contract["n"], contract["ends_on"], contract["hazard"]) == (2, str(ends), None)
    assert "No term was due yet" in found["contracts"]["sentence"]
    changes = {(each["score"], each["by"]) for each in found["what_would_change"]}
    assert {("alive", "purchase_today"), ("value", "purchase_today"), ("alive", "silence")} <= changes  # fmt: skip
    actions = found["next_best_actions"]["data"]
    assert [each["rule"] for each in actions][:2] == ["answer", "renew"]
    assert "no predictions" in found["next_best_actions"]["sentence"]
    assert found["next_products"]["url"] == f"{path}/next-products"


async def test_a_running_contract_has_the_hazard_that_the_list_has(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await named(service_database, organisation, NAME)
    await under_contract(service_database, organisation)
    admin, path = client(organisation.admin), path_of(organisation)
    before = (await admin.get(path)).json()
    assert before["contracts"]["data"][0]["hazard"] is None
    assert "not fitted yet" in before["contracts"]["sentence"]
    assert "not fitted yet" not in before["quadrant"]["sentence"]
    assert "Nothing was fitted yet" in before["quadrant"]["sentence"]
    await fit(service_database, organisation, admin)
    found = (await admin.get(path, params={"term_value": "1000"})).json()
    [contract] = found["contracts"]["data"]
    listed = (await admin.get("/v1/analytics/contracts/renewals", params={"within": 90})).json()
    [own] = [each for each in listed["data"] if each["account_id"] == str(customer(organisation, NAME))]  # fmt: skip
    assert contract == {name: own[name] for name in contract}
    assert found["contracts"]["by"] == listed["by"]
    [why] = found["why"]
    assert why["total"] == f"{contract['hazard']:.4f}"
    assert sum(Decimal(part["contribution"]) for part in why["contributions"]) == Decimal(why["total"])  # fmt: skip
    [renew] = found["next_best_actions"]["data"]
    assert renew["rule"] == "renew"
    assert renew["expected"] is None  # in which currency they buy is not known


async def test_what_is_hidden_is_null_and_says_so(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await heard(service_database, organisation, cdnow())
    await named(service_database, organisation, NAME)
    await under_contract(service_database, organisation)
    await told(service_database, organisation, [answered(organisation, "csat", 2, "2026-11-01", name=NAME), complaint(organisation, "2026-02-01")])  # fmt: skip
    await fit(service_database, organisation, client(organisation.admin), until="1997-09-30")
    marketer = client(in_role(organisation.admin, "marketer"))
    found = (await marketer.get(path_of(organisation))).json()
    assert found["contracts"]["data"] == []
    assert "read entitlements" in found["contracts"]["sentence"]
    assert "hazard" not in {each["score"] for each in found["why"]}
    # An order of somebody else's: the sums over all of the customer's orders are not told any more.
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(
            "UPDATE sale_facts SET owner_id = $2 WHERE organisation_id = $1 AND customer_id = $3 AND valid_on = "
            "(SELECT min(valid_on) FROM sale_facts WHERE customer_id = $3)",
            organisation.id, organisation.other_rep.id, customer(organisation, NAME),
        )  # fmt: skip
    rep = (await client(organisation.rep).get(path_of(organisation))).json()
    assert rep["outlooks"][0]["value"] is rep["outlooks"][0]["at_risk"] is None
    assert {each["score"] for each in rep["why"]} == {"alive"}
    assert "told to those who see all of their orders" in rep["outlooks_sentence"]
    assert all(each["expected"] is None for each in rep["next_best_actions"]["data"])
    answer = await client(organisation.other_rep).get(path_of(organisation))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"k": "0"}, "k"), ({"chance": "2"}, "chance"), ({"cost": "-1"}, "cost"), ({"cost": "x"}, "cost"),
        ({"within": "1.5"}, "within"), ({"term_value": "NaN"}, "term_value"), ({"until": "2026-01-01"}, "until"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, service_database: Database, params: dict[str, str], field: str
) -> None:  # fmt: skip
    await named(service_database, organisation, NAME)
    answer = await client(organisation.admin).get(path_of(organisation), params=params)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]
