"""The allow-list of pools."""

from dataclasses import replace
from typing import Final

from guanxi_contacts import models
from guanxi_contacts.pools.schemas import PoolRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

POOL: Final = models.Account.metadata.tables["pools"]
_fields = fields_of(POOL)
POOLS = Resource(
    name="pools",
    noun="pool",
    service="contacts",
    table=POOL,
    fields=_fields
    | {name: replace(_fields[name], kind=r.OBJECT) for name in ("entry_filter", "release_rules")},
    is_owned=False,
    model=PoolRead,
)
