"""What keeps an installation in order: its settings, kept answers, logs, crons, backups."""
