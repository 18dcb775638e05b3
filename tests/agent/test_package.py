"""`pip install ./agent` gives a working program, in an environment that has nothing of the site."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("pip", "setuptools")
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        any(importlib.util.find_spec(tool) is None for tool in TOOLS),
        reason="pip and setuptools are needed to build the package without a network",
    ),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a fresh environment; PyNaCl is lent by this one."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "agent"
    left = shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    shutil.copytree(ROOT / "agent", source, ignore=left)
    pip(sys.executable, "wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    venv.create(folder / "env", symlinks=True)
    [wheel] = folder.glob("coop_agent-*.whl")
    python = folder / "env" / "bin" / "python"
    [packages] = (folder / "env" / "lib").glob("python3*/site-packages")
    pip(sys.executable, "--python", str(python), "install", str(wheel))
    lend(packages)
    return folder / "env" / "bin" / "coop-agent"


def pip(python: str, *arguments: str) -> None:
    quiet = ["--no-index", "--no-deps", "--disable-pip-version-check", "--quiet"]
    at = len(arguments) - 1
    command = [python, "-m", "pip", *arguments[:at], *quiet, arguments[at]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def lend(packages: Path) -> None:
    for name in ("nacl", "_cffi_backend"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (packages / found.name).symlink_to(found)


def ask(program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [str(program), *arguments], env=bare, capture_output=True, text=True, check=False
    )


def test_the_installed_program_reads_this_machine(installed: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    assert ask(installed, "--version").stdout == "0.1.0\n"
    done = ask(installed, "--state", state, "meters", "--meter", "netdev:lo", "--meter", "cpu")
    assert done.returncode == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["if:lo:rx", "if:lo:tx", "cpu:total"]
    done = ask(installed, "--state", state, "run")
    assert done.returncode == 1 and "--server" in done.stderr


def test_every_command_of_the_readme_is_there(installed: Path) -> None:
    shown = ask(installed, "--help").stdout
    text = (ROOT / "agent" / "README.md").read_text()
    rows = text.partition("| command |")[2].partition("\n\n")[0].splitlines()[2:]
    commands = {row.split("`")[1].split()[0] for row in rows}
    assert {"enrol", "run", "rotate", "import-receipts", "export-next"} <= commands
    assert [name for name in commands if not re.search(rf"\n    {name}\s", shown)] == []
