"""The hub before the first message: tables (in production by a migration that is killed half way), codes, stock, the trigger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template

from sqlalchemy import Connection, text

from connectors.base import Inbound
from hub.bootstrap import Hub, build
from hub.codebook import CodeLine
from hub.commands import Actor
from hub.simulate import idocs
from hub.simulate.goods import ARTICLES
from tests.faults import deaths
from tests.faults.corpus.goods import MARK, SCARCE, SENDERS, STORE, UNSOLD, codes, packs, plenty, scarce_stock
from tests.faults.plan import Plan, load

ME = Actor("harness")
PROLOGUE, SERIAL = "prologue", "20260101000000"
APART = 10**15
"""Numbers of the beginning's IDocs: no key's has one of them."""
HUB = Template("""hub:
  store: "$store"
  channels: $channels
  subscribers: [$subscribers]
  listen: 127.0.0.1:$port
  timezone: Asia/Shanghai
  folders: {mappings: [$maps]}
systems:
""")
OUT = Template("""  erp:
    party: AG-KA
    codes: sap-hq
    out:
      - {on: order_response, name: answers, party: [AG-KA], mapping: sap/ordrsp, connector: http, url: "http://127.0.0.1:$idempotent/take",
         idempotent: true, timeout: 2, options: {form: xml, SNDPRN: HUB, SNDPRT: LS, SNDPOR: HUB, RCVPRN: E4D, RCVPRT: LS, RCVPOR: SAPE4D}}
  chain:
    party: AG-CHAIN
    codes: wms-3pl
    out:
      - {on: order_response, name: doubtful, mapping: x12/ack855.response, connector: http, url: "http://127.0.0.1:$doubtful/take",
         timeout: 2, options: {sender: CHANNELHUB, receiver: WH090}}
""")


def write_config(folder: Path, plan: Plan, store: str) -> None:
    """``hub.yaml`` of a run: the two set-ups differ in its second to fourth line."""
    words = {
        "store": store, "channels": "file:broker" if plan.production else "local", "port": plan.doors[0],
        "subscribers": "reader" if plan.production else "", "maps": Path(__file__).parent / "maps",
    }  # fmt: skip
    systems = "".join(
        f"  {one.name}:\n    party: HQ\n    codes: {one.codes}\n    in:\n"
        + "".join(
            f"      - {{connector: http, name: {one.name}.{way}, path: /{one.name}/{way}, routes: {{{routes}}}}}\n"
            for way, routes in one.ways.items()
        )
        for one in SENDERS
    )
    receivers = OUT.substitute(idempotent=plan.idempotent, doubtful=plan.doubtful)
    (folder / "hub.yaml").write_text(HUB.substitute(words) + systems + receivers, "utf-8")
    (folder / "broker").write_text(plan.broker)


def main(words: Sequence[str]) -> int:
    """``migrate [die]`` or ``fill``."""
    if words[0] == "migrate":
        if "die" in words:
            deaths.arm("migrate.step", 3)
        from hub.cli.settings import load_config
        from hub.store.database import Store

        Store(load_config(Path("hub.yaml")).store_url()).migrate()
        return 0
    fill(load())
    return 0


def fill(plan: Plan) -> None:
    """Codes, enough stock of everything but one article, and what makes the database refuse some documents."""
    hub = build(Path("hub.yaml"))
    hub.commands.import_codes(ME, codes())
    packed = [CodeLine("pack", name, item, "EA", unit, unit, numerator=pieces) for name, item, unit, pieces in packs()]
    hub.commands.set_codes(ME, packed)
    rows = [{"sku": one.material, "uom": "EA", "qty": plenty(plan.documents), "status": "OK"} for one in ARTICLES]
    rows.append({"sku": SCARCE.material, "uom": "EA", "qty": scarce_stock(plan.documents), "status": "OK"})
    report = {"report": PROLOGUE, "warehouse": STORE.warehouse, "asOf": "2026-01-01T08:00:00+08:00", "stock": rows}
    articles = [idocs.material(n, one, SERIAL) for n, one in enumerate((*ARTICLES, SCARCE, UNSOLD), start=APART)]
    for system, way, raw in (("sap-1", "idoc", idocs.xml(*articles)), ("wms", "stock", json.dumps(report).encode())):
        hub.flow.receive(Inbound(raw, PROLOGUE, PROLOGUE), hub.inward[system, f"{system}.{way}"][0])
        hub.flow.lane.drain()
    _check(hub)
    with hub.store.unit() as unit:
        plant(unit.connection)
    hub.close()


def _check(hub: Hub) -> None:
    with hub.store.read() as connection:
        states = connection.execute(text("select state from document")).scalars().all()
    if set(states) != {"applied"}:
        raise AssertionError(f"articles and stock of the beginning are {states}")


def plant(connection: Connection) -> None:
    """A trigger that refuses the effects of marked documents: nothing in the hub foresees it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "create function planted() returns trigger language plpgsql as $$ begin "
            f"if new.k like '%%{MARK}%%' then raise exception 'planted refusal' using errcode = '23514'; end if; return new; end $$"
        )
        connection.exec_driver_sql("create trigger planted before insert on effect for each row execute function planted()")
    else:
        connection.exec_driver_sql(
            f"create trigger planted before insert on effect when new.k like '%{MARK}%' begin select raise(abort, 'planted refusal'); end"
        )


def uproot(connection: Connection) -> None:
    """The repair: the trigger goes."""
    on = " on effect" if connection.dialect.name == "postgresql" else ""
    connection.exec_driver_sql(f"drop trigger if exists planted{on}")
