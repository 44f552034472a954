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
        self._seen, self._files = 0, 0
        self._dropped: dict[Path, Act] = {}
        self._listener = Listener(self._take)
        self.url = self._listener.url

    def master_data(self) -> None:
        """Articles and customers as two packages: the start of the day."""
        articles = [idocs.material(100 + n, article, SERIAL) for n, article in enumerate(ARTICLES)]
        self._post(Act(0, self.name, "articles", "MATMAS", outcomes=("applied",) * len(articles)), idocs.xml(*articles))
        places = [idocs.customer(200 + n, place, SERIAL) for n, place in enumerate(PLACES)]
        self._post(Act(0, self.name, "customers", "DEBMAS", outcomes=("applied",) * len(places)), idocs.xml(*places))

    def send(self, act: Act) -> None:
        """An order as IDoc XML over HTTP, or flat through the file port; a corrupt file has lost its control record."""
        assert act.order is not None
        idoc = idocs.purchase_order(act.control, act.order)
        if act.form == "flat":
            payload = idocs.flat(idoc)
            self._drop(act, payload[:300].replace(b"EDI_DC40", b"EDI_XX40") if act.fault == "corrupt" else payload)
        else:
            self._post(act, idocs.xml(idoc))

    def _drop(self, act: Act, payload: bytes) -> None:
        """The file port: written beside, then renamed; it is kept once the hub has taken it away."""
        self._files += 1
        folder = self.folder / "files" / self.name
        place = folder / f"idoc-{self._files:05}.txt"
        self.log.write("sent", number=act.number, fault=act.fault, file=place.name)
        half = place.with_name(place.name + ".part")
        half.write_bytes(payload)
        half.rename(place)
        self._dropped[place] = act

    def look(self) -> None:
        """Files that lie in ``done`` were kept."""
        for place, act in list(self._dropped.items()):
            if any((place.parent / "done").glob(f"{place.stem}*")):
                del self._dropped[place]
                self.kept(act, place.name)

    def _post(self, act: Act, payload: bytes) -> None:
        self.log.write("sent", number=act.number, fault=act.fault)
        if self.post("/sap/idoc", payload, {"Content-Type": "text/xml"}) is not None:
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
        self.look()
        self._listener.close()
        super().close()
