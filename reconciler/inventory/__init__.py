"""YAML text -> checked `Inventory`, with file:line:column for every complaint. Opens no connection."""
