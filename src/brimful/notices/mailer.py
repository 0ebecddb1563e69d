"""Sending mail: by SMTP, or without a server into files of a folder."""

from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from brimful.db.transaction import assert_no_transaction
from brimful.notices.header import recipient_header, sender_header, text_header

TIMEOUT_S = 15


class Mailer(Protocol):
    """Delivers one message or raises OSError (a mail server's refusal included)."""

    async def send(self, message: EmailMessage, name: str) -> None:
        """Send a message; ``name`` identifies it, so that sending twice can be told."""
        ...


def write_message(
    *, sender: str, brand: str, recipient: str, title: str, body: str, name: str
) -> EmailMessage:
    """A message in a brand's name. Nothing that users wrote can make or change a header. Raises
    ValueError for a recipient that is no mail address."""
    message = EmailMessage()
    message["From"] = sender_header(brand, sender)
    message["To"] = recipient_header(recipient)
    message["Subject"] = text_header("Subject", title)
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(idstring=name, domain="brimful.invalid")
    message.set_content(body)
    return message


class FolderMailer:
    """Writes each message into a file of a folder, for whoever runs without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage, name: str) -> None:
        """Write the message, replacing an earlier copy of the same."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{name}.eml").write_bytes(bytes(message))


class SmtpMailer:
    """Sends by a mail server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port
        self._tls = parts.scheme == "smtps"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def send(self, message: EmailMessage, name: str) -> None:
        """Send the message; raises OSError when it was not taken."""
        assert_no_transaction()
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPException as refused:
            raise OSError(str(refused)) from refused
