"""Every refusal of the wrapper, with a code that never changes its meaning.

Each code has a page in ``docs/rules``; the build log shows one of them when a build is stopped on purpose.
"""

from __future__ import annotations

import sys

__all__ = ["CODES", "RefusedError", "say"]

# code -> what is wrong, in a few words
CODES = {
    "FTB101": "the configuration is invalid",
    "FTB102": "the wrapper would wrap itself",
    "FTB103": "the wrapped backend cannot be imported",
    "FTB104": "the sdist lacks the in-tree backend",
    "FTB201": "a compiler flag adds another Python's headers",
    "FTB202": "a compiler flag contradicts the GIL of the target",
    "FTB203": "SETUPTOOLS_EXT_SUFFIX contradicts the target",
    "FTB204": "_PYTHON_HOST_PLATFORM contradicts the target",
    "FTB205": "a limited API on a free-threaded interpreter",
    "FTB206": "a backend version known to build wrong wheels",
    "FTB301": "the build result is not a readable wheel",
    "FTB302": "the file name and WHEEL disagree about the tags",
    "FTB303": "the tags do not name the interpreter the wheel was built for",
    "FTB304": "the tags promise extension modules, but there are none",
    "FTB305": "an extension module in a wheel that claims to be pure",
    "FTB306": "an interpreter named by the tags does not load an extension module",
    "FTB307": "neither the name nor the content of an extension module shows its ABI",
    "FTB308": "machine code for the other ABI",
    "FTB309": "objects of both ABIs in one file",
    "FTB310": "machine code for a machine other than the platform tag's",
    "FTB311": "several files for one module",
    "FTB312": "abi3t below CPython 3.15",
    "FTB313": "a stable ABI module under a version-specific tag",
    "FTB314": "a slot that an interpreter named by the tags does not know",
    "FTB315": "a PyModExport_ function returns no Py_mod_abi slot",
    "FTB316": "a stable ABI module imports symbols outside its stable ABI",
    "FTB317": "the module lacks the init function that its interpreters call",
    "FTB318": "the module requires a newer stable ABI than the tags name",
}
_WARNINGS = {"FTB313"}


class RefusedError(Exception):
    """A build is stopped: ``code`` from ``CODES``, what was found and wanted, and what to do next (may be empty).

    A finding that ``stops`` nothing is printed and not raised.
    """

    def __init__(self, code: str, message: str, *, fix: str = "") -> None:
        super().__init__(code, message, fix)
        self.code = code
        self.message = message
        self.fix = fix

    @property
    def stops(self) -> bool:
        return self.code not in _WARNINGS

    def __str__(self) -> str:
        text = f"ftwheel-build: {'error' if self.stops else 'warning'}: {self.code}: {self.message}"
        return f"{text}\nftwheel-build: hint: {self.fix}" if self.fix else text


def say(text: str) -> None:
    """Write a line to the build log: standard error, which never fails on a file name that cannot be encoded."""
    print(f"ftwheel-build: {text}", file=sys.stderr, flush=True)
