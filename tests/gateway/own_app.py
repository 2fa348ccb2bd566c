"""The gateway's own routes on a plain application, with a house whose database is not asked."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI

from guanxi_shared.app import _answer_problems
from guanxi_shared.calls import House
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Database
from guanxi_shared.feed.feed import Feed
from guanxi_shared.settings import Common
from guanxi_shared.visibility import Directory
from tests.gateway.loopback import SECRET, settings, verifier

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def own_app(routers: Sequence[APIRouter]) -> FastAPI:
    database = Database(NOWHERE)
    app = FastAPI(redirect_slashes=False)
    app.state.house = House(
        name="gateway",
        settings=settings(),
        common=Common(service_secret=SECRET, data_dir=Path(".data")),
        db=database,
        directory=Directory(database),
        verifier=verifier(),
        feed=Feed(NOWHERE, schema="gateway"),
        custom_fields=CustomFields(database),
    )
    for router in routers:
        app.include_router(router)
    _answer_problems(app)
    return app
