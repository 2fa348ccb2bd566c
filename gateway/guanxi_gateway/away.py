"""What chores live through: the server is away, or not itself; it passes."""

from typing import Final

import asyncpg

from guanxi_shared.db import AWAY
from guanxi_shared.errors import Unavailable

PASSING: Final = (*AWAY, asyncpg.PostgresError, TimeoutError, Unavailable, OSError)
