"""The kinds of facts: which events tell of them, what they say, and the table that keeps them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Table

from guanxi_analytics.facts.activity_rules import activity_of
from guanxi_analytics.facts.campaign_rules import campaign_of, member_of
from guanxi_analytics.facts.complaint_rules import action_of, cause_of, round_of
from guanxi_analytics.facts.contract_rules import contract_of
from guanxi_analytics.facts.invoice_rules import invoice_of
from guanxi_analytics.facts.product_rules import product_of
from guanxi_analytics.facts.quota_rules import quota_of
from guanxi_analytics.facts.record_rules import account_of, answer_of, deal_of, ticket_of
from guanxi_analytics.facts.sale_rules import bought_of
from guanxi_analytics.facts.segment_rules import membership_of, segment_of
from guanxi_analytics.facts.stock_rules import stock_of
from guanxi_analytics.facts.territory_rules import assignment_of, territory_of
from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_analytics.models import SaleFact
from guanxi_shared.statements import type_of

TABLES: Final = SaleFact.metadata.tables
OF_ROWS: Final = frozenset(
    {"organisation_id", "subject_id", "piece_id", "version", "recorded_at", "ended_at"}
)


@dataclass(frozen=True)
class Kind:
    """`noun` is the subject of its events (`pipeline.order.*`); `pieces` what a state says, of an order but its
    returns, which its state does not tell."""

    source: str
    noun: str
    table: Table
    pieces: Callable[[Mapping[str, Any]], Pieces]

    @cached_property
    def said(self) -> tuple[str, ...]:
        """The columns of what a piece says."""
        return tuple(column.name for column in self.table.columns if column.name not in OF_ROWS)

    @cached_property
    def present_sql(self) -> str:
        return (
            f"SELECT subject_id, piece_id, {', '.join(self.said)} FROM {self.table.name}"
            " WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND ended_at IS NULL"
        )

    @cached_property
    def end_sql(self) -> str:
        return (
            f"UPDATE {self.table.name} AS f SET ended_at = e.at"
            " FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS e (subject_id, piece_id, at)"
            " WHERE f.organisation_id = $1 AND f.subject_id = e.subject_id AND f.piece_id = e.piece_id"
            " AND f.ended_at IS NULL"
        )

    @cached_property
    def written(self) -> tuple[str, ...]:
        return ("subject_id", "piece_id", "version", "recorded_at", "ended_at", *self.said)

    @cached_property
    def begin_sql(self) -> str:
        """A list for each column."""
        columns = self.table.columns
        lists = ", ".join(
            f"${n}::{type_of(columns[name])}[]" for n, name in enumerate(self.written, 2)
        )
        names = ", ".join(self.written)
        return (
            f"INSERT INTO {self.table.name} (organisation_id, {names})"
            f" SELECT $1, {names} FROM unnest({lists}) AS r ({names})"
        )


SALES: Final = Kind("pipeline", "order", TABLES["sale_facts"], bought_of)
DEALS: Final = Kind("pipeline", "opportunity", TABLES["deal_facts"], deal_of)
TICKETS: Final = Kind("tickets", "ticket", TABLES["ticket_facts"], ticket_of)
ACCOUNTS: Final = Kind("contacts", "account", TABLES["account_facts"], account_of)
ANSWERS: Final = Kind("tickets", "survey", TABLES["answer_facts"], answer_of)
CAMPAIGNS: Final = Kind("contacts", "campaign", TABLES["campaign_facts"], campaign_of)
MEMBERS: Final = Kind("contacts", "campaign_member", TABLES["campaign_member_facts"], member_of)
CONTRACTS: Final = Kind("tickets", "entitlement", TABLES["contract_facts"], contract_of)
ACTIVITIES: Final = Kind("contacts", "activity", TABLES["activity_facts"], activity_of)
QUOTAS: Final = Kind("pipeline", "quota", TABLES["quota_facts"], quota_of)
STOCK: Final = Kind("pipeline", "stock_report", TABLES["stock_facts"], stock_of)
ROUNDS: Final = Kind("tickets", "loop", TABLES["complaint_facts"], round_of)
ACTIONS: Final = Kind("tickets", "corrective_action", TABLES["corrective_action_facts"], action_of)
CAUSES: Final = Kind("tickets", "root_cause", TABLES["root_cause_facts"], cause_of)
PRODUCTS: Final = Kind("pipeline", "product", TABLES["product_facts"], product_of)
INVOICES: Final = Kind("pipeline", "invoice", TABLES["invoice_facts"], invoice_of)
SEGMENTS: Final = Kind("contacts", "segment", TABLES["segment_facts"], segment_of)
MEMBERSHIPS: Final = Kind(
    "contacts", "segment_member", TABLES["segment_member_facts"], membership_of
)
TERRITORIES: Final = Kind("pipeline", "territory", TABLES["territory_facts"], territory_of)
ASSIGNMENTS: Final = Kind(
    "pipeline", "territory_account", TABLES["territory_account_facts"], assignment_of
)
KINDS: Final = (
    SALES, DEALS, TICKETS, ANSWERS, ACCOUNTS, CAMPAIGNS, MEMBERS, CONTRACTS, ACTIVITIES, QUOTAS, STOCK, ROUNDS,
    ACTIONS, CAUSES, PRODUCTS, INVOICES, SEGMENTS, MEMBERSHIPS, TERRITORIES, ASSIGNMENTS,
)  # fmt: skip


def kinds_of(source: str) -> dict[str, Kind]:
    """Of a source, by the noun of their events."""
    return {kind.noun: kind for kind in KINDS if kind.source == source}
