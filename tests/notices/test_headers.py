"""R42: whatever users call themselves, a mail has our headers, one sender, one recipient and our body."""

import base64
import email
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from aiosmtplib.email import extract_recipients, extract_sender, flatten_message
from hypothesis import example, given
from hypothesis import strategies as st

from brimful.notices.header import one_line
from brimful.notices.mailer import write_message

OURS = [
    "From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
]  # fmt: skip
BODY = "Your credits are back.\n"


def encoded(text: str) -> str:
    """A text as an encoded word."""
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


BREAKS_OUT = encoded("x\r\nBcc: evil@x.example\r\n\r\nPay to me")
PIECES = st.sampled_from([
    BREAKS_OUT, "=?utf-8?q?a=0D=0ABcc:_e@x.example?=", encoded("\n"), "=?", "?=", "\\", '"', '\\"', "\r\n",
    "\r\nBcc: evil@x.example", "\n\n", "\x00", "\x0b", "\x85", "\u2028", ",", ";", ":", "<", ">", "@", "(", ")",
    "<evil@x.example>", ", evil@x.example", "Zo\u00eb", "\U0001f600", " ", "x" * 70, "Smith & Co.",
])  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)


def written(*, brand: str = "Stellar", title: str = "Hello") -> EmailMessage:
    """A mail with what users wrote."""
    return write_message(
        sender="noreply@stellar.example",
        brand=brand,
        recipient="owner@client.example",
        title=title,
        body=BODY,
        name="n1",
    )


def shown(header: str) -> str:
    """What a reader sees of a header of words."""
    return str(make_header(decode_header(header)))


@given(HOSTILE, HOSTILE)
@example(BREAKS_OUT, BREAKS_OUT)
@example("\\", "\\")
@example("x, Zo\u00eb " + "y" * 80, "x")
def test_r42_what_users_wrote_stays_in_its_header(brand: str, title: str) -> None:
    """In a file and over the wire, by the library's old and new way of reading."""
    message = written(brand=brand, title=title)
    for raw in (bytes(message), flatten_message(message), flatten_message(message, utf8=True)):
        lines = raw.replace(b"\r\n", b"\n").decode("ascii").split("\n\n")[0].split("\n")
        assert all(line.isprintable() for line in lines)
        assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == OURS
        old = email.message_from_bytes(raw)
        new = email.message_from_bytes(raw, policy=policy.default)
        assert old.keys() == new.keys() == OURS
        assert str(old.get_payload()).replace("\r\n", "\n") == BODY
        [(name, address)] = getaddresses([old["From"].replace("\n", "").replace("\r", "")])
        assert address == "noreply@stellar.example"
        assert shown(name) == one_line(brand)
        assert [one.addr_spec for one in new["From"].addresses] == ["noreply@stellar.example"]
        assert shown(old["Subject"].replace("\n", "").replace("\r", "")) == one_line(title)
    assert extract_sender(message) == "noreply@stellar.example"
    assert extract_recipients(message) == ["owner@client.example"]


def test_r42_usual_names_are_shown_as_they_are() -> None:
    """Signs that mean something in a header, and letters beyond ASCII."""
    for brand in (
        "Smith, Jones & Co. (Ltd)",
        'The "Best" \\o/',
        "Zo\u00eb, Inc.",
        "\u682a\u5f0f\u4f1a\u793e",
    ):
        message = email.message_from_bytes(bytes(written(brand=brand)), policy=policy.default)
        assert message["From"].addresses[0].display_name == brand


@pytest.mark.parametrize(
    "recipient",
    ["", "a@x.example, b@x.example", "A <a@x.example>", "a@x.example\r\nBcc: b@x.example", "a"],
)
def test_r42_a_mail_goes_to_one_address(recipient: str) -> None:
    """What is none is not written to."""
    with pytest.raises(ValueError, match="mail address"):
        write_message(
            sender="s@x.example", brand="", recipient=recipient, title="", body="", name=""
        )


def test_r42_an_address_that_reads_as_encoded_is_written_as_it_is() -> None:
    """All its signs are those of mail addresses."""
    recipient = encoded("\r\nBcc: e@x.example") + "@x.example"
    message = write_message(
        sender="s@x.example", brand="B", recipient=recipient, title="T", body=BODY, name="n"
    )
    assert f"\nTo: {recipient}\nSubject:" in bytes(message).decode()
    assert extract_recipients(message) == [recipient]
