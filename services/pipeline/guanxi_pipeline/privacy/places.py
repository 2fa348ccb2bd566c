"""Every table of this schema that may hold something of a person: where, and how it is erased. A test
walks the schema and fails for a table or a column that is neither in this list nor in that of nobodys.py.
The steps run in this order, inside one transaction: it is that in which others take their locks."""

from typing import Final

from guanxi_pipeline.privacy import erasing_deals as deals
from guanxi_pipeline.privacy import erasing_leads as leads
from guanxi_shared.erasing.house_places import OF_THE_HOUSE
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
        (
            "name", "terms", "description", "decision", "lines", "approvals", "external_id", "tags",
            "custom", "as_shown",
        ),
        "who answered an offer to them is blanked, and texts that name them", deals.erase_quotes,
        plain=(
            "number", "status", "currency", "price_mode", "net_amount", "net_currency", "total_amount",
            "total_currency", "discount_percent", "discount", "totals", "valid_until", "language",
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
    Place("orders_search", ALL, "the words follow the texts"),
    Place(
        "order_lines", ("name",), "texts that name them are blanked", None,
        plain=(
            "sku", "category", "quantity", "unit_price", "discount", "amount", "tax_rate", "tax", "cost",
            "fulfilled", "returned", "refunded",
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
            "tags", "custom", "lines", "as_shown",
        ),
        "texts that name them are blanked", deals.erase_deals,
        plain=(
            "status", "contacts", "amount_amount", "amount_currency", "amount_source",
            "probability", "probability_source", "opened_on", "close_on", "first_close_on",
            "forecast_category", "reason", "next_step_on", "splits", "confirmed", "rank",
        ),
    ),
    Place("opportunities_search", ALL, "the words follow the names"),
    Place(
        "stock_reports", ("adjustment_reason", "restatement_reason", "note", "external_id"),
        "texts that name them are blanked", deals.erase_stock_reports,
        plain=("sku", "product_key", "month", "opening", "bought", "sold", "adjusted", "closing"),
    ),
    Place(
        "invoices", ("void_reason", "reference", "notes", "external_id"),
        "texts that name them are blanked", deals.erase_invoices,
        plain=(
            "number", "status", "issued_on", "due_on", "currency", "amount", "paid", "outstanding",
            "paid_on",
        ),
    ),
    Place(
        "payments", ("reference", "notes", "external_id"), "texts that name them are blanked",
        deals.erase_payments, plain=("received_on", "currency", "amount", "method"),
    ),
    Place("known_contacts", ("name", "title", "known_by"), "blanked as contacts tells it"),
    Place(
        "known_accounts",
        ("name", "name_key", "external_id", "industry", "region", "grade", "country", "province", "city", "known_by"),
        "blanked as contacts tells it",
    ),
    Place(
        "events", ("before", "after"),
        "payloads of every event of a lead become the tombstone; of deals, quotes, orders, invoices and payments the values"
        " that were blanked", None,
        plain=("type", "subject_type", "actor_kind", "channel", "changed", "request_id", "trace_id"),
    ),
    *OF_THE_HOUSE,
)  # fmt: skip
