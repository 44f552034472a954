"""What must be true of the store at any moment (1-3) and at rest (4-7): statements that give no row. For tests and the harness.

Exceptions, excused in the statements: orphans of the first full document and documents that a person or a policy moved (4, 5),
ambiguous codes, which have a row too many (6).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

EFFECT = "select x.*, d.system, d.way, d.place from effect x join document d on d.id = x.document"

MOVED_ON = "coalesce((select last from sequence where name = 'canonical n'), 0)"
"""By how much a restore moved n on (``hub.store.restoring``); 0 without one, and then n is dense from 1."""

ALWAYS = {
    "1 nothing vanishes": """
        select m.seq from message m where not exists (select 1 from document d where d.message = m.seq)
        and not exists (select 1 from work w where w.kind = 'message' and w.ref = m.seq)
        and not exists (select 1 from hold h where h.owner_kind = 'message' and h.owner = m.seq)
        and (m.documents is null or m.documents <> 0)""",
    "2 effect once": """
        select d.id from document d left join effect x on x.document = d.id group by d.id, d.state
        having (d.state = 'applied' and count(x.document) <> 1) or (d.state <> 'applied' and count(x.document) > 0)""",
    "3 dense, in step": """
        select x.k from effect x join business_key b on b.k = x.k group by x.k, b.kseq
        having count(*) <> max(x.kseq) or min(x.kseq) <> 1 or max(x.kseq) <> b.kseq""",
    "3b published dense": f"""
        select p.k from published p join business_key b on b.k = p.k group by p.k, b.n
        having count(*) <> b.n or min(p.n) not between 1 and 1 + {MOVED_ON} or max(p.n) - b.n not between 0 and {MOVED_ON}""",
}
AT_REST = {
    "4 order": f"""
        select * from (select place, way, lag(place) over (partition by k, system order by kseq) p from ({EFFECT}) e where kseq > 1) x
        where place < p and way = ''""",
    "5 revisions rise": f"""
        select * from (select e.*, cast(v as bigint) v1, lag(cast(v as bigint)) over (partition by k order by kseq) p
        from ({EFFECT}) e where ltrim(v, '0123456789') = '' and length(v) between 1 and 18) x where v1 < p and way = ''""",
    "6 hold ends": """
        select h.owner from hold h join code c on h.cause = 'missing_code' and c.until is null and c.context = ''
        and h.cause_key = c.tab || ':' || c.code_set || ':' || c.code || ':'""",
    "7 has cause": """
        select d.id from document d where d.state = 'waiting' and d.k is not null and not exists (
        select 1 from hold h join document b on b.id = h.owner and h.owner_kind = 'document'
        where b.k = d.k and b.state = 'waiting' and b.place <= d.place)""",
    "8 no hold of what is closed": """
        select h.owner from hold h join document d on d.id = h.owner and h.owner_kind = 'document' where d.state <> 'waiting'""",
    "9 nothing left to do": "select seq from work",
    "12 what was let go was looked at": """
        select d.id from document d where d.state = 'waiting' and d.counted = 'held' and not exists (
        select 1 from hold h where h.owner_kind = 'document' and h.owner = d.id)""",
    "10 an open case waits": """
        select c.id from cases c join document d on d.id = c.document where c.state = 'open' and d.state <> 'waiting'""",
}


def broken(connection: Connection, *, at_rest: bool = True) -> dict[str, list[Any]]:
    """Name -> offending rows, of every invariant that does not hold. ``at_rest``: nothing is left to do, so 4-10 hold too."""
    asked = {**ALWAYS, **AT_REST} if at_rest else ALWAYS
    found = {name: list(connection.execute(text(statement))) for name, statement in asked.items()}
    counters = counters_off(connection)
    return {name: rows for name, rows in found.items() if rows} | ({"11 counters": counters} if counters else {})


def counters_off(connection: Connection) -> list[Any]:
    """(route, state) where the counter rows say another number than the documents do."""
    statement = """
        select route, counted, sum(n) from (
        select route, counted, count(*) n from document group by route, counted
        union all select route, state, -sum(entered - "left") from counter group by route, state) x
        group by route, counted having sum(n) <> 0"""
    return list(connection.execute(text(statement)))
