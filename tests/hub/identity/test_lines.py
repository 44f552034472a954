"""Generated lines: a simple model that keeps the whole history as the oracle, and what must hold whatever arrives."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.store.records import State
from tests.hub.identity.bench import Bench

Arrival = tuple[str, str, str | None, str | None]
arrivals = st.lists(
    st.tuples(
        st.sampled_from(["order", "order", "change", "cancel"]),
        st.sampled_from(["a", "b", "c", "?X", "?Y d"]),
        st.sampled_from([None, "1", "2", "3"]),
        st.sampled_from([None, "1", "2", "3", "4"]),
    ),
    max_size=12,
)


@dataclass
class Model:
    """Full documents with a revision and nothing missing, the plainest reading of the law: the highest revision wins."""

    seen: dict[str, int] = field(default_factory=dict)
    v: int = 0
    content: str = ""

    def send(self, content: str, v: int) -> str:
        if v < self.v:
            return "stale"
        if v == self.v:
            return "duplicate" if content == self.content else "waiting"
        self.v, self.content = v, content
        return "applied"


def run(items: list[Arrival], learn_at: int) -> Bench:
    bench = Bench()
    for n, (type, content, v, t) in enumerate(items):
        if n == learn_at:
            bench.learn("?X", "?Y")
        bench.send(content, type, v=v, t=t)
    bench.learn("?X", "?Y")
    return bench


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=12))
def test_revisions_without_holds_are_as_the_plain_model_says(items: list[tuple[str, int]]) -> None:
    bench, model = Bench(), Model()
    for content, v in items:
        twin = next((d for d in bench.line.waiting if d.parked and d.numbers[0][1] == content), None)
        said = model.send(content, v)
        doc = bench.send(content, v=str(v))
        expected = "duplicate" if said == "waiting" and twin is not None else said
        assert doc.state == expected


@settings(max_examples=300, deadline=None)
@given(arrivals, st.integers(0, 12))
def test_whatever_arrives_nothing_waits_without_a_cause(items: list[Arrival], learn_at: int) -> None:
    bench = run(items, learn_at)
    for doc in bench.docs:
        assert doc.state is not State.WAITING or doc.parked or doc.orphan


@settings(max_examples=300, deadline=None)
@given(arrivals, st.integers(0, 12))
def test_each_is_applied_at_most_once_and_the_head_counts_them(items: list[Arrival], learn_at: int) -> None:
    bench = run(items, learn_at)
    ids = [id for id, _ in bench.applied]
    assert len(ids) == len(set(ids)) == bench.line.head.kseq
    assert {doc.id for doc in bench.docs if doc.state is State.APPLIED} == set(ids)


@settings(max_examples=300, deadline=None)
@given(arrivals, st.integers(0, 12))
def test_revisions_of_what_is_applied_never_fall(items: list[Arrival], learn_at: int) -> None:
    bench = run(items, learn_at)
    by_id = {doc.id: doc for doc in bench.docs}
    given_v = [int(by_id[id].v or 0) for id, _ in bench.applied if by_id[id].v is not None]
    assert given_v == sorted(given_v)


@settings(max_examples=200, deadline=None)
@given(arrivals, st.integers(0, 12))
def test_the_same_list_again_changes_nothing_where_ids_say_what_it_is(items: list[Arrival], learn_at: int) -> None:
    named: list[Arrival] = [(type, content, v, str(n)) for n, (type, content, v, _) in enumerate(items)]
    bench = run(named, learn_at)
    before, applied = list(bench.docs), list(bench.applied)
    states = bench.states()
    for type, content, v, t in named:
        again = bench.send(content, type, v=v, t=t)
        assert again.state is State.DUPLICATE
    assert bench.applied == applied
    assert [str(doc.state) for doc in before] == states


@settings(max_examples=200, deadline=None)
@given(arrivals, st.integers(0, 12))
def test_every_changed_resend_has_exactly_one_case(items: list[Arrival], learn_at: int) -> None:
    bench = run(items, learn_at)
    documents = [case.document for case in bench.line.cases]
    assert len(documents) == len(set(documents))
    assert {doc.id for doc in bench.docs if doc.parked} <= set(documents)
