"""What is answered as JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg.pgproto.pgproto
import pytest

from guanxi_shared.json_answers import json_bytes, json_response

ID = "01a229b0-d688-720a-8476-98f74abd030b"


@pytest.mark.parametrize("kind", [UUID, asyncpg.pgproto.pgproto.UUID])
def test_an_id_is_text_whoever_made_it(kind: type[UUID]) -> None:
    assert json_bytes({"ids": [kind(ID)]}) == f'{{"ids":["{ID}"]}}'.encode()


def test_a_moment_is_told_in_utc() -> None:
    answer = json_response({"at": datetime(2026, 11, 29, 1, tzinfo=UTC)}, status=201)
    assert (answer.status_code, answer.body) == (201, b'{"at":"2026-11-29T01:00:00Z"}')
    assert answer.headers["content-type"] == "application/json"


def test_what_nobody_meant_to_send_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        json_bytes({"amount": Decimal("1.00")})
