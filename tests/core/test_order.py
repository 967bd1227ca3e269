from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.job import Verb
from reconciler.core.model import Model
from reconciler.core.order import link, with_predecessors
from reconciler.core.plan import BlockedCode, RunningJob

from .values import action, model
from .worlds import models


def after(name: str, *before: str) -> Model:
    return model(name, after=tuple(f"kore/{other}" for other in before))


CHAIN = (after("a"), after("b", "a"), after("c", "b"))


def names(found: tuple[Model, ...]) -> list[str]:
    return [made.name for made in found]


# With all that comes before.


def test_predecessors_near_and_far_come_along() -> None:
    assert names(with_predecessors((*CHAIN, after("d")), frozenset({"kore/c"}))) == ["a", "b", "c"]


def test_what_comes_after_does_not_come_along() -> None:
    assert names(with_predecessors(CHAIN, frozenset({"kore/a"}))) == ["a"]


def test_the_order_of_the_models_is_kept() -> None:
    assert names(with_predecessors(CHAIN[::-1], frozenset({"kore/c"}))) == ["c", "b", "a"]


def test_nothing_selected_is_nothing() -> None:
    assert with_predecessors(CHAIN, frozenset()) == ()


def test_addresses_that_no_model_has_are_passed_over() -> None:
    lost = after("a", "gone")
    assert with_predecessors((lost,), frozenset({"kore/a", "kore/unheard-of"})) == (lost,)


@given(models(), st.data())
def test_a_selection_is_closed_under_after(made: tuple[Model, ...], data: st.DataObject) -> None:
    selected = data.draw(st.frozensets(st.sampled_from([m.address for m in made])))
    found = {m.address: m for m in with_predecessors(made, selected)}
    assert selected <= set(found)
    assert all(before in found for m in found.values() for before in m.after)


# Linked.


def test_an_action_requires_all_actions_of_what_it_comes_after() -> None:
    actions = (action("a", Verb.EXPORT), action("a"), action("b"))
    linked, waiting = link(CHAIN, actions, {})
    assert [(made.id, made.requires) for made in linked] == [
        ("kore/a#export", ()),
        ("kore/a#undeploy", ()),
        ("kore/b#undeploy", ("kore/a#export", "kore/a#undeploy")),
    ]
    assert waiting == ()


def test_what_an_action_requires_already_comes_first() -> None:
    own = action("b", requires=("kore/b#export",))
    linked, _ = link(CHAIN, (action("a"), action("b", Verb.EXPORT), own), {})
    assert linked[2].requires == ("kore/b#export", "kore/a#undeploy")


def test_linked_actions_keep_the_order_they_came_in() -> None:
    actions = (action("c"), action("a"), action("b"))
    linked, _ = link(CHAIN, actions, {})
    assert [made.id for made in linked] == [made.id for made in actions]


def test_what_waits_for_the_stuck_is_blocked_and_so_is_what_waits_for_that() -> None:
    linked, waiting = link(CHAIN, (action("b"), action("c")), {"kore/a": "could not be read"})
    assert linked == ()
    assert [(entry.address, entry.code, entry.text) for entry in waiting] == [
        ("kore/b", BlockedCode.AFTER, "comes after kore/a, which could not be read"),
        ("kore/c", BlockedCode.AFTER, "comes after kore/b, which is blocked"),
    ]
    assert (waiting[0].verb, waiting[0].live, waiting[0].source) == (Verb.UNDEPLOY, "deployed", CHAIN[1].source)


def test_the_stuck_itself_is_not_blocked_here() -> None:
    linked, waiting = link(CHAIN, (action("a"),), {"kore/a": "this selection leaves out"})
    assert [made.id for made in linked] == ["kore/a#undeploy"]
    assert waiting == ()


def test_a_running_job_waits_for_nothing_and_holds_up_what_comes_after_it() -> None:
    running = action("b", adopts=RunningJob(verb=Verb.UNDEPLOY, job="j-1"))
    linked, waiting = link(CHAIN, (action("a"), running, action("c")), {})
    assert [made.requires for made in linked] == [(), (), ("kore/b#undeploy",)]
    linked, waiting = link(CHAIN, (running, action("c")), {"kore/a": "is blocked"})
    assert [made.id for made in linked] == ["kore/b#undeploy", "kore/c#undeploy"]
    assert waiting == ()


def test_a_long_chain_needs_no_recursion() -> None:
    length = 5_000
    models = [after("m0"), *(after(f"m{number}", f"m{number - 1}") for number in range(1, length))]
    backwards = models[::-1]
    linked, _ = link(backwards, [action(made.name) for made in backwards], {})
    assert sum(len(made.requires) for made in linked) == length - 1
