"""Faults in signing in through other services: who is believed, and where we are sent."""

from tests.faults.fault import Fault

_IDS = "unit/auth/oauth2/test_id_tokens.py::"
_WEB = "unit/web/test_client.py::"
_ADDRESSES = "unit/web/test_addresses.py::"
_TOKENS = "unit/auth/oauth2/test_provider_tokens.py::"
_API = "api/test_oauth2.py::"
_PARTS = "unit/auth/oauth2/test_small_parts.py::"

OAUTH2_FAULTS = (
    Fault(
        id="id-tokens-for-others-are-for-us",
        area="auth",
        file="auth/oauth2/id_tokens.py",
        right="if audience not in (meant if isinstance(meant, list) else [meant]):",
        wrong="if not meant:",
        noticed_by=(_IDS + "test_claims_that_do_not_hold",),
        why="Any other application of the same provider could sign in as our users.",
    ),
    Fault(
        id="anybodys-issuer-will-do",
        area="auth",
        file="auth/oauth2/id_tokens.py",
        right='if issuers and claims.get("iss") not in',
        wrong='if issuers and not claims.get("iss") and claims.get("iss") not in',
        noticed_by=(_IDS + "test_apple_tells_of_people_by_its_own_keys_alone",),
        why="A tenant of a shared provider could speak for another one.",
    ),
    Fault(
        id="lines-mail-of-somebody-else",
        area="auth",
        file="auth/oauth2/people.py",
        right='return text_of(claims, "email") if claims.get("sub") == profile.id else ""',
        wrong='return text_of(claims, "email")',
        noticed_by=(_IDS + "test_lines_mail_is_in_its_id_token",),
        why="An address would be taken for proved that belongs to another person.",
    ),
    Fault(
        id="rounded-ids-are-ids",
        area="auth",
        file="auth/oauth2/profiles.py",
        right="if isinstance(value, bool) or not isinstance(value, int):",
        wrong="if isinstance(value, bool) or not isinstance(value, int | float):",
        noticed_by=(_PARTS + "test_an_id_that_lost_its_digits_is_refused",),
        why="Two people whose numbers round to the same one would share an account.",
    ),
    Fault(
        id="mapped-addresses-are-public",
        area="auth",
        file="web/addresses.py",
        right="        return address.ipv4_mapped",
        wrong="        return ipaddress.IPv4Address(0x08080808)",
        noticed_by=(_ADDRESSES + "test_an_address_from_a_stranger_leads_nowhere_private",),
        why="A picture's address could make us fetch from our own network.",
    ),
    Fault(
        id="redirects-keep-a-superusers-reach",
        area="auth",
        file="web/client.py",
        right='                reach = "public"',
        wrong='                reach = "configured"',
        noticed_by=(_WEB + "test_a_redirect_leads_to_no_other_private_server",),
        why="A provider could send us to any server of our own network.",
    ),
    Fault(
        id="pictures-from-anywhere",
        area="auth",
        file="auth/oauth2/pictures.py",
        right='reach="public"',
        wrong='reach="configured"',
        noticed_by=(_API + "test_the_picture_becomes_the_records_own",),
        why="Whoever edits a profile elsewhere could read our own network.",
    ),
    Fault(
        id="a-token-for-any-host",
        area="auth",
        file="api/provider_calls.py",
        right="    if parts.netloc.lower() not in hosts_of(provider):\n        return False\n",
        wrong="",
        noticed_by=(_API + "test_the_token_goes_to_the_providers_hosts_only",),
        why="A user could have a token sent to a server of their own.",
    ),
    Fault(
        id="sealed-tokens-open-anywhere",
        area="auth",
        file="auth/oauth2/provider_tokens.py",
        right='("provider_tokens", link.id, *(str(values[name]) for name in names))',
        wrong='("provider_tokens", *(str(values[name]) for name in names[:1]))',
        noticed_by=(_TOKENS + "test_a_token_moved_to_another_link_does_not_open",),
        why="Whoever can write to the database could act as somebody else at a provider.",
    ),
    Fault(
        id="squatters-keep-their-password",
        area="auth",
        file="auth/oauth2/accounts.py",
        right='return bool(row.values["email"]) and not row.values["verified"] and not',
        wrong='return bool(row.values["email"]) and bool(row.values["verified"]) and not',
        noticed_by=(_API + "test_an_address_registered_by_another_is_its_owners",),
        why="Whoever registered an address first could share the owner's account for ever.",
    ),
    Fault(
        id="codes-are-told-to-any-address",
        area="auth",
        file="realtime/hub.py",
        right="        if client.ip != ip:\n            return False\n        client.send(",
        wrong="        client.send(",
        noticed_by=(_API + "test_a_code_is_told_to_the_address_that_waits_for_it",),
        why="Somebody could make a victim's sign-in end in their own browser.",
    ),
)
