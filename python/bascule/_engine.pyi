from typing import Any

from numpy.typing import NDArray

version: str

class EngineError(Exception):
    args: tuple[str, str]

_Array = NDArray[Any]
_Column = tuple[str, str, int, _Array | None, _Array | None, _Array | None, _Array]

class Threads:
    def __init__(self, count: int) -> None: ...

class Plan:
    @staticmethod
    def load(data: bytes) -> Plan: ...
    @staticmethod
    def load_file(path: str) -> Plan: ...
    def describe(self) -> str: ...
    def verify(self, here: bool) -> None: ...
    def run(
        self,
        rows: int,
        columns: list[_Column],
        outputs: list[str] | None,
        threads: Threads | None,
    ) -> tuple[dict[str, _Array], list[tuple[int, int, str, str]]]: ...
