"""Custom fields over HTTP."""

from guanxi_shared.fields.routes import fields_router
from guanxi_tickets.fields.schemas import FieldDefinitionCreate
from guanxi_tickets.resources import FIELDS

router = fields_router(FIELDS, FieldDefinitionCreate)
