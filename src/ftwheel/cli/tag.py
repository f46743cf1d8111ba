"""``ftwheel tag``: changes the tags of a wheel, if the code inside supports them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from ftwheel.app.wheel.tag import TagPlan

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel tag --suggest dist/*.whl                      the tags that the code supports
  ftwheel tag dist/pkg-1.0-cp313-cp313t-win_amd64.whl   write the tags of the file name to WHEEL and RECORD
  ftwheel tag --abi-tag=+abi3t dist/pkg-1.0-cp315-abi3-win_amd64.whl
  ftwheel tag --platform-tag manylinux_2_28_x86_64 -o out/ dist/*.whl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("wheels", nargs="+", type=Path, metavar="WHEEL", help="the wheels to retag")
    add("--python-tag", metavar="TAG", help="interpreter tags: cp313.cp314, +TAG to add one, or =-TAG to remove one")
    add("--abi-tag", metavar="TAG", help="ABI tags, likewise")
    add("--platform-tag", metavar="TAG", help="platform tags, likewise")
    add("--build", metavar="BUILD", help='build tag; "" removes it')
    add("-o", "--out-dir", type=Path, metavar="DIR", help="where the new wheels go (default: next to the old ones)")
    add("--remove", action="store_true", help="remove the old wheel once the new one is written")
    add("--suggest", action="store_true", help="only print the tags that the code supports")


def run(arguments: argparse.Namespace) -> int:
    """0 when every wheel was written (or had its tags suggested), 1 when the code of one does not support the tags."""
    from ftwheel.app.wheel.tag import plan
    from ftwheel.io.wheel.platform_policy import can_audit, platform_policy
    from ftwheel.io.wheel.reading import inspect_wheel
    from ftwheel.io.wheel.stable_abi import stable_symbols
    from ftwheel.render.progress import progress

    asked = python, abi, platform, build = (
        *(arguments.python_tag, arguments.abi_tag, arguments.platform_tag),
        arguments.build,
    )
    changes = any(tag is not None for tag in asked)
    if arguments.suggest and changes:
        raise InputError(
            "--suggest says which tags the code supports, and changes none",
            hint="leave out either --suggest or the tags",
        )
    code = 0
    for path in arguments.wheels:
        if not path.is_file():
            raise _no_wheel(path)
        policy = partial(platform_policy, str(path)) if can_audit() else None
        with progress(begin=f"reading {path.name}"):
            contents = inspect_wheel(str(path), description=False)
            made = plan(contents, stable_symbols(), policy, python=python, abi=abi, platform=platform, build=build)
        if arguments.suggest:
            _say(made, contents.filename, several=len(arguments.wheels) > 1)
        elif made.objections:
            _refuse(made, contents.filename)
            code = 1
        elif not changes and made.agrees:
            raise InputError(
                f"{path}: nothing to change: the file name and WHEEL have the same tags",
                hint="use --python-tag, --abi-tag or --platform-tag, or --suggest",
            )
        else:
            print(_write(path, made, arguments.out_dir or path.parent, remove=arguments.remove))
    return code


def _no_wheel(path: Path) -> InputError:
    from ftwheel.io.system.folders import near

    if path.is_dir():
        if not any(path.glob("*.whl")):
            return InputError(f"{path}: no wheels in this folder", hint="build them first: ftwheel build")
        return InputError(f"{path}: a folder, expected wheels", hint=f"name them: {path / '*.whl'}")
    if "*" in path.name:
        return InputError(f"{path}: no file matches", hint="build the wheels first, or name the folder they are in")
    if path.exists():
        return InputError(f"{path}: not a regular file", hint="name a wheel, or a link to one")
    return InputError(f"{path}: no such file", hint=near(path) or "name the wheels to look at: dist/*.whl")


def _say(made: TagPlan, filename: str, *, several: bool) -> None:
    from ftwheel.render.terminal import printable

    if several:
        print(f"{printable(filename)}:")
    for suggestion in made.suggestions:
        doubt = "" if suggestion.floor_proved else "  (if Py_LIMITED_API is not newer, which the code does not show)"
        doubt = doubt if suggestion.proved else "  (the code does not prove its ABI)"
        print(f"{'  ' if several else ''}{suggestion.tag}{doubt}")
    if not made.suggestions:
        print(f"{'  ' if several else ''}no tag: ftwheel check says what is wrong with the wheel")


def _refuse(made: TagPlan, filename: str) -> None:
    from ftwheel.render.findings import write_text
    from ftwheel.render.terminal import printable

    write_text(made.objections, sys.stderr)
    tags = ", ".join(suggestion.tag for suggestion in made.suggestions) or "none"
    print(
        f"ftwheel: error: {printable(filename)} does not support {made.wanted.name.tag_text}; nothing was written",
        file=sys.stderr,
    )
    print(f"ftwheel: hint: tags that its code supports: {tags}", file=sys.stderr)


def _write(path: Path, made: TagPlan, folder: Path, *, remove: bool) -> Path:
    """Write the wheel, read it back, and only then remove the old one."""
    from ftwheel.io.wheel.reading import read_wheel
    from ftwheel.io.wheel.retag import retag

    contents = read_wheel(path)
    new = retag(path, contents, made.wanted.name, folder)
    written = read_wheel(new)
    assert written.wheel is not None
    assert written.wheel.tags == written.name.tags
    if remove and new.resolve() != path.resolve():
        path.unlink()
    return new
