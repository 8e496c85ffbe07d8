"""What one can do to collections: create, change, import, migrate; the schema in force."""
