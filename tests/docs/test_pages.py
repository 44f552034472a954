"""Generated pages are what the program says today, and say what they should."""

from __future__ import annotations

import inspect

import pytest

from canonical_model.problems import Cause
from hub.services.inventory.service import InventoryService
from hub.services.master.service import MasterService
from hub.services.order.service import OrderService
from tests.architecture.generated import stale
from tests.architecture.tree import ROOT
from tests.docs import causes, generated
from tests.docs.errors import CASES, told
from tests.docs.write_errors import PAGE


def test_pages_are_what_the_program_says_today() -> None:
    assert stale(generated.files()) == []


def test_every_cause_is_in_the_table() -> None:
    assert set(causes.MEANS) == set(Cause)


def test_twelve_errors_are_on_the_page() -> None:
    page = generated.files()[PAGE]
    assert page.count("\n## ") == len(CASES) == 12
    assert "geheim" not in page


def test_what_a_case_says_is_the_same_each_time() -> None:
    assert told(CASES[4]) == told(CASES[4])


@pytest.mark.parametrize("service", [MasterService, OrderService, InventoryService])
def test_every_event_of_a_service_is_on_the_page_for_who_reads_canonical(
    service: type[MasterService | OrderService | InventoryService],
) -> None:
    page = (ROOT / "docs/how-to/read-canonical.md").read_text("utf-8")
    told: tuple[str, ...] = inspect.signature(service).parameters["tells"].default
    assert told
    assert [name for name in told if f"`{name}`" not in page] == []
