"""Words of a way in and of ``hub``: limits, order, paths that count from the file."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from canonical_model.problems import Misconfigured, Reject
from connectors.base import Inbound
from hub.bootstrap import build
from hub.bootstrap.doors import open_doors
from hub.config import ConfigFault
from hub.store import messages
from tests.hub.config_words.hubs import ANSWER, World, agent, causes, order, stock, table, world

THREE = table(*((f"O{n}", "1", "K1", "I1", "5", "8.50") for n in (1, 2, 3)))


@pytest.mark.parametrize("words", [{"way": ", limits: {message_bytes: 150}"}, {"hub": ", limits: {message_bytes: 150}"}])
def test_a_message_longer_than_message_bytes_is_refused_at_the_door(tmp_path: Path, words: dict[str, str]) -> None:
    with world(tmp_path, agent(**words)) as hub:
        assert hub.give("a", order())["states"] == {"applied": 1}
        with pytest.raises(Reject, match="150 is the most") as refused:
            hub.give("a", THREE)
        assert "limits.message_bytes" in refused.value.fix
        with hub.hub.store.read() as connection:
            assert 2 not in messages.load(connection, [2])


def test_the_limit_of_a_way_wins_over_the_hubs(tmp_path: Path) -> None:
    with world(tmp_path, agent(way=", limits: {message_bytes: 10000}", hub=", limits: {message_bytes: 10}")) as hub:
        assert hub.give("a", THREE)["states"] == {"applied": 3}


def test_documents_behind_the_limit_wait_and_go_on_when_it_is_raised(tmp_path: Path) -> None:
    with world(tmp_path, agent(way=", limits: {documents: 2}")) as hub:
        told = hub.give("a", THREE)
        assert (told["states"], causes(told)) == ({"applied": 2}, [("unreadable", "limit:documents")])
        assert "limits.documents" in told["holds"][0]["fix"]
        hub.again(agent())
        told = hub.look(told["message"])
        assert (told["states"], causes(told)) == ({"applied": 3}, [])


def test_depth_stops_a_reader(tmp_path: Path) -> None:
    deep = orjson.dumps({**orjson.loads(stock()), "extra": {"a": {"b": {"c": 1}}}})
    with world(tmp_path, agent(hub=", limits: {depth: 5}")) as hub:
        assert hub.give("w", deep)["states"] == {"applied": 1}
        hub.again(agent(hub=", limits: {depth: 3}"))
        assert [cause for cause, _ in causes(hub.give("w", deep))] == ["unreadable"]


def test_above_inbound_the_hub_is_crowded(tmp_path: Path) -> None:
    with world(tmp_path, agent(hub=", limits: {inbound: 1}")) as hub:
        assert not hub.hub.crowded()
        door, _ = hub.hub.inward["a", "a"]
        hub.hub.flow.receive(Inbound(order(), "m.csv"), door)
        assert hub.hub.crowded()


def partitions(hub: World, *given: tuple[str, dict[str, str]]) -> list[int]:
    """The partitions of orders that come under these file names and headers."""
    seqs = [hub.give("a", order(f"P{n}"), name, headers)["message"] for n, (name, headers) in enumerate(given)]
    with hub.hub.store.read() as connection:
        found = messages.load(connection, seqs)
    return [found[seq].partition for seq in seqs]


def test_partition_by_a_header(tmp_path: Path) -> None:
    with world(tmp_path, agent(way=", partition_by: header:X-Shop")) as hub:
        told = partitions(hub, *(("m.csv", {"x-shop": shop}) for shop in "AABCDEFGH"), ("m.csv", {}))
        assert told[0] == told[1]
        assert len(set(told)) > 2
    (tmp_path / "plain").mkdir()
    with world(tmp_path / "plain", agent()) as hub:
        assert set(partitions(hub, *(("m.csv", {"x-shop": shop}) for shop in "ABCDEFG"))) == {told[-1]}


def test_partition_by_a_part_of_the_file_name(tmp_path: Path) -> None:
    with world(tmp_path, agent(way=", partition_by: 'file_name:^([A-Z]+)_'")) as hub:
        told = partitions(hub, *((f"{shop}_{n}.csv", {}) for n, shop in enumerate("AABCDEFGH")))
        assert told[0] == told[1]
        assert len(set(told)) > 2


@pytest.mark.parametrize("form", ["buyer", "header:", "file_name:(", "file_name:abc", "file_name:(a)(b)"])
def test_what_is_not_known_at_receive_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        World(tmp_path, agent(way=f", partition_by: '{form}'"))
    assert "header:NAME, or file_name:REGEX with one group" in str(fault.value)


@pytest.mark.parametrize("word", ["expansion: 5", "depth: 501"])
def test_limits_that_nothing_keeps_are_no_words(tmp_path: Path, word: str) -> None:
    with pytest.raises(ConfigFault):
        World(tmp_path, agent(hub=f", limits: {{{word}}}"))


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "hub").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with world(tmp_path / "hub", agent(out=ANSWER).replace("folder: in/a", "folder: in/a, stable_seconds: 0, work: own/work")) as hub:
        (tmp_path / "hub/in/a/one.csv").write_bytes(order())
        door, connector = hub.hub.inward["a", "a"]
        list(connector.receive())
        [taken] = connector.receive()
        hub.hub.flow.receive(taken, door)
        hub.hub.flow.settle()
        assert (tmp_path / "hub/in/a/done").is_dir()
        assert (tmp_path / "hub/in/a/own/work").is_dir()
        assert len(hub.written("a")) == 1
    assert (tmp_path / "hub/hub.db").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_secrets_in_files_count_from_there_too(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("geheim", "utf-8")
    (tmp_path / "store").write_text("sqlite:///there.db", "utf-8")
    door = "{connector: http, name: a, path: /a, auth: {basic: [U, 'file:word']}, routes: {kd.order: agents/kd/order}}"
    (tmp_path / "hub.yaml").write_text(f"hub: {{store: 'file:store'}}\nsystems: {{a: {{party: A, in: [{door}]}}}}", "utf-8")
    hub = build(tmp_path / "hub.yaml")
    hub.close()
    assert hub.config.systems["a"].in_[0].settings.auth.basic[1].reveal() == "geheim"  # type: ignore[attr-defined]
    assert (tmp_path / "there.db").is_file()


@pytest.mark.parametrize(
    ("listen", "auth", "count"),
    [
        ("0.0.0.0:80", "", 1),
        ("127.0.0.1:80", "", 0),
        ("localhost:80", "", 0),
        ("[::1]:80", "", 0),
        ("[::]:80", "", 1),
        ("hub.example:80", "", 1),
        ("0.0.0.0:80", f", auth: {{api_keys: [{'0' * 64}]}}", 0),
    ],
)
def test_a_door_without_log_in_is_open_unless_only_this_machine_reaches_it(tmp_path: Path, listen: str, auth: str, count: int) -> None:
    text = agent(hub=f', listen: "{listen}"').replace(
        "connector: file_drop, name: a, folder: in/a", f"connector: http, name: a, path: /a{auth}"
    )
    with world(tmp_path, text) as hub:
        assert open_doors(hub.hub.config) == [("systems.a.in.a", "/a")] * count


def test_own_mappings_come_before_the_library(tmp_path: Path) -> None:
    (tmp_path / "maps/agents/kd").mkdir(parents=True)
    own = (
        (Path(__file__).parents[3] / "mappings/library/agents/kd/order.yaml").read_text("utf-8").replace("default('CNY')", "default('USD')")
    )
    (tmp_path / "maps/agents/kd/order.yaml").write_text(own, "utf-8")
    with world(tmp_path, agent(hub=", folders: {mappings: [maps]}")) as hub:
        hub.give("a", order())
        with hub.hub.store.read() as connection:
            assert connection.exec_driver_sql("SELECT currency FROM orders").scalar_one() == "USD"


def test_a_definition_in_the_folders_wins(tmp_path: Path) -> None:
    (tmp_path / "defs").mkdir()
    (tmp_path / "defs/broken.def").write_text("no definition at all", "utf-8")
    with pytest.raises(Misconfigured) as error:
        World(tmp_path, agent(hub=", folders: {definitions: [defs]}"))
    assert "broken.def" in str(error.value)
