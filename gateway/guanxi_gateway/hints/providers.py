"""Who carries a hint to a device. A hint says that there is something to pull and never what."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from guanxi_shared import logs


@dataclass(frozen=True, slots=True)
class Hint:
    """All that leaves: where to. There is no field for a content."""

    organisation_id: UUID
    device_id: UUID
    platform: str
    push_token: str


class Provider(Protocol):
    """APNs, FCM or whoever: sends to all of them, and gives those whose token is good for nothing any more. It may
    raise OSError or TimeoutError: hints then come again later."""

    async def send(self, hints: Sequence[Hint]) -> Sequence[Hint]: ...


class LogProvider:
    """Writes that a hint would have gone out; of the token a digest, which opens nothing."""

    async def send(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        for hint in hints:
            digest = hashlib.sha256(hint.push_token.encode()).hexdigest()[:12]
            _log.info(
                "push hint", device=str(hint.device_id), platform=hint.platform, digest=digest
            )
        return ()


PROVIDERS: Final[dict[str, type[LogProvider]]] = {"log": LogProvider}
_log = logs.logger("hints")
