"""The pure heart: values and the functions over them. No I/O, no clock, no async."""
