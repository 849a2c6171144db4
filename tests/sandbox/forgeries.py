"""Answers that do not do the task and try to be taken for one that does."""

#: What is asked: three tests, of which a wrong answer passes none.
TESTS = """
import unittest

def test_doubles():
    assert double(2) == 4

class DoubleTest(unittest.TestCase):
    def test_negative(self):
        self.assertEqual(double(-1), -2)

    def test_text(self):
        self.assertEqual(double("a"), "aa")
"""

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return None\n"

FORGERIES = {
    "leaves the process at once": "import os\nos._exit(0)",
    "leaves the program at once": "raise SystemExit(0)",
    "leaves the process when called": "import os\ndef double(x):\n    os._exit(0)",
    "leaves the program when called": "import sys\ndef double(x):\n    sys.exit(0)",
    "interrupts when called": "def double(x):\n    raise KeyboardInterrupt",
    "skips the tests": "import unittest\ndef double(x):\n    raise unittest.SkipTest('passed')",
    "prints a report": WRONG
    + """
import json
names = ("test_doubles", "DoubleTest.test_negative", "DoubleTest.test_text")
print(json.dumps([dict.fromkeys(names, True), []]))
print("OK", flush=True)
""",
    "writes a report to every descriptor and leaves": """
import json, os
names = ("test_doubles", "DoubleTest.test_negative", "DoubleTest.test_text")
body = json.dumps([dict.fromkeys(names, True), []])
for each in range(1, 256):
    try:
        os.write(each, ("0" * 64 + " " + body + "\\n").encode())
    except OSError:
        pass
os._exit(0)
""",
    "writes a report to every descriptor and stays": WRONG
    + """
import os
for each in range(3, 256):
    try:
        os.write(each, b'ready\\n0 [{"test_doubles": true}, []]\\n')
    except OSError:
        pass
""",
    "closes every descriptor": WRONG + "import os\nos.closerange(0, 256)\n",
    "becomes another program": """
import os, sys
os.execv(sys.executable, [sys.executable, "-S", "-c", "print('OK')"])
""",
    "ends itself by a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "crashes the interpreter": "import ctypes\nctypes.string_at(0)",
    "leaves from a thread": WRONG
    + """
import os, threading
threading.Timer(0.01, os._exit, [0]).start()
import time
time.sleep(5)
""",
    "defines the tests itself": WRONG
    + """
def test_doubles():
    pass
class DoubleTest:
    def test_negative(self): pass
    def test_text(self): pass
""",
    "weakens the assertions": WRONG
    + """
import unittest
unittest.TestCase.assertEqual = lambda *given: None
""",
    "weakens the test runner": WRONG
    + """
import unittest
unittest.TestCase.run = lambda self, result=None: result.addSuccess(self)
""",
    "replaces what exceptions are": WRONG
    + """
import builtins
builtins.AssertionError = type("Fine", (Exception,), {})
builtins.BaseException = builtins.AssertionError
""",
    "removes the tests while they run": """
def double(x):
    for name in [*globals()]:
        if name.startswith(("test", "Double")):
            del globals()[name]
    raise ValueError
""",
    "prints when the program ends": WRONG
    + """
import atexit
atexit.register(print, "3 passed")
""",
    "replaces the way out": WRONG
    + """
import os, sys
os._exit = os.write = sys.exit = lambda *given: None
""",
    "seals a report with whatever it finds on the stack": """
import gc, json, os, sys
from hashlib import blake2b
names = ("test_doubles", "DoubleTest.test_negative", "DoubleTest.test_text")
body = json.dumps([dict.fromkeys(names, True), []]).encode()
found = set()
def look(value, depth=0):
    if isinstance(value, bytes) and 0 < len(value) <= 64:
        found.add(value)
    elif isinstance(value, str) and 0 < len(value) <= 128:
        found.add(value.encode()[:64])
        try:
            found.add(bytes.fromhex(value)[:64])
        except ValueError:
            pass
    elif isinstance(value, dict) and depth < 3:
        for each in (*value.keys(), *value.values()):
            look(each, depth + 1)
    elif isinstance(value, (list, tuple)) and depth < 3:
        for each in value:
            look(each, depth + 1)
frame = sys._getframe()
while frame:
    look(dict(frame.f_locals))
    look(dict(frame.f_globals))
    frame = frame.f_back
for each in gc.get_objects():
    look(each, 2)
fd = int(sys.argv[1])
for key in [*found][:200]:
    seal = blake2b(body, key=key, digest_size=32).hexdigest().encode()
    os.write(fd, seal + b" " + body + b"\\n")
os._exit(0)
""",
}
