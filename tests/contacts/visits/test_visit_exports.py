"""Visits in a table of activities."""

import csv
import io

import pytest

from tests.contacts.visits.test_visits import FAR, PATH, an_account
from tests.factories import Clients, Organisation


@pytest.mark.parametrize("format", ["csv", "xlsx", "ndjson"])
async def test_a_visit_leaves_as_columns_of_its_own(
    client: Clients, organisation: Organisation, format: str
) -> None:
    rep, account = client(organisation.rep), await an_account(client, organisation.rep)
    made = await rep.post(f"{PATH}/check-in", json={"account_id": account, **FAR})
    assert made.status_code == 201, made.text
    answer = await rep.get(f"{PATH}/export", params={"format": format})
    assert answer.status_code == 200, answer.text
    if format == "csv":
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert row["visit_is_far"].lower() == "true"
        assert float(row["visit_distance_m"]) == made.json()["visit"]["distance_m"]
        assert row["visit_checked_out_at"] == ""
