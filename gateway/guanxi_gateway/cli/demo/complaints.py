"""Complaints of the demo in several states of their loop: causes, steps, tasks of other departments."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from guanxi_gateway.cli.demo.client import Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_gateway.cli.demo.staff import team_id
from guanxi_gateway.cli.demo.tickets import TICKETS

CAUSES: Final = "/v1/root-causes"
NAMES: Final = (
    ("流程 Process", None), ("交货延误 Late delivery", 0), ("资料过期 Outdated records", 0), ("产品 Product", None),
    ("维修质量 Quality of repairs", 3),
)  # fmt: skip
STEPS: Final = {
    "listen": "电话回访，记录诉求。Called back and took down what is wanted.",
    "act": "当天先行处理。Put right for now on the same day.",
    "resources": "安排专人和备件。One engineer and the parts are given to it.",
    "measure": "处理用时低于目标。Faster than the target.",
    "coordinate": "财务、仓库已确认。Finance and stores have confirmed.",
    "sum_up": "已归纳原因并告知客户。The customer was told why it happened.",
}
NOT_NEEDED: Final = "不涉及其他部门 No other department is concerned"
LESSON: Final = "改名后检查所有模板。After a renaming every template is checked."
ASKED_TEAM: Final = "Sales"
TASK_SHARE, SKIP_SHARE, TWO_DAYS = 0.4, 0.3, 960


def make_causes(seed: int) -> list[Record]:
    """As `POST /v1/root-causes` takes them, those above first."""
    return [
        {
            "id": str(demo_id(seed, "cause", number)), "name": name,
            "parent_id": None if above is None else str(demo_id(seed, "cause", above)),
        }
        for number, (name, above) in enumerate(NAMES)
    ]  # fmt: skip


def make_loops(seed: int, tickets: Sequence[Record]) -> list[list[Write]]:
    """What was done about each complaint that somebody has: some steps on, some to the end."""
    dice = stream(seed, "loop")
    complaints = [each for each in tickets if each["kind"] == "complaint" and each["assignee_id"]]
    return [list(_loop(dice, seed, number, each)) for number, each in enumerate(complaints)]


def _loop(dice: Random, seed: int, number: int, ticket: Record) -> Iterator[Write]:
    """Each write on the version that the one before made, or not at all."""
    path, version = f"{TICKETS}/{ticket['id']}/loop", 1
    if dice.random() < TASK_SHARE:
        yield Write(
            f"{path}/tasks",
            {
                "id": str(demo_id(seed, "task", number)), "title": "核对发货记录 Check the shipping records",
                "body": ticket["description"], "team_id": str(team_id(seed, ASKED_TEAM)),
                "due_in": {
                    "minutes": TWO_DAYS, "calendar_id": str(demo_id(seed, "calendar", 0)),
                },
            },
        )  # fmt: skip
        steps = list(STEPS)[: dice.randint(1, 4)]
    else:
        steps = list(STEPS)[: dice.choice((0, 2, 3, 6, 6))]
    for step in steps:
        is_skipped = step == "coordinate" or dice.random() < SKIP_SHARE * (step == "resources")
        verb, said = ("skip", {"reason": NOT_NEEDED}) if is_skipped else ("complete", {"text": STEPS[step]})  # fmt: skip
        yield Write(f"{path}/steps/{step}/{verb}", said, version=version)
        version += 1
    if len(steps) == len(STEPS):
        cause = str(demo_id(seed, "cause", dice.choice((1, 2, 4))))
        sent = {"root_cause_id": cause, "lesson": LESSON}
        yield Write(path, sent, version=version, method="PATCH")
        action = {"id": str(demo_id(seed, "action", number)), "body": LESSON}
        yield Write(f"{path}/actions", action)
