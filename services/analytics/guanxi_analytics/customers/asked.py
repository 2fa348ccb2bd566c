"""What a customer's page is asked with: the guesses that its rules take."""

from decimal import Decimal
from typing import Final

from guanxi_analytics.churn.asked import number_of
from guanxi_analytics.customers.action_rules import Guesses
from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call

PARAMETERS: Final = [
    documents.query_parameter("k", "number", "Silent is who did not buy for more than k usual intervals; 3 if absent."),
    documents.query_parameter("chance", "number", "That winning back works: a guess of yours, 0.1 if absent."),
    documents.query_parameter("cost", "number", "Of winning them back, in the currency they buy in; 0 if absent."),
    documents.query_parameter("within", "integer", "A renewal is seen to so many days before the end; 90 if absent.", minimum=0, maximum=3660),
    documents.query_parameter("term_value", "number", "What a term of a contract brings, in the currency they buy in; unknown if absent."),
]  # fmt: skip


def guesses_of(call: Call) -> Guesses:
    sent = parameters.parameters_of(call, [each["name"] for each in PARAMETERS])
    for name in ("cost", "term_value", "chance", "k"):
        number_of(sent, name, 1, least=BOUNDS[name][0], most=BOUNDS[name][1])
    return Guesses(
        float(sent.get("k", 3)), float(sent.get("chance", "0.1")), Decimal(sent.get("cost", "0")),
        int(number_of(sent, "within", 90, least=0, most=3660, is_whole=True)),
        Decimal(sent["term_value"]) if "term_value" in sent else None,
    )  # fmt: skip


BOUNDS: Final = {"k": (1, 100), "chance": (0.0001, 1), "cost": (0, 1e12), "term_value": (0, 1e12)}
