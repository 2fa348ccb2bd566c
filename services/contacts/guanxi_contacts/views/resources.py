"""The allow-list of saved views."""

from typing import Final

from guanxi_contacts import models
from guanxi_shared.resources import Resource
from guanxi_shared.views.resource import views_resource

VIEWS: Final[Resource] = views_resource("contacts", models.Account.metadata)
