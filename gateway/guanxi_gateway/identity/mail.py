"""Mails of identity: whoever asks for one is never told whether it went."""

from guanxi_shared import logs
from guanxi_shared.mail import Letter, Mail, NotDelivered


class QuietMail:
    """Failing is logged, never told to whoever asked: it would say that the address exists."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    async def send(self, letter: Letter) -> None:
        try:
            await self._mail.send(letter)
        except NotDelivered as error:
            _log.error("mail not sent", subject=letter.subject, error=str(error))


_log = logs.logger("mail")
