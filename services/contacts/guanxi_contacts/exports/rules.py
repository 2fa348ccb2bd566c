"""Records as rows of a table: the same names that an import reads, so that a table comes back whole."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guanxi_shared.exports.flat_rules import money_columns, numbered, plain, reach_columns, reaches
from guanxi_shared.pinyin import run_readings

Row = dict[str, Any]
Names = Callable[[Any], str | None]

HAN = re.compile(r"[\u3400-\u9fff]+")
MOST_ADDRESSES = 2
ADDRESS_PARTS = ("street", "city", "state", "postcode", "country", "latitude", "longitude", "kind")
KEY_ACCOUNT = ("operating_history", "business_model", "honours", "plan")

VISIT = ("checked_in_at", "checked_out_at", "duration_seconds", "distance_m", "is_far")


WIDE: Mapping[str, tuple[str, ...]] = {
    "revenue": ("revenue", "revenue_currency"),
    "credit_limit": ("credit_limit", "credit_limit_currency"),
    "budget": ("budget", "budget_currency"),
    "cost": ("cost", "cost_currency"),
    "phones": reach_columns("phone"),
    "emails": reach_columns("email"),
    "addresses": (
        *(numbered("address", n, part) for n in range(1, MOST_ADDRESSES + 1) for part in ADDRESS_PARTS),
        "more_addresses",
    ),
    "key_account": tuple(f"key_account_{part}" for part in KEY_ACCOUNT),
    "visit": tuple(f"visit_{part}" for part in VISIT),
    "accounts": ("account_id", "account_name", "role", "stance", "more_accounts"),
    "owner_id": ("owner", "owner_id"),
    "team_id": ("team", "team_id"),
    "parent_id": ("parent", "parent_id"),
}  # fmt: skip


def flat(row: Mapping[str, Any], *, owner: Names, team: Names, account: Names) -> Row:
    """A record with lists and objects as columns; `owner`, `team` and `account` give names for ids."""
    found: Row = {}
    for name, stored in row.items():
        value = plain(stored)
        if name in ("revenue", "credit_limit", "budget", "cost"):
            found |= money_columns(name, value)
        elif name in ("phones", "emails"):
            found |= reaches(name, value)
        elif name == "addresses":
            found |= _addresses(value)
        elif name == "key_account":
            found |= {f"key_account_{part}": (value or {}).get(part) for part in KEY_ACCOUNT}
        elif name == "visit":
            found |= {f"visit_{part}": (value or {}).get(part) for part in VISIT}
        elif name == "custom":
            found |= {f"custom.{key}": item for key, item in value.items()}
        elif name == "accounts":
            found |= _places(value, account)
        elif name == "costs":
            found[name] = [_cost(each) for each in value]
        elif name == "answers":
            found[name] = [f"{key}: {item}" for key, item in value.items()]
        elif name == "participants":
            found[name] = [_participant(each) for each in value]
        else:
            found[name] = value
    for name, look in (("owner", owner), ("team", team), ("parent", account)):
        if f"{name}_id" in found:
            found[name] = look(found[f"{name}_id"])
    return found


def _addresses(entries: Sequence[Mapping[str, Any]]) -> Row:
    found: Row = {}
    for number, each in enumerate(entries[:MOST_ADDRESSES], start=1):
        found |= {numbered("address", number, part): each.get(part) for part in ADDRESS_PARTS}
    rest = entries[MOST_ADDRESSES:]
    return found | {"more_addresses": [_one_line(each) for each in rest]}


def _one_line(address: Mapping[str, Any]) -> str:
    parts = (address.get(part) for part in ("street", "postcode", "city", "state", "country"))
    return ", ".join(part for part in parts if part)


def _places(links: Sequence[Mapping[str, Any]], account: Names) -> Row:
    if not links:
        return {}
    first, *others = links
    return {
        "account_id": first["account_id"], "account_name": account(first["account_id"]),
        "role": first["role"], "stance": first["stance"],
        "more_accounts": [account(each["account_id"]) or each["account_id"] for each in others],
    }  # fmt: skip


def _cost(line: Mapping[str, Any]) -> str:
    parts = (line["on"], line["amount"]["amount"], line["amount"]["currency"], line.get("note"))
    return " ".join(part for part in parts if part)


def _participant(each: Mapping[str, Any]) -> str:
    return str(each["email"] or each["name"] or each["user_id"] or each["contact_id"])


def named_accounts(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of accounts whose names a table of these rows shows."""
    found = {row["parent_id"] for row in rows if row.get("parent_id")}
    for row in rows:
        found |= {link["account_id"] for link in plain(row.get("accounts")) or ()}
    return found


VCARD_KINDS = {"mobile": "cell", "office": "work"}
ADDRESS_KINDS = {"office": "work", "home": "home"}
SPOKEN = ("family_name", "given_name")


def card(row: Mapping[str, Any], *, account: Names) -> Row:
    """A record as the fields of a vCard (see guanxi_shared/tables/vcard_writer.py); a field that was
    not asked for is absent."""
    is_person = "family_name" in row
    links = plain(row.get("accounts")) or []
    found: Row = {
        "uid": row["id"], "full_name": row["name"], "note": row.get("description"),
        "nickname": row.get("short_name"), "url": row.get("website"), "categories": row.get("tags"),
        "org": row["name"] if not is_person else account(links[0]["account_id"]) if links else None,
        "rev": row.get("updated_at"), "kind": "individual",
    }  # fmt: skip
    if is_person:
        found |= {name: row.get(name) for name in (*SPOKEN, "title")}
        found |= {f"{name}_spoken": _spoken(row.get(name)) for name in SPOKEN}
        found |= {"org_unit": row.get("department"), "bday": row.get("birthday")}
    elif row.get("kind") == "person":
        found["org"] = None
    else:
        found["kind"] = "org"
    for prefix, name, key in (("tel", "phones", "number"), ("email", "emails", "address")):
        entries = sorted(plain(row.get(name)) or [], key=lambda each: not each["is_primary"])
        for number, each in enumerate(entries, start=1):
            head = f"{prefix}_{number}"
            found |= {head: each[key], f"{head}_is_preferred": each["is_primary"]}
            found[f"{head}_kind"] = VCARD_KINDS.get(each["kind"], each["kind"])
    return found | _card_addresses(plain(row.get("addresses")) or [])


def _card_addresses(entries: Sequence[Mapping[str, Any]]) -> Row:
    """The place is the first that is known: a card has one."""
    found: Row = {}
    for number, each in enumerate(entries, start=1):
        head = "adr" if number == 1 else f"adr_{number}"
        found |= {
            f"{head}_{part}": each.get(part) for part in ("street", "city", "postcode", "country")
        }
        found |= {
            f"{head}_region": each.get("state"),
            f"{head}_kind": ADDRESS_KINDS.get(each.get("kind", "office"), ""),
        }
    places = [{n: each.get(n) for n in ("latitude", "longitude")} for each in entries]
    return found | next((place for place in places if None not in place.values()), {})


def _spoken(name: str | None) -> str | None:
    """Of a name in Han how it is read, by which phones sort it and assistants say it."""
    if not name or not HAN.fullmatch(name):
        return None
    return "".join(words[0] for words in run_readings(name)).capitalize() or None
