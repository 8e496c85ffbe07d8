"""Who is calling: tokens, passwords, sign-in and the installation's secret."""
