"""Named variants of what a platform answers, and which of them are in force. The catalogues are in the `*_shapes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.simulator.exchange import Answer, Call
from reconciler.simulator.models import Model

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Shape:
    """One variant. Without any of the four ways to differ, the platform itself asks whether the name is in force.

    `instead` answers in place of the platform, without effect (None: this call is not concerned). `alter` changes a
    successful answer. `row` makes none, one or more rows of one row of a list. `doom` lets the job of the call fail
    with this text. `operations` are those concerned; empty means all.
    """

    name: str
    about: str
    operations: frozenset[str] = frozenset()
    instead: Callable[[Call], Answer | None] | None = None
    alter: Callable[[Answer, Call], Answer] | None = None
    row: Callable[[Row], list[Row]] | None = None
    doom: str | None = None


def by_name(*shapes: Shape) -> Mapping[str, Shape]:
    """Make a catalogue. Raises ValueError for a name that is given twice."""
    catalogue = {shape.name: shape for shape in shapes}
    if len(catalogue) != len(shapes):
        raise ValueError("a shape's name is given twice")
    return catalogue


def always(status: int, body: object, headers: Mapping[str, str] | None = None) -> Callable[[Call], Answer]:
    """Make a way to answer every call the same."""
    answer = Answer(status=status, body=body, headers=headers or {})
    return lambda _call: answer


def body(change: Callable[[Row], object]) -> Callable[[Answer, Call], Answer]:
    """Make a way to alter an answer whose body is an object."""
    return lambda answer, _call: replace(answer, body=change(answer.body)) if isinstance(answer.body, dict) else answer


@dataclass(slots=True)
class _Use:
    """A shape in force. `left` is how many requests it still concerns, None for all."""

    shape: Shape
    operation: str | None
    left: int | None

    def fits(self, operation: str) -> bool:
        """Tell whether the shape concerns an operation now."""
        return (
            (self.left is None or self.left > 0)
            and (self.operation is None or self.operation == operation)
            and (not self.shape.operations or operation in self.shape.operations)
        )

    def count(self) -> None:
        """Count one request that it concerned."""
        if self.left is not None:
            self.left -= 1


class Shapes:
    """The shapes in force on one world, per model or for all, in the order they were put in force."""

    def __init__(self, catalogue: Mapping[str, Shape]) -> None:
        self.catalogue = catalogue
        self._uses: dict[str | None, list[_Use]] = {}

    def use(
        self, name: str, *, model: str | None = None, operation: str | None = None, times: int | None = None
    ) -> None:
        """Put the shape `name` in force: for one model (its identity) or all, `times` requests or (None) all.

        Raises ValueError for a name that is not in the catalogue.
        """
        if name not in self.catalogue:
            raise ValueError(f"no such shape: {name}")
        self._uses.setdefault(model, []).append(_Use(self.catalogue[name], operation, times))

    def clear(self) -> None:
        """Take all shapes out of force."""
        self._uses.clear()

    def on(self, name: str, model: str) -> bool:
        """Tell whether shape `name` is in force for a model; does not count as a use."""
        return bool(self._uses) and any(
            use.shape.name == name and use.left != 0 for key in (None, model) for use in self._uses.get(key, ())
        )

    def _fitting(self, operation: str, model: str | None) -> Iterator[_Use]:
        keys = (None,) if model is None else (None, model)
        return (use for key in keys for use in self._uses.get(key, ()) if use.fits(operation))

    def answer(self, call: Call, handler: Callable[[Call], Answer]) -> Answer:
        """Answer a call through the shapes in force; `handler` is what the platform does without them."""
        if not self._uses:
            return handler(call)
        uses = list(self._fitting(call.operation, call.model.id if call.model else None))
        for use in uses:
            if use.shape.instead and (refusal := use.shape.instead(call)):
                use.count()
                return refusal
        dooms = [use.shape.doom for use in uses if use.shape.doom is not None]
        answer = handler(call) if call.model is None or not dooms else _doomed(call, call.model, dooms[-1], handler)
        if answer.status >= 300:
            return answer
        for use in uses:
            if use.shape.alter:
                answer = use.shape.alter(answer, call)
            if use.shape.alter or use.shape.doom is not None:
                use.count()
        return answer

    def rows(self, operation: str, rows: Iterable[tuple[str, Row]]) -> list[Row]:
        """Give the rows of a list (model identity, row) as the shapes in force show them."""
        if not self._uses:
            return [row for _, row in rows]
        shown: list[Row] = []
        used: dict[int, _Use] = {}
        for model, row in rows:
            made = [row]
            for use in self._fitting(operation, model):
                if use.shape.row:
                    used[id(use)] = use
                    made = [after for before in made for after in use.shape.row(before)]
            shown += made
        for use in used.values():
            use.count()
        return shown


def _doomed(call: Call, model: Model, doom: str, handler: Callable[[Call], Answer]) -> Answer:
    before, model.doom = model.doom, doom
    answer = handler(call)
    if not answer.effect:  # refused: the doom was for this call only
        model.doom = before
    return answer
