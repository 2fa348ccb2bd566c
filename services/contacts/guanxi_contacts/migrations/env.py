from guanxi_contacts import models
from guanxi_shared.migrations import run

run("guanxi_contacts", models.Account.metadata)
