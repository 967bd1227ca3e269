"""How services speak: one definition file per platform, one interpreter. Knows nothing of journals or plans."""
