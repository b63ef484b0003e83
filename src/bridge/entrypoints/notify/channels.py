"""The ways to people: mail over SMTP, and a webhook as chats have them. Each sends one message, in bounded time.

What goes wrong is told in words of bridge's own: the text of a server may repeat an address, a user or a secret.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol
from urllib.parse import urlsplit

import requests

from bridge.config import Config
from bridge.config.secrets import from_source
from bridge.config.values import MailConfig, Reference
from bridge.engine.plan.notices import Message
from bridge.mapping.source import Steps
from bridge.ports.errors import BridgeError, ConfigError
from bridge.transport.answers import fault_row
from bridge.transport.session import PooledSession
from bridge.transport.settings import is_loopback

CONNECT, READ, STEP = 5.0, 10.0, 15.0
"""Seconds: for a connection and an answer over HTTP, and for each step of SMTP."""


class NotSent(BridgeError):
    """A notification was not taken."""

    code = "BR-NOTIFY"
    not_done = "The message was not sent; the work of bridge goes on."
    to_do = "Correct the section `notify`, then try it with `bridge notify --test`."


class Channel(Protocol):
    """One way to people. name: mail or webhook."""

    name: str

    def send(self, message: Message) -> str:
        """Send it; answers what a person should know of that, mostly nothing. Raises NotSent."""


class Mail:
    """Mail to all receivers at once."""

    name = "mail"

    def __init__(self, settings: MailConfig, password: str, trust: ssl.SSLContext) -> None:
        self._settings, self._password, self._trust = settings, password, trust

    def __repr__(self) -> str:
        return f"Mail({self._settings.host})"

    def send(self, message: Message) -> str:
        """Send it; answers how many receivers were not taken, where others were. Raises NotSent."""
        try:
            refused = self._sent(message)
        except smtplib.SMTPNotSupportedError:
            why = "the mail server offers no STARTTLS, or no log-in"
        except smtplib.SMTPAuthenticationError as error:
            why = f"the mail server refuses the log-in ({error.smtp_code})"
        except smtplib.SMTPRecipientsRefused:
            why = "the mail server refuses every receiver"
        except smtplib.SMTPResponseException as error:
            why = f"the mail server refuses the message ({error.smtp_code})"
        except ssl.SSLCertVerificationError:
            why = "the certificate of the mail server could not be verified (`ca_file` names others to trust)"
        except (smtplib.SMTPException, OSError) as error:
            why = f"the mail server does not answer ({type(error).__name__})"
        except ValueError:
            why = "the user or the password has letters that SMTP cannot carry"
        else:
            return f"the mail server refuses {refused} of {len(self._settings.to)} receivers" if refused else ""
        raise NotSent(why)  # outside the handler: the fault's frames hold the password

    def _sent(self, message: Message) -> int:
        """Returns how many receivers were refused."""
        told, mail = self._settings, EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = told.sender, ", ".join(told.to), message.subject
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=told.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # no out-of-office answers, please
        mail.set_content(message.body + "\n")
        name = socket.gethostname()  # not getfqdn, which may ask a name server for minutes
        with (
            smtplib.SMTP_SSL(told.host, told.port, name, timeout=STEP, context=self._trust)
            if told.tls == "on"
            else smtplib.SMTP(told.host, told.port, name, timeout=STEP)
        ) as server:
            if told.tls == "starttls":
                server.starttls(context=self._trust)
            if told.user:
                server.login(told.user, self._password)
            return len(server.send_message(mail))


class Webhook:
    """A POST of {"text": …} to an address that is a secret itself."""

    name = "webhook"

    def __init__(self, url: str, ca_file: str) -> None:
        self._url, self._ca_file = url, ca_file

    def __repr__(self) -> str:
        return "Webhook(…)"

    def send(self, message: Message) -> str:
        """Send it. Raises NotSent."""
        session = PooledSession(connect_timeout=CONNECT, read_timeout=READ)
        session.auth = _as_it_is
        body = {"text": f"*{message.subject}*\n{message.body}"}
        with session:
            try:
                # The answer's body is not read: who sends it drop by drop would keep us for ever.
                answer = session.post(self._url, json=body, stream=True, verify=self._ca_file or True)
                status = answer.status_code
                answer.close()
            except requests.exceptions.RequestException as error:
                why = f"the webhook did not answer ({fault_row(error).words})"
            else:
                if 200 <= status < 300:
                    return ""
                what = "a redirect, which is not followed" if 300 <= status < 400 else "a refusal"
                why = f"the webhook answered with {what} ({status}); is the address right?"
        raise NotSent(why)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No log-in: without this, requests would take one out of a .netrc."""
    return request


def make_channels(config: Config) -> list[Channel]:
    """The ways that a configuration names. Raises ConfigError with every problem: secrets and files that are not there,
    an address that is none."""
    problems: list[str] = []

    def wrong(steps: Steps, what: str) -> None:
        problems.append(str(config.source.finding("error", ("notify", *steps), what, at_value=True)))

    def secret(steps: Steps, reference: Reference | None) -> str:
        found = from_source(*reference, config.folder) if reference else ""
        if found is None and reference:
            wrong(steps, f"the secret {reference[0]} {reference[1]} is not there")
        return found or ""

    def trusted(steps: Steps, file: str) -> tuple[str, ssl.SSLContext | None]:
        name = str(config.folder / file) if file else ""
        try:
            return name, ssl.create_default_context(cafile=name or None)
        except (OSError, ssl.SSLError):
            wrong(steps, "no certificates can be read from this file")
            return "", None

    channels: list[Channel] = []
    mail, webhook = config.notify.mail, config.notify.webhook
    if mail is not None:
        _, context = trusted(("mail", "ca_file"), mail.ca_file)
        password = secret(("mail", "password"), mail.password)
        if context is not None:
            channels.append(Mail(mail, password, context))
    if webhook is not None:
        file, _ = trusted(("webhook", "ca_file"), webhook.ca_file)
        url = secret(("webhook", "url"), webhook.url)
        if url and not _usable(url):
            wrong(("webhook", "url"), "what is there is no address that begins with https:// (http: this machine only)")
        channels.append(Webhook(url, file))
    if problems:
        raise ConfigError(problems)
    return channels


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host or "")))
