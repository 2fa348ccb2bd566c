"""Letters by mail: by SMTP when a server is set, else to a folder and a line in the log."""

import asyncio
import smtplib
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from guanxi_shared import logs
from guanxi_shared.identifiers import new_id

SECONDS = 20
KEPT = 200
KEPT_SECONDS = 30 * 86_400.0  # as long as files of imports and exports


@dataclass(frozen=True, slots=True)
class Attached:
    name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """`name` is the same whenever the same letter is sent again: mail programs show one of several with the
    same Message-ID, and the folder keeps one."""

    to: str
    subject: str
    text: str
    name: str | None = None
    attached: tuple[Attached, ...] = ()


class NotDelivered(Exception):
    """`is_final`: it would not be taken tomorrow either, the address being none."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


class Mail(Protocol):
    async def send(self, letter: Letter) -> None:
        """NotDelivered where it was not taken."""


class FolderMail:
    """Logs that there was a letter, and keeps the letter itself as a file only we can read: its
    link is for whom it is addressed to, so it belongs into no log."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        try:
            path = await asyncio.to_thread(self._keep, letter)
        except OSError as error:
            raise NotDelivered(repr(error), is_final=False) from error
        _log.info("mail kept: no SMTP server is set", file=str(path))

    def _keep(self, letter: Letter) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{letter.name or new_id()}.eml"
        unfinished = self._folder / f".{new_id()}.part"
        unfinished.touch(mode=0o600, exist_ok=False)
        unfinished.write_bytes(bytes(as_message(letter, self._sender)))
        unfinished.replace(path)
        forget_letters(self._folder)
        return path


def forget_letters(folder: Path) -> None:
    """All but the newest, and those of more than a month ago. Runs in a thread."""
    letters, before = sorted(folder.glob("*.eml")), time.time() - KEPT_SECONDS
    for place, path in enumerate(reversed(letters)):
        with suppress(FileNotFoundError):  # another worker did
            if place >= KEPT or path.stat().st_mtime < before:
                path.unlink()


def remove_letters(folder: Path, names: Iterable[str]) -> None:
    """Those of somebody who is erased. Removing what is gone already does no harm."""
    for name in names:
        (folder / f"{Path(name).name}.eml").unlink(missing_ok=True)


class SmtpMail:
    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("The SMTP URL must be smtp://… or smtps://…")
        self._parts = parts
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        try:
            await asyncio.to_thread(self._deliver, as_message(letter, self._sender))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _refused(error, is_final=all(code >= 500 for code in codes)) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error, is_final=error.smtp_code >= 500) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _refused(error, is_final=False) from error

    def _deliver(self, message: EmailMessage) -> None:
        host, port = str(self._parts.hostname), self._parts.port
        if self._parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=SECONDS)
        else:
            server = smtplib.SMTP(host, port or 587, timeout=SECONDS)
        try:
            if self._parts.username:
                if self._parts.scheme == "smtp":
                    server.starttls()
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(message)
        except BaseException:
            server.close()
            raise
        with suppress(OSError, smtplib.SMTPException):  # it was taken, however we part
            server.quit()


def _refused(error: Exception, *, is_final: bool) -> NotDelivered:
    """Without what the server said: it repeats the address."""
    return NotDelivered(type(error).__name__, is_final=is_final)


def make_mail(url: str | None, folder: Path, sender: str) -> Mail:
    return SmtpMail(url, sender) if url else FolderMail(folder, sender)


def as_message(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = " ".join(letter.subject.split())
    if letter.name is not None:
        domain = sender.rpartition("@")[2].strip("> ") or "localhost"
        message["Message-ID"] = f"<{letter.name}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    for each in letter.attached:
        kind, _, part = each.content_type.partition("/")
        message.add_attachment(each.body, maintype=kind, subtype=part, filename=each.name)
    return message


_log = logs.logger("mail")
