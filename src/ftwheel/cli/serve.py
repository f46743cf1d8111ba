"""``ftwheel serve``: serves new files as a local index, to try an installation by hand."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from ftwheel.cli.options import indexes
from ftwheel.cli.options.files import no_such_file, not_built
from ftwheel.core.errors import InputError

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel serve dist/                             only these files
  ftwheel serve --over dist/                      on top of the configured index, which serves everything else
  ftwheel serve --over -i https://index.example/simple/ dist/
  pip install --index-url http://127.0.0.1:8080/simple/ NAME      in another terminal"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "targets",
        nargs="+",
        type=Path,
        metavar="DIST",
        help="a folder with the files of one release, or individual files",
    )
    add("--over", action="store_true", help="serve them on top of the indexes below, instead of alone")
    add("--port", type=int, default=8080, metavar="N", help="port on 127.0.0.1; 0 picks a free one (default: 8080)")
    indexes.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from ftwheel.io.release.dist import read_dist
    from ftwheel.io.release.server import LocalIndex, serving
    from ftwheel.render.progress import progress
    from ftwheel.render.terminal import printable

    if not 0 <= arguments.port <= 65535:
        raise InputError(
            f"--port {arguments.port}: expected a number from 0 to 65535", hint="--port 0 picks a free one"
        )
    if gone := next((target for target in map(str, arguments.targets) if not_built(target)), ""):
        raise no_such_file(gone, "")
    dist = read_dist(arguments.targets)
    with ExitStack() as stack:
        below = stack.enter_context(indexes.open_locations(arguments)).all if arguments.over else ()
        index = LocalIndex([dist], below)
        with progress(begin=f"asking the indexes about {dist.name}"):
            page = index.page(dist.name)
        address = stack.enter_context(
            serving(index, port=arguments.port, told=lambda line: print(printable(line), file=sys.stderr))
        )
        others = len(page.files) - len(dist.files) if page is not None else 0
        print(f"{printable(dist.name)} {printable(dist.version)}: {len(dist.files)} new files, {others} others")
        print(f"pip install --index-url {address} {dist.name}")
        print(f"uv pip install --index-url {address} {dist.name}", flush=True)
        threading.Event().wait()
    return 0
