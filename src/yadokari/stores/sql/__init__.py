"""From plans to SQL: the compiler that the SQL stores share, and what each dialect must say."""
