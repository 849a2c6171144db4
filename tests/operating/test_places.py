"""Where servers live and at which addresses they answer."""

import json
import os
from pathlib import Path

import psycopg.conninfo
import pytest
import redis

from config import env
from operating import accounts, addresses, plans, runtime
from operating.errors import OperatingError


def test_the_runtime_is_in_var_unless_a_note_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "var" / "servers").mkdir(parents=True)
    assert runtime.locate(tmp_path / "var") == runtime.at(tmp_path / "var" / "servers")
    note = {"servers": "/elsewhere/servers", "var": str(tmp_path / "var")}
    (tmp_path / "var" / runtime.POINTER_NAME).write_text(json.dumps(note))
    assert runtime.locate(tmp_path / "var") == runtime.at(Path("/elsewhere/servers"))


def test_the_note_moves_with_a_checkout_but_a_copy_does_not_share_its_data(tmp_path: Path) -> None:
    (tmp_path / "copy" / "servers").mkdir(parents=True)
    note = {"servers": "/elsewhere/servers", "var": str(tmp_path / "original")}
    (tmp_path / "copy" / runtime.POINTER_NAME).write_text(json.dumps(note))
    assert runtime.locate(tmp_path / "copy").root == Path("/elsewhere/servers")
    (tmp_path / "original").mkdir()
    assert runtime.locate(tmp_path / "copy").root == tmp_path / "copy" / "servers"


def test_an_unreadable_note_is_an_error_and_not_new_empty_data(tmp_path: Path) -> None:
    (tmp_path / runtime.POINTER_NAME).write_text("{")
    with pytest.raises(OperatingError, match="is not readable as a note of where the data is"):
        runtime.locate(tmp_path)


def test_a_socket_path_never_exceeds_what_the_system_takes() -> None:
    for length in range(1, 300):
        where = runtime.at(Path("/" + "é" * length))
        assert len(os.fsencode(where.postgres_socket)) <= runtime.LONGEST_SOCKET_PATH_BYTES
        assert len(os.fsencode(where.valkey_socket)) <= runtime.LONGEST_SOCKET_PATH_BYTES


def test_addresses_in_odd_folders_are_read_back_by_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    where = runtime.at(Path("/home/ada l/50% é?&#+,"))
    reached = addresses.of_runtime(where)
    read = psycopg.conninfo.conninfo_to_dict(reached.database_url)
    assert read == {"user": "blind_eval", "dbname": "blind_eval", "host": str(where.sockets)}
    with redis.Redis.from_url(reached.redis_url) as client:
        assert client.connection_pool.connection_kwargs["path"] == str(where.valkey_socket)
    monkeypatch.setenv("DATABASE_URL", reached.database_url)
    assert env.database_address("DATABASE_URL", "") == env.DatabaseAddress(
        name="blind_eval", user="blind_eval", password="", host=str(where.sockets), port="", options={}
    )


@pytest.mark.parametrize(
    ("mode", "owner", "expected"),
    [(0o755, 0, True), (0o711, 0, True), (0o700, 0, False), (0o700, 40_000, True), (0o077, 40_000, False)],
)
def test_an_account_enters_a_folder_as_the_kernel_would_let_it(
    open_folder: Path, mode: int, owner: int, expected: bool
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give folders away")
    account = accounts.Account(name="somebody", uid=40_000, gid=40_000)
    folder = open_folder / "folder"
    folder.mkdir()
    os.chown(folder, owner, owner)
    folder.chmod(mode)
    assert accounts.may_enter(account, folder / "not made yet") is expected


def test_servers_named_by_the_environment_are_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert (plans.servers_of(tmp_path).with_postgres, plans.servers_of(tmp_path).with_valkey) == (True, True)
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    assert (plans.servers_of(tmp_path).with_postgres, plans.servers_of(tmp_path).with_valkey) == (True, False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    assert not plans.servers_of(tmp_path)
