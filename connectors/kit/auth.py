"""Who may call a door: API keys (only their hash is configured) and Basic."""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from hmac import compare_digest

from pydantic import Field, field_validator

from connectors.base import Request, Response, Secret, Settings
from connectors.kit.problem import problem

_HASH = re.compile(r"[0-9a-f]{64}")


def hashed(key: str) -> str:
    """The hash of an API key, as it stands in ``api_keys``. A key is a long random text, so that one round is enough."""
    return sha256(key.encode()).hexdigest()


class Auth(Settings):
    """Log-in of those who call. Without any of these the door is open."""

    api_keys: tuple[str, ...] = Field((), description="SHA-256 (hex) of each API key; sent as X-API-Key or as Bearer")
    basic: tuple[str, Secret] | None = Field(None, description="[user, secret] for Basic, as [SAP, env:SAP_IN]")

    @field_validator("api_keys")
    @classmethod
    def _hashes(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if any(not _HASH.fullmatch(key) for key in keys):
            raise ValueError("an API key stands here as text; fix: write its SHA-256 as 64 hex digits: printf %s KEY | sha256sum")
        return keys

    @property
    def is_open(self) -> bool:
        """Whether anybody may come in."""
        return not self.api_keys and self.basic is None

    def refuse(self, request: Request) -> Response | None:
        """None for a caller that may come in, else the 401 to answer."""
        if self.is_open:
            return None
        if self._key_is_known(request) or self._basic_is_right(request):
            return None
        schemes = [*(["Bearer"] if self.api_keys else []), *(['Basic realm="hub", charset="UTF-8"'] if self.basic else [])]
        fix = "send X-API-Key" if self.api_keys else "send Basic credentials"
        return problem(401, "unauthorized", "the caller is not known here", fix=fix, headers={"www-authenticate": ", ".join(schemes)})

    def _key_is_known(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
        given = hashed(key)
        return bool(key) and any(compare_digest(given, known) for known in self.api_keys)

    def _basic_is_right(self, request: Request) -> bool:
        if self.basic is None:
            return False
        user, password = credentials(request.headers.get("authorization", ""))
        right = f"{self.basic[0]}:{self.basic[1].reveal()}".encode()
        return compare_digest(f"{user}:{password}".encode(), right)


def credentials(header: str) -> tuple[str, str]:
    """(user, password) of a Basic header; two empty texts when it is something else."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        raw = base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return "", ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    user, _, password = text.partition(":")
    return user, password
