from guanxi_pipeline import models
from guanxi_shared.migrations import run

run("guanxi_pipeline", models.Opportunity.metadata)
