"""Codes of field problems, each with an English sentence for people.

K1  Codes and the names of params are the contract; sentences are ours and never compared.
K2  Braces in a sentence name params.

Not here: top-level messages (contract/messages.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_GENERAL = {
    "validation_required": "Cannot be blank.",
    "validation_nil_or_not_empty_required": "Leave it out or give it a value.",
    "validation_nil": "Must be left out.",
    "validation_empty": "Must be blank.",
    "validation_length_out_of_range": "Must have {min} to {max} characters or items.",
    "validation_length_too_long": "Must have {max} characters or items at most.",
    "validation_length_invalid": "Must have exactly {min} characters or items.",
    "validation_min_greater_equal_than_required": "Must be {threshold} or more.",
    "validation_max_less_equal_than_required": "Must be {threshold} or less.",
    "validation_in_invalid": "Must be one of the known values.",
    "validation_not_in_invalid": "This value is not allowed here.",
    "validation_match_invalid": "Has not the expected pattern.",
    "validation_values_mismatch": "The values do not match.",
    "validation_invalid_format": "Has not the expected format.",
    "validation_unsupported_value_type": "This type of value is not supported.",
    "validation_is_email": "Must be an e-mail address.",
    "validation_is_url": "Must be a URL.",
    "validation_is_host": "Must be a host name or an IP address.",
    "validation_is_domain": "Must be a domain.",
    "validation_is_hex_color": "Must be a colour such as #a0b1c2.",
}

_RECORD_VALUES = {
    "validation_not_unique": "Another record has this value already.",
    "validation_min_text_constraint": "Must have at least {min} characters.",
    "validation_max_text_constraint": "Must have at most {max} characters.",
    "validation_pk_change": "The id of a record cannot change.",
    "validation_pk_invalid": "This id is taken or not valid.",
    "validation_forbidden_pk_character": "An id cannot hold {ch}.",
    "validation_reserved_pk": "The id {reserved} is reserved.",
    "validation_invalid_auth_id": "Another auth record uses this id.",
    "validation_content_size_limit": "Must have at most {maxSize} bytes.",
    "validation_not_a_number": "Must be a number.",
    "validation_only_int_constraint": "Must be a whole number.",
    "validation_min_number_constraint": "Must be {min} or more.",
    "validation_max_number_constraint": "Must be {max} or less.",
    "validation_email_domain_not_allowed": "E-mail addresses of this domain are not allowed.",
    "validation_invalid_url": "Must be a URL.",
    "validation_url_domain_not_allowed": "URLs of this domain are not allowed.",
    "validation_invalid_value": "{value} is not one of the choices.",
    "validation_too_many_values": "Choose at most {maxSelect}.",
    "validation_not_enough_values": "Choose at least {minSelect}.",
    "validation_missing_rel_records": "Some of these records do not exist.",
    "validation_missing_rel_collection": "The related collection does not exist.",
    "validation_invalid_file": "These are no files of this record: {invalidFiles}.",
    "validation_too_many_files": "At most {maxSelect} files are allowed.",
    "validation_file_size_limit": "{file} has more than {maxSize} bytes.",
    "validation_invalid_mime_type": "Files of this type are not allowed.",
    "validation_invalid_json": "Must be JSON.",
    "validation_json_size_limit": "Must have at most {maxSize} bytes.",
    "validation_invalid_latitude": "A latitude lies between -90 and 90.",
    "validation_invalid_longitude": "A longitude lies between -180 and 180.",
    "validation_invalid_old_password": "The present password is missing or wrong.",
    "validation_invalid_collection": "There is no such collection.",
    "validation_invalid_record": "There is no such record.",
}

_COLLECTIONS = {
    "validation_collection_name_exists": "A collection of this name exists already.",
    "validation_collection_name_id_duplicate": "This name is the id of another collection.",
    "validation_collection_name_invalid": "This name is not free in the database.",
    "validation_found_via": "A name cannot contain _via_.",
    "validation_collection_type_change": "The type of a collection cannot change.",
    "validation_collection_system_name_change": "A system collection keeps its name.",
    "validation_collection_system_rule_change": "This rule of a system collection cannot change.",
    "validation_collection_system_flag_change": "The system flag cannot change.",
    "validation_duplicated_field_name": "Two fields are called {fieldName}.",
    "validation_duplicated_field_id": "Two fields have the same id.",
    "validation_reserved_field_name": "This name is reserved.",
    "validation_field_type_change": "The type of a field cannot change.",
    "validation_system_field_change": "System fields cannot be renamed or removed.",
    "validation_unsupported_composite_pk": "Only the field id can be the primary key.",
    "validation_invalid_regex": "Not a regular expression that is understood here.",
    "validation_invalid_autogenerate_pattern": "Not a pattern that values can be made from.",
    "validation_invalid_autogenerate_pattern_value": "Values made from it do not fit the field.",
    "validation_field_relation_change": "The related collection cannot change.",
    "validation_field_relation_missing_collection": "The related collection does not exist.",
    "validation_relation_field_non_view_base_collection": "Only views may relate to views.",
    "validation_invalid_rule": "Not a rule that is understood here.",
    "validation_invalid_view_query": "Not a query that a view can be made from.",
    "validation_invalid_index_expression": "Not a CREATE INDEX statement for this collection.",
    "validation_duplicated_index_name": "Two indexes have this name.",
    "validation_duplicated_index_definition": "Two indexes do the same.",
    "validation_existing_index_name": "{usedTableName} has an index of this name.",
    "validation_indexes_not_supported": "Views have no indexes.",
    "validation_missing_required_unique_index": "{fieldName} needs a unique index.",
    "validation_invalid_unique_system_field_index": "The index of {fieldName} is not as needed.",
    "validation_missing_field": "There is no field {fieldName}.",
    "validation_missing_unique_constraint": "{fieldName} needs a unique index of its own.",
    "validation_mfa_not_enough_auths": "Several factors need two ways to sign in.",
    "validation_missing_provider": "There is no provider {name}.",
    "validation_duplicated_provider": "{name} is listed twice.",
    "validation_collections_import_failure": "The collections could not be imported.",
}

_REST = {
    "validation_invalid_provider": "There is no provider {name}.",
    "validation_invalid_token": "The token is wrong or has expired.",
    "validation_invalid_token_claims": "The token says too little.",
    "validation_invalid_token_payload": "The token is damaged.",
    "validation_invalid_token_email": "The token is not for this address.",
    "validation_token_collection_mismatch": "The token is for another collection.",
    "validation_token_email_mismatch": "The token is for another address.",
    "validation_invalid_password": "The password is missing or wrong.",
    "validation_invalid_new_email": "This address is taken or not valid.",
    "validation_invalid_auth_collection": "Not a collection that can sign in.",
    "validation_invalid_cron": "Not a cron expression.",
    "validation_invlaid_ip_or_subnet": "Must be an IP address or a subnet.",  # Spelt so there.
    "validation_conflicting_rate_limit_rule": "Two rules with the label {label} overlap.",
    "validation_backup_name_exists": "A backup of this name exists already.",
    "batch_request_failed": "Batch request failed.",
}

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {**_GENERAL, **_RECORD_VALUES, **_COLLECTIONS, **_REST}
)
"""Every code of the contract with its sentence."""

ParamValue = str | int | float | bool | None | list[str]


def sentence_of(code: str, params: Mapping[str, ParamValue] | None = None) -> str:
    """The sentence of a code with its params filled in; never fails.

    A code of our own that is not in the list gives a general sentence.
    """
    text = SENTENCES.get(code, "This value is not valid.")
    for name, value in (params or {}).items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        text = text.replace("{" + name + "}", shown)
    return text
