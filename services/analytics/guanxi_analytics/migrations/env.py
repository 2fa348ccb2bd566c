from guanxi_analytics import models
from guanxi_shared.migrations import run

run("guanxi_analytics", models.SaleFact.metadata)
