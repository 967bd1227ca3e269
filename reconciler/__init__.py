"""Make hosted AI models match a YAML inventory: plan, apply, drift."""

__version__ = "0.1.0"
