"""Search in the knowledge base: words as they are written and with typing mistakes, in names and in bodies."""

import asyncio
from collections.abc import Iterator, Sequence
from random import Random
from urllib.parse import quote

import httpx

from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.loading import superuser
from tests.bench.report import Row
from tests.bench.stock import TICKETS
from tests.bench.tickets import admin
from tests.bench.traffic import Traffic, request, shuffled

PATH = "/v1/articles"
AT_ONCE = 100
WORDS = [
    "发票",
    "退款",
    "密码",
    "重置",
    "登录",
    "账号",
    "合同",
    "维修",
    "保修",
    "设备",
    "网络",
    "打印机",
    "服务器",
    "更新",
    "安装",
    "配置",
    "invoice",
    "refund",
    "password",
    "reset",
    "login",
    "account",
    "contract",
    "repair",
    "warranty",
    "device",
    "network",
    "printer",
    "server",
    "update",
    "install",
    "configure",
]
BODY_WORDS, RARE, COMMON = (
    300,
    20_000,
    0.7,
)  # of a body; different ones; how many are of the few above
SYLLABLES = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "er", "in", "on")]
AS_WRITTEN = ["发票", "打", "打印机", "password", "invoice refund", "fapiao", "server"]
MISSPELT = ["passwrod", "invioce", "warrnaty", "打印鸡", "conifgure", "servre", "refnud invioce"]


def rare_word(number: int) -> str:
    dice = Random(number)
    return "".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))


def article(number: int) -> dict[str, object]:
    """As `POST /v1/articles` takes it: words of which most articles hold most, and some that few do."""
    dice = Random(number)
    words = [
        dice.choice(WORDS) if dice.random() < COMMON else rare_word(dice.randrange(RARE))
        for _ in range(BODY_WORDS)
    ]
    title = f"{dice.choice(WORDS)} {number} {dice.choice(WORDS)}"
    return {"title": title, "language": "en", "visibility": "public", "body": " ".join(words)}


def load_articles(bench: Bench) -> Iterator[Row]:
    """No rows of the report."""
    bench.say(f"writing {bench.size.articles:,} articles …")
    with admin(bench) as client:
        for first in range(0, bench.size.articles, AT_ONCE):
            _write(client, range(first, first + AT_ONCE))
    asyncio.run(_tidy(bench))
    yield from ()


def _write(client: httpx.Client, numbers: range) -> None:
    made = [{"op": "create", "data": article(number)} for number in numbers]
    answer = client.post(f"{PATH}/batch", json={"mode": "independent", "operations": made})
    answer.raise_for_status()


async def _tidy(bench: Bench) -> None:
    async with superuser(bench.suite.admin_url, TICKETS) as connection:
        for table in ("articles", "articles_search", "article_words"):
            await connection.execute(f"VACUUM (ANALYZE) {table}")


def searching(bench: Bench, texts: Sequence[str]) -> Traffic:
    url, token = bench.suite.url, bench.organisation.admin.token
    paths = [f"{PATH}?limit=20&fields=id,title&q={quote(text)}" for text in texts]
    return Traffic(url, shuffled([request(url, "GET", p, token=token) for p in paths]))


def by_id(bench: Bench) -> Traffic:
    """An article by its id: what a read costs that looks for nothing."""
    url, token = bench.suite.url, bench.organisation.admin.token
    with admin(bench) as client:
        listed = client.get(f"{PATH}?limit=50&fields=id").raise_for_status().json()["data"]
    return Traffic(url, tuple(request(url, "GET", f"{PATH}/{one['id']}", token=token) for one in listed))  # fmt: skip


BESIDE = ("an article by its id", by_id)
CASES = (
    Case("articles: search as written", lambda b: searching(b, AS_WRITTEN), is_brief=True, beside=BESIDE),
    Case("articles: search misspelt", lambda b: searching(b, MISSPELT), is_brief=True, beside=BESIDE),
)  # fmt: skip
