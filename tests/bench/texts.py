"""Text search: one and two characters, pinyin, typing mistakes; as a salesperson, and as the admin,
who searches everything."""

from collections.abc import Callable, Sequence
from random import Random
from urllib.parse import quote

from guanxi_shared.text import pinyin_forms
from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.people import FAMILY, FIRST, GIVEN, LAST
from tests.bench.traffic import Traffic, request, shuffled

QUERIES = 60


def one_character() -> list[str]:
    return [family for family in FAMILY if len(family) == 1]


def two_characters() -> list[str]:
    short = [given for given in GIVEN if len(given) == 1]
    return _some(lambda dice: dice.choice(one_character()) + dice.choice(short))


def pinyin() -> list[str]:
    return [pinyin_forms(name)[0] for name in two_characters()]


def mistakes() -> list[str]:
    """Two neighbouring letters of the family name in the wrong order."""

    def wrong(dice: Random) -> str:
        first, last = dice.choice(FIRST), dice.choice([name for name in LAST if len(name) > 5])
        at = dice.randrange(1, len(last) - 2)
        return f"{first} {last[:at]}{last[at + 1]}{last[at]}{last[at + 2 :]}"

    return _some(wrong)


def _some(make: Callable[[Random], str]) -> list[str]:
    dice = Random(5)
    return [make(dice) for _ in range(QUERIES)]


def searching(bench: Bench, queries: Sequence[str], who: str) -> Traffic:
    member = bench.organisation.admin if who == "admin" else bench.organisation.seller
    url = bench.suite.url
    paths = [f"/v1/contacts?limit=20&q={quote(query)}" for query in queries]
    return Traffic(url, shuffled([request(url, "GET", p, token=member.token) for p in paths]))


def _case(name: str, queries: Sequence[str], who: str) -> Case:
    return Case(f"q: {name}, {who}", lambda b: searching(b, queries, who), is_brief=True)


KINDS = {
    "one character": one_character(),
    "two characters": two_characters(),
    "pinyin": pinyin(),
    "typing mistake": mistakes(),
}
CASES = tuple(
    _case(name, queries, who) for who in ("salesperson", "admin") for name, queries in KINDS.items()
)
