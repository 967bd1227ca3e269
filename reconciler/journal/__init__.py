"""What we remember: an append-only record of intents, answers and outcomes. Decides nothing."""
