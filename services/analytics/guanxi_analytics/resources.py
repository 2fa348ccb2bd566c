"""What the log of analytics holds: nothing yet, its facts are other services' records."""

from typing import Final

from guanxi_shared.resources import Resource

LOGGED: Final[tuple[Resource, ...]] = ()
