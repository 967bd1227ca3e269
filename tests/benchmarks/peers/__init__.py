"""What ours is measured beside: programs of others, and scripts as people write them. Each is run, none imported."""
