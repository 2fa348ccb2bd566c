"""Orders are found by text: a row of words each, those that are there included."""

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from guanxi_pipeline.orders.found_rules import found_by
from guanxi_shared.migrations import create_search_table
from guanxi_shared.schema import COPIED

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

WORDS = ("search_text", "search_grams", "search_digits", "match_keys")  # as they were then
AT_ONCE = 2_000
READ = ("orders", "order_lines", "known_accounts")
SELECT = """
SELECT o.organisation_id, o.id, o.number, o.external_id, o.source, o.description, o.tags, k.name AS account_name,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'name', l.name) ORDER BY l.position), '[]')
   FROM order_lines l WHERE l.organisation_id = o.organisation_id AND l.order_id = o.id)::text AS lines
FROM orders o LEFT JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE (o.organisation_id, o.id) > (CAST(:organisation AS uuid), CAST(:id AS uuid))
ORDER BY o.organisation_id, o.id LIMIT :most
"""
INSERT = f"""
INSERT INTO orders_search (organisation_id, id, {", ".join((*COPIED, *WORDS))})
SELECT o.organisation_id, o.id, {", ".join(f"o.{name}" for name in COPIED)}, {", ".join(f"s.{name}" for name in WORDS)}
FROM jsonb_to_recordset(CAST(CAST(:rows AS text) AS jsonb)) AS s (organisation_id uuid, id uuid, search_text text,
  search_grams text[], search_digits text, match_keys text[])
JOIN orders o ON o.organisation_id = s.organisation_id AND o.id = s.id
"""


def upgrade() -> None:
    create_search_table("orders")
    _enter_words()


def _enter_words() -> None:
    """Of the orders that are there, some at a time. The owner of the tables is held by the policies too,
    and an organisation is none it could name: they rest meanwhile."""
    connection = op.get_bind()
    tables = (*READ, "orders_search")
    for each in tables:
        op.execute(f"ALTER TABLE {each} NO FORCE ROW LEVEL SECURITY")
    at = {"organisation": "0" * 32, "id": "0" * 32}
    while rows := connection.execute(sa.text(SELECT), {**at, "most": AT_ONCE}).mappings().all():
        found = [_words(row) for row in rows]
        connection.execute(sa.text(INSERT), {"rows": orjson.dumps(found).decode()})
        at = {"organisation": found[-1]["organisation_id"], "id": found[-1]["id"]}
    for each in tables:
        op.execute(f"ALTER TABLE {each} FORCE ROW LEVEL SECURITY")


def _words(row: Any) -> dict[str, Any]:
    order = {**row, "lines": orjson.loads(row["lines"])}
    ids = {name: str(row[name]) for name in ("organisation_id", "id")}
    return ids | found_by(order, account_name=row["account_name"])


def downgrade() -> None:
    op.drop_table("orders_search")
