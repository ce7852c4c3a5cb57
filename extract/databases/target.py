"""Where an export goes: read from the command line, and shown without its password."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from extract.databases.errors import ExportError

SCHEMES = ("postgresql://", "postgres://")
SUFFIXES = {".duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}
CHOICES = "postgresql://USER@HOST/DATABASE, or a file ending in .duckdb, .sqlite or .db"
# How long to wait for a server that does not answer, where the address does not say it.
CONNECT_TIMEOUT_S = 15
HIDDEN = "***"

# In a user's name or password these end it, or mean something else: they must be written as %40 and so on.
_USER = r"[^:@/?#\[\]\s]*"
_ADDRESS = re.compile(rf"(?:{_USER}(?::{_USER})?@)?(?P<place>[^@/?#\s]*)(?:/[^@/?#\s]*)?(?:\?(?P<query>[^#\s]*))?")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Target:
    """A place to export to: `kind` is postgresql, duckdb or sqlite; `shown` may be printed, `address` may not."""

    kind: str
    shown: str
    address: str = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def path(self) -> Path:
        """The file that is meant, links followed."""
        return Path(self.address).resolve()

    def hide(self, message: str) -> str:
        """The message without any of the address's passwords."""
        for secret in self.secrets:
            message = message.replace(secret, HIDDEN)
        return message


def read_target(text: str) -> Target:
    """The target that the text names. Raises ExportError, without repeating the text, when it names none.

    >>> read_target("postgresql://desk:s3cret@db.example/news").shown
    'postgresql://desk@db.example/news'
    >>> read_target("out/news.sqlite").kind
    'sqlite'
    """
    if text.startswith(SCHEMES):
        return _read_address(text)
    kind = SUFFIXES.get(Path(text).suffix.lower())
    if kind is None or "://" in text or "\0" in text:
        raise ExportError(f"--to must be {CHOICES}")
    return Target(kind, text, text)


def _read_address(text: str) -> Target:
    rest = text.split("://", 1)[1]
    found = _ADDRESS.fullmatch(rest)
    if found is None or _BAD_ESCAPE.search(rest) or not _ports_are_numbers(found["place"]):
        raise ExportError(
            "--to: the address is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE; in a user's name or "
            "password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25, a blank as %20"
        )
    parts = urlsplit("postgresql://" + rest)
    query = parse_qsl(found["query"] or "", keep_blank_values=True)
    raw = [parts.password or ""] + [value for name, value in query if "password" in name.lower()]
    secrets = {secret for value in raw for secret in (value, unquote(value)) if secret}
    user = f"{parts.username}@" if parts.username else ""
    place = found["place"] or next((value for name, value in query if name in ("host", "hostaddr")), "")
    address = text
    if not any(name == "connect_timeout" for name, _ in query):
        address += ("&" if "?" in text else "?") + f"connect_timeout={CONNECT_TIMEOUT_S}"
    shown = f"postgresql://{user}{place}{parts.path}"
    return Target("postgresql", shown, address, tuple(sorted(secrets, key=len, reverse=True)))


def _ports_are_numbers(place: str) -> bool:
    hosts = re.sub(r"\[[0-9a-fA-F:.%]*\]", "", place).split(",")
    return all(re.fullmatch(r"[^:\[\]]*(:\d{0,5})?", host) for host in hosts)
