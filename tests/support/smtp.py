"""A small real mail server: STARTTLS, log-in, and every mail it was given."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from bridge.sandbox.kernel.certificate import make_certificate

USER, PASSWORD = "bridge-mail", "mail-password-9f31"


class MailServer(socketserver.ThreadingTCPServer):
    """mails: what was taken, in order. refused: receivers that are not taken.
    in_plain: what came before TLS. broken: every word is answered with an error that repeats the secrets."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.certificate, key = make_certificate(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.mails: list[EmailMessage] = []
        self.in_plain: list[str] = []
        self.refused: set[str] = set()
        self.starttls = True
        self.broken = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what some tests are about."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()

    def handle(self) -> None:
        self.safe = self.known = False
        self.say("220 mail.example ESMTP")
        while line := self.rfile.readline():
            if not self.safe:
                self.server.in_plain.append(line.decode())
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "QUIT":
                self.say("221 bye")
                return
            self.answer(word.upper(), rest)

    def answer(self, word: str, rest: str) -> None:
        if self.server.broken:
            self.say(f"451 try later, {USER} {PASSWORD}")
        elif word == "EHLO":
            self.say("250-mail.example")
            if self.server.starttls and not self.safe:
                self.say("250-STARTTLS")
            self.say("250 AUTH PLAIN" if self.safe else "250 HELP")
        elif word == "STARTTLS":
            self.say("220 go ahead")
            self.request = self.server.context.wrap_socket(self.connection, server_side=True)
            self.setup()
            self.safe = True
        elif word == "AUTH":
            given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
            self.known = given[1:] == [USER, PASSWORD]
            self.say("235 welcome" if self.known else f"535 {given[2]} is wrong")
        elif word == "RCPT":
            to = rest.partition("<")[2].partition(">")[0]
            self.say(f"550 no {to} here" if to in self.server.refused else "250 ok")
        elif word == "DATA":
            self.take()
        else:
            self.say("250 ok")

    def take(self) -> None:
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.server.mails.append(mail)
        self.say("250 taken")


@contextmanager
def mail_server(folder: Path) -> Iterator[MailServer]:
    with MailServer(folder) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
