"""Headers of a mail, written out here: what a user wrote in one is that user's text and nothing else.

The library reads its own headers anew as it writes them. Line breaks that are encoded in one become
real ones there (CVE-2024-6923), and names lose the quotes around them.
"""

import unicodedata
from email.header import Header
from email.policy import Policy
from email.utils import quote

from brimful.settings import MAIL_ADDRESS

LINE_MAX = 78


class Written(str):
    """A header's value as it goes over the wire, in ASCII. The library takes what has a name and a
    ``fold`` as it is."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        """The header's lines, broken between words."""
        first, *words = self.split(" ")
        lines = [f"{self.name}: {first}"]
        for word in words:
            if len(lines[-1]) + 1 + len(word) > LINE_MAX:
                lines.append("")
            lines[-1] += f" {word}"
        return policy.linesep.join(lines) + policy.linesep


def text_header(name: str, text: str) -> Written:
    """A header of words, such as Subject."""
    return _written(name, _in_ascii(name, one_line(text)))


def sender_header(display_name: str, address: str) -> Written:
    """From: an address of ours under a name that a user chose."""
    plain = one_line(display_name)
    shown = f'"{quote(plain)}"' if plain.isascii() else _in_ascii("From", plain)
    return _written("From", f"{shown} <{address}>")


def recipient_header(address: str) -> Written:
    """To: one address. Raises ValueError for what is none, or more than one."""
    if not MAIL_ADDRESS.fullmatch(address):
        raise ValueError("not a mail address")
    return _written("To", address)


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, in which nothing reads as encoded."""
    plain = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    return " ".join(plain.split()).replace("=?", "= ?")


def _in_ascii(name: str, text: str) -> str:
    """The text, or as encoded words of which each has its place on a line."""
    if text.isascii():
        return text
    encoded = Header(text, "utf-8", header_name=name).encode()
    return " ".join(encoded.split())


def _written(name: str, value: str) -> Written:
    written = Written(value)
    written.name = name
    return written
