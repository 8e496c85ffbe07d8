"""Who may hear which change: subscriptions of connected clients, fed by the change log."""
