"""SMTP against a real server: what is verified, what a refusal means, and that every conversation has an end."""

import ssl
import time
from email.message import EmailMessage

import pytest
import trustme

from escalator.channels.deadline_socket import Limits
from escalator.channels.email.api import Mail
from escalator.channels.email.server import server
from escalator.channels.email.smtp import LIMITS, SmtpMailer
from escalator.model.message import Delivered, Failed, FailureReason, MessageContext
from escalator.settings.connections import MailServer, SmtpSecurity
from tests.channels.letters import RECIPIENT, a_mail
from tests.doubles.mail import PASSWORD, USER, LineDouble, MailDouble, MailFault

NOWHERE = MessageContext(None, None, "somewhere")
SHORT = Limits(socket_s=0.4, total_s=0.8)
SECURE = [SmtpSecurity.STARTTLS, SmtpSecurity.TLS]


def send(double, mail=None, **how):
    how = {"tls": double.trust} | how
    url = how.pop("url", double.url)
    return SmtpMailer(url, **how).send(NOWHERE, mail or a_mail())


# ---- the line


@pytest.mark.parametrize("security", SmtpSecurity)
def test_a_mail_gets_through(security):
    with MailDouble(security) as double:
        mail = a_mail()
        assert send(double, mail) == Delivered(mail.message["Message-ID"])
        assert [(one.sender, one.recipient) for one in double.mails] == [("alerts@example.com", RECIPIENT)]
        assert double.logins == [(USER, security is not SmtpSecurity.INSECURE)]
        assert double.flawed == []


@pytest.mark.parametrize("security", SECURE)
def test_a_certificate_of_an_unknown_authority_is_refused(security):
    with MailDouble(security) as double:
        assert send(double, tls=None) == Failed(FailureReason.UNREACHABLE, "tls")
        assert (double.logins, double.mails) == ([], [])


@pytest.mark.parametrize("security", SECURE)
def test_a_certificate_of_another_host_is_refused(security):
    with MailDouble(security, name="mail.example.com") as double:
        assert send(double) == Failed(FailureReason.UNREACHABLE, "tls")
        assert (double.logins, double.mails) == ([], [])


def test_a_stranger_in_the_middle_who_offers_no_tls_hears_no_password():
    with MailDouble(SmtpSecurity.STARTTLS, offers_starttls=False) as double:
        assert send(double) == Failed(FailureReason.UNREACHABLE, "no_starttls")
        assert (double.logins, double.mails) == ([], [])


def test_a_server_that_speaks_no_tls_is_unreachable_over_tls():
    with MailDouble(SmtpSecurity.INSECURE) as double:
        url = double.url.replace("smtp+insecure", "smtps")
        assert send(double, url=url, limits=SHORT).reason in {FailureReason.UNREACHABLE, FailureReason.TIMEOUT}
        assert double.mails == []


def test_without_a_user_nobody_logs_in():
    with MailDouble(SmtpSecurity.STARTTLS, offers_login=False) as double:
        assert isinstance(send(double, url=f"smtp://127.0.0.1:{double.port}"), Delivered)
        assert double.logins == []


# ---- who is refused, and what that means


@pytest.mark.parametrize(
    ("fault", "reason", "detail"),
    [
        pytest.param(MailFault("login", "535 5.7.8 no"), "bad_credentials", "login_535", id="a wrong password"),
        pytest.param(MailFault("login", "454 4.7.0 later"), "vendor_error", "login_454", id="a login that is busy"),
        pytest.param(MailFault("sender", "451 4.3.0 later"), "vendor_error", "sender_451", id="a sender, for now"),
        pytest.param(MailFault("sender", "550 5.7.1 no"), "not_configured", "sender_550", id="a sender, for good"),
        pytest.param(MailFault("sender", "530 5.7.0 who?"), "bad_credentials", "sender_530", id="who must log in"),
        pytest.param(MailFault("sender", "552 5.3.4 big"), "bad_message", "sender_552", id="a mail announced too big"),
        pytest.param(MailFault("recipient", "450 4.2.1 no"), "vendor_error", "recipient_450", id="a mailbox, for now"),
        pytest.param(MailFault("recipient", "550 5.1.1 no"), "bad_target", "recipient_550", id="a mailbox, for good"),
        pytest.param(MailFault("recipient", "552 5.2.2 full"), "bad_target", "recipient_552", id="a full mailbox"),
        pytest.param(MailFault("recipient", "421 4.7.0 bye"), "vendor_error", "recipient_421", id="and hung up on"),
        pytest.param(MailFault("data", "451 4.3.0 later"), "vendor_error", "data_451", id="a mail, for now"),
        pytest.param(MailFault("data", "554 5.6.0 spam"), "bad_message", "data_554", id="a mail, for good"),
        pytest.param(MailFault("data", "399 what"), "bad_answer", "data", id="an answer that is none"),
    ],
)
def test_a_refusal_means(fault, reason, detail):
    with MailDouble(SmtpSecurity.STARTTLS) as double:
        double.inject(fault)
        assert send(double) == Failed(FailureReason(reason), detail)
        assert double.mails == []


def test_a_wrong_password_is_no_retry():
    with MailDouble(SmtpSecurity.TLS) as double:
        failed = send(double, url=double.url.replace("mailer", "other"))
        assert (failed.reason, failed.reason.is_retryable) == (FailureReason.BAD_CREDENTIALS, False)


@pytest.mark.parametrize("security", SmtpSecurity)
def test_a_relay_without_login_can_be_asked(security):
    with MailDouble(security, offers_login=False) as double:
        url = f"{security.value}://{double.url.rpartition('@')[2]}"
        asked = SmtpMailer(url, tls=double.trust).check("alerts@example.com", RECIPIENT)
        assert (asked, double.mails) == (Delivered(""), [])


def test_a_server_that_offers_no_login_hears_no_password():
    with MailDouble(SmtpSecurity.INSECURE, offers_login=False) as double:
        assert send(double) == Failed(FailureReason.BAD_CREDENTIALS, "no_login")


def test_nobody_waits_for_the_farewell_of_a_server_that_has_taken_the_mail():
    with LineDouble(_takes_and_is_silent) as double:
        assert isinstance(SmtpMailer(double.url, limits=SHORT).send(NOWHERE, a_mail()), Delivered)


def _takes_and_is_silent(connection, stopping):
    said = connection.makefile("rb")
    connection.sendall(b"220 mx\r\n")
    for answer in (b"250 mx\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go on\r\n"):
        said.readline()
        connection.sendall(answer)
    while said.readline() != b".\r\n":
        pass
    connection.sendall(b"250 taken\r\n")
    stopping.wait(30)


# ---- no conversation without an end


def _hangs(_connection, stopping):
    stopping.wait(30)


def _drips(connection, stopping):
    while not stopping.wait(0.05):
        connection.sendall(b"2")


def _never_ends(connection, stopping):
    while not stopping.is_set():
        connection.sendall(b"220-" + b"x" * 500 + b"\r\n")


def _never_ends_a_line(connection, stopping):
    while not stopping.is_set():
        connection.sendall(b"2" * 9_000)


def _speaks_http(connection, _stopping):
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _turns_away(connection, _stopping):
    connection.sendall(b"554 5.7.1 no service for 192.0.2.1\r\n")


def _is_busy(connection, _stopping):
    connection.sendall(b"421 4.3.2 too many of you\r\n")


def _refuses_hello(connection, stopping):
    said = connection.makefile("rb")
    connection.sendall(b"220 mx\r\n")
    while said.readline():
        connection.sendall(b"550 5.7.1 not you\r\n")


@pytest.mark.parametrize(
    ("talk", "reason", "detail"),
    [
        pytest.param(_hangs, "timeout", "", id="says nothing"),
        pytest.param(_drips, "timeout", "", id="says a letter at a time"),
        pytest.param(_never_ends, "bad_answer", "too_large", id="says more and more lines"),
        pytest.param(_never_ends_a_line, "bad_answer", "too_large", id="says a line without end"),
        pytest.param(lambda _connection, _stopping: None, "unreachable", "", id="hangs up"),
        pytest.param(_speaks_http, "bad_answer", "greeting", id="is no mail server"),
        pytest.param(_turns_away, "vendor_error", "greeting_554", id="turns everybody away"),
        pytest.param(_is_busy, "vendor_error", "greeting_421", id="is busy"),
        pytest.param(_refuses_hello, "vendor_error", "hello_550", id="does not greet back"),
    ],
)
def test_a_server_that(talk, reason, detail):
    with LineDouble(talk) as double:
        began = time.monotonic()
        failed = SmtpMailer(double.url, limits=SHORT).send(NOWHERE, a_mail())
        assert failed == Failed(FailureReason(reason), detail)
        assert time.monotonic() - began < 8


def test_a_server_that_hangs_after_tls_is_left(caplog):
    with MailDouble(SmtpSecurity.STARTTLS) as double:
        double.inject(MailFault("data", hang=True))
        assert send(double, limits=SHORT) == Failed(FailureReason.TIMEOUT)


def test_a_call_has_less_than_a_lease():
    assert LIMITS.socket_s <= 5
    assert LIMITS.total_s < 20


# ---- SMTP_URL


@pytest.mark.parametrize(
    ("url", "understood"),
    [
        ("smtp://mx.example.com", MailServer(SmtpSecurity.STARTTLS, "mx.example.com", 587)),
        ("smtps://mx.example.com", MailServer(SmtpSecurity.TLS, "mx.example.com", 465)),
        ("smtp+insecure://localhost:1025/", MailServer(SmtpSecurity.INSECURE, "localhost", 1025)),
        ("smtp://a%40b:p%2Fw%3A@mx:25", MailServer(SmtpSecurity.STARTTLS, "mx", 25, "a@b", "p/w:")),
        (" smtp://a:b@mx ", MailServer(SmtpSecurity.STARTTLS, "mx", 587, "a", "b")),
        ("smtp://[::1]:25", MailServer(SmtpSecurity.STARTTLS, "::1", 25)),
    ],
)
def test_an_url_names(url, understood):
    assert server(url) == understood


@pytest.mark.parametrize(
    ("url", "word"),
    [
        pytest.param("", "no_smtp_url", id="is not there"),
        pytest.param("  ", "no_smtp_url", id="is blank"),
        pytest.param("mx.example.com:587", "smtp_url", id="has no scheme"),
        pytest.param("http://mx.example.com", "smtp_url", id="is of another protocol"),
        pytest.param("smtp://", "smtp_url", id="has no host"),
        pytest.param("smtp://mailer:s3cret@mx:mail", "smtp_url", id="has a port in words"),
        pytest.param("smtp://mx:99999", "smtp_url", id="has a port too high"),
        pytest.param("smtp://mailer:s3c/ret@mx", "smtp_url", id="has a password that should be escaped"),
        pytest.param("smtp://mailer:1/s3cret@mx", "smtp_url", id="has one that reads as a port"),
        pytest.param("smtp://mailer:s3cret@mx/inbox", "smtp_url", id="has a path"),
        pytest.param("smtp://mailer@mx", "smtp_url", id="has no password"),
        pytest.param("smtp://:s3cret@mx", "smtp_url", id="has no user"),
        pytest.param("smtp://mailer:p%C3%A4ss@mx", "smtp_url", id="has a password that SMTP cannot say"),
        pytest.param("smtp://mailer:a%0D%0Ab@mx", "smtp_url", id="has a password of two lines"),
        pytest.param("smtp://[mx", "smtp_url", id="is no URL"),
    ],
)
def test_an_url_that(url, word):
    failed = SmtpMailer(url).send(NOWHERE, a_mail())
    assert failed == Failed(FailureReason.NOT_CONFIGURED, word)
    assert not failed.reason.is_retryable


def test_a_server_does_not_show_its_password():
    assert PASSWORD not in repr(MailServer(SmtpSecurity.TLS, "mx", 465, USER, PASSWORD))


# ---- the double itself


def test_the_double_refuses_what_a_strict_reader_would():
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alerts@example.com", RECIPIENT, "hello"
    message["Date"], message["Message-ID"] = "Thu, 20 Aug 2026 14:05:00 +0000", "<1@example.com>"
    message.set_content("no HTML, and none of the headers that keep machines from answering")
    with MailDouble() as double:
        assert send(double, Mail("alerts@example.com", RECIPIENT, message)).detail == "data_554"
        assert double.mails == []
        assert "not multipart/alternative" in double.flawed[0]
        assert "Auto-Submitted is not auto-generated" in double.flawed[0]


def test_the_doubles_certificate_is_good_for_whoever_trusts_its_authority_only():
    other = ssl.create_default_context()
    trustme.CA().configure_trust(other)
    with MailDouble(SmtpSecurity.TLS) as double:
        assert send(double, tls=other).detail == "tls"
        assert isinstance(send(double), Delivered)
