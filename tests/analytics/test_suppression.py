"""Small cells: hidden, and not to be had from what is told beside them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.queries.suppression_rules import hidden_rows, hidden_totals
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.analytics.asking import QUERY, asked, cells
from tests.analytics.test_fits import Purchase, heard
from tests.factories import Clients, Organisation

LEAST = 3
REPORT = "/v1/analytics/reports"
CELLS = st.dictionaries(
    st.tuples(st.integers(0, 7), st.sampled_from(["CNY", "USD"])), st.sets(st.integers(0, 12)), max_size=14
)  # fmt: skip


@given(CELLS, st.integers(1, 6))
def test_no_hidden_row_can_be_had_from_its_total(
    cells: dict[tuple[int, str], set[int]], least: int
) -> None:
    """Rows by one dimension and currency, with the customers behind each; the total of a currency is of all of its rows."""
    hidden = hidden_rows({key: len(each) for key, each in cells.items()}, least)
    for key, each in cells.items():
        assert len(each) >= least or key in hidden
    for currency in {key[-1] for key in cells}:
        own = {key: each for key, each in cells.items() if key[-1] == currency}
        whole = set[int]().union(*own.values())
        if hidden_totals({(currency,): len(whole)}, least):
            continue  # nothing is told to subtract from
        left = [each for key, each in own.items() if key in hidden]
        assert len(left) != 1
        assert not left or len(set[int]().union(*left)) >= least


@given(CELLS, st.integers(1, 6))
def test_nothing_is_hidden_without_a_small_row(
    cells: dict[tuple[int, str], set[int]], least: int
) -> None:
    counts = {key: len(each) for key, each in cells.items()}
    hidden = hidden_rows(counts, least)
    for currency in ("CNY", "USD"):
        own = {key for key in hidden if key[-1] == currency}
        small = {key for key, n in counts.items() if key[-1] == currency and n < least}
        assert len(own) <= len(small) + bool(small)
    assert hidden_rows(dict.fromkeys(cells), least) == set()


@pytest.fixture
def few(service: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation hides rows of fewer than three customers."""
    monkeypatch.setattr(service.state.house.settings, "smallest_cell", LEAST)


BUYERS = {1: 5, 2: 1, 3: 3, 4: 7}  # customers by month of 2026


def bought() -> list[Purchase]:
    return [
        (f"c{n}", date(2026, month, 5 + n), Decimal(10 * month))
        for month, many in BUYERS.items()
        for n in range(many)
    ]


async def test_a_row_of_few_customers_and_the_smallest_other_one_show_no_figures(
    organisation: Organisation, client: Clients, service_database: Database, few: None
) -> None:
    await heard(service_database, organisation, bought())
    admin = client(organisation.admin)
    found = await asked(admin, "revenue", "customers", dimensions=["month"])
    shown = {row["dimensions"]["month"]: row for row in found["rows"]}
    assert {month: row["is_suppressed"] for month, row in shown.items()} == {
        "2026-01": False, "2026-02": True, "2026-03": True, "2026-04": False
    }  # fmt: skip
    assert shown["2026-02"]["values"] == {"revenue": None, "customers": None}
    assert shown["2026-04"]["values"]["customers"] == 7
    [total] = found["totals"]
    assert (total["is_suppressed"], total["values"]["customers"]) == (False, 7)
    assert found["smallest_cell"] == LEAST
    records = shown["2026-02"]["records"][0]
    answer = await admin.post(records["path"], json=records["body"])
    assert len(answer.json()["data"]) == 1  # the records remain: by the caller's rights to them


async def test_what_is_compared_is_hidden_too_and_hidden_rows_come_last(
    organisation: Organisation, client: Clients, service_database: Database, few: None
) -> None:
    await heard(service_database, organisation, bought())
    period = {"from": "2026-03-01", "until": "2026-04-01"}
    found = await asked(
        client(organisation.admin), "revenue", dimensions=["sku"], period=period, compare="previous_period"
    )  # fmt: skip
    [row], [total] = found["rows"], found["totals"]
    for each in (row, total):  # one customer in the month before
        assert each["is_suppressed"]
        assert each["values"] == each["compared"] == each["change"] == {"revenue": None}
    found = await asked(client(organisation.admin), "revenue", dimensions=["month", "sku"], order_by="revenue")  # fmt: skip
    flags = [each["is_suppressed"] for each in found["rows"]]
    assert sorted(flags) == [False, False, True, True]


async def test_exports_and_pictures_say_what_is_hidden_and_kept_answers_do_not_outlive_the_setting(
    organisation: Organisation, client: Clients, service_database: Database, service: Edge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await heard(service_database, organisation, bought())
    admin = client(organisation.admin)
    body = {"name": "By month", "document": {"measures": ["revenue", "orders"], "dimensions": ["month"]}}  # fmt: skip
    id = (await admin.post(REPORT, json=body)).json()["id"]

    async def run(form: str) -> Any:
        answer = await admin.get(f"{REPORT}/{id}/run", params={"format": form, "language": "en"})
        assert answer.status_code == 200, answer.text
        return answer

    open_ = (await run("json")).json()["answer"]
    assert "is_suppressed" not in open_["rows"][0]
    monkeypatch.setattr(service.state.house.settings, "smallest_cell", LEAST)
    hidden = (await run("json")).json()["answer"]
    assert [row["is_suppressed"] for row in hidden["rows"]] == [False, True, True, False]
    lines = (await run("csv")).text.splitlines()
    assert "Not shown: too few customers" in lines[0]
    february = next(line for line in lines if "2026-02" in line)
    assert "true" in february
    assert "20" not in february.replace("2026-02", "")
    assert "Not shown: rows of fewer than 3 customers" in (await run("svg")).text
    assert (await run("xlsx")).content
    changed = {"document": {"measures": ["revenue"], "dimensions": ["account"]}, "is_graded": True}
    headers = {"If-Match": (await admin.get(f"{REPORT}/{id}")).headers["etag"]}
    answer = await admin.patch(f"{REPORT}/{id}", json=changed, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = (await run("json")).json()["answer"]["rows"]
    assert {(row["is_suppressed"], row["values"]["revenue"], row["grade"]) for row in rows} == {(True, None, None)}  # fmt: skip
    assert "Not shown: rows of fewer than 3 customers" in (await run("svg")).text


async def test_without_the_setting_everything_is_told(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await heard(service_database, organisation, bought())
    admin = client(organisation.admin)
    found = await asked(admin, "customers", dimensions=["month"])
    assert set(cells(found, "customers").values()) == set(BUYERS.values())
    answer = await admin.post(QUERY, json={"measures": ["customers"]})
    assert "smallest_cell" not in answer.json()
