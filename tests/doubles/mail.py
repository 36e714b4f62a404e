"""A double of a mail server: real SMTP, with TLS and a login as the security asks, that takes only flawless mails.

    with MailDouble(Security.STARTTLS) as server:
        SmtpMailer(server.url, tls=server.trust).send(...)

What it has taken stands in `mails`, what it has refused as flawed in `flawed`. `inject` lets the next conversation go
wrong at one stage (`MailFault`). A `LineDouble` says whatever it is told to, from the first byte on.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from escalator.settings.connections import SmtpSecurity
from tests.doubles.mail_reader import flaws, parse

USER, PASSWORD = "mailer", "pass/w@rd: s3cret"
HOST = "127.0.0.1"
DRIP_S = 0.05
ENDLESS = 60_000
OVERSIZED = 400_000
# It says all that it hears, in the process of the code under test, which must not.
logging.getLogger("mail.log").disabled = True


@dataclass(frozen=True)
class MailFault:
    """What goes wrong at one stage: login (from then on), sender, recipient or data.

    `reply` is said instead of the honest answer. The connection is dropped without a word, or kept in silence, or the
    answer drips, or does not end. With `is_done` a mail has been taken, and only the answer goes wrong. `to` leaves
    every other recipient alone.
    """

    stage: str
    reply: str | None = None
    drop: bool = False
    hang: bool = False
    drip: bool = False
    endless: bool = False
    is_done: bool = False
    to: str = ""


@dataclass(frozen=True)
class TakenMail:
    """A mail that was taken on."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self):
        return parse(self.raw)

    @property
    def subject(self):
        return str(self.message["Subject"])

    @property
    def id(self):
        return str(self.message["Message-ID"])

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self):
        return self.message.get_body(("html",)).get_content()

    @property
    def lead(self):
        return self.text.splitlines()[0]


class _Handler:
    def __init__(self, double):
        self._double = double

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        wrong = await self._wrong(server, "sender")
        if wrong is None:
            envelope.mail_from = address
        return wrong or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # aiosmtpd's name
        wrong = await self._wrong(server, "recipient", address)
        if wrong is None:
            envelope.rcpt_tos.append(address)
        return wrong or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        double = self._double
        fault = double.next_fault("data")
        if fault is not None and not fault.is_done:
            return await self._misbehave(server, fault)
        found = flaws(envelope.content, envelope.mail_from, envelope.rcpt_tos, double.never)
        if found:
            double.flawed.append(found)
            return "554 5.6.0 " + "; ".join(found)
        double.mails.append(TakenMail(envelope.mail_from, envelope.rcpt_tos[0], envelope.content))
        return "250 OK" if fault is None else await self._misbehave(server, fault)

    async def _wrong(self, server, stage, address=""):
        fault = self._double.next_fault(stage, address)
        return None if fault is None else await self._misbehave(server, fault)

    async def _misbehave(self, server, fault):
        if fault.drop:
            server.transport.abort()
        elif fault.hang:
            await asyncio.sleep(ENDLESS)
        elif fault.endless:
            server._writer.write(b"250-endless\r\n" * (OVERSIZED // 13))
        elif fault.drip:
            for _ in range(ENDLESS):
                server._writer.write(b"2")
                await server._writer.drain()
                await asyncio.sleep(DRIP_S)
        return fault.reply or "250 OK"


class _Controller(Controller):
    """A controller on a socket that is bound already: no port is guessed."""

    def __init__(self, listening, handler, *, must_log_in, **how):
        self._listening, self._must_log_in = listening, must_log_in
        self._conversations = []
        super().__init__(handler, hostname=HOST, port=listening.getsockname()[1], **how)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self._listening, ssl=self.ssl_context)

    def factory(self):
        made = super().factory()
        # Its constructor warns of a login without TLS, which is what a double without TLS is about.
        made._auth_required = self._must_log_in
        self._conversations.append(made)
        return made

    def _trigger_server(self):
        """Leave it alone: who connects is somebody's test."""
        self._factory_invoker()

    async def _hang_up(self):
        for one in self._conversations:
            transport = one._original_transport or one.transport
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0.01)

    def stop(self, no_assert=False):
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)
        super().stop(no_assert)


@cache
def _certified(name):
    """Return what trusts whom signs that name's certificate, and what shows it: once, for making them takes long."""
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(shown)
    return trust, shown


class MailDouble:
    """The server. `name` is whom its certificate names; `trust` trusts who has signed it."""

    def __init__(self, security=SmtpSecurity.INSECURE, *, name=HOST, offers_starttls=True, offers_login=True, never=()):
        self.security, self.never = security, never
        self.user, self.password = USER, PASSWORD
        self.mails, self.flawed, self.logins, self._faults = [], [], [], []
        self.trust, self._tls = _certified(name)
        self._listening = socket.create_server((HOST, 0))
        self.port = self._listening.getsockname()[1]
        self._controller = _Controller(
            self._listening, _Handler(self), **self._how(offers_starttls=offers_starttls, offers_login=offers_login)
        )

    def _how(self, *, offers_starttls, offers_login):
        how = {"server_hostname": "mx.example.com", "authenticator": self._authenticate, "decode_data": False}
        if self.security is SmtpSecurity.STARTTLS and offers_starttls:
            how |= {"tls_context": self._tls, "require_starttls": True}
        if self.security is SmtpSecurity.TLS:
            how |= {"ssl_context": self._tls}
        is_starttls = self.security is SmtpSecurity.STARTTLS
        # aiosmtpd counts only STARTTLS as TLS when it asks whether it may offer a login.
        how |= {"must_log_in": offers_login, "auth_require_tls": is_starttls or not offers_login}
        return how

    @property
    def url(self):
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{self.security.value}://{login}@{HOST}:{self.port}"

    def inject(self, *faults):
        self._faults += faults

    def next_fault(self, stage, address=""):
        for fault in self._faults:
            if fault.stage == stage and fault.to in {"", address}:
                if stage != "login":
                    # A client tries one way of logging in after the other: that is one attempt.
                    self._faults.remove(fault)
                return fault
        return None

    def _authenticate(self, server, session, envelope, mechanism, login):
        fault = self.next_fault("login")
        if fault is not None:
            return AuthResult(success=False, handled=False, message=fault.reply)
        said = (login.login.decode(), login.password.decode())
        self.logins.append((said[0], session.ssl is not None or self.security is SmtpSecurity.TLS))
        return AuthResult(success=said == (USER, PASSWORD), handled=False)

    def to(self, recipient):
        """What has come for one recipient, in order."""
        return [mail for mail in self.mails if mail.recipient == recipient]

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop(no_assert=True)
        self._listening.close()


class LineDouble:
    """Whoever connects is given to `talk(connection, stopping)`, in a thread of its own."""

    def __init__(self, talk):
        self._talk = talk
        self._stopping = threading.Event()
        self._listening = socket.create_server((HOST, 0))
        self.url = f"smtp+insecure://{HOST}:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        while True:
            try:
                connection, _address = self._listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self._talk(connection, self._stopping)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
