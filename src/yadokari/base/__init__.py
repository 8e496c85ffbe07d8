"""What every layer may lean on: errors, problems, ids, dates, JSON text. Imports nothing of ours."""
