"""The brand's SAP: sends articles, customers, orders as IDocs; takes order answers and despatch advices as IDocs."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

from hub.simulate import idocs
from hub.simulate.goods import ARTICLES, PLACES
from hub.simulate.listener import Answer, Listener
from hub.simulate.partners.base import Partner
from hub.simulate.plan import Act

SERIAL = "20261101080000"
SLOW = 0.4
"""Seconds that every seventh receipt takes."""


class Sap(Partner):
    """``url`` is where the hub sends IDocs to."""

    name = "sap-hq"

    def __init__(self, folder: Path, hub: str) -> None:
        super().__init__(folder, hub)
        self._seen = 0
        self._listener = Listener(self._take)
        self.url = self._listener.url

    def master_data(self) -> None:
        """Articles and customers as two packages: the start of the day."""
        articles = [idocs.material(100 + n, article, SERIAL) for n, article in enumerate(ARTICLES)]
        self._post(Act(0, self.name, "articles", "MATMAS", outcomes=("applied",) * len(articles)), idocs.xml(*articles))
        places = [idocs.customer(200 + n, place, SERIAL) for n, place in enumerate(PLACES)]
        self._post(Act(0, self.name, "customers", "DEBMAS", outcomes=("applied",) * len(places)), idocs.xml(*places))

    def send(self, act: Act) -> None:
        """An order as XML or flat IDoc; a corrupt one is cut off in the middle of its control record."""
        assert act.order is not None
        idoc = idocs.purchase_order(act.control, act.order)
        payload = idocs.flat(idoc) if act.form == "flat" else idocs.xml(idoc)
        self._post(act, payload[: len(payload) // 3].replace(b"EDI_DC40", b"EDI_XX40") if act.fault == "corrupt" else payload)

    def _post(self, act: Act, payload: bytes) -> None:
        self.log.write("sent", number=act.number, fault=act.fault)
        media = "text/plain" if payload[:1] == b"E" else "text/xml"
        if self.post("/sap/idoc", payload, {"Content-Type": media}) is not None:
            self.kept(act, f"{act.number}/{act.control}")

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self._seen += 1
        if self._seen % 7 == 0:
            time.sleep(SLOW)
        for idoc in ElementTree.fromstring(body).iter("IDOC"):
            fields = {one.tag: one.text or "" for one in idoc.iter()}
            lines = [(line.findtext("POSEX"), line.findtext("MENGE")) for line in idoc.iter("E1EDP01")]
            self.log.write("received", type=fields["MESTYP"], number=fields["DOCNUM"], order=fields.get("BELNR", ""), lines=lines)
        return 200, "text/html", b"<html><head><title>IDoc-XML-inbound ok</title></head><body><h1>IDoc-XML-inbound ok</h1></body></html>"

    def close(self) -> None:
        self._listener.close()
        super().close()
