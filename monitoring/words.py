"""Every word that the page shows, in English and Chinese, and how a state looks (one place for screen and tests)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "title": ("What flows and what is held", "流转与挂起"),
    "flows": ("Routes", "路由"),
    "held": ("held", "挂起"),
    "held_title": ("Held, the oldest first", "挂起（最早在前）"),
    "latest": ("Latest changes", "最近变化"),
    "route": ("route", "路由"),
    "cause": ("cause", "原因"),
    "key": ("waits for", "等待"),
    "count": ("how many", "数量"),
    "since": ("for", "已等待"),
    "fix": ("what removes it", "解除办法"),
    "at": ("at (UTC)", "时间（UTC）"),
    "system": ("system", "系统"),
    "what": ("what", "对象"),
    "state": ("state", "状态"),
    "sum": ("documents", "单据数"),
    "messages_waiting": ("messages waiting to be translated", "待翻译报文"),
    "nothing_held": ("Nothing is held.", "没有挂起。"),
    "nothing_yet": ("Nothing has arrived yet.", "尚无报文到达。"),
    "store_silent": ("The store does not answer.", "存储无响应。"),
    "document": ("document", "单据"),
    "message": ("message", "报文"),
    "delivery": ("delivery", "投递"),
    "waiting": ("waiting", "排队等待"),
    "applied": ("applied", "已入账"),
    "duplicate": ("duplicate", "重复"),
    "stale": ("stale", "过期版本"),
    "superseded": ("superseded", "已被取代"),
    "rejected": ("refused", "拒收"),
    "parked": ("conflict", "内容冲突"),
    "blocked": ("behind another", "排在其后"),
    "pending": ("to be sent", "待发"),
    "sending": ("sending", "发送中"),
    "sent": ("sent", "已发出"),
    "acknowledged": ("acknowledged", "已回执"),
    "refused": ("refused by the receiver", "对方拒绝"),
    "uncertain": ("in doubt", "存疑"),
    "in_doubt": ("in doubt", "存疑"),
    "missing_code": ("missing code", "缺少代码"),
    "ambiguous_code": ("ambiguous code", "代码不唯一"),
    "unknown_party": ("unknown party", "未知客商"),
    "invalid_value": ("invalid value", "值无效"),
    "mapping_error": ("mapping error", "映射错误"),
    "unreadable": ("unreadable", "无法读取"),
    "predecessor_missing": ("predecessor missing", "缺前置单据"),
    "conflict": ("conflict", "内容冲突"),
    "no_route": ("no route", "无路由"),
    "program_error": ("program error", "程序错误"),
    "refused_by_store": ("refused by the store", "存储拒绝"),
    "receiver_down": ("receiver down", "对方中断"),
    "refused_by_receiver": ("refused by the receiver", "对方拒收"),
}

LOOKS: dict[str, tuple[str, str]] = {
    "held": ("◆", "held"),
    "parked": ("◆", "held"),
    "waiting": ("⧗", "mute"),
    "blocked": ("⧗", "mute"),
    "applied": ("●", "ok"),
    "duplicate": ("≡", "mute"),
    "stale": ("↩", "mute"),
    "superseded": ("⊘", "mute"),
    "rejected": ("✕", "bad"),
    "pending": ("▷", "mute"),
    "sending": ("▶", "link"),
    "sent": ("↑", "link"),
    "acknowledged": ("●", "ok"),
    "refused": ("✕", "bad"),
    "uncertain": ("?", "doubt"),
}
"""State -> (sign, colour class). Held is not red: it is the normal way of waiting for a person."""


def say(key: str, language: str) -> str:
    """The word in ``en`` or ``zh``; a key that has none stands for itself."""
    return WORDS[key][language == "zh"] if key in WORDS else key.replace("_", " ")


def chosen(asked: str, accept: str) -> str:
    """``en`` or ``zh``: what the address asks for, else what the browser prefers."""
    if asked in ("en", "zh"):
        return asked
    return "zh" if accept.strip().lower().startswith("zh") else "en"
