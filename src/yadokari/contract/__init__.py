"""PocketBase's wire shapes, error codes and headers; imports nothing of ours."""
