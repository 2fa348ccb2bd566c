"""How these tests make activities."""

from typing import Any

from tests.factories import Clients, User

PATH = "/v1/activities"


async def created(client: Clients, user: User, **fields: Any) -> dict[str, Any]:
    answer = await client(user).post(PATH, json={"kind": "call", "subject": "电话", **fields})
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


async def an_account(client: Clients, user: User, name: str = "北京未来科技有限公司") -> str:
    answer = await client(user).post("/v1/accounts", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def a_person(client: Clients, user: User, name: str = "张三") -> str:
    answer = await client(user).post("/v1/contacts", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
