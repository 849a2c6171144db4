"""The world that chaos tests break: its own servers, since they get killed."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.chaos.world import World
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


@pytest.fixture(scope="session")
def running_world() -> Iterator[World]:
    """Servers, tables and scheduler, started once."""
    world = World()
    try:
        world.start()
        yield world
    finally:
        world.stop()


@pytest.fixture
def world(running_world: World, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The world without a row, and this process's ORM looking at it."""
    with django_db_blocker.unblock():
        before = running_world.point_orm()
        try:
            running_world.clear()
            yield running_world
        finally:
            connection.close()
            connection.settings_dict.clear()
            connection.settings_dict.update(before)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A real model server that counts what it is asked and takes a moment to answer."""
    with OpenAIServer(default=behaviours.ok("fine", delay_s=0.1)) as running:
        yield running
