"""The small world that the simulated partners share: articles with their units, parties, and who calls what how.

GTINs and GLNs are made from the demonstration prefix 950 6000 and their check digit, so that nothing real is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from canonical_model.identifiers.mod10 import digit


@dataclass(frozen=True, slots=True)
class Article:
    """One article. ``material`` is SAP's number, ``agent`` the agents' item code; a case holds ``case`` pieces."""

    material: str
    agent: str
    name: str
    case: int
    price: Decimal

    @property
    def gtin(self) -> str:
        """GTIN-13 of one piece."""
        return _with_check(f"9506000{self.material[-5:]}")

    @property
    def case_gtin(self) -> str:
        """GTIN-14 of a case (indicator 1)."""
        return _with_check(f"1{self.gtin[:12]}")


@dataclass(frozen=True, slots=True)
class Place:
    """A party as each side calls it: the hub's id, SAP's customer number, the agents' code, the warehouse's code."""

    party: str
    sap: str
    agent: str
    warehouse: str
    name: str
    tier: str


def _with_check(digits: str) -> str:
    return digits + digit(digits)


ARTICLES: tuple[Article, ...] = tuple(
    Article(f"{100101 + i}", f"00101{i + 1:02}", name, case, Decimal(price))
    for i, (name, case, price) in enumerate(
        [
            ("燕麦饮料 1升", 12, "8.50"),
            ("燕麦饮料 250毫升", 24, "3.50"),
            ("混合麦片 500克", 10, "15.00"),
            ("豆浆粉 400克", 20, "12.80"),
            ("芝麻糊 360克", 18, "11.20"),
            ("黑米粥 280克", 12, "4.60"),
            ("核桃乳 240毫升", 24, "5.20"),
            ("藕粉 300克", 15, "13.90"),
        ]
    )
)
"""What the brand sells."""

AGENT_JS = Place("AG-JS", "104711", "KH0001", "JS01", "江苏示例经销有限公司", "agent")
AGENT_ZJ = Place("AG-ZJ", "104712", "D-0571", "ZJ01", "浙江示例商贸有限公司", "agent")
STORE_JS = Place("ST-JS-1", "104721", "KH0101", "JS11", "南京示例便利店", "store")
CHAIN = Place("AG-CHAIN", "104731", "LS001", "CHAIN01", "示例连锁超市", "agent")
KEY_ACCOUNT = Place("AG-KA", "104741", "KA001", "KA01", "示例重点客户有限公司", "agent")
WAREHOUSE = Place("WH-SH", "1100", "CK01", "WH090", "上海中心仓", "warehouse")
BRAND = Place("HQ", "SUP-88", "ZB", "BRAND", "Demo Brand Foods", "headquarters")
PLACES: tuple[Place, ...] = (AGENT_JS, AGENT_ZJ, STORE_JS, CHAIN, KEY_ACCOUNT, WAREHOUSE, BRAND)

UNITS: dict[str, dict[str, str]] = {
    "sap-hq": {"PCE": "EA", "CS": "CS", "KGM": "KGM"},
    "agent-js": {"瓶": "EA", "箱": "CS"},
    "agent-zj": {"个": "EA", "件": "CS"},
    "wms-3pl": {"EA": "EA", "CA": "CS"},
}
"""Code set -> the partner's unit -> the canonical unit (UN/ECE Rec 20: EA each, CS case)."""

TIERS = {"HQ01": "headquarters", "AG01": "agent", "ST01": "store", "WH01": "warehouse"}
"""SAP's account groups and the tiers of the channel."""


def codes_csv() -> str:
    """The code tables that the demo's operator imports before the start: units, tiers, parties, and the agents' item codes.

    SAP's own articles are left out: they come as MATMAS and bring their codes with them.
    """
    rows = ["table,code_set,code,context,canonical,level,preferred"]
    rows += [f"unit,{name},{code},,{unit},,1" for name, units in UNITS.items() for code, unit in units.items()]
    rows += [f"tier,sap-hq,{group},,{tier},,0" for group, tier in TIERS.items()]
    for place in PLACES:
        rows += [f"party,sap-hq,{place.sap},,{place.party},,1", f"party,wms-3pl,{place.warehouse},,{place.party},,1"]
        rows += [f"party,{name},{place.agent},,{place.party},,1" for name in ("agent-js", "agent-zj")]
    for article in ARTICLES:
        for name in ("agent-js", "agent-zj"):
            rows += [
                f"item,{name},{article.agent},{unit},{id.zfill(14)},{unit},1"
                for unit, id in (("EA", article.gtin), ("CS", article.case_gtin))
            ]
    return "\n".join(rows) + "\n"
