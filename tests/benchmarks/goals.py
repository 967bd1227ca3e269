"""The goals, each as a function that measures and gives its lines of the table."""

import subprocess
import sys
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec.structs import replace

from . import rivals
from .lab import FIRST_POLL, Lab, World, reconciler
from .measure import ROOT, Spent, clean, interleaved, serving, spend
from .page import Row
from .rivals import Missing

JOB: Final = 0.5
LATENCY: Final = 0.02
USUAL: Final = 10
"""How many things Terraform does at once where nobody says."""
FORMS: Final = ("text", "markdown", "markdown summary", "json", "html")


def _times(factor: float) -> str:
    return f"{factor:.2f} x"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def read_at_the_latency_bound(lab: Lab) -> list[Row]:
    """1: plan by one read per model takes no longer than the latency alone."""
    models, latency, flying = 10_000, 0.1, 50
    runs = [
        lab.plan("kore", models, every=2, flying=flying, latency=latency, again=number)
        for number in range(lab.rounds(3))
    ]
    wall, bound = median(run.spent.wall for run in runs), models * latency / flying
    what = f"A, {models:,} models, {latency * 1000:.0f} ms, {flying} in flight: wall time of the whole command"
    return [
        Row(
            name="1",
            what=what,
            measured=f"{wall:.1f} s",
            wanted="at most 1.10 x N*L/C",
            peer=f"N*L/C = {bound:.1f} s",
            ratio=_times(wall / bound),
            held=wall <= 1.10 * bound,
        )
    ]


def read_cheaply(lab: Lab) -> list[Row]:
    """2: CPU per model, and that more in flight cost no more."""
    models, latency = 10_000, 0.1
    runs = [lab.plan("kore", models, every=2, latency=latency, again=number) for number in range(lab.rounds(3))]
    each = median(run.spent.cpu for run in runs) / models
    some = 2_000
    costs: dict[int, list[float]] = {10: [], 200: []}
    for number in range(lab.rounds(3)):
        for flying, found in costs.items():
            with World("kore", some, every=2, flying=flying, latency=LATENCY) as world:
                asked = world.run(["plan"])
                found.append((asked.spent.cpu - world.run(["plan", "--offline"]).spent.cpu) / some)
                lab.say(f"  round {number + 1}: {_ms(found[-1])} a request at {flying} in flight")
    few, many = median(costs[10]), median(costs[200])
    return [
        Row(
            name="2a",
            what=f"A, {models:,} models, 50 in flight: CPU of the whole command, a model",
            measured=_ms(each),
            wanted="at most 1.5 ms",
            held=each <= 0.0015,
        ),
        Row(
            name="2b",
            what=f"A, {some:,} models: CPU a request at 200 in flight (the command less the same with --offline)",
            measured=_ms(many),
            wanted="at most 1.3 x that at 10",
            peer=f"at 10: {_ms(few)}",
            ratio=_times(many / few),
            held=many <= 1.3 * few,
        ),
    ]


def list_cheaply(lab: Lab) -> list[Row]:
    """3: plan by list, beside octoDNS."""
    models = 10_000
    numbers = iter(range(100))

    def ours() -> Spent:
        return lab.plan("nugen", models, every=100, latency=LATENCY, again=next(numbers)).spent

    def idle() -> Spent:
        return lab.plan("nugen", 1, every=100, latency=LATENCY, again=next(numbers)).spent

    work: dict[str, Callable[[], Spent]] = {"ours": ours, "our idle": idle}
    try:
        work["octodns"] = rivals.OctoDns(lab.folder / "octodns", models).plan
        work["its idle"] = rivals.OctoDns(lab.folder / "octodns-1", 1).plan
    except Missing as missing:
        lab.say(f"  {missing}")
    found = interleaved(lab.rounds(5), **work)
    each = found["ours"].cpu / models
    first = Row(
        name="3a",
        what=f"B, {models:,} models, 1 % differing: CPU of the whole command, a model",
        measured=_ms(each),
        wanted="at most 0.20 ms",
        held=each <= 0.0002,
    )
    mine = (found["ours"].cpu - found["our idle"].cpu) / models
    what = f"B beside octoDNS, {models:,} records of YAML against a list of JSON: CPU a record (less that of one alone)"
    row = Row(
        name="3b",
        what=what,
        measured=f"{_ms(mine)} (whole command: {found['ours'].cpu:.2f} s)",
        wanted="at most 1/4 of its cost",
        peer="not here",
    )
    if "octodns" not in found:
        return [first, row]
    theirs = (found["octodns"].cpu - found["its idle"].cpu) / models
    peer = f"{_ms(theirs)} (whole command: {found['octodns'].cpu:.2f} s)"
    return [first, replace(row, peer=peer, ratio=f"1/{theirs / mine:.1f}", held=mine <= theirs / 4)]


def grow_evenly(lab: Lab) -> list[Row]:
    """4: a hundred thousand models."""
    many, few = 100_000, 10_000
    rounds = range(lab.rounds(3))
    pairs = [
        (lab.plan("nugen", few, every=100, again=200 + number), lab.plan("nugen", many, every=100, again=200 + number))
        for number in rounds
    ]
    small, large = (median(pair[side].spent.cpu for pair in pairs) for side in (0, 1))
    most = max(pair[1].spent.memory for pair in pairs)
    return [
        Row(
            name="4a",
            what=f"B, {many:,} models: CPU",
            measured=f"{large:.1f} s",
            wanted="at most 11 x that of a tenth",
            peer=f"{few:,}: {small:.2f} s",
            ratio=_times(large / small),
            held=large <= 11 * small,
        ),
        Row(
            name="4b",
            what=f"B, {many:,} models: peak memory",
            measured=f"{most:.0f} MB",
            wanted="at most 400 MB",
            held=most <= 400,
        ),
        *_one_by_one(lab, few, many),
    ]


def _one_by_one(lab: Lab, few: int, many: int) -> list[Row]:
    """The same where each model is read by itself, and has three records in the journal."""
    small, large = (lab.plan("kore", models, every=2, again=200).spent for models in (few, many))
    return [
        Row(
            name="4c",
            what=f"A, {many:,} models: CPU",
            measured=f"{large.cpu:.1f} s",
            wanted="at most 11 x that of a tenth",
            peer=f"{few:,}: {small.cpu:.2f} s",
            ratio=_times(large.cpu / small.cpu),
            held=large.cpu <= 11 * small.cpu,
        ),
        Row(
            name="4d",
            what=f"A, {many:,} models: peak memory",
            measured=f"{large.memory:.0f} MB",
            wanted="at most 400 MB",
            held=large.memory <= 400,
        ),
    ]


def apply_quickly(lab: Lab) -> list[Row]:
    """5: apply, beside everything else that could do it."""
    models, flying = 1_000, 50
    numbers = iter(range(300, 400))
    listed = rivals.model_list(lab.folder / "models.txt", models)
    runs: list[Any] = []

    def ours() -> Spent:
        runs.append(lab.apply(models, every=2, flying=flying, latency=LATENCY, again=next(numbers)))
        spent: Spent = runs[-1].spent
        return spent

    with serving(latency=LATENCY, shortest=JOB, longest=JOB) as server:
        able = _able(lab, {"script": lambda: rivals.hand_written(server.origin, listed, flying)})
        found = interleaved(lab.rounds(5), ours=ours, **able)
        for slots in (USUAL, flying):
            found |= _slow(lab, server.origin, listed, models, slots)
    mine = found["ours"]
    what = f"C, {models:,} models, {models // 2:,} changes, 20 ms, jobs of 500 ms, 50 in flight: wall time"
    missing = "left out of a sample" if lab.quick else "not here"
    rows = [
        _faster("5a", f"{what}; beside 50 lines of asyncio and aiohttp", mine, found.get("script"), 2.0, "not here"),
        _faster(
            "5b", f"{what}; beside bash, curl, `xargs -P {USUAL}`", mine, found.get(f"bash {USUAL}"), 1 / 10, missing
        ),
        _faster("5b at 50", "the same; `xargs -P 50`", mine, found.get("bash 50"), None, missing),
        _faster("5c", f"{what}; beside Terraform as it comes", mine, found.get(f"terraform {USUAL}"), 1 / 25, missing),
        _faster("5c at 50", "the same; `terraform -parallelism=50`", mine, found.get("terraform 50"), None, missing),
        _cheaper(
            "5d", "the same; CPU, beside Terraform as it comes", mine, found.get(f"terraform {USUAL}"), 1 / 15, missing
        ),
    ]
    return rows if lab.quick else [*rows, _playbook(lab)]


def _slow(lab: Lab, origin: str, listed: Path, models: int, slots: int) -> dict[str, Spent]:
    """What takes so long that once is enough."""
    if lab.quick:
        return {}
    work: dict[str, Callable[[], Spent]] = {
        f"bash {slots}": lambda: rivals.shell(origin, listed, slots),
        f"terraform {slots}": lambda: rivals.Terraform(lab.folder / "terraform", models).apply(origin, slots),
    }
    return _once(lab, work)


def _once(lab: Lab, work: Mapping[str, Callable[[], Spent]]) -> dict[str, Spent]:
    """One round of the peers that are here."""
    found = {}
    for name, do in work.items():
        try:
            found[name] = do()
            lab.say(f"  {name}: {found[name]}")
        except Missing as missing:
            lab.say(f"  {missing}")
    return found


def _able(lab: Lab, work: Mapping[str, Callable[[], Spent]]) -> dict[str, Callable[[], Spent]]:
    """The peers that are here; each is run once to see."""
    there = _once(lab, work)
    return {name: do for name, do in work.items() if name in there}


def _faster(name: str, what: str, ours: Spent, theirs: Spent | None, most: float | None, missing: str) -> Row:
    """`most` of their wall time; None: no goal."""
    goal = "(no goal)" if most is None else f"at most {most:g} x its time" if most >= 1 else f"{1 / most:.0f} x faster"
    measured = f"{ours.wall:.2f} s, CPU {ours.cpu:.2f} s"
    if theirs is None:
        return Row(name=name, what=what, measured=measured, wanted=goal, peer=missing)
    factor = ours.wall / theirs.wall
    return Row(
        name=name,
        what=what,
        measured=measured,
        wanted=goal,
        peer=f"{theirs.wall:.1f} s, CPU {theirs.cpu:.1f} s",
        ratio=_times(factor) if most is not None and most >= 1 else f"{1 / factor:.1f} x faster",
        held=None if most is None else factor <= most,
    )


def _cheaper(name: str, what: str, ours: Spent, theirs: Spent | None, most: float, missing: str) -> Row:
    """`most` of their CPU."""
    wanted = f"at most 1/{1 / most:.0f} of its CPU"
    if theirs is None:
        return Row(name=name, what=what, measured=f"{ours.cpu:.2f} s", wanted=wanted, peer=missing)
    return Row(
        name=name,
        what=what,
        measured=f"{ours.cpu:.2f} s",
        wanted=wanted,
        peer=f"{theirs.cpu:.2f} s",
        ratio=f"1/{theirs.cpu / ours.cpu:.1f}",
        held=ours.cpu <= most * theirs.cpu,
    )


def _playbook(lab: Lab) -> Row:
    models = 100
    listed = rivals.model_list(lab.folder / "models-100.txt", models)
    ours = lab.apply(models, every=2, flying=50, latency=LATENCY, again=399).spent
    what = f"C, {models} models, {models // 2} changes: wall time; beside a naive Ansible playbook"
    theirs: Spent | None = None
    with serving(latency=LATENCY, shortest=JOB, longest=JOB) as server:
        try:
            theirs = rivals.ansible(server.origin, listed)
        except Missing as missing:
            lab.say(f"  {missing}")
    return _faster("5e", what, ours, theirs, None, "not here")


def hold_no_slot(lab: Lab) -> list[Row]:
    """6: a running job takes no request's place."""
    models, flying = 1_000, 10
    numbers = iter(range(400, 500))
    listed = rivals.model_list(lab.folder / "models.txt", models)

    def ours() -> Spent:
        return lab.apply(models, every=2, flying=flying, latency=LATENCY, again=next(numbers)).spent

    holding = models // 2 * (JOB + LATENCY) / flying
    peer = f"changes x (job + one request) / slots: {holding:.1f} s"
    with serving(latency=LATENCY, shortest=JOB, longest=JOB) as server:
        found = interleaved(lab.rounds(3), ours=ours)
        if not lab.quick:  # half a minute: once is enough
            script = {"hold": lambda: rivals.hand_written(server.origin, listed, flying, hold=True)}
            found |= _once(lab, script)
    if "hold" in found:
        peer += f" (the script, holding: {found['hold'].wall:.1f} s)"
    wall = found["ours"].wall
    what = f"C, {models:,} models, {models // 2:,} changes, 10 in flight: wall time"
    return [
        Row(
            name="6",
            what=what,
            measured=f"{wall:.2f} s",
            wanted="at most 1/4 of holding a slot per job",
            peer=peer,
            ratio=_times(wall / holding),
            held=wall <= holding / 4,
        )
    ]


def answer_at_once(lab: Lab) -> list[Row]:
    """7: a command line that answers at once."""
    with World("nugen", 10, every=0) as world:
        ours, file = reconciler(), world.folder / "ten.yaml"
        text = "version: 1\nmodels:\n" + "".join(
            f"  m{n}: {{platform: nugen, id: alignment_{n}, state: deployed}}\n" for n in range(10)
        )
        file.write_text(text, "utf-8")
        tab = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": "reconciler pl", "COMP_CWORD": "1"}
        address = {**tab, "COMP_WORDS": "reconciler plan ten.yaml --only nug", "COMP_CWORD": "4"}
        deeper = {**tab, "COMP_WORDS": "reconciler plan --fo", "COMP_CWORD": "2"}
        found = interleaved(
            lab.rounds(21),
            bare=lambda: spend([sys.executable, "-c", "pass"]),
            version=lambda: spend([*ours, "--version"]),
            help=lambda: spend([*ours, "--help"]),
            command=lambda: spend(ours, env=tab),
            option=lambda: spend(ours, env=deeper),
            script=lambda: spend([*ours, "completion", "bash"]),
            address=lambda: spend(ours, cwd=world.folder, env=address),
            options=lambda: spend([*ours, "plan", "--help"]),
            validate=lambda: spend([*ours, "validate", str(file)]),
        )
    bare = found["bare"].cpu
    names = {
        "version": ("7a", "`reconciler --version`", 2.6),
        "help": ("7b", "`reconciler --help`", 2.6),
        "command": ("7c", "completion of a command's name", 2.6),
        "option": ("7d", "completion of an option", 2.6),
        "script": ("7e", "`reconciler completion bash`", 2.6),
        "validate": ("7f", "`reconciler validate` of 10 models", 6.0),
        "address": ("7g", "completion of an address, of 10 models", 2.6),
        "options": ("7h", "`reconciler plan --help`", None),
    }
    return [
        Row(
            name=name,
            what=f"CPU of {what}",
            measured=f"{found[key].cpu * 1000:.0f} ms",
            wanted=f"at most {most:g} x bare Python" if most else "(no goal)",
            peer=f"`python -c pass`: {bare * 1000:.0f} ms",
            ratio=_times(found[key].cpu / bare),
            held=found[key].cpu <= most * bare if most else None,
        )
        for key, (name, what, most) in names.items()
    ]


def _inside(*words: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.inside", *words]
    return float(subprocess.run(command, cwd=ROOT, env=clean({}), check=True, capture_output=True, text=True).stdout)


def load_quickly(lab: Lab) -> list[Row]:
    """8: load and validate, with positions."""
    models = 10_000
    with World("nugen", models, every=0) as world:
        folder = str(world.folder)
        pairs = [(_inside("load", folder), _inside("yaml", folder)) for _ in range(lab.rounds(5))]
        for file in sorted(world.folder.glob("inventory-*.yaml")):
            text = file.read_text("utf-8")
            file.write_text(text.replace("state: deployed", "state: deployd", 1), "utf-8")
        wrong = median(_inside("load", folder) for _ in range(lab.rounds(3)))
    ours, plain = (median(pair[side] for pair in pairs) for side in (0, 1))
    peer = f"`yaml.load(CSafeLoader)`: {plain:.2f} s"
    return [
        Row(
            name="8",
            what=f"load and validate {models:,} models, CPU without start-up",
            measured=f"{ours:.2f} s",
            wanted="at most 0.6 x `yaml.load(CSafeLoader)` alone",
            peer=peer,
            ratio=_times(ours / plain),
            held=ours <= 0.6 * plain,
        ),
        Row(
            name="8 mistaken",
            what="the same with a mistake in every file, which are told with their places",
            measured=f"{wrong:.2f} s",
            wanted="(no goal)",
            peer=peer,
            ratio=_times(wrong / plain),
        ),
    ]


def keep_to_limits(lab: Lab) -> list[Row]:
    """9: connections, requests at once, requests a minute."""
    rows = []
    for letter, models, flying in (("a", 10_000, 50), ("b", 1_000, 10)):
        seen = lab.plan("kore", models, every=2, flying=flying, latency=0.1 if flying == 50 else LATENCY).seen
        opened, most = seen["opened"].get("read", 0), seen["most_flying"]
        rows.append(
            Row(
                name=f"9{letter}",
                what=f"A, {models:,} models, limit {flying}: connections opened; most requests at once",
                measured=f"{opened} connections; {most} at once",
                wanted=f"at most {flying + 1}; at most {flying}",
                held=opened <= flying + 1 and most <= flying,
            )
        )
    models = 1_000
    seen = lab.apply(models, every=2, flying=50, latency=LATENCY, again=300).seen
    opened, actions, most = seen["opened"]["read"], seen["opened"]["action"], seen["most_flying"]
    changes = seen["operations"]["undeploy"]
    rows.append(
        Row(
            name="9c",
            what=f"C, {models:,} models, limit 50: connections for reads, for {changes:,} actions; most at once",
            measured=f"{opened}, {actions}; {most} at once",
            wanted=f"at most 51, {changes:,}; at most 50",
            held=opened <= 51 and actions <= changes and most <= 50,
        )
    )
    stated, asked = (1_200, 1_500) if not lab.quick else (1_200, 100)
    seen = lab.plan("kore", asked, every=2, flying=50, per_minute=stated).seen
    window = 60.0 if not lab.quick else 2.0
    most = most_within([entry[0] for entry in seen["sent"]], window)
    bound = stated * window / 60 + (2 if lab.quick else 0)  # in a short window a late wake-up counts
    rows.append(
        Row(
            name="9d",
            what=f"A, {asked:,} models, {stated:,} requests a minute stated: most in any {window:.0f} s",
            measured=f"{most}",
            wanted=f"at most {bound:.0f}",
            held=most <= bound,
        )
    )
    return rows


def most_within(times: Sequence[float], window: float) -> int:
    """The most of `times` in any half-open window of so many seconds."""
    ordered = sorted(times)
    return max((bisect_left(ordered, moment + window) - at for at, moment in enumerate(ordered)), default=0)


def ideal_polls(length: float, first: float = FIRST_POLL) -> int:
    """How often a job of this length is asked for by who first waits `first` seconds, then half as long again each
    time up to twelve times that, and takes no time to ask."""
    asked, waited, step = 0, 0.0, first
    while waited < length:
        waited, step, asked = waited + step, min(step * 1.5, first * 12), asked + 1
    return asked


def poll_little(lab: Lab) -> list[Row]:
    """10: as few polls as the jobs need."""
    rows = []
    changes = 1_000
    for letter, shortest, longest in (("a", JOB, JOB), ("b", 0.3, 6.0)):
        runs = [
            lab.apply(changes, every=2, latency=LATENCY, shortest=shortest, longest=longest, again=500 + number).seen
            for number in range(lab.rounds(3))
        ]
        counts = [polls(seen) for seen in runs]
        during, after, ideal = (median(count[part] for count in counts) for part in (0, 1, 2))
        kind = f"of {shortest:g} s" if shortest == longest else f"of {shortest:g} to {longest:g} s"
        rows.append(
            Row(
                name=f"10{letter}",
                what=f"C, {changes // 2:,} jobs {kind}: requests about a job, from its start on",
                measured=f"{during + after:.0f}: {during:.0f} polls and {after:.0f} once its end was known",
                wanted="at most 1.5 x the ideal",
                peer=f"ideal: {ideal:.0f}",
                ratio=_times((during + after) / ideal),
                held=during + after <= 1.5 * ideal,
            )
        )
    return [*rows, _one_list(lab)]


def polls(seen: Mapping[str, Any]) -> tuple[int, int, int]:
    """Requests for new jobs up to the first that shows the end, those after it, and how many the ideal takes."""
    during = after = 0
    ended: set[str] = set()
    for at, operation, job in seen["sent"]:
        if operation != "dock-status" or job not in seen["jobs"]:
            continue
        if job in ended:
            after += 1
            continue
        during += 1
        if at >= seen["jobs"][job][1]:
            ended.add(job)
    ideal = sum(ideal_polls(ends - began) for began, ends in seen["jobs"].values())
    return during, after, ideal


def _one_list(lab: Lab) -> Row:
    """Where a list shows all models: what is asked while jobs run, from the last start to the last end and after."""
    models, length = 1_000, 3.0
    seen = lab.apply(models, kind="nugen", every=10, latency=LATENCY, shortest=length, longest=length).seen
    last = max(began for began, _ in seen["jobs"].values())
    asked = [operation for at, operation, _ in seen["sent"] if at > last]
    lists, single = asked.count("list"), asked.count("job-status")
    jobs = len(seen["jobs"])
    ideal = ideal_polls(length) + 1 + jobs
    return Row(
        name="10c",
        what=f"{jobs} jobs of 3 s on a platform with a list: requests from the last start on",
        measured=f"{lists + single}: {lists} lists, {single} for single jobs",
        wanted="one a tick for all that run, and one for each that ended: at most 1.5 x the ideal",
        peer=f"ideal: {ideal}, with the list that confirms (one by one: {ideal_polls(length) * jobs})",
        ratio=_times((lists + single) / ideal),
        held=lists + single <= 1.5 * ideal,
    )


def render_quickly(lab: Lab) -> list[Row]:
    """Rendering: every form of 10,000 changes."""
    changes = 10_000
    most = 1.0
    found: dict[str, list[float]] = {form: [] for form in FORMS}
    for _ in range(lab.rounds(3)):
        for form, spent in found.items():
            spent.append(_inside("render", form, str(changes)))
    return [
        Row(
            name=f"render {form}",
            what=f"CPU of {changes:,} changes as {form}",
            measured=f"{median(spent):.2f} s",
            wanted=f"at most {most:g} s",
            held=median(spent) <= most,
        )
        for form, spent in found.items()
    ]


GOALS: Final[Mapping[str, Callable[[Lab], list[Row]]]] = {
    "1": read_at_the_latency_bound,
    "2": read_cheaply,
    "3": list_cheaply,
    "4": grow_evenly,
    "5": apply_quickly,
    "6": hold_no_slot,
    "7": answer_at_once,
    "8": load_quickly,
    "9": keep_to_limits,
    "10": poll_little,
    "render": render_quickly,
}
