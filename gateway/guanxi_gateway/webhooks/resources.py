"""The allow-lists of webhooks and of their deliveries."""

from dataclasses import replace
from typing import Final

from guanxi_gateway.models import Webhook
from guanxi_gateway.webhooks.schemas import DeliveryRead, WebhookRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, column_field, fields_of

TABLE: Final = Webhook.metadata.tables["webhooks"]
_FIELDS = fields_of(TABLE, hidden=("sealed_secret", "sealed_previous", "sealed_headers"))
WEBHOOKS: Resource = Resource(
    name="webhooks",
    noun="webhook",
    service="gateway",
    table=TABLE,
    fields=_FIELDS | {"filter": replace(_FIELDS["filter"], kind=r.OBJECT)},
    default_sort="-created_at",
    model=WebhookRead,
)
_DELIVERIES = Webhook.metadata.tables["webhook_deliveries"]
# Seen by whoever sees their webhook, which their routes demand first.
DELIVERIES: Resource = Resource(
    name="webhook-deliveries",
    noun="webhook_delivery",
    service="gateway",
    table=_DELIVERIES,
    fields={name: column_field(_DELIVERIES, name) for name in DeliveryRead.model_fields},
    default_sort="-created_at",
    is_owned=False,
    model=DeliveryRead,
    permitted_as="webhooks",
)
