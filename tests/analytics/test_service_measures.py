"""Backlog and satisfaction as measures: what is told, of how many, and the rows behind each figure."""

from guanxi_shared.db import Database
from tests.analytics.asking import asked, cells
from tests.analytics.conftest import Hear
from tests.analytics.test_satisfaction import answered, told
from tests.factories import Clients, Organisation


async def test_the_backlog_is_what_is_not_solved_and_leads_to_its_tickets(
    everywhere: Organisation, desk: Clients, client: Clients, hear: Hear
) -> None:
    admin = desk(everywhere.admin)
    made = []
    for priority in ("high", "high", "low"):
        sent = {"subject": "Leak", "impact": "low", "urgency": "low", "priority": priority}
        answer = await admin.post("/v1/tickets", json=sent)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    solved = await admin.patch(f"/v1/tickets/{made[1]['id']}", json={"status": "solved"})
    assert solved.status_code == 200, solved.text
    await hear()
    found = await asked(
        client(everywhere.admin), "backlog", "backlog_unanswered", dimensions=["priority"]
    )
    assert cells(found, "backlog") == {("high",): 1, ("low",): 1}
    assert cells(found, "backlog_unanswered") == {("high",): 1, ("low",): 1}
    assert found["measures"][0]["labels"] == {"en": "Tickets not solved", "zh": "积压工单"}
    records = found["rows"][0]["records"][0]
    answer = await client(everywhere.admin).post(records["path"], json=records["body"])
    assert answer.status_code == 200, answer.text
    open_now = {each["id"] for each in (made[0], made[2])}
    assert {row["ticket_id"] for row in answer.json()["data"]} < open_now
    report = await client(everywhere.admin).get("/v1/analytics/reports/backlog-by-priority/run")
    assert report.status_code == 200, report.text
    assert report.json()["answer"]["totals"][0]["values"]["backlog"] == 2


async def test_satisfaction_is_told_of_ten_and_never_of_fewer(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Of twelve answers eight are 4 or 5; NPS of ten: six promoters, two detractors."""
    many = [5, 4, 5, 3, 1, 4, 5, 5, 4, 2, 5, 1]
    events = [answered(organisation, "csat", score, "2026-02-03") for score in many]
    events += [answered(organisation, "csat", 5, "2026-03-03") for _ in range(9)]
    events += [
        answered(organisation, "nps", score, "2026-02-03")
        for score in (10, 9, 8, 6, 10, 9, 7, 3, 10, 9)
    ]
    await told(service_database, organisation, events)
    admin = client(organisation.admin)
    found = await asked(admin, "csat", "csat_answers", "nps", "ces", dimensions=["month"])
    assert cells(found, "csat") == {("2026-02",): 66.6667, ("2026-03",): None}
    assert cells(found, "csat_answers") == {("2026-02",): 12, ("2026-03",): 9}
    assert cells(found, "nps") == {("2026-02",): 40, ("2026-03",): None}
    assert cells(found, "ces") == {("2026-02",): None, ("2026-03",): None}
    records = next(row for row in found["rows"] if row["dimensions"]["month"] == "2026-02")[
        "records"
    ][0]
    answer = await admin.post(records["path"], json=records["body"])
    assert len(answer.json()["data"]) == 22
    assert all("answer_id" in row for row in answer.json()["data"])
    hidden = await asked(client(organisation.other_rep), "csat", "csat_answers")
    assert hidden["totals"][0]["values"] == {"csat": None, "csat_answers": 0}
