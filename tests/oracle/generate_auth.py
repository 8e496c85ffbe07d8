"""Requests on auth records: sign-ups, changes, sign-ins and refreshes, right and wrong.

I1  The callers' own records keep their password, mail and key, or their tokens would die.

Not here: the collection `people` and its callers (generate_schema.py, differential.py).
"""

from tests.oracle.ask import CALLERS, Caller, Request
from tests.oracle.client import Json
from tests.oracle.generate_schema import PEOPLE
from tests.oracle.world import World

PASSWORD = "secret-12345"
"""One password for all callers; nothing here is secret."""
THIRD = "id0000000000002"
"""The record that is nobody's caller and may change."""

_MAILS: tuple[Json, ...] = (
    "new@example.com", "bad", "", None, "user@example.com", "USER@example.com", "a@b.co", 5,
)  # fmt: skip
_PASSWORDS: tuple[Json, ...] = (PASSWORD, PASSWORD, "short", "", None, 5, "x" * 72, "x" * 73)
_IDENTITIES: tuple[Json, ...] = (
    "user@example.com", "other@example.com", "nobody@example.com", "USER@example.com", "", None, 5,
    "a", "x" * 256,
)  # fmt: skip
_TAILS = ("", "", "?fields=token,record.id", "?expand=boss", "?fields=record.email", "?fields=a:b")


class AuthRequests:
    """Draws requests on `people` and its sign-in routes."""

    def __init__(self, world: World) -> None:
        """Draws with the world's dice."""
        self._world = world

    def draw(self) -> Request:
        """The next request."""
        match self._world.dice.randrange(6):
            case 0 | 1:
                return self._sign_up()
            case 2 | 3:
                return self._change()
            case 4:
                return self._sign_in()
            case _:
                return self._refresh()

    def _sign_up(self) -> Request:
        dice, new = self._world.dice, self._world.new_id()
        body: dict[str, Json] = {"id": new, "email": f"{new}@example.com", "level": 1}
        body["password"] = body["passwordConfirm"] = dice.choice(_PASSWORDS)
        for key, values in (
            ("email", _MAILS), ("passwordConfirm", _PASSWORDS), ("verified", (True, False, "x")),
            ("emailVisibility", (True, "true")), ("tokenKey", ("short", "k" * 40)),
            ("boss", (THIRD, "nobody")), ("secret", ("s",)), ("role", ("a", "b")),
        ):  # fmt: skip
            if dice.random() < 0.2:
                body[key] = dice.choice(values)
        return self._request("POST", f"/api/collections/{PEOPLE}/records", body, makes=new)

    def _change(self) -> Request:
        dice = self._world.dice
        body: dict[str, Json] = {}
        palette: tuple[tuple[str, tuple[Json, ...]], ...] = (
            ("email", _MAILS), ("verified", (True, False)), ("level", (1, 9)), ("role", ("b", "c")),
            ("password", _PASSWORDS), ("passwordConfirm", _PASSWORDS), ("oldPassword", _PASSWORDS),
            ("emailVisibility", (True, False)), ("secret", ("t",)), ("level+", (2,)),
        )  # fmt: skip
        for key, values in dice.sample(palette, dice.choice((0, 1, 1, 2, 3))):
            body[key] = dice.choice(values)
        return self._request("PATCH", f"/api/collections/{PEOPLE}/records/{THIRD}", body)

    def _sign_in(self) -> Request:
        dice = self._world.dice
        body: dict[str, Json] = {
            "identity": dice.choice(_IDENTITIES), "password": dice.choice(_PASSWORDS),
        }  # fmt: skip
        if dice.random() < 0.2:
            body["identityField"] = dice.choice(("email", "role", "nope"))
        name = dice.choice((PEOPLE, PEOPLE, PEOPLE, "kit", "nope", "_superusers"))
        path = f"/api/collections/{name}/auth-with-password{dice.choice(_TAILS)}"
        return self._request("POST", path, body)

    def _refresh(self) -> Request:
        dice = self._world.dice
        name = dice.choice((PEOPLE, PEOPLE, PEOPLE, "_superusers", "kit"))
        path = f"/api/collections/{name}/auth-refresh{dice.choice(_TAILS)}"
        return self._request("POST", path, None)

    def _request(
        self, method: str, path: str, body: dict[str, Json] | None, *, makes: str | None = None
    ) -> Request:
        caller: Caller = self._world.dice.choice((*CALLERS, "root"))
        return Request(
            area="auth", caller=caller, method=method, path=path, json=body,
            writes="/records" in path, makes=(PEOPLE, makes) if makes is not None else None,
        )  # fmt: skip
