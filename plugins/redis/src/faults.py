"""Failures, by the codes that the contract documents."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, NoReturn

from componentize_py_types import Err
from wit_world.imports.types import Error

# The first word of an error reply, and what it means to the host (Redis docs, "RESP protocol", simple errors).
CODES = {
    "WRONGPASS": "authentication-failed",
    "NOAUTH": "authentication-failed",
    "NOPERM": "permission-denied",
    "LOADING": "unreachable",
    "BUSY": "conflict",
    "READONLY": "unsupported",
    "MASTERDOWN": "unreachable",
    "OOM": "conflict",
}
PASSING = {"LOADING", "BUSY", "MASTERDOWN"}


def fault(
    code: str, message: str, hint: str | None = None, engine_code: str | None = None, retryable: bool = False
) -> Err[Error]:
    """An error as the host is told it."""
    return Err(Error(code, message, hint, engine_code, retryable, []))


def fail(code: str, message: str, hint: str | None = None) -> NoReturn:
    """Raises an error."""
    raise fault(code, message, hint)


class Refused(Exception):
    """An error reply of the server, such as "NOPERM this user has no permissions"."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.word = reply.split(" ", 1)[0]

    def told(self, doing: str) -> Err[Error]:
        """It as an error of the contract. Redis names commands and users in its replies, and no values."""
        hint = None
        if self.word == "NOPERM":
            hint = "the user needs the commands that docs/engines/redis.md lists, on all keys"
        elif self.word in ("NOAUTH", "WRONGPASS"):
            hint = "set the instance's `password`, and its user in the URL if it isn't the default one"
        code = CODES.get(self.word, "internal")
        return fault(code, f"{doing}: {self}", hint, self.word, self.word in PASSING)


def guarded[T](call: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """What the plugin itself does wrong becomes an error too: an exception that escapes would end the whole sandbox."""

    @wraps(call)
    async def guard(*arguments: Any) -> T:
        try:
            return await call(*arguments)
        except Err:
            raise
        except Refused as refused:
            raise refused.told("the server refused a command") from None
        except Exception as error:
            raise fault("internal", f"the plugin failed in {call.__qualname__}: {error!r}") from error

    return guard
