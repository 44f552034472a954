"""The table of hold causes, made from the list that the program has."""

from __future__ import annotations

from canonical_model.problems import REMOVED_BY, Cause

MEANS = {
    Cause.MISSING_CODE: ("a code table, the packaging of an article or a ratio has no row", "document"),
    Cause.AMBIGUOUS_CODE: ("several rows answer, or the message's GTIN contradicts the table", "document"),
    Cause.UNKNOWN_PARTY: ("table `party` has no row for the partner's number", "document"),
    Cause.INVALID_VALUE: ("a value is absent, is not what its place wants, or contradicts another", "document"),
    Cause.MAPPING_ERROR: ("the mapping does not fit the document's layout", "document"),
    Cause.UNREADABLE: (
        "no document can be cut out of the message; or a part of one is damaged; or its definition is not there",
        "message, document",
    ),
    Cause.PREDECESSOR_MISSING: ("a change or cancel came before its order, or a revision is missing between", "document"),
    Cause.CONFLICT: ("same key or technical id, other content, and nothing says which is newer", "document"),
    Cause.NO_ROUTE: ("hub.yaml names no mapping for this document type of this system", "document"),
    Cause.PROGRAM_ERROR: ("an exception of the hub's own program, or a process that died three times over it", "document"),
    Cause.REFUSED_BY_STORE: ("the database refuses to keep it", "document"),
    Cause.RECEIVER_DOWN: ("the receiver has not answered several times", "delivery"),
    Cause.REFUSED_BY_RECEIVER: ("the receiver answered no", "delivery"),
    Cause.IN_DOUBT: ("whether the receiver has it is not known, and it can neither be asked nor does it recognise repeats", "delivery"),
}


def table() -> str:
    """One row a cause: what it says, what waits, what removes it."""
    rows = [f"| `{cause}` | {MEANS[cause][0]} | {MEANS[cause][1]} | {_command(cause)} |" for cause in Cause]
    return "\n".join(["| cause | what is the case | what waits | what removes it |", "|---|---|---|---|", *rows, ""])


def _command(cause: Cause) -> str:
    words = [part.strip() for part in REMOVED_BY[cause].split(" | ")]
    if words[0].startswith("hub deliveries"):
        return "`hub deliveries ID --sent` or `hub deliveries ID --again`"
    return " or ".join(f"`{word}`" if word.startswith("hub ") and "," not in word else word for word in words)
