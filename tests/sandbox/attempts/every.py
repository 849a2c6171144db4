"""What model-written code might try, one file per thing it might be after."""

from tests.sandbox.attempts.amounts import AMOUNTS
from tests.sandbox.attempts.attempt import Attempt
from tests.sandbox.attempts.files import FILES
from tests.sandbox.attempts.kernel import KERNEL
from tests.sandbox.attempts.network import NETWORK
from tests.sandbox.attempts.processes import PROCESSES

ATTEMPTS: tuple[Attempt, ...] = (*NETWORK, *FILES, *PROCESSES, *AMOUNTS, *KERNEL)
