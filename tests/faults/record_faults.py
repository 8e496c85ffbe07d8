"""Faults in what callers can do: access, cascades, realtime, sign-in, submitted values."""

from tests.faults.fault import Fault

_ACCESS = "unit/records/test_access.py::"
_DELETING = "unit/records/test_deleting.py::"
_HUB = "unit/realtime/test_hub.py::"
_TOKENS = "unit/auth/test_tokens.py::"
_CALLERS = "unit/auth/test_callers.py::"
_MODIFIERS = "unit/schema/test_modifiers.py::test_modified_keys_give_new_values"

ACCESS = (
    Fault(
        id="null-and-empty-rules-are-the-same",
        area="access",
        file="records/reading.py",
        right="if rule is None:\n        raise Forbidden",
        wrong="if not rule:\n        raise Forbidden",
        noticed_by=(_ACCESS + "test_an_empty_rule_is_for_everyone",),
        why="Collections open to everyone would be closed.",
    ),
    Fault(
        id="null-rules-are-for-everyone",
        area="access",
        file="records/reading.py",
        right="raise Forbidden(messages.SUPERUSERS_ONLY)",
        wrong='return ""',
        noticed_by=(
            _ACCESS + "test_a_null_rule_is_forbidden_and_an_unmet_one_hides",
            _ACCESS + "test_writing_under_a_null_rule_is_forbidden",
        ),
        why="Every collection without rules would be public.",
    ),
    Fault(
        id="unmet-rules-tell-that-records-exist",
        area="access",
        file="records/reading.py",
        right="if found is None:\n            raise NotFound",
        wrong='if found is None:\n            raise Forbidden("")',
        noticed_by=(_ACCESS + "test_a_null_rule_is_forbidden_and_an_unmet_one_hides",),
        why="403 instead of 404 is another answer than the contract's.",
    ),
    Fault(
        id="superusers-are-judged",
        area="access",
        file="records/reading.py",
        right='if asking.caller.is_superuser:\n        return ""',
        wrong='if asking.caller.is_superuser:\n        return rule or ""',
        noticed_by=(_ACCESS + "test_superusers_pass_every_rule",),
        why="Nobody could repair what a wrong rule has locked.",
    ),
    Fault(
        id="create-rules-see-generated-values",
        area="access",
        file="records/writing.py",
        right="virtual = _plain_values(values)",
        wrong="virtual = _plain_values(values)\n        self._generate(collection, virtual)",
        noticed_by=(_ACCESS + "test_a_create_rule_does_not_see_generated_values",),
        why="A rule that wants a value unsent would refuse everyone.",
    ),
    Fault(
        id="create-rules-are-not-asked",
        area="access",
        file="records/writing.py",
        right="await self._holds(tx, asking, collection, rule, virtual, stored=False)",
        wrong="self._holds",
        noticed_by=(_ACCESS + "test_unmet_write_rules_are_told_as_the_contract_says",),
        why="Anyone could create anything.",
    ),
    Fault(
        id="update-rules-see-the-new-row",
        area="access",
        file="records/writing.py",
        right="if rule and not await self._finds(tx, asking, collection, rule, id):",
        wrong=(
            "if rule and not await self._holds(\n"
            "            tx, asking, collection, rule, {**stored.values, **resolved}, stored=True\n"
            "        ):"
        ),
        noticed_by=(_ACCESS + "test_an_update_rule_sees_the_stored_row_and_the_body",),
        why="Anyone could take a record by writing their own id into its author.",
    ),
    Fault(
        id="delete-rules-are-not-asked",
        area="access",
        file="records/deleting.py",
        right="asking, collection, id, rule=rule)",
        wrong='asking, collection, id, rule="")',
        noticed_by=(_ACCESS + "test_unmet_write_rules_are_told_as_the_contract_says",),
        why="Anyone could delete anything.",
    ),
    Fault(
        id="hidden-fields-are-shown",
        area="access",
        file="records/presenting.py",
        right="if (hidden or not field.hidden)",
        wrong="if (hidden or not field.system)",
        noticed_by=(_ACCESS + "test_hidden_fields_are_shown_to_superusers_alone",),
        why="Hidden is what applications rely on for private notes.",
    ),
    Fault(
        id="hidden-fields-can-be-written",
        area="access",
        file="records/submission.py",
        right="if found is None or not found[0].hidden or",
        wrong="if found is None or found[1] or not found[0].hidden or",
        noticed_by=(_ACCESS + "test_hidden_fields_are_written_by_superusers_alone",),
        why="A modifier would get past what the plain key does not.",
    ),
    Fault(
        id="expanding-asks-no-view-rule",
        area="access",
        file="records/expanding.py",
        right='return "" if self._asking.caller.is_superuser else collection.view_rule or ""',
        wrong='return "" if self._asking.caller.is_superuser or collection.view_rule else ""',
        noticed_by=(_ACCESS + "test_related_records_are_shown_under_their_own_view_rule",),
        why="Whatever a record points at could be read through it.",
    ),
    Fault(
        id="mails-are-shown",
        area="access",
        file="records/presenting.py",
        right='and not email and not values["emailVisibility"]',
        wrong='and not email and values["emailVisibility"]',
        noticed_by=(
            _ACCESS + "test_an_email_is_shown_to_its_owner_to_superusers_and_where_it_is_public",
        ),
        why="Addresses of everyone would be in every list.",
    ),
    Fault(
        id="mails-are-hidden-from-managers",
        area="access",
        file="records/service.py",
        right="return await satisfied(bound, row.values, reads)",
        wrong="return not await satisfied(bound, row.values, reads)",
        noticed_by=(_ACCESS + "test_a_manager_sees_emails",),
        why="Everyone but the managers would see the addresses.",
    ),
    Fault(
        id="everyone-manages-without-a-manage-rule",
        area="access",
        file="records/writing.py",
        right="asking.caller.is_guest:\n            return False",
        wrong="asking.caller.is_guest:\n            return not asking.caller.is_guest",
        noticed_by=(
            _ACCESS + "test_without_managing_nobody_changes_emails_or_takes_over_passwords",
        ),
        why="Any user could set another's password.",
    ),
    Fault(
        id="old-passwords-are-not-compared",
        area="access",
        file="records/auth_form.py",
        right='if submission.old_password_of != stored.values["password"]:',
        wrong="if submission.old_password_of is None:",
        noticed_by=(
            _ACCESS + "test_without_managing_nobody_changes_emails_or_takes_over_passwords",
        ),
        why="A stolen token would be enough to take the account over.",
    ),
)

CASCADES = (
    Fault(
        id="parents-go-before-their-children",
        area="cascade",
        file="records/deleting.py",
        right="going.add(key)",
        wrong="going.add(key)\n        await tx.remove(row)",
        noticed_by=(_DELETING + "test_cascades_delete_children_before_their_parents",),
        why="Followers of the log would meet children without a parent.",
    ),
    Fault(
        id="required-references-are-emptied",
        area="cascade",
        file="records/deleting.py",
        right="elif not left and field.required:",
        wrong="elif not left and field.required and field.cascade_delete:",
        noticed_by=(_DELETING + "test_a_required_reference_stops_the_whole_deletion",),
        why="Records would stand without what they must have.",
    ),
    Fault(
        id="whole-lists-are-emptied",
        area="cascade",
        file="records/deleting.py",
        right="if one != row.id)",
        wrong="if one == id(row))",
        noticed_by=(
            _DELETING + "test_a_loose_reference_is_emptied_and_the_rest_of_a_list_stays",
            _DELETING + "test_a_required_list_may_lose_all_but_its_last",
        ),
        why="Deleting one reader would lose all of them.",
    ),
    Fault(
        id="cascades-take-lists-that-name-others",
        area="cascade",
        file="records/deleting.py",
        right="if not left and field.cascade_delete:",
        wrong="if field.cascade_delete:",
        noticed_by=(_DELETING + "test_a_cascade_spares_a_list_that_still_names_others",),
        why="A shared record would go with the first of its owners.",
    ),
    Fault(
        id="neighbours-keep-their-old-date",
        area="cascade",
        file="records/writing.py",
        right="and field.on_update:",
        wrong="and not field.on_update:",
        noticed_by=(_DELETING + "test_a_loose_reference_is_emptied_and_the_rest_of_a_list_stays",),
        why="Clients that fetch what changed since would miss it.",
    ),
    Fault(
        id="the-last-superuser-goes",
        area="cascade",
        file="records/deleting.py",
        right="rows_max=2)) < 2:",
        wrong="rows_max=2)) < 1:",
        noticed_by=(_DELETING + "test_the_last_superuser_stays",),
        why="Nobody could administer the server any more.",
    ),
)

REALTIME = (
    Fault(
        id="events-of-closed-collections",
        area="realtime",
        file="realtime/hub.py",
        right="if rule is None:\n            return None",
        wrong='if rule is None:\n            rule = ""',
        noticed_by=(_HUB + "test_nobody_hears_of_records_they_may_not_see",),
        why="Guests would hear everything that only superusers may read.",
    ),
    Fault(
        id="events-are-not-judged",
        area="realtime",
        file="realtime/hub.py",
        right="if not await satisfied(bound, row.values, reads):",
        wrong="if not bound.plan.collection.fields:",
        noticed_by=(
            _HUB + "test_nobody_hears_of_records_they_may_not_see",
            _HUB + "test_leaving_somebodys_sight_sends_nothing",
        ),
        why="Subscribing would get past every list rule.",
    ),
    Fault(
        id="callers-share-one-judgement",
        area="realtime",
        file="realtime/hub.py",
        right="same = (topic.name, _identity(client.caller))",
        wrong='same = (topic.name, "")',
        noticed_by=(_HUB + "test_nobody_hears_of_records_they_may_not_see",),
        why="The first client's rights would be everyone's.",
    ),
    Fault(
        id="view-and-list-rules-are-swapped",
        area="realtime",
        file="realtime/hub.py",
        right="if topic.record == EVERY_RECORD else",
        wrong="if topic.record != EVERY_RECORD else",
        noticed_by=(_HUB + "test_one_record_is_under_the_view_rule_and_all_under_the_list_rule",),
        why="What may be viewed by id could be heard as a whole.",
    ),
    Fault(
        id="deletions-are-judged-afterwards",
        area="realtime",
        file="realtime/hub.py",
        right="deliveries = self._deletions.pop(key, [])",
        wrong=(
            "self._deletions.pop(key, [])\n"
            "            assert change.before is not None\n"
            "            deliveries = await self._deliveries(\n"
            '                collection, change.before, "delete", self._store\n'
            "            )"
        ),
        noticed_by=(_HUB + "test_a_deletion_is_judged_while_everything_still_exists",),
        why="With the author gone nobody would hear that their notes are.",
    ),
    Fault(
        id="signed-out-clients-stay",
        area="realtime",
        file="realtime/hub.py",
        right='and after.values["tokenKey"] == mine.values["tokenKey"]',
        wrong="and after.id == mine.id",
        noticed_by=(_HUB + "test_a_renewed_token_key_makes_its_clients_guests",),
        why="A stolen session would hear on after the password was changed.",
    ),
    Fault(
        id="callers-are-remembered-as-they-were",
        area="realtime",
        file="realtime/hub.py",
        right="client.caller = Caller(after, collection) if stays else GUEST",
        wrong="client.caller = client.caller if stays else GUEST",
        noticed_by=(_HUB + "test_events_are_judged_with_what_the_caller_has_become",),
        why="Somebody who lost a role would hear what it was for.",
    ),
    Fault(
        id="clients-can-be-taken-over",
        area="realtime",
        file="realtime/hub.py",
        right="if client.bound and not _same(client.caller, caller):",
        wrong="if client.bound and caller.is_guest:",
        noticed_by=(_HUB + "test_a_client_belongs_to_who_signed_in_with_it",),
        why="A client id would be enough to change whose events it hears.",
    ),
)

AUTH = (
    Fault(
        id="expired-tokens-are-accepted",
        area="auth",
        file="auth/tokens.py",
        right="if self.exp and now_ms >= self.exp // 1 * 1_000:",
        wrong="if self.exp and now_ms >= self.exp * 1_000 * 1_000:",
        noticed_by=(
            _TOKENS + "test_a_token_ends_at_its_second",
            _CALLERS + "test_an_expired_token_makes_a_guest",
        ),
        why="A lost token would be good for ever.",
    ),
    Fault(
        id="remembered-tokens-never-end",
        area="auth",
        file="auth/tokens.py",
        right="return known[0].holds_at(now_ms)",
        wrong="return known[0].holds_at(0)",
        noticed_by=(_TOKENS + "test_remembered_tokens_still_end_and_still_need_their_key",),
        why="The cache would keep alive what has expired.",
    ),
    Fault(
        id="remembered-tokens-need-no-key",
        area="auth",
        file="auth/tokens.py",
        right="if not hmac.compare_digest(known[1].encode(), key.encode()):",
        wrong="if not known[1]:",
        noticed_by=(
            _TOKENS + "test_remembered_tokens_still_end_and_still_need_their_key",
            _CALLERS + "test_a_renewed_token_key_or_a_deleted_record_ends_tokens",
        ),
        why="Signing out everywhere would not.",
    ),
    Fault(
        id="the-collections-secret-is-left-out",
        area="auth",
        file="auth/callers.py",
        right='return str(row.values["tokenKey"]) + _options(collection, kind).secret',
        wrong='return str(row.values["tokenKey"])',
        noticed_by=(_CALLERS + "test_a_token_under_another_collections_secret_makes_a_guest",),
        why="Any collection's tokens would be good in any other.",
    ),
    Fault(
        id="kinds-of-tokens-are-not-told-apart",
        area="auth",
        file="auth/callers.py",
        right="if claims is None or claims.type != kind:",
        wrong="if claims is None or not claims.type:",
        noticed_by=(_CALLERS + "test_a_token_for_something_else_is_no_sign_in",),
        why="A link from a mail would sign somebody in.",
    ),
    Fault(
        id="other-algorithms-are-believed",
        area="auth",
        file="auth/tokens.py",
        right='.alg != "HS256"',
        wrong='.alg == ""',
        noticed_by=(_TOKENS + "test_only_hs256_is_believed",),
        why="The oldest attack on JSON Web Tokens.",
    ),
    Fault(
        id="a-new-password-keeps-the-tokens",
        area="auth",
        file="records/writing.py",
        right='renewed = final["password"] != stored["password"] or',
        wrong="renewed =",
        noticed_by=(_ACCESS + "test_a_new_password_or_email_ends_every_token",),
        why="Whoever stole a session would keep it after the password was changed.",
    ),
)

VALUES = (
    Fault(
        id="minus-keeps-what-it-should-remove",
        area="values",
        file="schema/modifiers.py",
        right="for item in before if item not in items)",
        wrong="for item in before if item in items)",
        noticed_by=(_MODIFIERS,),
        why="Leaving a team would leave all the others.",
    ),
    Fault(
        id="keys-are-taken-as-they-come",
        area="values",
        file="schema/modifiers.py",
        right="sorted(submitted, key=_by_length)",
        wrong="sorted(submitted, key=_by_length, reverse=True)",
        noticed_by=(_MODIFIERS,),
        why="tags and tags+ in one body would lose what was added.",
    ),
    Fault(
        id="prepending-appends",
        area="values",
        file="schema/modifiers.py",
        right='joined = items + before if modifier == "prepend" else before + items',
        wrong="joined = before + items",
        noticed_by=(_MODIFIERS,),
        why="The order of files and relations is the application's.",
    ),
    Fault(
        id="lists-hold-doubles",
        area="values",
        file="schema/modifiers.py",
        right="tuple(dict.fromkeys(joined))",
        wrong="tuple(joined)",
        noticed_by=(_MODIFIERS,),
        why="A reader added twice would be counted twice.",
    ),
    Fault(
        id="autodates-can-be-sent",
        area="values",
        file="schema/modifiers.py",
        right='return None if isinstance(field, AutodateField) else (field, "")',
        wrong='return (field, "")',
        noticed_by=(_MODIFIERS,),
        why="Clients could write the past.",
    ),
    Fault(
        id="a-single-field-keeps-the-first",
        area="values",
        file="schema/field_list.py",
        right='return items[-1] if items else ""',
        wrong='return items[0] if items else ""',
        noticed_by=(_MODIFIERS, "unit/schema/test_coerce.py"),
        why="Replacing a single file with + would keep the old one.",
    ),
)

RECORD_FAULTS = (*ACCESS, *CASCADES, *REALTIME, *AUTH, *VALUES)
