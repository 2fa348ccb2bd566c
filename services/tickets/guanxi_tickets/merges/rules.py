"""What becomes of tickets that are one, and of one that is several again. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared.errors import Invalid
from guanxi_shared.merging_rules import first_outside
from guanxi_tickets.errors import OtherAccount, SurvivorEnded
from guanxi_tickets.ticket_settings.rules import ENDING

Row = Mapping[str, Any]
Columns = dict[str, Any]
Above = Mapping[UUID, UUID | None]
Accounts = Mapping[UUID, set[UUID]]

LISTS: Final = ("tags", "follower_ids", "related_ids", "merged_numbers")
UPWARDS: Final = ("parent_id", "duplicate_of_id")
MOST: Final[Mapping[str, int]] = {"tags": 100, "follower_ids": 100, "related_ids": 100}


def demand_mergeable(
    survivor: Row, sources: Sequence[Row], accounts: Accounts, *, across_accounts: bool
) -> None:
    """SurvivorEnded where what is open would be over with it; OtherAccount where one customer would read
    what another wrote. `accounts` are those of each ticket and of what was merged into it before."""
    known = set(accounts[survivor["id"]])
    for place, source in enumerate(sources):
        if survivor["status_kind"] in ENDING and source["status_kind"] not in ENDING:
            raise SurvivorEnded(
                f"{survivor['number']} is {survivor['status']}, {source['number']} is not.",
                errors={"survivor_id": "Reopen it first, or merge the other way round."},
            )
        known |= accounts[source["id"]]
        if len(known) > 1 and not across_accounts:
            raise OtherAccount(
                "What is replied to one customer would stand before another.",
                errors={f"source_ids.{place}": "Of another account; say across_accounts."},
            )


def merged_columns(survivor: Row, sources: Sequence[Row], above: Mapping[str, Above]) -> Columns:
    """The survivor's columns that change: lists united, a place in the tree outside of the merged ones.
    `above` gives for each link upwards the ways from the merged tickets on."""
    rows, merged = [survivor, *sources], {row["id"] for row in (survivor, *sources)}
    numbers = [n for row in sources for n in (row["number"], *row["merged_numbers"])]
    columns: Columns = {
        "tags": sorted({tag for row in rows for tag in row["tags"]}),
        "follower_ids": _once([id for row in rows for id in row["follower_ids"]]),
        "related_ids": _once([id for row in rows for id in row["related_ids"] if id not in merged]),
        "merged_numbers": _once([*survivor["merged_numbers"], *numbers]),
        "duplicate_of_id": first_outside(
            survivor["duplicate_of_id"], merged, above["duplicate_of_id"]
        ),
    }
    ends = (first_outside(row["parent_id"], merged, above["parent_id"]) for row in rows)
    columns["parent_id"] = next((end for end in ends if end is not None), None)
    for name, most in MOST.items():
        if len(columns[name]) > most:
            raise Invalid(
                f"Together they have {len(columns[name])} {name}, more than a ticket may have.",
                errors={"source_ids": f"At most {most} {name}."},
            )
    return {name: value for name, value in columns.items() if value != survivor[name]}


def _once(items: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def list_back(now: Sequence[Any], before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """Without what the merge added, with what it took away; what came or went since stays so."""
    if list(now) == list(after):
        return list(before)
    added, taken = set(after) - set(before), [each for each in before if each not in after]
    return _once([*(each for each in now if each not in added), *taken])


def goes_back(now: Any, before: Any, after: Any) -> bool | None:
    """Whether a value goes back; None where somebody changed it since."""
    if now == before:
        return False
    return True if now == after else None
