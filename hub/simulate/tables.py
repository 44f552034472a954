"""Files as the two agents' programs export them: Chinese headings, GBK, a total row; and the answers they get back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.simulate.goods import Article, Place
from hub.simulate.orders import Line, Order

KD_HEAD = "单据日期,单据编号,行号,往来单位编号,往来单位,存货编码,存货名称,条形码,单位,数量,单价,备注"
GJP_HEAD = "日期\t单号\t序号\t客户编号\t客户\t商品编号\t商品名称\t条码\t单位\t数量\t单价\t备注"


def kd_orders(orders: Sequence[Order]) -> bytes:
    """Comma separated, thousands in quotes, total row: the program of the agent in Jiangsu."""
    rows = [KD_HEAD]
    for order in orders:
        rows += [",".join(_kd_row(order, line)) for line in order.lines]
    total = sum(line.quantity for order in orders for line in order.lines)
    rows.append(f"合计,,,,,,,,,{_quoted(f'{total:,}')},,")
    return ("\r\n".join(rows) + "\r\n").encode("gbk")


def _kd_row(order: Order, line: Line) -> Iterable[str]:
    unit, gtin = ("箱", "") if line.case else ("瓶", "" if line.unknown else line.article.gtin)
    yield from (order.day, order.number, line.id, order.buyer.agent, order.buyer.name, line.agent_code, line.name)
    yield from (gtin, unit, _quoted(f"{line.quantity:,}"), str(line.price), "")


def gjp_orders(orders: Sequence[Order]) -> bytes:
    """Tab separated under a title line, dates with slashes: the program of the agent in Zhejiang."""
    rows = ["销售订单明细表", GJP_HEAD]
    for order in orders:
        for line in order.lines:
            unit = "件" if line.case else "个"
            cells = (order.day.replace("-", "/"), order.number, line.id, order.buyer.agent, order.buyer.name, line.agent_code, line.name)
            rows.append("\t".join((*cells, "", unit, str(line.quantity), str(line.price), "")))
    return ("\r\n".join(rows) + "\r\n").encode("gbk")


def kd_stock(place: Place, day: str, stock: Sequence[tuple[Article, int]]) -> bytes:
    """Stock list of the first program."""
    rows = ["日期,仓库编码,仓库,存货编码,存货名称,条形码,单位,现存量,库存状态,批号"]
    rows += [f"{day},{place.agent},{place.name},{one.agent},{one.name},{one.gtin},瓶,{_quoted(f'{count:,}')},正常," for one, count in stock]
    return ("\r\n".join(rows) + "\r\n").encode("gbk")


def gjp_stock(place: Place, day: str, stock: Sequence[tuple[Article, int]]) -> bytes:
    """Stock list of the second program."""
    rows = ["库存状况表", "盘点日期\t库房编号\t库房\t商品编号\t商品名称\t条码\t单位\t库存数量"]
    rows += [
        f"{day.replace('-', '/')}\t{place.agent}\t{place.name}\t{one.agent}\t{one.name}\t{one.gtin}\t个\t{count}" for one, count in stock
    ]
    return ("\r\n".join(rows) + "\r\n").encode("gbk")


def answer_rows(payload: bytes) -> list[dict[str, str]]:
    """The rows of an answer file, as the agents' programs take it in: GBK, first row headings, comma or tab."""
    lines = payload.decode("gbk").splitlines()
    mark = "\t" if "\t" in lines[0] else ","
    head = [cell.strip('"') for cell in lines[0].split(mark)]
    return [dict(zip(head, (cell.strip('"') for cell in line.split(mark)), strict=False)) for line in lines[1:] if line]


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text
