"""Letters by SMTP, to a small server that speaks it, and to a folder."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from guanxi_shared.mail import (
    Attached,
    FolderMail,
    Letter,
    NotDelivered,
    SmtpMail,
    as_message,
    forget_letters,
    make_mail,
)

LETTER = Letter(
    "ann@acme.example", "谢谢\nThanks", "Open https://x.example/secret-token\n", "letter-1"
)
Answer = Callable[[str], str]


@asynccontextmanager
async def smtp_server(answer: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """Its URL, and the letters that it took. `answer` is what it says to each command that is not a letter's."""
    taken: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode():
            said = answer(line.strip())
            writer.write(f"{said}\r\n".encode())
            if said.startswith("354"):
                body = (await reader.readuntil(b"\r\n.\r\n")).decode()
                taken.append(body)
                writer.write(b"250 taken\r\n")
            if line.upper().startswith("QUIT"):
                break  # without a word more: the letter was taken
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"smtp://127.0.0.1:{port}", taken


def friendly(line: str) -> str:
    return "354 go on" if line.upper() == "DATA" else "250 ok"


def refusing(code: int) -> Answer:
    def answer(line: str) -> str:
        return f"{code} no {line}" if line.upper().startswith("RCPT") else friendly(line)

    return answer


async def test_a_letter_is_handed_to_the_server_with_an_id_of_its_own() -> None:
    async with smtp_server(friendly) as (url, taken):
        await SmtpMail(url, "Acme <no-reply@acme.example>").send(LETTER)
    [body] = taken
    assert "Message-ID: <letter-1@acme.example>" in body
    assert "To: ann@acme.example" in body
    assert "secret-token" in body


@pytest.mark.parametrize(("code", "is_final"), [(550, True), (451, False)])
async def test_who_is_refused_for_good_is_told_from_who_is_for_now(
    code: int, is_final: bool
) -> None:
    async with smtp_server(refusing(code)) as (url, taken):
        with pytest.raises(NotDelivered) as caught:
            await SmtpMail(url, "x@x.example").send(LETTER)
    assert caught.value.is_final is is_final
    assert "ann@" not in str(caught.value)
    assert taken == []


async def test_a_server_that_is_away_is_asked_again() -> None:
    with pytest.raises(NotDelivered) as caught:
        await SmtpMail("smtp://127.0.0.1:1", "x@x.example").send(LETTER)
    assert not caught.value.is_final


async def test_without_a_server_letters_are_files_and_no_log_has_their_link(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    mail = make_mail(None, tmp_path, "x@x.example")
    assert isinstance(mail, FolderMail)
    for _ in range(2):
        await mail.send(LETTER)
    assert _names(tmp_path) == ["letter-1.eml"]
    written = capsys.readouterr()
    for told in (caplog.text, written.out, written.err):
        assert "secret-token" not in told


async def test_a_folder_that_cannot_be_written_to_is_no_delivery(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered):
        await FolderMail(Path("/proc/nowhere"), "x@x.example").send(LETTER)


def test_another_url_is_refused() -> None:
    with pytest.raises(ValueError, match="smtp"):
        SmtpMail("http://x.example", "x@x.example")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_letters_of_more_than_a_month_ago_are_forgotten(tmp_path: Path) -> None:
    for name, days in (("old", 31), ("young", 29)):
        path = tmp_path / f"{name}.eml"
        path.write_text("x")
        then = time.time() - days * 86_400
        os.utime(path, (then, then))
    forget_letters(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["young.eml"]
    forget_letters(tmp_path / "nowhere")


def test_what_is_attached_comes_with_its_name_and_kind() -> None:
    letter = Letter(
        "ada@example.com",
        "Sales",
        "See the file.",
        attached=(Attached("报告.csv", "text/csv", b"a,b"),),
    )
    message = as_message(letter, "Guanxi <no-reply@localhost>")
    [part] = message.iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("报告.csv", "text/csv")
    assert part.get_payload(decode=True) == b"a,b"
