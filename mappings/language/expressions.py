"""From the text of an expression, a record path or a test to its tree. The grammar is on the reference page.

expression = ["="] pipe ["?"]            pipe     = concat {"|" call}
concat     = term {"&" term}             term     = path | constant | number | $name | "(" expression ")"
call       = name ["(" argument {"," argument} ")"]
argument   = [(name | constant | number) "="] expression
path       = "." | step {"." step}       step     = name ["[" test "]"]
test       = all {"or" all}              all      = condition {"and" condition}
condition  = path ("=" | "!=") value | path "in" "(" value {"," value} ")" | path ("exists" | "absent")
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

from mappings.language.faults import Lint, MappingFault, Mark
from mappings.language.syntax import (
    Argument,
    Both,
    Call,
    Compare,
    Concat,
    Constant,
    Exists,
    Expression,
    Path,
    Record,
    Step,
    Test,
    Value,
    Variable,
)

_TOKEN: Final = re.compile(
    r"""(?P<blank>\s+)|(?P<constant>'(?:[^']|'')*')|(?P<name>"[^"]+")|(?P<variable>\$\w+(?:\.\w+)?)"""
    r"""|(?P<word>\w[\w-]*)|(?P<mark>!=|[.\[\]|&?(),=])"""
)
_DEPTH: Final = 20
_CUT_OFF: Final = "a ' #' starts a comment in YAML: quote the whole expression with \"...\""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    mark: Mark

    @property
    def is_number(self) -> bool:
        return self.kind == "word" and self.text.isascii() and self.text.isdigit()


def parse_expression(text: str, mark: Mark) -> Expression:
    """An expression, e.g. ``E1EDKA1[PARVW=AG].PARTN | strip0 ?``. Raises MappingFault."""
    parser = _Parser(text, mark)
    parser.accept("=")
    return parser.end(parser.expression())


def parse_record(text: str, mark: Mark) -> Record:
    """A record path behind ``$with`` or ``$each``, with its ``?``. Raises MappingFault."""
    parser = _Parser(text, mark)
    path = parser.path()
    return parser.end(Record(path, parser.accept("?") is not None))


def parse_test(text: str, mark: Mark) -> Test:
    """The condition behind ``$when``. Raises MappingFault."""
    parser = _Parser(text, mark)
    return parser.end(parser.test())


def _tokens(text: str, mark: Mark) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse(mark.after(at), f"{text[at]!r} has no meaning in an expression", "write constants in '...', odd names in \"...\"")
        if match.lastgroup != "blank":
            tokens.append(_Token(str(match.lastgroup), match.group(), mark.after(at)))
        at = match.end()
    return tokens


def _refuse(mark: Mark, message: str, suggestion: str = "") -> NoReturn:
    raise MappingFault([Lint(mark, message, suggestion)])


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, mark: Mark) -> None:
        self.tokens = _tokens(text, mark)
        self.at = 0
        self.depth = 0
        self.last = _Token("end", "", mark.after(len(text)))
        if not self.tokens:
            _refuse(mark, "there is no expression", "write a path, e.g. E1EDK01.CURCY, or a constant, e.g. 'EUR'")

    @property
    def next(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else self.last

    def take(self) -> _Token:
        token = self.next
        self.at += 1
        return token

    def accept(self, text: str) -> _Token | None:
        token = self.next
        return self.take() if token.kind in ("mark", "word") and token.text == text else None

    def expect(self, text: str, where: str) -> None:
        if self.accept(text) is None:
            found = repr(self.next.text) if self.next.text else "the end"
            hint = _CUT_OFF if self.next is self.last else ""
            _refuse(self.next.mark, f"{text!r} expected {where}, found {found}", hint)

    def end(self, result: _T) -> _T:
        """The result, if nothing is left over."""
        if self.next is not self.last:
            hint = "did you forget '|' or '&'?" if self.next.kind in ("word", "constant", "variable") else ""
            _refuse(self.next.mark, f"{self.next.text!r} is left over after the expression", hint)
        return result

    def deeper(self, mark: Mark) -> None:
        """One level of brackets more."""
        self.depth += 1
        if self.depth > _DEPTH:
            _refuse(mark, f"more than {_DEPTH} levels of brackets", "use $let or $with")

    def expression(self) -> Expression:
        mark = self.next.mark
        self.deeper(mark)
        value = self.concat()
        calls = []
        while self.accept("|"):
            calls.append(self.call())
        optional = self.accept("?") is not None
        self.depth -= 1
        return Expression(value, tuple(calls), optional, mark)

    def concat(self) -> Value:
        mark = self.next.mark
        first = self.term()
        if not (self.next.kind == "mark" and self.next.text == "&"):
            return first
        parts = [first]
        while self.accept("&"):
            parts.append(self.term())
        return Concat(tuple(_as_expression(part) for part in parts), mark)

    def term(self) -> Value:
        token = self.next
        if self.accept("("):
            inner = self.expression()
            self.expect(")", "after the expression in brackets")
            return inner
        if token.kind == "constant":
            return self.constant()
        if token.kind == "variable":
            return Variable(self.take().text[1:], token.mark)
        if token.is_number:
            return self.number()
        if token.text == ".":
            self.take()
            return Path((), token.mark)
        return self.path()

    def number(self) -> Constant:
        token = self.take()
        if self.next.text == "." and self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].is_number:
            self.take()
            return Constant(f"{token.text}.{self.take().text}", token.mark, quoted=False)
        return Constant(token.text, token.mark, quoted=False)

    def constant(self) -> Constant:
        token = self.take()
        return Constant(token.text[1:-1].replace("''", "'"), token.mark)

    def call(self) -> Call:
        token = self.take()
        if token.kind != "word":
            _refuse(token.mark, f"a function name expected after '|', found {token.text or 'the end'!r}", "e.g. | strip0")
        arguments: list[Argument] = []
        if self.accept("("):
            while not self.accept(")"):
                if arguments:
                    self.expect(",", "between arguments")
                arguments.append(self.argument())
        return Call(token.text, tuple(arguments), token.mark)

    def argument(self) -> Argument:
        token = self.next
        follows = self.tokens[self.at + 1].text if self.at + 1 < len(self.tokens) else ""
        if follows == "=" and token.kind in ("word", "constant"):
            name = self.constant().text if token.kind == "constant" else self.take().text
            self.take()
            return Argument(name, self.expression(), token.kind == "constant" or token.is_number)
        return Argument(None, self.expression())

    def path(self) -> Path:
        mark = self.next.mark
        steps = [self.step()]
        while self.accept("."):
            steps.append(self.step())
        return Path(tuple(steps), mark)

    def step(self) -> Step:
        token = self.take()
        if token.kind not in ("word", "name"):
            found = repr(token.text) if token.text else "the end"
            hint = _CUT_OFF if token is self.last else 'a path is names with dots; odd names go in "..."'
            _refuse(token.mark, f"a name expected, found {found}", hint)
        name = token.text[1:-1] if token.kind == "name" else token.text
        if not self.accept("["):
            return Step(name)
        test = self.test()
        self.expect("]", "after the condition")
        return Step(name, test)

    def test(self) -> Test:
        self.deeper(self.next.mark)
        tests = [self.all()]
        while self.accept("or"):
            tests.append(self.all())
        self.depth -= 1
        return tests[0] if len(tests) == 1 else Both("or", tuple(tests))

    def all(self) -> Test:
        tests = [self.condition()]
        while self.accept("and"):
            tests.append(self.condition())
        return tests[0] if len(tests) == 1 else Both("and", tuple(tests))

    def condition(self) -> Test:
        path = Path((), self.take().mark) if self.next.text == "." else self.path()
        if self.accept("exists"):
            return Exists(path, True)
        if self.accept("absent"):
            return Exists(path, False)
        if self.accept("in"):
            return Compare(path, "in", self.values())
        operator = self.take()
        if operator.text == "=":
            return Compare(path, "=", (self.value(),))
        if operator.text == "!=":
            return Compare(path, "!=", (self.value(),))
        return _refuse(operator.mark, f"'=', '!=', 'in', 'exists' or 'absent' expected after {path}", "e.g. [QUALF=001]")

    def values(self) -> tuple[Constant | Variable, ...]:
        self.expect("(", "after 'in'")
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(")", "after the values")
        return tuple(values)

    def value(self) -> Constant | Variable:
        token = self.next
        if token.kind == "variable":
            return Variable(self.take().text[1:], token.mark)
        if token.kind == "constant":
            constant = self.constant()
        elif token.kind == "word":
            constant = Constant(self.take().text, token.mark)
        else:
            _refuse(token.mark, f"a value expected, found {token.text or 'the end'!r}", "e.g. AG, 001 or 'two words'")
        if constant.text == "":
            _refuse(token.mark, "an empty value is never equal to anything", "write `absent`")
        return constant


def _as_expression(value: Value) -> Expression:
    return value if isinstance(value, Expression) else Expression(value, (), False, value.mark)
