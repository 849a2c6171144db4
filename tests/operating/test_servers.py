"""The embedded servers: they answer, they keep data, they leave nothing behind."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from operating import runtime
from operating.addresses import Addresses, of_runtime
from tests.operating.runs import gone, processes_of, servers


@pytest.fixture
def root(open_folder: Path) -> Iterator[Path]:
    """A folder for servers; whatever a test left running there is a failure."""
    yield open_folder / "r"
    gone(open_folder)


def reached(root: Path) -> Addresses:
    return of_runtime(runtime.at(root))


def write_one_row(root: Path) -> None:
    with psycopg.connect(reached(root).database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('blind')")
    with redis.Redis.from_url(reached(root).redis_url) as client:
        client.set("kept", "blind")
        if client.config_get("appendonly") == {b"appendonly": b"yes"}:
            # Written to disk each second; this waits for it.
            client.execute_command("WAITAOF", 1, 0, 10_000)


def rows(root: Path) -> tuple[int, bytes | None]:
    with psycopg.connect(reached(root).database_url) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM kept").fetchall()
    with redis.Redis.from_url(reached(root).redis_url) as client:
        value = client.get("kept")
    assert value is None or isinstance(value, bytes)
    return count, value


def test_they_answer_where_they_say_and_end_when_told(root: Path) -> None:
    with servers(root) as run:
        assert run.until("DATABASE_URL=") == f"DATABASE_URL={reached(root).database_url}"
        assert run.until("REDIS_URL=") == f"REDIS_URL={reached(root).redis_url}"
        write_one_row(root)
        assert rows(root) == (1, b"blind")
        assert run.stop() == 0
        assert run.said[-1] == "Everything has ended."
    assert processes_of(root) == {}
    assert not (root / "postgres" / "postmaster.pid").exists()


def test_they_listen_on_unix_sockets_only_and_keep_what_they_are_told(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        with psycopg.connect(reached(root).database_url) as connection:
            [(listening, fsync)] = connection.execute(
                "SELECT current_setting('listen_addresses'), current_setting('fsync')"
            ).fetchall()
        with redis.Redis.from_url(reached(root).redis_url, decode_responses=True) as client:
            settings = client.config_get("port", "appendonly", "maxmemory-policy", "save")
        run.stop()
    assert (listening, fsync) == ("", "on")
    assert settings == {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction", "save": ""}


def test_the_product_is_no_superuser_of_its_database(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        with psycopg.connect(reached(root).database_url) as connection:
            [row] = connection.execute(
                "SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchall()
        run.stop()
    assert row == ("blind_eval", False, True)


def test_killing_the_supervisor_leaves_no_process_and_no_loss(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        write_one_row(root)
        run.stop(signal.SIGKILL)
        gone(root)
    with servers(root) as run:
        run.until("REDIS_URL=")
        assert rows(root) == (1, b"blind")
        run.stop()


def test_killing_the_undertaker_as_well_leaves_no_process(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        children = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()
        undertakers = [
            int(pid) for pid in children if b"undertaker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        assert len(undertakers) == 1
        os.kill(undertakers[0], signal.SIGKILL)
        run.stop(signal.SIGKILL)
        gone(root)


def test_a_start_right_after_a_kill_waits_for_what_is_left(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        write_one_row(root)
        run.process.send_signal(signal.SIGKILL)
        with servers(root) as second:
            second.until("REDIS_URL=")
            assert rows(root) == (1, b"blind")
            second.stop()


def test_a_second_start_on_the_same_data_is_refused(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        with servers(root) as second:
            assert second.status() == 1
            assert second.output == (
                f"It is already running on this data (process {run.process.pid}, {root}). "
                "Stop that one first, or set VAR_DIR to another folder for a second one."
            )
        write_one_row(root)
        run.stop()


def test_stale_notes_and_sockets_do_not_hinder_a_start(root: Path) -> None:
    with servers(root) as run:
        run.until("REDIS_URL=")
        write_one_row(root)
        run.stop()
    where = runtime.at(root)
    # After a power cut the noted number may belong to any process by now, for example to this one.
    (where.postgres_data / "postmaster.pid").write_text(f"{os.getpid()}\n{where.postgres_data}\n1\n5432\n")
    for place in (where.postgres_socket, where.valkey_socket):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(place))
    where.postgres_socket.with_name(".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    with servers(root) as run:
        run.until("REDIS_URL=")
        assert rows(root) == (1, b"blind")
        run.stop()


def test_a_half_made_database_is_made_anew(root: Path) -> None:
    (root / "postgres.new").mkdir(parents=True)
    (root / "postgres.new" / "PG_VERSION").write_text("18\n")
    with servers(root) as run:
        run.until("REDIS_URL=")
        write_one_row(root)
        run.stop()


def test_throwaway_servers_delete_their_data(root: Path) -> None:
    with servers(root, "--throwaway") as run:
        run.until("REDIS_URL=")
        write_one_row(root)
        assert run.stop() == 0
    assert not root.exists()


def test_data_of_another_version_are_named_and_left_alone(root: Path) -> None:
    (root / "postgres").mkdir(parents=True)
    (root / "postgres" / "PG_VERSION").write_text("9\n")
    with servers(root) as run:
        assert run.status() == 1
    assert run.said[0].startswith(f"The data in {root / 'postgres'} were made by PostgreSQL 9; installed is ")
    assert (root / "postgres" / "PG_VERSION").read_text() == "9\n"


def test_a_long_path_gets_its_sockets_elsewhere(root: Path) -> None:
    long = root.parent / ("a folder with a long name " * 5).strip() / "r"
    where = runtime.at(long)
    assert where.sockets.parent == runtime.SOCKET_FALLBACK
    with servers(long, "--throwaway") as run:
        run.until("REDIS_URL=")
        write_one_row(long)
        run.stop()
    assert not where.sockets.exists()
    gone(long)


def test_someone_elses_folder_under_our_name_is_refused(root: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that belongs to somebody else")
    long = root.parent / ("x" * 120)
    sockets = runtime.at(long).sockets
    sockets.mkdir()
    try:
        os.chown(sockets, 12_345, 12_345)
        with servers(long) as run:
            assert run.status() == 1
        assert run.said == [
            f"{sockets} belongs to another user. Start as that user, or move the folder away."
        ]
    finally:
        sockets.rmdir()
