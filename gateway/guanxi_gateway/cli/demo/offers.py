"""Quotes for the deals that are far enough: some still drafts, most sent, a few with too large a discount."""

from collections.abc import Iterator, Sequence
from random import Random

from guanxi_gateway.cli.demo.catalogue import ITEMS, product_id
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.deals import offered_stages
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted

OFFERS_SHARE, SENT_SHARE = 0.8, 0.75
LINES = {2: 3.0, 3: 4.0, 5: 2.0}
DISCOUNTS = {0: 6.0, 3: 3.0, 8: 2.0, 15: 1.0}


def make_quotes(seed: int, deals: Sequence[Record]) -> list[Record]:
    """Quotes as `POST /v1/quotes` takes them; account and name are the deal's."""
    dice, stages = stream(seed, "quote"), offered_stages(seed)
    chosen = [d for d in deals if d["stage_id"] in stages and dice.random() < OFFERS_SHARE]
    return [
        {
            "id": str(demo_id(seed, "quote", number)), "opportunity_id": deal["id"],
            "currency": deal["amount"]["currency"], "owner_id": deal["owner_id"],
            "lines": list(_lines(dice, seed)), "update_opportunity": True,
        }
        for number, deal in enumerate(chosen)
    ]  # fmt: skip


def _lines(dice: Random, seed: int) -> Iterator[Record]:
    for number in dice.sample(range(len(ITEMS)), weighted(dice, LINES)):
        most = max(2, round(8_000 / ITEMS[number].dollars))
        yield {
            "product_id": product_id(seed, number), "quantity": dice.randint(1, most),
            "discount": weighted(dice, DISCOUNTS),
        }  # fmt: skip


def sent(seed: int, quotes: Sequence[Record]) -> list[str]:
    """The ids of those that the customer has."""
    dice = stream(seed, "quote sent")
    return [quote["id"] for quote in quotes if dice.random() < SENT_SHARE]
