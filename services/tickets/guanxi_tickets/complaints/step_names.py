"""The six steps: listen to it, act on it, give resources, measure the result, coordinate with others,
sum up."""

from typing import Literal

StepName = Literal["listen", "act", "resources", "measure", "coordinate", "sum_up"]
