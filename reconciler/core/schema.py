"""Plain data against a JSON Schema, in our words: one line for each thing wrong, never the schema's own text.

Understands one annotation beside the standard's: `patternErrorMessage` (editors know it too) says in words what a
`pattern` wants. Reads no files. That nothing is wrong is found by `schema_gate`, in no time; jsonschema, which says
what is wrong, is imported where something is, because that takes a while.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from string import ascii_letters, digits
from typing import Any, Final
from warnings import catch_warnings, simplefilter

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.document import Document, Path, printable
from reconciler.core.schema_gate import Gate, compiled, is_schema, validator_class
from reconciler.core.schema_references import reference_problem
from reconciler.errors import Complaint

MAX_PROBLEMS: Final = 1000
"""More are not told of one piece of data: nobody reads them, and finding words takes time."""

MAX_ERRORS: Final = 20_000
"""More are not looked for in one piece of data."""

MORE: Final = "too much is wrong: the rest is not shown"
"""What the last problem or complaint says where there are more."""


class Problem(Struct, frozen=True, kw_only=True):
    """One thing wrong in plain data. `path` leads to it; `on_key`: it is about the name there and not about the value;
    `keyword` is the rule of the schema that is broken (`required`, `type`, ...)."""

    path: Path
    text: str
    keyword: str
    on_key: bool = False


class Checker:
    """A JSON Schema (Draft 2020-12) made ready to check any number of pieces of data.

    Stricter than the standard in two ways: 4.0 is no integer, and `$` in a pattern means the very end."""

    def __init__(self, schema: Mapping[str, Any], *, unknown: Callable[[Path], str | None] = lambda _: None) -> None:
        """`unknown` may give better words for a field, by its path, that the schema does not know."""
        self._schema, self._gate, self._unknown = schema, Gate(schema), unknown

    @cached_property
    def _validator(self) -> Any:
        from referencing import Registry

        # An empty registry fetches nothing, wherever a reference leads.
        return validator_class()(self._schema, registry=Registry())

    def valid(self, data: Any) -> bool:
        """Whether nothing is wrong. Quicker than looking for problems."""
        return self._gate.lets_through(data) or bool(self._validator.is_valid(data))

    def problems(self, data: Any) -> tuple[Problem, ...]:
        """Everything wrong with `data`, each once, in the order of `data`: at most `MAX_PROBLEMS`, the last of which
        says so where there are more."""
        if self._gate.lets_through(data):
            return ()
        errors = list(islice(self._validator.iter_errors(data), MAX_ERRORS))
        found: dict[Problem, None] = {}
        for error in sorted(errors, key=_place_in(data)):
            found.update(dict.fromkeys(self._explain(error)))
            if len(found) > MAX_PROBLEMS:
                break
        told = list(found)
        if len(told) > MAX_PROBLEMS or len(errors) == MAX_ERRORS:
            last = told[:MAX_PROBLEMS][-1]
            told[MAX_PROBLEMS - 1 :] = [Problem(path=last.path, text=MORE, keyword="", on_key=last.on_key)]
        return tuple(told)

    def _explain(self, error: Any) -> Iterator[Problem]:
        path = _path(error)
        keyword = error.validator
        if keyword == "additionalProperties":
            yield self._unknown_field(error, path)
        elif keyword in ("anyOf", "oneOf") and error.context:
            yield from self._nearest_form(error, path)
        elif _of_a_name(error):
            text = f"{'' if keyword == 'pattern' else 'the name '}{shown(error.instance)} {_rule(error)}"
            yield Problem(path=path, text=text, keyword=keyword, on_key=True)
        else:
            text = _missing(error, path) if keyword == "required" else _wrong(error, path)
            yield Problem(path=path, text=text, keyword=keyword, on_key=keyword == "required")

    def _unknown_field(self, error: Any, path: Path) -> Problem:
        name, known = str(path[-1]), error.schema.get("properties", {})
        text = self._unknown(path) or _secret_field(name)
        text = text or f"unknown field {shown(name)}{suggestion(name, known) or allowed(known)}"
        return Problem(path=path, text=text, keyword="additionalProperties", on_key=True)

    def _nearest_form(self, error: Any, path: Path) -> Iterator[Problem]:
        """Of several allowed forms, what is wrong with the one that was most likely meant."""
        forms: dict[Any, list[Any]] = {}
        for part in error.context:
            if part.schema_path:  # the form `false` has none, and is never meant
                forms.setdefault(part.schema_path[0], []).append(part)
        if not forms:
            yield Problem(path=path, text=_wrong(error, path), keyword=error.validator)
            return
        meant = [parts for parts in forms.values() if not any(_of_another_kind(part) for part in parts)]
        if meant:
            for part in max(meant, key=lambda parts: (max(len(part.path) for part in parts), -len(parts))):
                yield from self._explain(part)
        else:
            kinds = [part.validator_value for parts in forms.values() for part in parts if _of_another_kind(part)]
            wanted = [name for kind in kinds for name in _names(kind)]
            yield Problem(path=path, text=_wrong_type(error.instance, wanted, path, {}), keyword="type")


def _path(error: Any) -> Path:
    """What leads to the value, or the name, that an error is about."""
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        return (*path, error.message)
    return (*path, error.instance) if _of_a_name(error) else path


def _of_a_name(error: Any) -> bool:
    return "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str)


def _place_in(data: Any) -> Callable[[Any], list[int]]:
    """What gives the place of an error in `data`, to sort by."""
    numbers: dict[int, dict[Any, int]] = {}

    def place(error: Any) -> list[int]:
        part, steps = data, list[int]()
        for step in _path(error):
            if isinstance(part, dict) and step in part:
                if id(part) not in numbers:
                    numbers[id(part)] = {name: number for number, name in enumerate(part)}
                steps.append(numbers[id(part)][step])
            elif isinstance(part, list) and isinstance(step, int):
                steps.append(step)
            else:  # a field that is called as a rule is
                break
            part = part[step]
        return steps

    return place


def check(document: Document, checker: Checker) -> tuple[Complaint, ...]:
    """Everything wrong with a document by a schema, and every key of an API in it, in order of place, each once: at
    most `MAX_PROBLEMS`, as `first_of` has them.

    Raises nothing for any data; a broken schema raises what jsonschema raises."""
    problems = [*_secrets_in(document), *checker.problems(document.data)]
    complaints = {document.complaint(problem.path, problem.text, on_key=problem.on_key) for problem in problems}
    return first_of(sorted(complaints, key=lambda one: (one.line, one.column, one.text == MORE, one.text)))


def first_of(complaints: Sequence[Complaint]) -> tuple[Complaint, ...]:
    """The first `MAX_PROBLEMS`, the last of which says so where there are more, or were more already."""
    found = [complaint for complaint in complaints if complaint.text != MORE]
    if len(found) == len(complaints) <= MAX_PROBLEMS:
        return tuple(found)
    last = complaints[:MAX_PROBLEMS][-1]
    return (*found[: MAX_PROBLEMS - 1], replace(last, text=MORE))


# Secrets: they stand in no file that is reviewed.

_SECRET = re.compile(
    r"(?<![\w-])(?:(?:kg|sk)-(?:[A-Za-z0-9]+-){0,2}(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{16,}[\w-]*"
    r"|kg-[0-9a-fx]{6,}(?:-[0-9a-fx]{3,}){2,}"
    r"|nugen-(?=(?:[\w-]{0,24}?[0-9]){4}|[\w-]{0,23}[A-Z])[\w-]{16,24}(?![\w-]))",
    re.ASCII,
)
_PASSWORD = re.compile(r"(?<=//)[^/@\s]{1,200}(?=@)")
_SECRET_FIELD = re.compile(
    r"(?i)(?:x[-_])?(?:api|access|auth|private|probe)?[-_]?(?:key|token|secret|password)s?"
    r"(?:[-_](?:env|file|command|cmd|name|var))?|(?i:authorization|credentials?)"
)
_ADVICE: Final = "keys and their names never stand in a file: set RECONCILER_<PLATFORM>_KEY"


def _secrets_in(document: Document) -> Iterator[Problem]:
    """Every key in a document. Where nothing in its text looks like one, and nothing is escaped, there is none."""
    suspect = "\\" in document.text or _SECRET.search(document.text) is not None
    return find_secrets(document.data) if suspect else iter(())


def find_secrets(data: Any) -> Iterator[Problem]:
    """Every text in plain `data` that looks like the key of an API."""
    for path, value in _parts(data):
        if isinstance(value, str) and _SECRET.search(value):
            text = f"{_label(path)}{shown(value)} looks like a key; {_ADVICE}, and rotate this one"
            yield Problem(path=path, text=text, keyword="secret")


def is_secret_field(name: str) -> bool:
    """Whether a field of this name would hold a key, or say where one is."""
    return _SECRET_FIELD.fullmatch(name) is not None


def _secret_field(name: str) -> str | None:
    return f"{_ADVICE}; a key that stood here must be rotated" if is_secret_field(name) else None


def _parts(data: Any) -> Iterator[tuple[Path, Any]]:
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(((*path, name), part) for name, part in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), part) for index, part in enumerate(value))
        else:
            yield path, value


# Words.

_KINDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (name: value)",
    "null": "null",
}


def shown(value: Any, path: Path = ()) -> str:
    """`value` for a message: printable, at most 60 characters, keys masked; of a mapping or list only its kind.

    `path` leads to it: where that names a field for keys, the whole value is masked."""
    if path and isinstance(path[-1], str) and is_secret_field(path[-1]):
        return "***"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        masked = _PASSWORD.sub("***", _SECRET.sub(lambda match: match[0].split("-")[0] + "-***", value[:200]))
        text = printable(masked)
        return f'"{text[:57]}…"' if len(text) > 58 else f'"{text}"'
    return json.dumps(value)[:60]


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean "..."?` with the nearest of `known`, or nothing where none is near. Quick for any number."""
    names = frozenset(known)
    if len(word) > 64:
        return ""
    if len(names) > 200:  # too many to compare with each
        near = sorted(names.intersection(_one_edit_away(word)))
    else:
        from difflib import get_close_matches

        near = get_close_matches(word, sorted(names), n=1) or get_close_matches(word.lower(), sorted(names), n=1)
    return f"; did you mean {shown(near[0])}?" if near else ""


def _one_edit_away(word: str) -> Iterator[str]:
    yield word.lower()
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in ascii_letters + digits + "_-.":
            yield head + letter + tail
            yield head + letter + tail[1:]


def allowed(known: Collection[Any]) -> str:
    """` (allowed: ...)` with the first 20 of `known`; nothing where there are none."""
    names = [printable(name[:60]) if isinstance(name, str) else json.dumps(name)[:60] for name in islice(known, 20)]
    more = f" and {len(known) - len(names)} more" if len(known) > len(names) else ""
    return f" (allowed: {', '.join(names)}{more})" if names else ""


def _label(path: Path) -> str:
    """`after[2]: ` for what a message is about; nothing for the whole of it."""
    named = [index for index, step in enumerate(path) if isinstance(step, str)]
    if not named:
        return ""
    steps = path[named[-1] :]
    return printable(str(steps[0]))[:60] + "".join(f"[{index}]" for index in steps[1:]) + ": "


def _names(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _of_another_kind(error: Any) -> bool:
    return error.validator == "type" and not error.path


def _missing(error: Any, path: Path) -> str:
    names = [shown(name) for name in error.validator_value if name not in error.instance]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{_label(path)}{listed} {'is' if len(names) == 1 else 'are'} missing"


def _wrong(error: Any, path: Path) -> str:
    if error.validator == "type":
        return _wrong_type(error.instance, _names(error.validator_value), path, error.schema)
    value = error.instance
    if error.validator == "enum":
        near = (
            suggestion(value, [word for word in error.validator_value if isinstance(word, str)])
            if isinstance(value, str)
            else ""
        )
        return f"{_label(path)}{shown(value, path)} is not allowed{near}{allowed(error.validator_value)}"
    return f"{_label(path)}{shown(value, path)} {_rule(error)}"


def _wrong_type(value: Any, wanted: list[str], path: Path, schema: Mapping[str, Any]) -> str:
    kinds = " or ".join(dict.fromkeys(_KINDS[name] for name in wanted))
    if value is None:
        return f"{_label(path)}nothing stands here; wanted {kinds}" if path else f"this is empty; wanted {kinds}"
    if not path and isinstance(value, str) and wanted == ["object"]:
        return f"wanted {kinds}, found text"  # perhaps not the file it was taken for: none of it is shown
    text = shown(value, path)
    if "string" not in wanted or isinstance(value, dict | list) or not compiled(schema.get("pattern", "")).search(text):
        return f"{_label(path)}wanted {schema.get('patternErrorMessage', kinds)}, found {text}"
    if type(value) is int:
        return f'{_label(path)}YAML reads {text} as a number; quote it: "{text}"'
    return f"{_label(path)}YAML reads this as {text} and not as text; quote it"


_RULES: Final[Mapping[str, str]] = {
    "const": "is not allowed: it must be {}",
    "minimum": "is below {}, the least allowed",
    "maximum": "is above {}, the most allowed",
    "exclusiveMinimum": "is not above {}",
    "exclusiveMaximum": "is not below {}",
    "multipleOf": "is not a multiple of {}",
    "minLength": "is shorter than {} characters",
    "maxLength": "is longer than {} characters",
    "minItems": "holds fewer than {} entries",
    "maxItems": "holds more than {} entries",
    "minProperties": "holds fewer than {} fields",
    "maxProperties": "holds more than {} fields",
    "uniqueItems": "holds an entry twice",
}


def _rule(error: Any) -> str:
    """What a value does against the rule it breaks, to be read after the value."""
    wanted = error.validator_value
    if error.validator == "minLength" and wanted == 1:
        return "is empty"
    if error.validator == "pattern":
        return (
            f"is not {error.schema['patternErrorMessage']}"
            if "patternErrorMessage" in error.schema
            else f"does not match {shown(wanted)}"
        )
    return _RULES.get(error.validator, "is not allowed here").format(shown(wanted))


# Schemas that people write.


def schema_problem(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a JSON Schema that a person wrote, in one line; None if nothing is."""
    if is_schema(schema):
        return reference_problem(schema)
    from jsonschema import Draft202012Validator, SchemaError

    try:
        with catch_warnings():
            simplefilter("error", FutureWarning)  # a pattern that other versions of Python may read otherwise
            Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        return f"{'/'.join(map(str, error.absolute_path)) or 'its top'}: {error.message[:100]}"
    except (OverflowError, RecursionError, FutureWarning) as error:
        return f"a pattern in it is not a regular expression: {error}"
    return reference_problem(schema)
