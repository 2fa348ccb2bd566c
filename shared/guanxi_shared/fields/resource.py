"""The allow-list of definitions, over the table that every service has."""

from dataclasses import replace

from sqlalchemy import MetaData

from guanxi_shared import resources as r
from guanxi_shared.fields.schemas import FieldDefinitionRead
from guanxi_shared.resources import Resource, fields_of


def fields_resource(service: str, metadata: MetaData) -> Resource:
    table = metadata.tables["custom_fields"]
    fields = fields_of(table)
    return Resource(
        name="fields",
        noun="field",
        service=service,
        table=table,
        fields=fields | {"label": replace(fields["label"], kind=r.OBJECT)},
        is_owned=False,
        model=FieldDefinitionRead,
    )
