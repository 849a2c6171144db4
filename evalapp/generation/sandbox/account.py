"""Whom sandboxed code runs as: never root, and under root somebody who owns nothing."""

import os
import pwd

from operating.accounts import Account

#: Numbers that neither people, nor services, nor systemd's own ranges are given.
UNUSED_NUMBERS = range(60_578, 60_706)
#: Who the code believes to be, whoever it is outside.
INSIDE = 65_534


class NoAccount(Exception):
    """Root has nobody to hand over to."""


def outside() -> Account | None:
    """The account to change to before anything else is started; None when ours is an ordinary one."""
    if os.geteuid() != 0:
        return None
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    for number in UNUSED_NUMBERS:
        if number not in taken:
            return Account(name=str(number), uid=number, gid=number)
    raise NoAccount("every account number set aside for the sandbox is taken; start as an ordinary user")
