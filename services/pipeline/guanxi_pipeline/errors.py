"""The failures that selling has names for."""

from guanxi_shared.errors import Conflict, Invalid


class StageNotInPipeline(Invalid):
    code, title = "stage_not_in_pipeline", "The stage belongs to no such pipeline"


class StageRequirements(Invalid):
    code, title = "stage_requirements", "The stage asks for more before it is entered or left"


class ReasonRequired(Invalid):
    code, title = "reason_required", "Say why it was won or lost"


class ReopenRefused(Conflict):
    code, title = "reopen_refused", "What was closed in this pipeline stays closed"


class StageInUse(Conflict):
    code, title = "stage_in_use", "Opportunities stand in this stage"


class StageKindFixed(Invalid):
    code, title = "stage_kind_fixed", "The kind of a stage never changes"


class PipelineInUse(Conflict):
    code, title = "pipeline_in_use", "Opportunities stand in this pipeline"


class PipelineIncomplete(Invalid):
    code, title = "pipeline_incomplete", "A pipeline begins open and can be won and lost"


class NoPipeline(Conflict):
    code, title = "no_pipeline", "There is no pipeline to put this in"


class NeighbourGone(Conflict):
    code, title = "neighbour_gone", "The card beside it is not there any more"


class SharesIncomplete(Invalid):
    code, title = "shares_incomplete", "Shares must sum to 100"


class MixedCurrencies(Invalid):
    code, title = "mixed_currencies", "Amounts of several currencies do not make a sum"


class TooFewDeals(Invalid):
    code, title = "too_few_deals", "Too few closed deals to learn from"


class RateMissing(Invalid):
    code, title = "rate_missing", "There is no exchange rate for this day"


class LeadClosed(Conflict):
    code, title = "lead_closed", "The lead is converted or disqualified"


class LeadOpen(Conflict):
    code, title = "lead_open", "The lead is still open"


class ReasonUnknown(Invalid):
    code, title = "reason_unknown", "The reason is none of the organisation's list"


class AlreadyClaimed(Conflict):
    code, title = "already_claimed", "Somebody was quicker"


class ClaimLimit(Conflict):
    code, title = "claim_limit", "You hold as many claimed leads as one person may"


class NotOwned(Conflict):
    code, title = "not_owned", "Nobody owns this lead"


class NoRuleFits(Conflict):
    code, title = "no_rule_fits", "No assignment rule has somebody for this lead"


class BrokenFilter(Invalid):
    code, title = "broken_filter", "The filter means nothing here"


class ConversionUnderWay(Conflict):
    code, title = "conversion_under_way", "The lead is being converted"


class AlreadyConverted(Conflict):
    code, title = "already_converted", "The lead was converted otherwise"


class ConversionRefused(Invalid):
    code, title = "conversion_refused", "What the lead would become was refused"


class BundleCycle(Invalid):
    code, title = "bundle_cycle", "A bundle cannot hold itself"


class ParentCycle(Conflict):
    code, title = "parent_cycle", "A territory cannot stand below itself"


class TerritoryInUse(Conflict):
    code, title = (
        "territory_in_use",
        "Other territories are parts of this one, or it of one that is gone",
    )


class NoPrice(Invalid):
    code, title = "no_price", "There is no price for a line"


class DiscountTooLarge(Invalid):
    code, title = "discount_too_large", "The discount is larger than what it is taken from"


class QuoteState(Conflict):
    code, title = "quote_state", "The quote is not in a state that allows this"


class ApprovalRequired(Conflict):
    code, title = "approval_required", "Somebody must approve this first"


class AlreadyDecided(Conflict):
    code, title = "already_decided", "The offer was answered already"


class RateDayTaken(Conflict):
    code, title = "rate_day_taken", "This pair has a rate for this day already"


class OrderStatus(Conflict):
    code, title = "order_status", "The order's status does not allow this"


class InvoiceStatus(Conflict):
    code, title = "invoice_status", "The invoice's status does not allow this"


class InvoicePaid(Conflict):
    code, title = "invoice_paid", "Payments stand on this invoice"


class OrderIncomplete(Invalid):
    code, title = "order_incomplete", "The order lacks something to be placed"


class NumberTaken(Conflict):
    code, title = "number_taken", "Another record has this number"


class LineTaken(Conflict):
    code, title = "line_taken", "Another order has a line with this id"


class TooMuch(Invalid):
    code, title = "too_much", "More than there is"


class StockDifference(Invalid):
    code, title = "stock_difference", "The stock does not come out"


class StockMonthTaken(Conflict):
    code, title = "stock_month_taken", "This month was reported already"
