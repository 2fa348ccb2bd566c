"""Custom fields over HTTP."""

from guanxi_contacts.fields.schemas import FieldDefinitionCreate
from guanxi_contacts.resources import FIELDS
from guanxi_shared.fields.routes import fields_router

router = fields_router(FIELDS, FieldDefinitionCreate)
