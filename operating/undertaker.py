"""Ends what a killed supervisor left behind, in order; a script of its own in its own session.

The supervisor writes one JSON object a line to our standard input: ``{"add": pid, "signal": n, "grace_s": s,
"stage": k}`` for a child that leads its own process group, ``{"drop": pid}`` for one that has ended. When the
input ends, the supervisor is gone: the groups still listed are signalled stage by stage (services, then
servers), and those that outlast their grace are killed. The servers' lock is inherited and held until then,
so that a new start waits.
"""

import json
import os
import signal
import sys
import time
from typing import TypedDict


class Charge(TypedDict):
    """One process group to look after."""

    add: int
    signal: int
    grace_s: float
    stage: int


def main() -> None:
    """Listen until the supervisor is gone, then see to it that nothing is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charges: dict[int, Charge] = {}
    for line in sys.stdin:
        told = json.loads(line)
        if "add" in told:
            charges[told["add"]] = told
        else:
            charges.pop(told["drop"], None)
    for stage in sorted({charge["stage"] for charge in charges.values()}):
        end([charge for charge in charges.values() if charge["stage"] == stage])


def end(charges: list[Charge]) -> None:
    """Signal every group, wait out its grace and kill what remains."""
    for charge in charges:
        tell(charge["add"], charge["signal"])
    began = time.monotonic()
    while charges := [charge for charge in charges if alive(charge["add"])]:
        for charge in charges:
            if time.monotonic() - began > charge["grace_s"]:
                tell(charge["add"], signal.SIGKILL)
        time.sleep(0.02)


def alive(group: int) -> bool:
    """Whether any process of the group exists."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def tell(group: int, number: int) -> None:
    """Send the signal to the group, which may have ended meanwhile."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
