"""The contacts service, put together."""

from guanxi_contacts.accounts.routes import router as accounts
from guanxi_contacts.consents.routes import router as consents
from guanxi_contacts.db import METADATA
from guanxi_contacts.exports.routes import router as exports
from guanxi_contacts.fields.routes import router as fields
from guanxi_contacts.files.routes import router as files
from guanxi_contacts.imports.routes import router as imports
from guanxi_contacts.people.routes import router as people
from guanxi_contacts.privacy.routes import router as privacy
from guanxi_contacts.resources import LOGGED
from guanxi_contacts.search.routes import router as search
from guanxi_contacts.settings import settings
from guanxi_shared.app import create_app
from guanxi_shared.edge import Edge
from guanxi_shared.job_routes import jobs_router
from guanxi_shared.settings import common


def create() -> Edge:
    return create_app(
        name="contacts",
        title="Guanxi contacts",
        settings=settings(),
        common=common(),
        metadata=METADATA,
        resources=LOGGED,
        routers=[
            exports,
            imports,
            accounts,
            people,
            search,
            fields,
            files,
            consents,
            privacy,
            jobs_router(),
        ],
    )
