"""Every table of this schema that may hold something of a person: where, and how it is erased. The one
list; a test walks the schema and fails for a table or a column that is in neither of the two lists below.
The steps run in this order, inside one transaction: it is that in which others take their locks."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.privacy import erasing_deals as deals
from guanxi_pipeline.privacy import erasing_leads as leads
from guanxi_shared.erasing import traces
from guanxi_shared.erasing.places import ALL, Place

PLACES: Final = (
    Place(
        "lead_conversions",
        ("asked", "new_account", "new_contact", "new_opportunity", "new_consents", "problem"),
        "what was asked and sent is emptied; one under way is taken back",
        leads.erase_conversions, plain=("status", "rights"),
    ),
    Place("leads", ALL, "the row becomes a tombstone", leads.erase_leads),
    Place("leads_search", ALL, "the words go with the row"),
    Place(
        "quotes",
        ("name", "terms", "description", "decision", "external_id", "tags", "custom", "as_shown"),
        "who answered an offer to them is blanked, and texts that name them", deals.erase_quotes,
        plain=(
            "number", "status", "currency", "price_mode", "net_amount", "net_currency", "total_amount",
            "total_currency", "discount_percent", "discount", "totals", "valid_until", "language",
            "lines", "approvals",
        ),
    ),
    Place("quotes_search", ALL, "the words follow the name"),
    Place(
        "orders",
        ("description", "cancel_reason", "source", "external_id", "tags", "custom", "as_shown"),
        "texts that name them are blanked", deals.erase_orders,
        plain=(
            "number", "status", "currency", "ordered_on", "subtotal_amount", "tax_amount",
            "shipping_amount", "total_amount", "cost_amount", "costed_amount", "margin_amount",
            "refunded_amount",
        ),
    ),
    Place(
        "order_returns", ("reason", "note"), "texts that name them are blanked", None,
        plain=("returned_on", "refund"),
    ),
    Place(
        "opportunities",
        (
            "name", "description", "next_step", "reason_note", "competitors", "source", "external_id",
            "tags", "custom", "as_shown",
        ),
        "texts that name them are blanked", deals.erase_deals,
        plain=(
            "status", "contacts", "amount_amount", "amount_currency", "amount_source", "lines",
            "probability", "probability_source", "opened_on", "close_on", "first_close_on",
            "forecast_category", "reason", "next_step_on", "splits", "confirmed", "rank",
        ),
    ),
    Place("opportunities_search", ALL, "the words follow the names"),
    Place("known_contacts", ("name", "title"), "blanked as contacts tells it"),
    Place(
        "known_accounts", ("name", "name_key", "external_id", "industry", "region", "grade"),
        "blanked as contacts tells it",
    ),
    Place(
        "events", ("before", "after"),
        "payloads of every event of a lead become the tombstone; of deals, quotes and orders the values"
        " that were blanked", None,
        plain=("type", "subject_type", "actor_kind", "channel", "changed", "request_id", "trace_id"),
    ),
    Place(
        "imports", ("file_name", "sha256", "source", "suggestion", "preview", "options"),
        "those whose preview names them lose what they show of it", traces.erase_imports,
        plain=("resource",),
    ),
    Place(
        "import_rows", ("cells", "reasons", "reference"), "rows that name them are deleted", None,
        plain=("status",),
    ),
    Place(
        "jobs", ("params", "checkpoint", "result", "message"),
        "payloads that name them are emptied; such a job does not run any more", traces.erase_jobs,
        plain=("kind", "status"),
    ),
    Place(
        "idempotency", ("body", "key"),
        "stored answers that name them become a 410; the fingerprint goes within 24 hours",
        traces.erase_answers, plain=("headers", "fingerprint"),
    ),
    Place(
        "erasures", (), "gains the tombstone: whose id, when, by whom, why",
        plain=("subject_type", "reason", "request_reference", "counts"),
    ),
)  # fmt: skip

# Tables that hold nothing of a customer's people, and why.
NOBODYS: Final[Mapping[str, str]] = {
    "alembic_version": "a number",
    "approval_rules": "rules of the organisation's own",
    "custom_fields": "definitions; the values are in the records",
    "directory_shares": "ids",
    "directory_state": "the organisation itself",
    "directory_teams": "teams of the organisation",
    "directory_users": "the organisation's own people, copied from the gateway, which erases them",
    "exchange_rates": "rates",
    "feed_cursors": "positions",
    "feed_head": "a position",
    "forecast_calls": "what the organisation's own people say they will win",
    "forecast_days": "days",
    "forecast_figures": "sums",
    "lead_assignment_rules": "filters of the organisation's own; docs/privacy.md says to look through them",
    "lead_assignment_turns": "ids of the organisation's own people",
    "lead_form_counts": "counts",
    "lead_form_hits": "from where a form was sent, without whose lead it made; a day",
    "lead_forms": "forms of the organisation's own",
    "lead_scorecards": "filters of the organisation's own; docs/privacy.md says to look through them",
    "lead_settings": "settings",
    "merge_follows": "ids, and the roles of people in deals",
    "order_lines": "what was sold",
    "order_numbers": "a number",
    "order_return_lines": "what came back",
    "pgqueuer": "two ids of a job",
    "pgqueuer_log": "ids and states of queue entries; a week",
    "pgqueuer_schedules": "names of duties",
    "pgqueuer_statistics": "counts",
    "pipelines": "sales processes of the organisation",
    "price_book_entries": "prices",
    "price_books": "prices, and ids of those who get them",
    "products": "what is sold",
    "products_search": "the words of products",
    "quotas": "what the organisation's own people are to win",
    "quote_numbers": "a number",
    "stages": "stages of sales processes",
    "stock_reports": "counts of products at an account, with notes about them",
    "tax_classes": "rates",
    "views": "filters of the organisation's own; docs/privacy.md says to look through them",
    "win_models": "coefficients and counts",
}
