"""SMTP with verified TLS and one email per connection; every result is a value, every call has a time limit."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from socket import socket
from typing import BinaryIO

from escalator.channels.deadline_socket import Limits, Wire, in_time
from escalator.channels.deadline_socket import tls as shared_tls
from escalator.channels.email.api import Mail
from escalator.channels.email.failures import NO_STARTTLS, Stage, failure, refused
from escalator.channels.email.server import server
from escalator.channels.http import BROKEN, BadAnswer
from escalator.model.message import Delivered, Failed, MessageContext
from escalator.settings.connections import MailServer, SmtpSecurity

LIMITS = Limits(socket_s=5.0, total_s=18.0)
MAX_SAID_BYTES = 64 * 1024
"""How many bytes a server may send in one conversation."""

_LONGEST_LINE = 8192


class SmtpMailer:
    """The Mailer for real servers. With a missing or malformed URL every call fails as NOT_CONFIGURED."""

    def __init__(self, url: str, *, limits: Limits = LIMITS, tls: ssl.SSLContext | None = None) -> None:
        self._server = server(url)
        self._limits = limits
        self._tls = tls or shared_tls()

    def send(self, _context: MessageContext, /, mail: Mail) -> Delivered | Failed:
        """Send an email; a retry after a lost answer has the same Message-ID."""

        def hand_over(smtp: smtplib.SMTP) -> Delivered:
            smtp.sendmail(mail.sender, [mail.recipient], mail.message.as_bytes())
            # The server has accepted it: an error of QUIT does not matter.
            with suppress(OSError):
                smtp.putcmd("quit")
            return Delivered(str(mail.message["Message-ID"]))

        return self._converse(mail.sender, hand_over)

    def check(self, sender: str, recipient: str) -> Delivered | Failed:
        """Check whether an email to this recipient would be accepted, without sending one."""

        def ask(smtp: smtplib.SMTP) -> Delivered | Failed:
            for stage, (code, _text) in ((Stage.SENDER, smtp.mail(sender)), (Stage.RECIPIENT, smtp.rcpt(recipient))):
                if code >= 400:
                    return refused(stage, code)
            with suppress(OSError):
                smtp.putcmd("quit")
            return Delivered("")

        return self._converse(sender, ask)

    def _converse(self, sender: str, talk: Callable[[smtplib.SMTP], Delivered | Failed]) -> Delivered | Failed:
        to = self._server
        if isinstance(to, Failed):
            return to
        try:
            return in_time(lambda wire: self._logged_in(wire, to, sender, talk), self._limits.total_s)
        except BROKEN as error:
            return failure(error)

    def _logged_in(
        self, wire: Wire, to: MailServer, sender: str, talk: Callable[[smtplib.SMTP], Delivered | Failed]
    ) -> Delivered | Failed:
        tls = self._tls if to.security is SmtpSecurity.TLS else None
        _, _, domain = sender.partition("@")
        with closing(_Conversation(wire, to, domain, self._limits.socket_s, tls)) as smtp:
            smtp.ehlo_or_helo_if_needed()
            if to.security is SmtpSecurity.STARTTLS:
                if not smtp.has_extn("starttls"):
                    return NO_STARTTLS
                smtp.starttls(context=self._tls)
                # After STARTTLS everything before it is void (RFC 3207, 4.2), our greeting too.
                smtp.ehlo_or_helo_if_needed()
            if to.user:
                smtp.login(to.user, to.password)
            return talk(smtp)


class _Conversation(smtplib.SMTP):
    """smtplib's client over a wire that can be closed, with a limit on what the server may send; connects at once."""

    def __init__(self, wire: Wire, to: MailServer, our_name: str, socket_s: float, tls: ssl.SSLContext | None) -> None:
        self._wire = wire
        self._implicit_tls = tls
        super().__init__(to.host, to.port, local_hostname=our_name, timeout=socket_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket:
        connection = self._wire.connect((host, port), timeout)
        if self._implicit_tls is None:
            return connection
        return self._implicit_tls.wrap_socket(connection, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        """Return code and text; raises BadAnswer when the server sends too much."""
        if self.file is None and self.sock is not None:
            self.file = _BoundedReader(self.sock.makefile("rb"))
        try:
            return super().getreply()
        except BadAnswer:
            self.close()
            raise


class _BoundedReader:
    """Reads lines up to a total limit, because smtplib keeps all lines of one reply."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MAX_SAID_BYTES

    def readline(self, _limit: int) -> bytes:
        """Return the next line; raises BadAnswer."""
        line = self._stream.readline(_LONGEST_LINE)
        self._left -= len(line)
        if len(line) == _LONGEST_LINE or self._left < 0:
            raise BadAnswer("too_large")
        return line

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
