"""How far a reader has come: `epoch:position`. A restore begins a new epoch."""

from dataclasses import dataclass
from uuid import UUID

from guanxi_shared.errors import Malformed, Problem


class Gone(Problem):
    status, code, title = 410, "feed_restarted", "The feed was restored from a backup"


@dataclass(frozen=True, slots=True)
class Cursor:
    epoch: UUID | None
    position: int

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        if not text:
            return cls(None, 0)
        epoch, _, position = text.rpartition(":")
        epoch = epoch.rpartition(":")[2]  # a snapshot's cursor begins with its service's name
        try:
            return cls(UUID(epoch), _position(position))
        except ValueError as error:
            raise Malformed(
                "The cursor is not one of this feed.",
                errors={"after": "Use the cursor of the answer before, or none to start."},
                code="bad_cursor",
            ) from error

    def __str__(self) -> str:
        return f"{self.epoch.hex if self.epoch else ''}:{self.position}"


def _position(text: str) -> int:
    position = int(text)
    if not 0 <= position < 2**62:
        raise ValueError(text)
    return position
