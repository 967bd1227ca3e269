"""Commands that messages advise: whole, so that they can be copied and run."""


def adopt_command(address: str, state: str, where: str | None) -> str:
    """Says by hand what a model is. `where` is the rest of the command line: the inventory and the journal, quoted."""
    return f"reconciler adopt {address}{_tail(where)} --as {state}"


def reissue_command(address: str, where: str | None) -> str:
    """Sends once more what was lost of one model."""
    return f"reconciler apply{_tail(where)} --only {address} --reissue-unknown"


def _tail(where: str | None) -> str:
    return f" {where}" if where else ""
