"""The file drop: when a file is complete, what a crash leaves, and that a name is written once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from canonical_model.problems import Misconfigured, SystemUnreachable
from connectors.base import Inbound, SendRefused
from connectors.file_drop import FileDrop, FileDropSettings
from tests.connectors.contract import ReceiverContract, SenderContract


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Agent:
    """An agent's program that drops files for us, and takes ours."""

    def __init__(self, root: Path, **settings: object) -> None:
        self.folder, self.out = root / "in", root / "out"
        self.folder.mkdir()
        self.out.mkdir()
        self.clock = Clock()
        self._sent = 0
        self.settings = FileDropSettings.model_validate({"folder": self.folder, "out": self.out, "stable_seconds": 0} | settings)

    def connector(self) -> FileDrop:
        return FileDrop(self.settings, clock=self.clock)

    def put(self, payload: bytes) -> None:
        self._sent += 1
        file = self.folder / f"stock{self._sent}.csv"
        file.write_bytes(payload)
        os.utime(file, ns=(self._sent, self._sent))

    def refusals(self) -> list[str]:
        return [path.read_text(encoding="utf-8") for path in (self.folder / "error").glob("*.reason.txt")]

    def taken(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.out.iterdir()) if path.is_file()]

    def vanish(self) -> None:
        self.folder.rename(self.folder.with_name("in-gone"))
        self.out.rename(self.out.with_name("out-gone"))


class TestReceiver(ReceiverContract):
    def counterpart(self, tmp_path: Path) -> Agent:
        return Agent(tmp_path)


class TestSender(SenderContract):
    def counterpart(self, tmp_path: Path) -> Agent:
        return Agent(tmp_path)


def received(connector: FileDrop) -> list[bytes]:
    """Receive and accept all."""
    payloads = []
    for one in connector.receive():
        payloads.append(one.payload)
        one.accept()
    return payloads


def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    agent = Agent(tmp_path, stable_seconds=5)
    connector, file = agent.connector(), agent.folder / "stock.csv"
    file.write_bytes(b"half")
    assert received(connector) == []
    agent.clock.now += 4
    file.write_bytes(b"half and half")
    assert received(connector) == []
    agent.clock.now += 4
    assert received(connector) == [], "it changed four seconds ago"
    agent.clock.now += 1
    assert received(connector) == [b"half and half"]


def test_same_size_with_another_time_has_changed(tmp_path: Path) -> None:
    agent = Agent(tmp_path, stable_seconds=5)
    connector, file = agent.connector(), agent.folder / "stock.csv"
    file.write_bytes(b"aaaa")
    os.utime(file, ns=(1, 1))
    assert received(connector) == []
    agent.clock.now += 5
    file.write_bytes(b"bbbb")
    os.utime(file, ns=(2, 2))
    assert received(connector) == []
    agent.clock.now += 5
    assert received(connector) == [b"bbbb"]


def test_with_a_marker_only_what_is_marked_is_taken(tmp_path: Path) -> None:
    agent = Agent(tmp_path, complete="marker")
    (agent.folder / "a.csv").write_bytes(b"a")
    (agent.folder / "b.csv").write_bytes(b"b")
    (agent.folder / "b.csv.ok").write_bytes(b"")
    (agent.folder / "c.csv.ok").write_bytes(b"")
    assert received(agent.connector()) == [b"b"]
    assert sorted(path.name for path in agent.folder.iterdir() if path.is_file()) == ["a.csv", "c.csv.ok"]


def test_a_claim_cut_off_after_its_marker_is_finished(tmp_path: Path) -> None:
    agent = Agent(tmp_path, complete="marker")
    (agent.folder / "a.csv").write_bytes(b"a")
    claim = agent.folder / ".work" / "token-1"
    claim.mkdir(parents=True)
    (claim / "a.csv.ok").write_bytes(b"")
    [one] = list(agent.connector().receive())
    assert (one.payload, one.delivery_id) == (b"a", "token-1")
    one.accept()
    assert not claim.exists()


def test_temporary_names_links_and_folders_are_left_alone(tmp_path: Path) -> None:
    agent = Agent(tmp_path, complete="renamed", pattern="*.csv*")
    for name in ("a.csv.part", "b.csv.tmp", ".hidden.csv", "c.txt"):
        (agent.folder / name).write_bytes(b"x")
    (agent.folder / "folder.csv").mkdir()
    (agent.folder / "link.csv").symlink_to(tmp_path / "out")
    (agent.folder / "real.csv").write_bytes(b"real")
    assert received(agent.connector()) == [b"real"]
    assert (agent.folder / "link.csv").is_symlink()


def test_one_name_three_times_is_three_deliveries_and_none_is_overwritten(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    connector, ids = agent.connector(), set()
    for payload in (b"A", b"B", b"A"):
        (agent.folder / "stock.csv").write_bytes(payload)
        for one in connector.receive():
            ids.add(one.delivery_id)
            one.accept()
    assert len(ids) == 3
    assert sorted(path.read_bytes() for path in (agent.folder / "done").iterdir()) == [b"A", b"A", b"B"]


def test_killed_between_claim_and_accept_the_file_comes_first_with_its_id(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    (agent.folder / "one.csv").write_bytes(b"1")
    first: Inbound = next(iter(agent.connector().receive()))
    (agent.folder / "one.csv").write_bytes(b"2")
    again = list(agent.connector().receive())
    assert [one.payload for one in again] == [b"1", b"2"]
    assert again[0].delivery_id == first.delivery_id != again[1].delivery_id
    assert again[0].origin == "one.csv"


def test_accepted_files_can_be_deleted(tmp_path: Path) -> None:
    agent = Agent(tmp_path, done=None)
    agent.put(b"x")
    assert received(agent.connector()) == [b"x"]
    assert [path for path in agent.folder.rglob("*") if path.is_file()] == []


def test_a_file_that_is_too_large_goes_to_error_with_the_reason(tmp_path: Path) -> None:
    agent = Agent(tmp_path, max_bytes=3)
    agent.put(b"1234")
    agent.put(b"123")
    assert received(agent.connector()) == [b"123"]
    [reason] = agent.refusals()
    assert "4 bytes" in reason
    assert "max_bytes 3" in reason


def test_files_come_oldest_first(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    for name, age in (("a.csv", 30), ("b.csv", 10), ("c.csv", 20)):
        (agent.folder / name).write_bytes(name.encode())
        os.utime(agent.folder / name, (age, age))
    assert received(agent.connector()) == [b"b.csv", b"c.csv", b"a.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_is_unreachable(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    agent.folder.chmod(0)
    try:
        with pytest.raises(SystemUnreachable):
            list(agent.connector().receive())
    finally:
        agent.folder.chmod(0o700)


def test_a_name_is_written_once_even_after_the_receiver_took_the_file(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    send = {"name": "ORDRSP-1", "content_type": "text/csv", "headers": {}}
    assert agent.connector().send(b"x", **send).reference == "ORDRSP-1.csv"  # type: ignore[arg-type]
    (agent.out / "ORDRSP-1.csv").unlink()
    agent.connector().send(b"x", **send)  # type: ignore[arg-type]
    assert agent.taken() == []


def test_killed_before_the_rename_the_next_try_finishes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent, rename = Agent(tmp_path), Path.rename

    def killed(self: Path, target: Path) -> Path:
        if Path(target).parent == agent.out:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        agent.connector().send(b"x", name="n", content_type="text/plain", headers={})
    assert agent.taken() == []
    monkeypatch.setattr(Path, "rename", rename)
    agent.connector().send(b"x", name="n", content_type="text/plain", headers={})
    assert agent.taken() == [b"x"]


def test_a_strangers_file_is_not_overwritten(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    (agent.out / "n.txt").write_bytes(b"theirs")
    with pytest.raises(SendRefused):
        agent.connector().send(b"ours", name="n", content_type="text/plain", headers={})
    assert agent.taken() == [b"theirs"]


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    agent.connector().send(b"x", name="../../evil", content_type="", headers={})
    assert [path.name for path in agent.out.iterdir() if path.is_file()] == ["_.._evil"]
    with pytest.raises(SendRefused):
        agent.connector().send(b"x", name="n" * 300, content_type="", headers={})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "neither folder nor out"),
        ({"folder": "/"}, "root"),
        ({"folder": "x", "patern": "*"}, "patern"),
        ({"out": "x", "file_name": "{nam}"}, "only {name} and {extension}"),
        ({"folder": "x", "complete": "soon"}, "stable"),
    ],
)
def test_wrong_settings_are_refused_by_name(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FileDropSettings.model_validate(settings)


def test_a_direction_that_is_not_set_up_says_so(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    only_in = FileDrop(FileDropSettings(folder=agent.folder))
    assert (only_in.capabilities.receives, only_in.capabilities.sends) == (True, False)
    with pytest.raises(Misconfigured, match="no folder to write"):
        only_in.send(b"", name="n", content_type="", headers={})
    with pytest.raises(Misconfigured, match="no folder to read"):
        list(FileDrop(FileDropSettings(out=agent.out)).receive())


def test_a_name_in_gbk_is_matched_and_shown_as_text(tmp_path: Path) -> None:
    agent = Agent(tmp_path, pattern="销售*.csv")
    (agent.folder / os.fsdecode("销售11月.csv".encode("gbk"))).write_bytes(b"x")
    [one] = list(agent.connector().receive())
    assert one.origin == one.headers["file-name"] == "销售11月.csv"
    one.accept()
    assert received(agent.connector()) == []


def test_long_names_are_kept_apart_and_within_the_limit(tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    connector = agent.connector()
    for name in ("库" * 83 + ".csv", "库" * 83 + ".csv"):
        (agent.folder / name).write_bytes(b"x")
        [one] = list(connector.receive())
        one.refuse("why")
    assert len(agent.refusals()) == 2
