"""``hub.yaml``: what loads, what is refused with which words, and that values stay the text they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from canonical_model.problems import Misconfigured
from connectors.base import Secret, Settings
from hub.config import Config, ConfigFault, load, parse


class Folder(Settings):
    folder: str
    pattern: str = "*"
    done: Path | None = Field(Path("done"), json_schema_extra={"relative_to": "folder"})


class Web(Settings):
    url: str = ""
    path: str = ""
    basic: tuple[str, Secret] | None = None

    def addresses(self) -> tuple[str, ...]:
        return (self.path,) if self.path else ()


class OrderSettings(BaseModel, extra="forbid"):
    split: bool = Field(False)


KINDS: dict[str, type[Settings]] = {"file_drop": Folder, "http": Web}

GOOD = """
hub: {store: "sqlite:///var/hub.db", channels: local, timezone: Asia/Shanghai}
systems:
  sap-hq:
    party: HQ
    codes: sap
    in:
      - connector: http
        path: /sap/idoc
        routes:
          ORDERS05/ORDERS: sap/orders05.order
          ORDERS05/ORDCHG: {mapping: sap/orders05.change, changed_resend: newest, answer_within: 15m}
    out: [{on: order_response, mapping: sap/ordrsp, connector: http, url: "https://sap.example/x", basic: [HUB, "env:SAP_PASSWORD"]}]
  agent-gd:
    party: GD
    zone: UTC
    in: [{connector: file_drop, folder: in, routes: {kd.order: {mapping: agents/kd.order, charset: gbk, options: {delimiter: ";"}}}}]
code_sets: {sap: {parent: general}, general: {}}
services: {order: {split: yes}}
"""


def read(text: str) -> Config:
    return parse(text, KINDS, {"http": Web}, {"order": OrderSettings})


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigFault) as error:
        read(text)
    return [str(lint) for lint in error.value.lints]


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAP_PASSWORD", "geheim")


def line(words: str) -> str:
    return f"systems: {{a: {{party: A, in: [{{connector: file_drop, folder: in, routes: {{t: m}}, {words}}}]}}}}"


def test_a_good_file_loads_with_its_defaults() -> None:
    config = read(GOOD)
    sap, agent = config.systems["sap-hq"], config.systems["agent-gd"]
    assert (sap.zone, sap.codes, agent.zone, agent.codes) == ("Asia/Shanghai", "sap", "UTC", "agent-gd")
    assert sap.in_[0].routes["ORDERS05/ORDERS"].mapping == "sap/orders05.order"
    assert sap.in_[0].routes["ORDERS05/ORDERS"].changed_resend == "park"
    assert sap.in_[0].routes["ORDERS05/ORDCHG"].answer_within == 900
    assert (sap.in_[0].name, sap.out[0].name, sap.out[0].party) == ("sap-hq.http", "sap-hq.order_response", ("HQ",))
    assert sap.in_[0].settings == Web(path="/sap/idoc")
    assert agent.in_[0].routes["kd.order"].reading() == {"delimiter": ";", "charset": "gbk"}
    assert config.services["order"] == OrderSettings(split=True)
    assert config.parents() == {"sap": "general", "general": ""}


def test_secrets_are_references_and_never_in_what_is_kept() -> None:
    config = read(GOOD)
    settings = config.systems["sap-hq"].out[0].settings
    assert isinstance(settings, Web)
    assert settings.basic is not None
    assert settings.basic[1].reveal() == "geheim"
    assert b"geheim" not in config.text
    assert "geheim" not in repr(config)
    assert b"env:SAP_PASSWORD" in config.text


def test_a_literal_secret_stops_the_start_and_is_not_printed() -> None:
    [fault] = faults(GOOD.replace("env:SAP_PASSWORD", "hunter2"))
    assert "systems.sap-hq.out.0.basic.1: a secret stands here as text; fix: write env:NAME or file:PATH" in fault
    assert "hunter2" not in fault


def test_a_secret_that_is_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SAP_PASSWORD")
    assert "the environment variable SAP_PASSWORD is not set; fix: export SAP_PASSWORD=..." in faults(GOOD)[0]
    assert "the secret's file is not readable" in faults(GOOD.replace("env:SAP_PASSWORD", f"file:{tmp_path}/gone"))[0]


def test_a_secret_of_a_file_loses_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a b \r\n", encoding="utf-8")
    assert Secret(f"file:{tmp_path}/secret").reveal() == "a b "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sytems: {}", "hub.yaml:1:1: error: sytems: 'sytems' is not a word here; fix: did you mean 'systems'?"),
        ("hub:\n  timezon: UTC", "hub.yaml:2:3: error: hub.timezon: 'timezon' is not a word here; fix: did you mean 'timezone'?"),
        ("hub:\n  timezone: Asia/Shangai", "hub.yaml:2:3: error: hub.timezone: 'Asia/Shangai' is not a time zone"),
        ("hub: {store: 'postgresql://hub:secret@db/hub'}", "a password stands in this address; fix: write env:NAME"),
        ("hub: {store: 'postgresql://hub:sec/ret@db/hub'}", "a password stands in this address; fix: write env:NAME"),
        ("hub: {store: 'postgresql://hub@db/hub?password=secret'}", "a password stands in this address; fix: write env:NAME"),
        ("hub: {limits: {documents: many}}", "hub.limits.documents: input should be a valid integer"),
        ("hub: {limits: {documents: 0}}", "hub.limits.documents: input should be greater than or equal to 1 (it is '0')"),
        ("systems: {a: {}}", "systems.a.party: is missing; fix: add it"),
        ("systems: {a: {party: A, inn: []}}", "'inn' is not a word here; fix: did you mean 'in'?"),
        (line("patern: x"), "systems.a.in.0.patern: 'patern' is not a word here; fix: did you mean 'pattern'?"),
        (line("rooutes: x"), "'rooutes' is not a word here; fix: did you mean 'routes'?"),
        (line("settings: x"), "systems.a.in.0.settings: 'settings' is not a word here"),
        (
            "systems: {a: {party: A, in: [{connector: file_drp, routes: {t: m}}]}}",
            "there is no connector 'file_drp' that receives; fix: did you mean 'file_drop'?",
        ),
        ("systems: {a: {party: A, in: [{connector: file_drop, routes: {t: m}}]}}", "systems.a.in.0.folder: is missing"),
        ("systems: {a: {party: A, in: [{connector: file_drop, folder: x}]}}", "systems.a.in.0.routes: is missing"),
        (
            "systems: {a: {party: A, in: [{connector: file_drop, folder: x, routes: {t: {mapping: m, same_kee: x}}}]}}",
            "did you mean 'same_key'?",
        ),
        (
            "systems: {a: {party: A, in: [{connector: file_drop, folder: x, routes: {t: {mapping: m, answer_within: 15}}}]}}",
            "as 90s, 15m, 2h or 1d",
        ),
        (
            "systems: {a: {party: A, out: [{on: x, mapping: m, connector: file_drop}]}}",
            "there is no connector 'file_drop' that sends; fix: one of: http",
        ),
        ("code_sets: {a: {parent: b}}", "code_sets.a.parent: there is no code set 'b'"),
        ("code_sets: {a: {parent: b}, b: {parent: a}}", "code_sets.a.parent: 'a' is its own ancestor"),
        ("services: {ordr: {}}", "services.ordr: there is no service 'ordr'; fix: did you mean 'order'?"),
        ("services: {order: {split: maybe}}", "services.order.split: input should be a valid boolean"),
        ("systems: [a]", "systems: input should be a valid"),
        ("hub: {listen: here}", "hub.listen: string should match pattern"),
        ("hub: {channels: 'kafka://broker'}", "hub.channels: 'kafka://broker' carries no channels; fix: local, or env:NAME"),
        ("hub: {channels: 'amqp://hub:secret@broker'}", "hub.channels: a password stands in this address"),
        ("hub:", "'hub' has no value"),
        ("hub: {channels: local, channels: local}", "'channels' stands here twice"),
        ("a: &b 1", "an anchor (&name)"),
        ("a: [", "this is not YAML"),
        ("- a", "hub.yaml is a YAML mapping"),
        ("", "hub.yaml is a YAML mapping"),
    ],
)
def test_what_is_wrong_is_said_with_place_and_fix(text: str, expected: str) -> None:
    found = faults(text)
    assert any(expected in fault for fault in found), found
    assert all(fault.startswith("hub.yaml:") for fault in found)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = "hub: {timezon: UTC}\nsystems:\n  a:\n    in: [{connector: file_drop, patern: x, routes: {t: {}}}]\nservices: {ordr: {}}\n"
    found = faults(text)
    assert len(found) == 6, found
    assert [int(fault.split(":")[1]) for fault in found] == sorted(int(fault.split(":")[1]) for fault in found)


def test_two_lines_with_one_name_or_one_address_are_refused() -> None:
    text = GOOD + "  \n"
    double = "{connector: http, path: /sap/idoc, routes: {x: m}}"
    found = faults(text.replace("    in: [{connector: file_drop", f"    in: [{double}, {double}, {{connector: file_drop"))
    assert any("two lines are named 'agent-gd.http'" in fault for fault in found)
    assert sum("'/sap/idoc' is taken by systems.sap-hq.in.0" in fault for fault in found) == 2


@pytest.mark.parametrize("word", ["NO", "on", "012", "1e3", "null", "~", "2026-01-01", "0x1F", "1_000", "12:30:00"])
def test_codes_stay_the_text_they_were(word: str) -> None:
    config = read(f"systems: {{a: {{party: {word}, in: [{{connector: file_drop, folder: {word}, routes: {{{word}: m}}}}]}}}}")
    [system] = config.systems.values()
    assert system.party == word
    assert list(system.in_[0].routes) == [word]
    assert system.in_[0].settings == Folder(folder=word)


def test_null_means_nothing_only_where_that_may_be() -> None:
    config = read("systems: {a: {party: 'null', in: [{connector: file_drop, folder: 'null', done: null, routes: {t: m}}]}}")
    assert config.systems["a"].party == "null"
    assert config.systems["a"].in_[0].settings == Folder(folder="null", done=None)


def test_the_hash_is_of_the_meaning_not_of_the_layout() -> None:
    assert read("hub: {channels: local, timezone: UTC}").hash == read("hub:\n  timezone: UTC  # zone\n  channels: 'local'\n").hash
    assert read("hub: {timezone: UTC}").hash != read("hub: {timezone: Asia/Shanghai}").hash


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("hub: {store: 'sqlite:///var/hub.db', folders: {mappings: [mine]}}", encoding="utf-8")
    config = load(tmp_path / "hub.yaml", KINDS, KINDS)
    assert config.store_url() == f"sqlite:///{tmp_path}/var/hub.db"
    assert config.path(config.hub.folders.mappings[0]) == tmp_path / "mine"


def test_the_store_may_be_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "postgresql://hub:x@db/hub")
    assert read("hub: {store: 'env:STORE'}").store_url() == "postgresql://hub:x@db/hub"
    assert read("hub: {store: 'sqlite://'}").store_url() == "sqlite://"


def test_a_file_that_is_not_there_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="the configuration cannot be read"):
        load(tmp_path / "gone.yaml", KINDS, KINDS)


WORDS = st.sampled_from(
    [
        "hub",
        "systems",
        "in",
        "out",
        "routes",
        "connector",
        "http",
        "file_drop",
        "party",
        "a",
        "&",
        "!x",
        "- ",
        ": ",
        "\n",
        "  ",
        "{",
        "}",
        "[",
        "]",
        "'",
    ]
)


@given(st.lists(WORDS, max_size=40).map("".join))
def test_no_text_raises_anything_but_our_own(text: str) -> None:
    try:
        read(text)
    except ConfigFault as fault:
        assert fault.lints
