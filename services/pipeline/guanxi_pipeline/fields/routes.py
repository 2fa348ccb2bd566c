"""Custom fields over HTTP."""

from guanxi_pipeline.fields.schemas import FieldDefinitionCreate
from guanxi_pipeline.resources import FIELDS
from guanxi_shared.fields.routes import fields_router

router = fields_router(FIELDS, FieldDefinitionCreate)
