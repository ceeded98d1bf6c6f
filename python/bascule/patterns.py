"""Patterns of Python's `re`, compiled for the engine (src/engine/pattern.h).

Python's own parser reads the pattern, so that it means what it meant in training; the sets of
characters are spelled out as ranges of code points, as this Python knows them. What is not
supported is refused with the construct's name. Supported: characters and classes, `.`, `\\w \\d
\\s \\W \\D \\S`, `\\b \\B ^ $ \\A \\Z`, `? * + {m,n}` greedy and lazy, groups, one capturing group
outside of repeats, alternatives, lookahead and lookbehind, and the flags a, m, s, u and x.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from re import _constants as names  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.bool_]  # [0x110000]: which code points are in a set
_CODES = 0x110000
_MATCH, _SET, _RUN, _RUN_LAZY, _SPLIT, _JUMP, _SAVE, _AT, _LOOK = range(9)
_START, _END, _LAST_LINE_END, _LINE_START, _LINE_END, _BOUNDARY, _NO_BOUNDARY = range(7)
_MAX_PROGRAM = 20_000
_MAX_REPEAT = 1_000_000
_MAX_LOOKS = 8
_CAN_BE_SET = (names.LITERAL, names.NOT_LITERAL, names.ANY, names.IN)


class PatternError(Exception):
    """The construct that is not supported, in words, and the way out."""

    def __init__(self, what: str, way_out: str) -> None:
        super().__init__(what)
        self.what = what
        self.way_out = way_out


@dataclass
class Program:
    """A compiled pattern: what the operator `find_all` holds."""

    steps: list[list[int]] = field(default_factory=list)
    sets: list[Codes] = field(default_factory=list)
    first: int | None = None  # the set that a match starts with
    group: bool = False  # a match is what its group holds
    _places: dict[bytes, int] = field(default_factory=dict)

    def set_of(self, codes: Codes) -> int:
        """The position of a set, which is added once."""
        key = np.packbits(codes).tobytes()
        if key not in self._places:
            self._places[key] = len(self.sets)
            self.sets.append(codes)
        return self._places[key]

    def add(self, what: int, a: int = 0, b: int = 0, c: int = 0) -> list[int]:
        if len(self.steps) == _MAX_PROGRAM:
            raise PatternError(
                f"a pattern that unrolls to more than {_MAX_PROGRAM} steps",
                "Repeat less inside of counted repeats",
            )
        self.steps.append([what, a, b, c])
        return self.steps[-1]

    def given(self) -> dict[str, Any]:
        """Attributes and tensors of `find_all`."""
        ranges = [_ranges(codes) for codes in self.sets]
        return {
            "program": np.array(self.steps, np.int64).reshape(-1),
            "set_ranges": np.concatenate([np.zeros(0, np.int64), *ranges]),
            "set_starts": np.cumsum([0, *map(len, ranges)]),
            "first": self.first,
            "group": self.group,
        }


def compile_pattern(pattern: str, flags: int = 0) -> Program:
    """The program of what `re.compile(pattern, flags).findall` finds."""
    tree = parser.parse(pattern, flags)
    whole = int(tree.state.flags)
    _refuse_flags(whole)
    program = Program(group=tree.state.groups > 1)
    if tree.state.groups > 2:
        raise PatternError("more than one capturing group", "Write (?:...) for the others")
    _Compiler(program).sequence(list(tree), _Where(whole))
    program.add(_MATCH)
    first = _first(list(tree), whole)
    if first is not None:
        program.first = program.set_of(first)
    return program


def word_length(pattern: str, flags: int = 0) -> int | None:
    """n where the pattern finds every longest run of n or more word characters; else None."""
    tree = parser.parse(pattern, flags)
    if tree.state.groups > 1 or int(tree.state.flags) & (re.ASCII | re.LOCALE | re.IGNORECASE):
        return None
    items = list(tree)
    boundary = (names.AT, names.AT_BOUNDARY)
    if items and items[0] == boundary:
        items = items[1:]
    if items and items[-1] == boundary:
        items = items[:-1]
    fewest, endless = 0, False
    for what, value in items:
        low, high = 1, 1
        if what is names.MAX_REPEAT:
            low, high, body = value
            if len(body) != 1:
                return None
            what, value = body[0]
        if what is not names.IN or list(value) != [(names.CATEGORY, names.CATEGORY_WORD)]:
            return None
        fewest += low
        if high is not names.MAXREPEAT and high != low:
            return None
        endless = endless or high is names.MAXREPEAT
    return fewest if endless and 0 < fewest <= _MAX_REPEAT else None


@dataclass(frozen=True)
class _Where:
    """What holds at a place of the pattern."""

    flags: int
    repeated: bool = False
    looks: int = 0


@dataclass
class _Compiler:
    program: Program
    _sets: dict[tuple[str, int], int] = field(default_factory=dict)  # by item and flags

    def _set(self, what: Any, value: Any, flags: int) -> int:
        """The set of one item, which is made once."""
        key = (f"{what} {value}", flags)
        if key not in self._sets:
            self._sets[key] = self.program.set_of(_set(what, value, flags))
        return self._sets[key]

    def sequence(self, items: list[Any], where: _Where) -> None:
        for what, value in items:
            self._item(what, value, where)

    def _item(self, what: Any, value: Any, where: _Where) -> None:
        if what in _CAN_BE_SET:
            self.program.add(_SET, self._set(what, value, where.flags))
        elif what is names.BRANCH:
            self._branch(value[1], where)
        elif what in (names.MAX_REPEAT, names.MIN_REPEAT):
            low, high, body = value
            self._repeat(low, high, body, what is names.MIN_REPEAT, where)
        elif what is names.SUBPATTERN:
            group, add, remove, body = value
            self._group(group, (where.flags | add) & ~remove, body, where)
        elif what is names.AT:
            self._at(value, where)
        elif what in (names.ASSERT, names.ASSERT_NOT):
            direction, body = value
            self._look(direction, body, what is names.ASSERT_NOT, where)
        else:
            raise _refused(what)

    def _branch(self, branches: list[Any], where: _Where) -> None:
        jumps = []
        for branch in branches[:-1]:
            split = self.program.add(_SPLIT, len(self.program.steps) + 1)
            self.sequence(list(branch), where)
            jumps.append(self.program.add(_JUMP))
            split[2] = len(self.program.steps)
        self.sequence(list(branches[-1]), where)
        for jump in jumps:
            jump[1] = len(self.program.steps)

    def _repeat(self, low: int, high: Any, body: Any, lazy: bool, where: _Where) -> None:
        endless = high is names.MAXREPEAT
        if low > _MAX_REPEAT or (not endless and high > _MAX_REPEAT):
            raise PatternError(f"a repeat of more than {_MAX_REPEAT}", "Write a smaller number")
        items = list(body)
        if len(items) == 1 and items[0][0] in _CAN_BE_SET:
            what, value = items[0]
            codes = self._set(what, value, where.flags)
            if endless or high > 0:
                self.program.add(_RUN_LAZY if lazy else _RUN, codes, low, 0 if endless else high)
            return
        if body.getwidth()[0] == 0 and (endless or high > 1):
            raise PatternError(
                "a repeat of what may be empty", "Let what is repeated hold a character"
            )
        where = _Where(where.flags, True, where.looks) if endless or high > 1 else where
        for _ in range(low):
            self.sequence(items, where)
        if endless:
            split = self._split(lazy)
            back = len(self.program.steps) - 1
            self.sequence(items, where)
            self.program.add(_JUMP, back)
            self._leave([split], lazy)
        else:
            splits = []
            for _ in range(high - low):
                splits.append(self._split(lazy))
                self.sequence(items, where)
            self._leave(splits, lazy)

    def _split(self, lazy: bool) -> list[int]:
        """Into what follows; the way around it is written by `_leave`."""
        step = self.program.add(_SPLIT)
        step[2 if lazy else 1] = len(self.program.steps)
        return step

    def _leave(self, splits: list[list[int]], lazy: bool) -> None:
        for step in splits:
            step[1 if lazy else 2] = len(self.program.steps)

    def _group(self, group: Any, flags: int, body: Any, where: _Where) -> None:
        _refuse_flags(flags)
        inside = _Where(flags, where.repeated, where.looks)
        if group is None:
            self.sequence(list(body), inside)
            return
        if where.repeated or where.looks:
            place = "a repeat" if where.repeated else "a lookahead or lookbehind"
            raise PatternError(
                f"a capturing group inside of {place}", "Write (?:...), which captures nothing"
            )
        self.program.add(_SAVE, 0)
        self.sequence(list(body), inside)
        self.program.add(_SAVE, 1)

    def _at(self, place: Any, where: _Where) -> None:
        lines = where.flags & re.MULTILINE
        places = {
            names.AT_BEGINNING: _LINE_START if lines else _START,
            names.AT_BEGINNING_STRING: _START,
            names.AT_END: _LINE_END if lines else _LAST_LINE_END,
            names.AT_END_STRING: _END,
            names.AT_BOUNDARY: _BOUNDARY,
            names.AT_NON_BOUNDARY: _NO_BOUNDARY,
        }
        word = self.program.set_of(_category(names.CATEGORY_WORD, where.flags))
        self.program.add(_AT, places[place], word)

    def _look(self, direction: int, body: Any, negative: bool, where: _Where) -> None:
        if where.looks == _MAX_LOOKS:
            raise PatternError(
                f"more than {_MAX_LOOKS} lookaheads inside of each other", "Use fewer"
            )
        back = body.getwidth()[0] if direction < 0 else 0
        look = self.program.add(_LOOK, 0, int(back), int(negative))
        self.sequence(list(body), _Where(where.flags, where.repeated, where.looks + 1))
        self.program.add(_MATCH)
        look[1] = len(self.program.steps)


def _refuse_flags(flags: int) -> None:
    for flag, letter in ((re.IGNORECASE, "i"), (re.LOCALE, "L")):
        if flags & flag:
            raise PatternError(
                f"the flag (?{letter})", "Write both cases, or let lowercase=True do it"
            )


def _refused(what: Any) -> PatternError:
    said = {
        names.GROUPREF: "a backreference",
        names.GROUPREF_EXISTS: "a condition on a group, (?(1)...)",
        names.ATOMIC_GROUP: "an atomic group, (?>...)",
        names.POSSESSIVE_REPEAT: "a possessive repeat",
        names.FAILURE: "what can never match, (?!)",
    }
    return PatternError(said.get(what, f"{what}"), "Write the pattern without it")


def _set(what: Any, value: Any, flags: int) -> Codes:
    """The code points that one item of a pattern matches."""
    codes = np.zeros(_CODES, np.bool_)
    if what is names.LITERAL:
        codes[value] = True
    elif what is names.NOT_LITERAL:
        codes[:] = True
        codes[value] = False
    elif what is names.ANY:
        codes[:] = True
        codes[ord("\n")] = bool(flags & re.DOTALL)
    else:
        negate = False
        for kind, member in value:
            if kind is names.NEGATE:
                negate = True
            elif kind is names.LITERAL:
                codes[member] = True
            elif kind is names.RANGE:
                codes[member[0] : member[1] + 1] = True
            elif kind is names.CATEGORY:
                codes |= _category(member, flags)
            else:
                raise _refused(kind)
        codes = ~codes if negate else codes
    return codes


def _category(category: Any, flags: int) -> Codes:
    name = str(category).removeprefix("CATEGORY_")
    codes = _known(name.removeprefix("NOT_"))
    if flags & re.ASCII:
        codes = codes & (np.arange(_CODES) < 128)
    return ~codes if name.startswith("NOT_") else codes


@cache
def _known(name: str) -> Codes:
    """What this Python counts as DIGIT, SPACE or WORD."""
    every = map(chr, range(_CODES))
    if name == "DIGIT":
        return np.fromiter(map(str.isdecimal, every), np.bool_, _CODES)
    if name == "SPACE":
        return np.fromiter(map(str.isspace, every), np.bool_, _CODES)
    codes = np.fromiter(map(str.isalnum, every), np.bool_, _CODES)
    codes[ord("_")] = True
    return codes


def _ranges(codes: Codes) -> NDArray[np.int64]:
    """First and last code of every range of the set."""
    edges = np.flatnonzero(np.diff(codes.astype(np.int8), prepend=0, append=0))
    return (edges - np.arange(len(edges)) % 2).astype(np.int64)


def _first(items: list[Any], flags: int) -> Codes | None:
    """The characters that a match can start with; None where it may be empty or is not known."""
    found = np.zeros(_CODES, np.bool_)
    for codes, may_be_empty in _starts(items, flags):
        if codes is None:
            return None
        found |= codes
        if not may_be_empty:
            return found
    return None


def _starts(items: list[Any], flags: int) -> Iterator[tuple[Codes | None, bool]]:
    """Item by item: what it can start with, and whether it may be empty."""
    for what, value in items:
        if what in _CAN_BE_SET:
            yield _set(what, value, flags), False
        elif what in (names.AT, names.ASSERT, names.ASSERT_NOT):
            yield np.zeros(_CODES, np.bool_), True
        elif what in (names.MAX_REPEAT, names.MIN_REPEAT):
            low, high, body = value
            first = _first(list(body), flags) if high else None
            yield first, low == 0
        elif what is names.SUBPATTERN:
            _, add, remove, body = value
            yield _first(list(body), (flags | add) & ~remove), False
        elif what is names.BRANCH:
            firsts = [_first(list(branch), flags) for branch in value[1]]
            known = [first for first in firsts if first is not None]
            yield (np.any(known, axis=0) if len(known) == len(firsts) else None), False
        else:
            yield None, False
