"""The use cases, and everything that acts. Prints nothing."""
