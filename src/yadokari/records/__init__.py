"""What one can do to records: list, view, create, update, delete, batch, expand."""
