"""Taking over the data of other programs: PocketBase's data folder."""
