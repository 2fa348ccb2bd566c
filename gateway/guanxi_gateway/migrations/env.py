from guanxi_gateway import models
from guanxi_shared.migrations import run

run("guanxi_gateway", models.User.metadata)
