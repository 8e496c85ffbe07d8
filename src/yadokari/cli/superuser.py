"""`yadokari superuser`: make, change and remove superusers, beside a running server or without.

A password may be left out: it is then asked for, or read from standard input, and stays out of the
shell's history.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
import msgspec

from yadokari.app.setting_table import DIR
from yadokari.cli.options import given, setting_options

_PASSWORD_CHARS_MAX = 1_000


class _Otp(msgspec.Struct, frozen=True, rename="camel"):
    otp_id: str
    password: str
    duration: int


@click.group()
def superuser() -> None:
    """Make, change and remove superusers."""


def _common(command: click.Command) -> click.Command:
    superuser.add_command(command)
    return command


@_common
@click.command()
@click.argument("email")
@click.argument("password", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def create(email: str, password: str | None, as_json: bool, **flags: str | None) -> None:
    """Make a superuser; an error if there is one with this address."""
    arguments = {"email": email, "password": _password(password)}
    _done(
        "create", arguments, flags, as_json=as_json, said=f'Successfully made superuser "{email}"!'
    )


@_common
@click.command()
@click.argument("email")
@click.argument("password", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def update(email: str, password: str | None, as_json: bool, **flags: str | None) -> None:
    """Give a superuser a new password."""
    arguments = {"email": email, "password": _password(password)}
    said = f'Successfully changed the password of superuser "{email}"!'
    _done("update", arguments, flags, as_json=as_json, said=said)


@_common
@click.command()
@click.argument("email")
@click.argument("password", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def upsert(email: str, password: str | None, as_json: bool, **flags: str | None) -> None:
    """Make a superuser, or give it a new password when there is one."""
    arguments = {"email": email, "password": _password(password)}
    said = f'Successfully saved superuser "{email}"!'
    _done("upsert", arguments, flags, as_json=as_json, said=said)


@_common
@click.command()
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def delete(email: str, as_json: bool, **flags: str | None) -> None:
    """Remove a superuser; no error when there is none."""
    said = f'Superuser "{email}" does not exist (any more).'
    _done("delete", {"email": email}, flags, as_json=as_json, said=said)


@_common
@click.command()
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def otp(email: str, as_json: bool, **flags: str | None) -> None:
    """Print a one-time password of a superuser; _superusers must allow them."""
    result = _carried_out("otp", {"email": email}, flags)
    if as_json:
        click.echo(bytes(result).decode())
        return
    made = msgspec.json.decode(result, type=_Otp)
    click.echo(f'One-time password of superuser "{email}", good for {made.duration} s:')
    click.echo(f"Id: {made.otp_id}\nPassword: {made.password}")


@_common
@click.command()
@click.argument("addresses", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@setting_options([DIR])
def ips(addresses: tuple[str, ...], as_json: bool, **flags: str | None) -> None:
    """Let superusers come from these addresses or networks only; none lifts the limit."""
    said = f"Superusers may come from {', '.join(addresses) or 'anywhere'}."
    _done("ips", {"addresses": list(addresses)}, flags, as_json=as_json, said=said)


def _done(
    name: str,
    arguments: Mapping[str, object],
    flags: dict[str, str | None],
    *,
    as_json: bool,
    said: str,
) -> None:
    result = _carried_out(name, arguments, flags)
    click.echo(bytes(result).decode() if as_json else said)


def _carried_out(
    name: str, arguments: Mapping[str, object], flags: dict[str, str | None]
) -> msgspec.Raw:
    from yadokari.app.surroundings import settings_of
    from yadokari.cli.reach import carry_out

    return carry_out(settings_of(given(flags)), f"superuser.{name}", arguments)


def _password(argument: str | None) -> str:
    if argument is not None:
        return argument
    if sys.stdin.isatty():
        asked = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return str(asked)
    return sys.stdin.readline(_PASSWORD_CHARS_MAX).rstrip("\r\n")
