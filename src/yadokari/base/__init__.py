"""What every layer may lean on: errors, problems, dates, JSON text, logs."""
