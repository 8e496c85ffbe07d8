"""Top-level messages of error answers: which case is meant, in one sentence each.

C1  A message starts with a capital and ends with a full stop, a question or exclamation mark.
C2  Official clients show these; a few applications tell cases apart by them, so they stay.

Not here: messages of single fields (contract/codes.py).
"""

from __future__ import annotations

from typing import Final

GENERIC: Final = "Something went wrong while processing your request."
UNREADABLE: Final = "An error occurred while loading the submitted data."
NOT_VALID: Final = "An error occurred while validating the submitted data."
RECORD_UNREADABLE: Final = "Failed to read the submitted data."
COLLECTION_UNREADABLE: Final = "Failed to load the submitted data due to invalid formatting."
CREATE_RECORD_FAILED: Final = "Failed to create record."
UPDATE_RECORD_FAILED: Final = "Failed to update record."
CREATE_COLLECTION_FAILED: Final = "Failed to create collection."
UPDATE_COLLECTION_FAILED: Final = "Failed to update collection."
SIGN_IN_FAILED: Final = "Failed to authenticate."
CONTENT_TYPE_UNSUPPORTED: Final = "Unsupported Content-Type."
COLLECTION_TYPE_UNSUPPORTED: Final = "Unsupported collection type."
SIGN_IN_ANEW: Final = "Sign in anew for another token."
SIGN_IN_REQUIRED: Final = "The request requires valid record authorization token."
SUPERUSERS_ONLY: Final = "Only superusers can perform this action."
CALLER_NOT_ALLOWED: Final = "The authorized record is not allowed to perform this action."
NOT_ALLOWED: Final = "You are not allowed to perform this request."
ADDRESS_NOT_ALLOWED: Final = "Your address is not allowed here."
KEY_NOT_ALLOWED: Final = "The API key is not for this."
NOT_FOUND: Final = "The requested resource wasn't found."
FILE_NOT_FOUND: Final = "File not found."
COLLECTION_MISSING: Final = "Missing collection context."
COLLECTION_INVALID: Final = "Missing or invalid collection context."
AUTH_COLLECTION_INVALID: Final = "Missing or invalid auth collection context."
TOO_LARGE: Final = "Request entity too large."
TOO_SLOW: Final = "The request did not arrive in time."
TOO_MANY: Final = "Too Many Requests."
UNAVAILABLE: Final = "The service is busy, try again in a moment."
MAINTENANCE: Final = "The site is being maintained, please come back later."
BATCH_FAILED: Final = "Batch transaction failed."
BATCH_INVALID: Final = "Invalid batch request data."
BATCH_DISABLED: Final = "Batch requests are not allowed."
REALTIME_CLIENT_MISSING: Final = "Missing or invalid client id."
REALTIME_CLIENT_INVALID: Final = "Invalid realtime client."
REALTIME_CALLER_CHANGED: Final = "The current and the previous request authorization don't match."
S3_TEST_FAILED: Final = "Failed to test the S3 filesystem."
SETTINGS_NOT_SAVED: Final = "An error occurred while saving the new settings."
CRON_MISSING: Final = "Missing or invalid cron job."
FILTER_INVALID: Final = "Invalid filter format."
SQL_FAILED: Final = "Failed to execute query."
BACKUP_RUNNING: Final = "Try again later - another backup/restore process has already been started."
BACKUP_INVALID: Final = "Missing or invalid backup file."
BACKUP_GONE: Final = "Invalid or already deleted backup file."
BACKUP_FAILED: Final = "Failed to create backup."
BACKUP_FORBIDDEN: Final = "Insufficient permissions to access the resource."
HEALTHY: Final = "API is healthy."


def sentence(message: str) -> str:
    """The message as C1 wants it; an empty one stays empty."""
    text = message.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".?!" else text + "."
