"""Articles as tests write them."""

from typing import Any

import httpx

ARTICLES = "/v1/articles"


async def written(user: httpx.AsyncClient, title: str = "重置密码", **sent: Any) -> dict[str, Any]:
    body = {"title": title, "body": "Open the sign-in page.", "language": "en", **sent}
    answer = await user.post(ARTICLES, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(user: httpx.AsyncClient, article: dict[str, Any], verb: str) -> dict[str, Any]:
    """`verb` of the paths: submit, publish, archive…"""
    body = {"json": {}} if verb == "publish" else {}
    answer = await user.post(f"{ARTICLES}/{article['id']}/{verb}", **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def published(
    user: httpx.AsyncClient, title: str = "重置密码", **sent: Any
) -> dict[str, Any]:
    return await told(user, await written(user, title, **sent), "publish")


async def ids_of(user: httpx.AsyncClient, query: str) -> list[str]:
    answer = await user.get(f"{ARTICLES}?{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]
