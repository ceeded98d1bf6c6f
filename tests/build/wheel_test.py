"""The compiled extension runs elsewhere: few libraries, no new glibc, nothing shown but entry."""

import importlib.util
import re
import subprocess

import pytest

spec = importlib.util.find_spec("bascule._engine")


@pytest.fixture(scope="module")
def extension() -> str:
    assert spec is not None
    assert spec.origin is not None, "install the project: tools/venv.sh test"
    return spec.origin


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_needs_only_glibc_and_libgcc(extension: str) -> None:
    needed = set(re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", extension)))
    allowed = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
    assert needed <= allowed | {"ld-linux-aarch64.so.1"}


def test_uses_no_symbol_newer_than_glibc_2_34(extension: str) -> None:
    symbols = re.findall(r"GLIBC_(\d+)\.(\d+).* (\S+)", output("objdump", "-T", extension))
    newer = [name for major, minor, name in symbols if (int(major), int(minor)) > (2, 34)]
    assert symbols
    assert newer == []


def test_shows_only_its_entry(extension: str) -> None:
    shown = output("nm", "-D", "--defined-only", "--format=just-symbols", extension).split()
    assert shown == ["PyInit__engine"]
