"""How somebody is reached: e-mail, phone, website.

Parsing is by well-kept libraries and takes tens of microseconds, so results are remembered: the same few thousand
values come by again in every full read. The libraries are loaded with the first value:
a run that meets none need not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from bridge.canonical.text import as_text
from bridge.canonical.values import InvalidValue, Plain

_REMEMBERED: Final = 8192
_SCHEMES: Final = frozenset({"http", "https"})
_EXTENSION: Final = ";ext="
_PUBLIC: Final = ".com"


def email(value: Plain) -> str | None:
    """An e-mail address in lower case. The syntax is checked, not whether the domain exists (that needs a network).

    Lower case also before the @: no mail system in use tells them apart, and people and systems vary it freely.
    """
    shown = as_text(value)
    return None if shown is None else _email(shown)


@lru_cache(_REMEMBERED)
def _email(shown: str) -> str:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email  # with the first value

    # The library refuses reserved domains, but addresses such as stock@firm.local are real inside companies: those are
    # checked under a borrowed public suffix.
    borrowed = _PUBLIC if shown.rpartition("@")[2].rpartition(".")[2].lower() in SPECIAL_USE_DOMAIN_NAMES else ""
    try:
        checked = validate_email(shown + borrowed, check_deliverability=False)
    except EmailNotValidError:
        raise InvalidValue("email", "not one valid e-mail address") from None
    return checked.normalized.lower().removesuffix(borrowed)


def phone_parser(country: str | None) -> Callable[[Plain], str | None]:
    """A parser for phone numbers: E.164, an extension as "+49301234;ext=12" (RFC 3966).

    country: ISO 3166-1 alpha-2, where numbers written without a country code belong.
    """

    def phone(value: Plain) -> str | None:
        shown = as_text(value)
        return None if shown is None else _phone(shown, country)

    return phone


@lru_cache(_REMEMBERED)
def _phone(shown: str, country: str | None) -> str:
    import phonenumbers  # with the first value

    try:
        number = phonenumbers.parse(shown, country)
    except phonenumbers.NumberParseException:
        hint = "" if country else " (without a country code: name the `country` of the system in the mapping)"
        raise InvalidValue("phone", f"not a phone number{hint}") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidValue("phone", "too short or too long for a phone number of its country")
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{e164}{_EXTENSION}{number.extension}" if number.extension else e164


def phone_text(value: str) -> str:
    """A canonical phone number as people and systems write it: "+49301234 ext. 12"."""
    return value.replace(_EXTENSION, " ext. ")


def website(value: Plain) -> str | None:
    """A web address with scheme, host in lower case, no lonely slash at the end.

    Without a scheme it is taken for http://, as Odoo does when it stores one; so that both spellings are the same.
    """
    shown = as_text(value)
    return None if shown is None else _website(shown)


@lru_cache(_REMEMBERED)
def _website(shown: str) -> str:
    try:
        parts = urlsplit(shown if "://" in shown else f"http://{shown}")
        host = parts.hostname
        port = parts.port
    except ValueError:
        raise InvalidValue("url", "not a web address") from None
    if not host or parts.scheme.lower() not in _SCHEMES or any(mark in shown for mark in ' \n\t"<>'):
        raise InvalidValue("url", "not a web address")
    if parts.username or parts.password:
        raise InvalidValue("url", "a web address with a user name or password in it")
    place = f"{host}:{port}" if port else host
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else parts.path
    return urlunsplit((parts.scheme.lower(), place, path, parts.query, parts.fragment))
