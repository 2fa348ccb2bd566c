"""Which other leads may be the same: what two of them have in common, and how much that says."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

# Kind of match key -> (field, kind, how likely it alone makes two leads one).
KINDS: Final[Mapping[str, tuple[str, str, float]]] = {
    "x": ("external_id", "external_id", 1.0),
    "e": ("emails", "email", 0.9),
    "p": ("phones", "phone", 0.8),
    "c": ("company", "company_name", 0.3),
    "d": ("domain", "domain", 0.3),
    "n": ("name", "name", 0.3),
}
LEVELS: Final = ((0.9, "certain"), (0.6, "likely"))
LEAST: Final = 0.5  # colleagues and namesakes share one thing of little weight


def shared_reasons(one: Collection[str], other: Collection[str]) -> list[dict[str, str]]:
    """What two leads have in common by their match keys, each field once, the strongest first."""
    found: dict[str, dict[str, str]] = {}
    for key in sorted(set(one) & set(other), key=lambda key: (-_weight(key), key)):
        prefix, _, value = key.partition(":")
        if prefix in KINDS:
            field, kind, _ = KINDS[prefix]
            found.setdefault(field, {"field": field, "kind": kind, "detail": f"The same: {value}."})
    return list(found.values())


def score_of(reasons: Iterable[Mapping[str, str]]) -> float:
    """Evidence that is independent adds up: 1 - Π(1 - weight), between 0 and 1."""
    weights = {kind: weight for _, kind, weight in KINDS.values()}
    rest = 1.0
    for reason in reasons:
        rest *= 1 - weights[reason["kind"]]
    return round(1 - rest, 4)


def level_of(score: float) -> str:
    return next((name for least, name in LEVELS if score >= least), "possible")


def candidates(
    own: Collection[str], others: Iterable[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], float, list[dict[str, str]]]]:
    """Those of the others that may be the same, the likeliest first; `others` have `match_keys`."""
    found = []
    for other in others:
        reasons = shared_reasons(own, other["match_keys"])
        score = score_of(reasons)
        if score >= LEAST:
            found.append((other, score, reasons))
    return sorted(found, key=lambda each: (-each[1], str(each[0]["id"])))


def strong(keys: Collection[str]) -> list[str]:
    """Those that suffice by themselves: looked at first where many share a weak one."""
    return [key for key in keys if _weight(key) >= LEAST]


def _weight(key: str) -> float:
    kind = KINDS.get(key.partition(":")[0])
    return 0.0 if kind is None else kind[2]


def account_check(lead: Mapping[str, Any]) -> dict[str, Any] | None:
    """What contacts is asked about accounts: the company; None without one."""
    if not lead.get("company"):
        return None
    asked = {"name": lead["company"], "domain": lead.get("domain"), "website": lead.get("website")}
    return {name: value for name, value in asked.items() if value}


def contact_check(lead: Mapping[str, Any]) -> dict[str, Any]:
    """What contacts is asked about people: the name and how they are reached."""
    return {
        "name": lead["name"], "emails": bare(lead["emails"]), "phones": bare(lead["phones"]),
    }  # fmt: skip


def bare(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Phones and emails as they are sent: what the server added is its own."""
    return [{k: v for k, v in entry.items() if k != "e164"} for entry in entries]
