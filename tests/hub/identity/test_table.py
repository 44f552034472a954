"""The identity table row by row, without a database."""

from __future__ import annotations

import pytest

from canonical_model.problems import Cause
from hub.store.records import State, Way
from tests.hub.identity.bench import Bench, causes, digest


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_row_1_equal_to_any_document_under_the_same_id_is_a_duplicate_of_that_one(bench: Bench) -> None:
    first, changed = bench.send("a", t="1"), bench.send("b", t="1")
    again, changed_again = bench.send("a", t="1"), bench.send("b", t="1")
    assert (again.state, again.of) == (State.DUPLICATE, first.id)
    assert (changed_again.state, changed_again.of) == (State.DUPLICATE, changed.id)
    assert len(bench.line.cases) == 1


def test_row_1_a_repeat_of_a_repeat_names_the_first(bench: Bench) -> None:
    first = bench.send("a", t="1")
    assert [bench.send("a", t="1").of, bench.send("a", t="1").of] == [first.id, first.id]


def test_row_1_other_bytes_with_an_equal_body_under_equal_inputs_are_the_same(bench: Bench) -> None:
    first = bench.send("Apple", t="1")
    again = bench.send("aPPle", t="1")
    assert (again.state, again.of) == (State.DUPLICATE, first.id)


def test_row_1_under_other_inputs_the_earlier_raw_is_translated_again_before_it_is_called_changed(bench: Bench) -> None:
    first = bench.send("a", t="1", inputs="old")
    bench.retranslated[first.id] = digest("body b")
    assert bench.send("B", t="1", inputs="new").of == first.id
    assert bench.send("c", t="1", inputs="new").parked


def test_row_2_a_changed_resend_is_parked_beside_the_line_with_a_case(bench: Bench) -> None:
    first, changed, next_ = bench.send("a", t="1"), bench.send("b", t="1"), bench.send("c", t="2", v="2")
    assert changed.parked
    assert next_.state is State.APPLIED
    assert [(case.document, case.against, case.kind, case.state) for case in bench.line.cases] == [
        (changed.id, first.id, "changed", "open")
    ]


@pytest.mark.parametrize(
    ("policy", "state", "case"),
    [("newest", "applied", "applied_newest"), ("first", "duplicate", "kept_first"), ("reject", "rejected", "rejected")],
)
def test_row_2_policies_are_never_silent(bench: Bench, policy: str, state: str, case: str) -> None:
    bench.policy(changed_resend=policy)
    bench.send("a", t="1")
    changed = bench.send("b", t="1")
    assert (changed.state, [row.state for row in bench.line.cases]) == (state, [case])
    assert bench.refused == ([changed.id] if policy == "reject" else [])


def test_row_2_the_newest_takes_the_place_of_a_held_first(bench: Bench) -> None:
    bench.policy(changed_resend="newest")
    first, changed = bench.send("?X", t="1"), bench.send("b", t="1")
    assert (first.state, first.of, changed.state) == (State.SUPERSEDED, changed.id, State.APPLIED)


def test_row_3_a_reused_id_is_parked_under_its_own_key(bench: Bench) -> None:
    other = bench.send("a", t="1", k="L")
    doc = bench.send("a", t="1")
    assert doc.parked
    assert bench.line.cases[0].against == other.id
    assert bench.line.cases[0].kind == "reused"


@pytest.mark.parametrize("policy", ["within_key", "ignore"])
def test_row_3_numbers_that_wrap_count_only_with_their_key(bench: Bench, policy: str) -> None:
    bench.policy(technical_id=policy)
    bench.send("a", t="1", k="L")
    assert bench.send("a", t="1").state is State.APPLIED


def test_ignored_ids_let_content_and_revision_decide(bench: Bench) -> None:
    bench.policy(technical_id="ignore")
    bench.send("a", t="1")
    assert bench.send("b", t="1", v="2").state is State.APPLIED


def test_row_4_an_event_that_needs_its_object_waits_outside(bench: Bench) -> None:
    bench.policy("event", predecessor=True)
    event = bench.send("e", "event", t="1")
    assert causes(event) == {Cause.PREDECESSOR_MISSING}
    bench.send("a", t="2")
    assert event.state is State.APPLIED


def test_row_5_cumulative_counts_equal_rows_by_occurrence(bench: Bench) -> None:
    bench.policy("event", repeats="cumulative")
    day_one = [bench.send("sale", "event", message=1) for _ in range(2)]
    day_two = [bench.send("sale", "event", message=2) for _ in range(3)]
    assert [doc.state for doc in day_one] == [State.APPLIED] * 2
    assert [doc.state for doc in day_two] == [State.DUPLICATE, State.DUPLICATE, State.APPLIED]
    assert [doc.of for doc in day_two[:2]] == [doc.id for doc in day_one]


def test_row_5_delta_is_a_new_event_unless_the_whole_message_repeats(bench: Bench) -> None:
    bench.policy("event", repeats="delta")
    first = bench.send("sale", "event")
    second = bench.send("sale", "event")
    bench.repeats[3 << 20 | 1] = first.id
    third = bench.send("sale", "event", message=3)
    assert (second.state, third.state, third.of) == (State.APPLIED, State.DUPLICATE, first.id)


def test_row_6_two_sales_of_one_bottle_are_two_sales(bench: Bench) -> None:
    assert [bench.send("sale", "event", t=str(n)).state for n in range(3)] == [State.APPLIED] * 3


def test_row_7_equal_to_the_last_unsettled_is_a_duplicate_of_that_one(bench: Bench) -> None:
    held = bench.send("?X", t="1")
    again = bench.send("?X", t="2")
    assert (again.state, again.of) == (State.DUPLICATE, held.id)


def test_row_7_orphans_count_and_parked_ones_do_not(bench: Bench) -> None:
    orphan = bench.send("c", "change", t="1")
    assert bench.send("c", "change", t="2").of == orphan.id
    bench.send("?X", t="3")
    parked = bench.send("b", t="3")
    assert parked.parked
    assert bench.send("?X", t="4").state is State.DUPLICATE


def test_row_7_an_order_is_no_repeat_of_a_change_that_says_the_same(bench: Bench) -> None:
    held, change = bench.send("?X", v="1"), bench.send("c", "change")
    order = bench.send("c")
    again = bench.send("c", "change")
    assert (change.state, order.state, again.state, again.of) == (State.WAITING, State.WAITING, State.WAITING, None)
    bench.learn("?X")
    assert (held.state, change.state) == (State.APPLIED, State.APPLIED)
    assert order.parked
    assert (again.state, again.of) == (State.DUPLICATE, change.id)


def test_row_8_a_higher_revision_supersedes_the_held_one(bench: Bench) -> None:
    held, newer = bench.send("?X", v="1"), bench.send("b", v="2")
    assert (held.state, held.of, newer.state) == (State.SUPERSEDED, newer.id, State.APPLIED)


def test_row_8_the_correction_of_an_order_that_never_got_in_does_not_wait_behind_its_mistake(bench: Bench) -> None:
    held, corrected = bench.send("?X"), bench.send("b")
    assert (held.state, corrected.state) == (State.SUPERSEDED, State.APPLIED)


def test_row_8_a_lower_revision_supersedes_nothing(bench: Bench) -> None:
    held, older = bench.send("?X", v="5"), bench.send("b", v="4")
    assert (held.state, older.state) == (State.WAITING, State.WAITING)
    bench.learn("?X")
    assert (held.state, older.state) == (State.APPLIED, State.STALE)


def test_row_8_nothing_that_is_merely_blocked_closes(bench: Bench) -> None:
    bench.send("?X", v="1")
    blocked = bench.send("b", v="1")
    third = bench.send("?Y", v="2")
    assert (blocked.state, third.state) == (State.APPLIED, State.WAITING)


def test_row_8_changes_meant_for_the_old_one_are_parked(bench: Bench) -> None:
    bench.send("?X", v="1")
    change = bench.send("c", "change")
    bench.send("b", v="2")
    assert change.parked
    assert bench.line.cases[0].kind == "meant_for_old"


def test_row_8_without_revision_only_where_nothing_is_applied(bench: Bench) -> None:
    bench.send("a")
    bench.policy(same_key="conflict", changed_resend="park")
    held = bench.send("?X", v="2")
    other = bench.send("b")
    assert (held.state, other.state) == (State.WAITING, State.WAITING)


def test_row_9_a_cancel_closes_the_held_order_and_is_applied(bench: Bench) -> None:
    held = bench.send("?X", t="1")
    cancel = bench.send("x", "cancel", t="2")
    assert (held.state, held.of, cancel.state, cancel.way) == (State.SUPERSEDED, cancel.id, State.APPLIED, Way.CLOSES)
    assert bench.send("?X", t="1").of == held.id


def test_row_10_what_overtakes_its_order_waits_outside_and_follows_at_once(bench: Bench) -> None:
    change, cancel = bench.send("c", "change", v="2"), bench.send("x", "cancel", v="3")
    order = bench.send("a", v="1")
    assert [doc.state for doc in (change, cancel, order)] == [State.APPLIED] * 3
    assert [id for id, _ in bench.applied] == [order.id, change.id, cancel.id]


def test_row_10_an_orphan_that_also_misses_a_code_begins_to_block(bench: Bench) -> None:
    orphan = bench.send("?X", "change")
    order, change = bench.send("a"), bench.send("c", "change")
    assert (order.state, orphan.state, change.state) == (State.APPLIED, State.WAITING, State.WAITING)
    assert causes(orphan) == {Cause.MISSING_CODE}
    bench.learn("?X")
    assert [id for id, _ in bench.applied] == [order.id, orphan.id, change.id]


def test_row_11_new(bench: Bench) -> None:
    assert bench.send("a").state is State.APPLIED
    assert bench.line.head.kseq == 1


def test_row_12_same_content_under_a_new_number(bench: Bench) -> None:
    first = bench.send("a", t="1", v="1")
    assert [bench.send("a", t="2", v="1").of, bench.send("a", t="3").of] == [first.id, first.id]


def test_row_12_a_change_is_compared_with_the_last_change(bench: Bench) -> None:
    bench.send("a", t="1")
    change = bench.send("c", "change", t="2")
    assert bench.send("c", "change", t="3").of == change.id


def test_row_13_a_gap_in_contiguous_changes_waits_for_what_is_between(bench: Bench) -> None:
    bench.policy("change", contiguous=True)
    bench.send("a", v="1")
    third, second = bench.send("c3", "change", v="3"), bench.send("c2", "change", v="2")
    assert [third.state, second.state] == [State.APPLIED] * 2
    assert [id for id, _ in bench.applied][1:] == [second.id, third.id]


def test_row_14_a_higher_revision_also_back_to_an_older_content(bench: Bench) -> None:
    bench.send("a", v="1"), bench.send("b", v="2")
    assert bench.send("a", v="3").state is State.APPLIED


def test_row_14_equal_content_moves_the_revision_without_effect(bench: Bench) -> None:
    bench.send("a", v="1")
    doc = bench.send("a", v="2")
    assert (doc.state, bench.line.head.v, bench.applied[-1]) == (State.APPLIED, "2", (doc.id, False))


def test_row_14_revisions_compare_as_numbers_and_a_first_one_is_higher_than_none(bench: Bench) -> None:
    bench.send("a")
    assert [bench.send("b", v="9").state, bench.send("c", v="10").state] == [State.APPLIED] * 2


def test_row_14_changes_without_revision_and_cancels_of_an_equal_one(bench: Bench) -> None:
    bench.send("a", v="1")
    assert [bench.send("c", "change").state, bench.send("x", "cancel", v="1").state] == [State.APPLIED] * 2


def test_an_event_never_moves_the_revision_of_its_object(bench: Bench) -> None:
    bench.send("a", v="1")
    bench.send("e", "event", t="1", v="9")
    assert bench.send("b", v="2").state is State.APPLIED


@pytest.mark.parametrize("v", ["1", None])
def test_row_15_equal_revision_or_none_with_other_content_is_a_changed_resend(bench: Bench, v: str | None) -> None:
    bench.send("a", v="1", t="1")
    doc = bench.send("b", v=v, t="2")
    assert doc.parked
    assert bench.line.cases[0].kind == "changed"


def test_row_16_lower_is_stale_whatever_it_says(bench: Bench) -> None:
    bench.send("a", v="2")
    docs = [bench.send("b", v="1"), bench.send("c", "change", v="1"), bench.send("?X", v="1")]
    assert [doc.state for doc in docs] == [State.STALE] * 3


def test_row_17_orders_without_revision_conflict(bench: Bench) -> None:
    bench.send("a", t="1")
    assert bench.send("b", t="2").parked
    assert bench.line.cases[0].kind == "same_key"


def test_row_17_snapshots_replace_and_going_back_is_legal(bench: Bench) -> None:
    bench.policy(same_key="replace")
    assert [bench.send(text).state for text in "aba"] == [State.APPLIED] * 3


def test_row_17_a_snapshot_mended_late_is_stale(bench: Bench) -> None:
    bench.policy(same_key="replace")
    mended = bench.send("m", way=Way.CORRECTS)
    assert mended.state is State.APPLIED
    late = bench.send("late", message=9)
    late_mended = bench.send("older", message=5, way=Way.CORRECTS)
    assert (late.state, late_mended.state) == (State.APPLIED, State.STALE)


def test_what_would_be_parked_and_equals_a_parked_one_is_a_duplicate_of_that_case(bench: Bench) -> None:
    bench.send("a", t="1")
    parked = bench.send("b", t="2")
    assert bench.send("b", t="3").of == parked.id
    assert len(bench.line.cases) == 1


def test_a_person_applies_a_parked_conflict_against_the_head_he_saw(bench: Bench) -> None:
    first = bench.send("a", t="1")
    parked = bench.send("b", t="2")
    bench.accept(parked, first.id)
    assert (parked.state, bench.line.head.document) == (State.APPLIED, parked.id)


def test_the_head_moved_meanwhile_so_it_is_parked_again(bench: Bench) -> None:
    first = bench.send("a", t="1")
    parked = bench.send("b", t="2")
    bench.send("c", t="3", v="2")
    bench.accept(parked, first.id)
    assert parked.parked


def test_a_revision_behind_a_parked_conflict_goes_on_and_closes_its_case(bench: Bench) -> None:
    bench.send("a", t="1", v="1")
    parked = bench.send("b", t="2", v="1")
    newer = bench.send("c", t="3", v="2")
    assert (newer.state, parked.state, parked.of) == (State.APPLIED, State.SUPERSEDED, newer.id)
    assert bench.line.closed == {parked.id: ("superseded", newer.id)}


def test_all_causes_stand_as_rows_also_while_blocked(bench: Bench) -> None:
    bench.send("?X", v="1")
    blocked = bench.send("?Y ?Z", "change", v="2")
    assert len(blocked.holds) == 2


def test_without_a_key_it_is_held_and_blocks_nothing(bench: Bench) -> None:
    doc = bench.send("?X", k=None, t="9")
    assert doc.state is State.WAITING
    assert bench.send("?X", k=None, t="9").of == doc.id
