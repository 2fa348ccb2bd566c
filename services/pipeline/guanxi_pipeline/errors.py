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


class RateMissing(Invalid):
    code, title = "rate_missing", "There is no exchange rate for this day"


class RateDayTaken(Conflict):
    code, title = "rate_day_taken", "This pair has a rate for this day already"


class OrderStatus(Conflict):
    code, title = "order_status", "The order's status does not allow this"


class OrderIncomplete(Invalid):
    code, title = "order_incomplete", "The order lacks something to be placed"


class NumberTaken(Conflict):
    code, title = "number_taken", "Another order has this number"


class TooMuch(Invalid):
    code, title = "too_much", "More than there is"


class StockDifference(Invalid):
    code, title = "stock_difference", "The stock does not come out"


class StockMonthTaken(Conflict):
    code, title = "stock_month_taken", "This month was reported already"
