"""CPU seconds of one piece of work in a process of its own, start-up left out, printed as one number.

`python -m tests.benchmarks.inside load FOLDER`, `yaml FOLDER`, `render FORM CHANGES`."""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import process_time


def prepared(what: str, *rest: str) -> Callable[[], object]:
    """The work, everything it needs imported."""
    if what == "load":
        import jsonschema_rs  # noqa: F401

        import reconciler.core.schema_gate  # noqa: F401
        from reconciler.cli.reading import read_inventory
        from reconciler.errors import InventoryError

        def load() -> None:
            with suppress(InventoryError):
                read_inventory(rest[0])

        return load
    if what == "yaml":
        import yaml

        texts = [file.read_bytes() for file in sorted(Path(rest[0]).glob("inventory-*.yaml"))]
        return lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts]
    from ..render.samples import NOW, large

    form, changes = rest[0], int(rest[1])
    return forms(large(changes // 2, changes - changes // 2), NOW)[form]


def forms(plan: object, now: object) -> dict[str, Callable[[], str]]:
    """Every form that can be made of a plan, as the commands make it. The longest comment is asked for: the ordinary
    one ends at 60,000 characters."""
    from reconciler.cli.documents import plan_forms
    from reconciler.cli.environment import redactor
    from reconciler.cli.options import Common
    from reconciler.render.plan_markdown import plan_markdown

    found = plan_forms(plan, Common(), now=now, next_command=None)  # type: ignore[arg-type]
    made: dict[str, Callable[[], str]] = dict(found)
    whole = partial(plan_markdown, plan, now=now, marker="m", limit=900_000)  # type: ignore[arg-type]
    made["markdown summary"] = whole
    clean = redactor()

    def written(form: Callable[[], str]) -> Callable[[], str]:
        return lambda: clean(form())

    return {name: written(form) for name, form in made.items()}


def main(*arguments: str) -> None:
    work = prepared(*arguments)
    began = process_time()
    work()
    print(process_time() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
