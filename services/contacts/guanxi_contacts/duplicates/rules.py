"""How much speaks for two records being one: evidence, its weight, and the score of all of it.

Evidence falls into families (names of whatever kind are one); of each family the strongest counts,
and the families add up as independent chances do: 1 - (1 - a)(1 - b)… So more equal evidence never
lowers a score, no order matters, and a score is never above 1.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from math import prod
from typing import Any

from rapidfuzz import fuzz

from guanxi_contacts.duplicates.company_names import compact_company_name
from guanxi_contacts.duplicates.free_mail import is_free_mail
from guanxi_contacts.duplicates.keys import (
    ACCOUNT_NAMES,
    AskedKey,
    compact_person_names,
    mail_domain,
)

CERTAIN = 0.9
LIKELY = 0.6
SIMILAR_ENOUGH = 0.75

# Kind of evidence → (its family, its weight from 0 to 1).
Weights = Mapping[str, tuple[str, float]]
ACCOUNT_WEIGHTS: Weights = {
    "external_id": ("external_id", 0.95),
    "email": ("email", 0.8),
    "phone": ("phone", 0.75),
    "domain": ("domain", 0.65),
    "name": ("name", 0.75),
    "company_name": ("name", 0.72),
    "pinyin": ("name", 0.45),
    "similar_name": ("name", 0.5),  # times how similar they are
}
PERSON_WEIGHTS: Weights = {
    "external_id": ("external_id", 0.95),
    "email": ("email", 0.92),
    "phone": ("phone", 0.7),
    "name": ("name", 0.5),
    "name_spelling": ("name", 0.45),
    "pinyin": ("name", 0.3),
    "similar_name": ("name", 0.3),
    "account": ("account", 0.35),
    "birthday": ("birthday", 0.3),
    "mail_domain": ("account", 0.3),  # colleagues share it, as they share the account
}
WEIGHTS: Mapping[str, Weights] = {"accounts": ACCOUNT_WEIGHTS, "contacts": PERSON_WEIGHTS}

_SAID = {
    "external_id": "The same id in another system: {}.",
    "email": "The same email address: {}.",
    "phone": "The same phone number but for country code and spelling: …{}.",
    "domain": "The same domain: {}.",
    "name": "The same name: {}.",
    "company_name": "The same company name without legal form and spelling: {}.",
    "name_spelling": "The same name in another spelling or order: {}.",
    "pinyin": "The same name when read in pinyin: {}.",
    "account": "They belong to the same account.",
    "birthday": "The same birthday.",
    "mail_domain": "Addresses at the same domain.",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """That `field` speaks for two records being one, by `kind`; `strength` from 0 to 1."""

    field: str
    kind: str
    detail: str
    strength: float = 1.0


def score_of(evidence: Iterable[Evidence], weights: Weights) -> float:
    """From 0 (nothing) to 1; 0.9 and more is certain, 0.6 and more likely."""
    strongest: dict[str, float] = {}
    for each in evidence:
        family, weight = weights[each.kind]
        strongest[family] = max(strongest.get(family, 0.0), weight * each.strength)
    return round(1.0 - prod(1.0 - weight for weight in strongest.values()), 3)


def level_of(score: float) -> str:
    if score >= CERTAIN:
        return "certain"
    return "likely" if score >= LIKELY else "possible"


def shared_keys(asked: Iterable[AskedKey], kept: Set[str]) -> list[Evidence]:
    """What follows from keys alone. The details repeat what was asked for, nothing that is stored."""
    return [
        Evidence(each.field, each.kind, _SAID[each.kind].format(each.key[2:]), each.strength)
        for each in asked
        if each.key in kept
    ]


def likeness(resource: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Evidence]:
    """What a look at both records adds to equal keys; only for those who may see both."""
    found = _similar_names(resource, one, other)
    if resource == "contacts":
        found += _same_circumstances(one, other)
    return found


def _similar_names(
    resource: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> list[Evidence]:
    own, others = _compacts(resource, one), _compacts(resource, other)
    best = max((fuzz.ratio(a, b) / 100 for a in own for b in others), default=0.0)
    if best < SIMILAR_ENOUGH:
        return []
    sentence = f"Similar names: {other['name']} ({round(best * 100)} % alike)."
    return [Evidence("name", "similar_name", sentence, best)]


def _compacts(resource: str, row: Mapping[str, Any]) -> set[str]:
    if resource == "contacts":
        return set(compact_person_names(row.get("name") or "")[:1])
    names = [compact_company_name(row.get(field) or "") for field in ACCOUNT_NAMES]
    return {name for name in names if name}


def _same_circumstances(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Evidence]:
    found = []
    if _accounts(one) & _accounts(other):
        found.append(Evidence("accounts", "account", _SAID["account"]))
    if one.get("birthday") and one.get("birthday") == other.get("birthday"):
        found.append(Evidence("birthday", "birthday", _SAID["birthday"]))
    if _mail_domains(one) & _mail_domains(other):
        found.append(Evidence("emails", "mail_domain", _SAID["mail_domain"]))
    return found


def _accounts(row: Mapping[str, Any]) -> set[str]:
    return {str(link["account_id"]) for link in row.get("accounts") or ()}


def _mail_domains(row: Mapping[str, Any]) -> set[str]:
    domains = {mail_domain(each["address"]) for each in row.get("emails") or ()}
    return {domain for domain in domains if domain and not is_free_mail(domain)}


def strongest_first(evidence: Sequence[Evidence], weights: Weights) -> list[Evidence]:
    """Each field and kind once; of a name in the same spelling the weaker sameness goes unsaid."""
    by_place = {(each.field, each.kind): each for each in reversed(evidence)}
    ordered = sorted(
        by_place.values(),
        key=lambda each: (-weights[each.kind][1] * each.strength, each.field, each.kind),
    )
    stronger = {each.field for each in ordered if each.kind in ("name", "company_name")}
    weak = ("pinyin", "similar_name", "name_spelling")
    return [each for each in ordered if each.kind not in weak or each.field not in stronger]
