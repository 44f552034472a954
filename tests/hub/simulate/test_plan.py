"""What is drawn by seed is the same for the same seed, and says itself what must come of it."""

from __future__ import annotations

import pytest

from hub.simulate.plan import FAULTS, LATE_AT, draw_plan

DAY = "2026-11-25"


@pytest.mark.parametrize("seed", range(12))
def test_every_fault_is_planted_and_acts_are_in_time(seed: int) -> None:
    plan = draw_plan(seed, DAY, 10)
    assert set(plan.faults) == set(FAULTS)
    assert [act.at for act in plan.acts] == sorted(act.at for act in plan.acts)
    assert all(act.at < LATE_AT for act in plan.acts if act.fault == "late_code")


def test_the_same_seed_draws_the_same_and_another_draws_another() -> None:
    assert draw_plan(7, DAY, 10) == draw_plan(7, DAY, 10)
    assert draw_plan(7, DAY, 10).faults != draw_plan(8, DAY, 10).faults or draw_plan(7, DAY, 10).acts != draw_plan(8, DAY, 10).acts


def test_a_correction_follows_its_faulty_order_under_the_same_number() -> None:
    plan = draw_plan(3, DAY, 10)
    for wrong in (act for act in plan.acts if act.fault == "corrected"):
        later = [act for act in plan.acts if act.number == wrong.number and act.at > wrong.at]
        assert [act.outcomes for act in later] == [("applied",)]
        assert wrong.outcomes == ("superseded",)
