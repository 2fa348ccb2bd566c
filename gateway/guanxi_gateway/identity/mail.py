"""Mails of identity: by SMTP when a server is set, else to a folder and a line in the log."""

import asyncio
import os
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from guanxi_shared import logs
from guanxi_shared.identifiers import new_id

SECONDS = 20
KEPT = 200


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str


class Mail(Protocol):
    async def send(self, letter: Letter) -> None: ...


class FolderMail:
    """Logs that there was a letter, and keeps the letter itself as a file only we can read: its
    link signs in, so it belongs into no log."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        try:
            path = await asyncio.to_thread(self._keep, letter)
        except OSError as error:
            _log.error("mail not kept", subject=letter.subject, error=repr(error))
            return
        _log.info("mail kept: no SMTP server is set", subject=letter.subject, file=str(path))

    def _keep(self, letter: Letter) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{new_id()}.eml"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(bytes(as_message(letter, self._sender)))
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return path


class SmtpMail:
    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("GATEWAY_SMTP_URL must be smtp://… or smtps://…")
        self._parts = parts
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Failing is logged, never told to whoever asked: it would say that the address exists."""
        try:
            await asyncio.to_thread(self._deliver, as_message(letter, self._sender))
        except (OSError, smtplib.SMTPException) as error:
            _log.error("mail not sent", subject=letter.subject, error=repr(error))

    def _deliver(self, message: EmailMessage) -> None:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS)
        else:
            server = smtplib.SMTP(host, port or 587, timeout=SECONDS)
        with server:
            if self._parts.username:
                if self._parts.scheme == "smtp":
                    server.starttls()
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(message)


def as_message(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message.set_content(letter.text)
    return message


_log = logs.logger("mail")
