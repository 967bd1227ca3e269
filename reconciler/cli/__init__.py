"""People and pipelines: commands, environment, streams, exit codes. Nothing decides here."""
