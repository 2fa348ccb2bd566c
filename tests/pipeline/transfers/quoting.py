"""A file of quotes, what it names, and how tests of such files look at what came of it."""

import csv
from typing import Any

import httpx

from tests.contacts.transfers.sending import Sender

PATH = "/v1/quotes"
BY_KEY = {"key": "external_id", "duplicates": "update"}
BY_NUMBER = {"key": "number", "duplicates": "update"}
TABLE = """报价单号,external_id,报价名称,客户,商机,有效期至,计税方式,整单折扣,sku,产品,数量,单价,折扣,税率,税类,成本价,备注,币种
A-1,1,未来 2027,北京未来科技,Cloud,2099-01-31,不含税,2,GX-1,,12,,5,,,,内部,CNY
A-1,1,未来 2027,北京未来科技,Cloud,2099-01-31,不含税,2,,安装,1.5,100,,6,,60,内部,CNY
,2,,ACME GmbH,,,含税,,GX-2,,3,11.90,,19,,,,EUR
,3,,,Cloud,,,,GX-1,,1,80,,,,,,
"""


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def refused(send: Sender, found: dict[str, Any]) -> list[str]:
    rows = list(csv.reader((await send.errors(found["id"])).splitlines()))
    return [f"{row[-2]}: {row[-1]}" for row in rows[1:]]


async def by_external_id(send: Sender) -> dict[str, dict[str, Any]]:
    return {each["external_id"]: each for each in await send.records()}


async def found_by(user: httpx.AsyncClient, words: str) -> list[str]:
    return [row["id"] for row in (await user.get(PATH, params={"q": words})).json()["data"]]


OWN = {
    "id", "number", "first_id", "external_id", "version", "created_at", "updated_at", "owner_id",
}  # fmt: skip
