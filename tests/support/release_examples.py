"""For each rule about releases and dependencies: a folder and an index that trip it, and both after its advice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from support.images import Spec, elf
from support.wheels import make_wheel

__all__ = ["DEPENDENCIES", "RELEASES", "DependencyExample", "ReleaseExample", "write_index"]

RECORDINGS = Path(__file__).parents[1] / "recordings"
WINDOWS, LINUX, OLD_LINUX = "win_amd64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64"
SOME = ("demo-0.1.tar.gz",)  # the project is known, and has no wheels yet


@dataclass(frozen=True, kw_only=True)
class ReleaseExample:
    """Names of wheels by what is in them: ``dist`` to be uploaded, ``index`` there already; ``fixed`` instead of dist.

    ``yanked`` are files of the index, ``uploaded`` those of dist that it has too. ``files`` is what wheels of dist
    install, by name, before they are fixed. ``tool`` is [tool.ftwheel].
    """

    dist: Sequence[str]
    fixed: Sequence[str]
    index: Sequence[str] = SOME
    index_fixed: Sequence[str] | None = None
    uploaded: Sequence[str] = ()
    uploaded_fixed: Sequence[str] = ()
    yanked: Sequence[str] = ()
    requires: Mapping[str, str] = field(default_factory=dict)
    requires_fixed: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    other: Mapping[str, bytes] = field(default_factory=dict)
    tool: str = ""

    def write(self, folder: Path, *, fixed: bool = False) -> None:
        """``dist/``, ``index/`` and ``pyproject.toml`` in a folder."""
        (folder / "dist").mkdir(parents=True, exist_ok=True)
        requires = self.requires_fixed if fixed else self.requires
        for name in self.fixed if fixed else self.dist:
            files = {} if fixed else self.files.get(name)
            make_wheel(folder / "dist", name, files, requires_python=requires.get(name, ""))
        if not fixed:
            for name, content in self.other.items():
                (folder / "dist" / name).write_bytes(content)
        index = self.index if not fixed or self.index_fixed is None else self.index_fixed
        uploaded = [folder / "dist" / name for name in (self.uploaded_fixed if fixed else self.uploaded)]
        write_index(folder / "index", index, self.yanked, uploaded)
        if self.tool:
            (folder / "pyproject.toml").write_text(f"[tool.ftwheel]\n{self.tool}\n")


def write_index(folder: Path, names: Sequence[str], yanked: Sequence[str] = (), uploaded: Sequence[Path] = ()) -> None:
    """An index as ``--record`` keeps one, for ``--index``; it has the project ``demo`` if there are names."""
    folder.mkdir(exist_ok=True)
    files = [
        {
            "filename": name,
            "url": f"../1/{name}",
            "hashes": {"sha256": "0" * 64},
            "size": 1000,
            "upload-time": "2026-01-01T00:00:00Z",
            **({"yanked": "it was broken"} if name in yanked else {}),
        }
        for name in names
    ]
    files += [
        {
            "filename": path.name,
            "url": f"../1/{path.name}",
            "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            "size": path.stat().st_size,
            "upload-time": "2026-01-01T00:00:00Z",
        }
        for path in uploaded
    ]
    (folder / "demo.json").write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": files}))
    about = {"page": "demo.json", "rank": 1000, "local": False, "html": False, "refusals": {}, "broken": {}}
    recording = json.loads((RECORDINGS / "recording.json").read_text())
    places = [{"kind": "index", "pages": {"demo": about if names else None, "demoo": None}}]
    installers = {name: {**each, "places": [0]} for name, each in recording["installers"].items()}
    table = {"schema_version": recording["schema_version"], "places": places, "installers": installers}
    (folder / "recording.json").write_text(json.dumps(table))


def wheels(*tags: str, version: str = "1.0", platform: str = WINDOWS) -> tuple[str, ...]:
    return tuple(f"demo-{version}-{tag}-{platform}.whl" for tag in tags)


PAIR13, PAIR14 = ("cp313-cp313", "cp313-cp313t"), ("cp314-cp314", "cp314-cp314t")
ALL = wheels(*PAIR13, *PAIR14)
PURE = ("demo-1.0-py3-none-any.whl",)
NARROW = wheels("cp314-cp314")[0]

RELEASES: dict[str, ReleaseExample] = {
    "FTV101": ReleaseExample(dist=ALL[:3], fixed=ALL),
    "FTV102": ReleaseExample(
        dist=(*ALL, *wheels(*PAIR13, platform=LINUX)), fixed=(*ALL, *wheels(*PAIR13, *PAIR14, platform=LINUX))
    ),
    "FTV103": ReleaseExample(
        dist=(*ALL, *wheels(*PAIR14, platform=LINUX)),
        fixed=(*ALL, *wheels(*PAIR13, *PAIR14, platform=LINUX)),
        index=(*wheels(*PAIR13, *PAIR14, version="0.9"), *wheels(*PAIR13, *PAIR14, version="0.9", platform=LINUX)),
    ),
    "FTV104": ReleaseExample(dist=wheels(*PAIR13), fixed=ALL, tool='pythons = ["3.13", "3.13t", "3.14", "3.14t"]'),
    "FTV105": ReleaseExample(dist=(*PURE, *wheels("cp314-cp314")), fixed=(*PURE, *wheels(*PAIR14))),
    "FTV106": ReleaseExample(
        dist=wheels("cp314-cp314", "cp314-abi3t"), fixed=wheels(*PAIR14, "cp315-abi3t", "cp315-cp315")
    ),
    "FTV107": ReleaseExample(
        dist=(*ALL, *wheels("cp313.cp314-cp313")),
        fixed=ALL,
    ),
    "FTV108": ReleaseExample(dist=ALL, fixed=ALL, requires={ALL[0]: ">=3.14"}, requires_fixed={ALL[0]: ">=3.13"}),
    "FTV109": ReleaseExample(dist=ALL, fixed=wheels(*PAIR13, *PAIR14, version="1.0.1"), index=(ALL[0],)),
    "FTV110": ReleaseExample(
        dist=ALL, fixed=wheels(*PAIR13, *PAIR14, version="1.0.1"), index=(ALL[0],), yanked=(ALL[0],)
    ),
    "FTV111": ReleaseExample(dist=(*ALL[:3], *wheels("cp314t-cp314t")), fixed=ALL),
    "FTV112": ReleaseExample(dist=ALL[2:], fixed=ALL, index=wheels(*PAIR13, *PAIR14, version="0.9")),
    "FTV115": ReleaseExample(
        dist=wheels(*PAIR14, platform=LINUX),
        fixed=wheels(*PAIR14, platform=OLD_LINUX),
        index=wheels(*PAIR14, version="0.9", platform=OLD_LINUX),
    ),
    "FTV116": ReleaseExample(dist=(*ALL, *wheels(*PAIR14, platform="linux_x86_64")), fixed=ALL),
    "FTV117": ReleaseExample(dist=ALL, fixed=ALL, uploaded=ALL[:2], uploaded_fixed=ALL),
    "FTV118": ReleaseExample(dist=ALL, fixed=ALL, index=(), index_fixed=SOME),
    "FTV119": ReleaseExample(dist=ALL, fixed=ALL, files={ALL[0]: {"demo/tool.exe": elf(Spec())}}),
    "FTV113": ReleaseExample(dist=(*ALL, ALL[0].replace(".whl", "-x86_64_v3.whl")), fixed=ALL),
    "FTV114": ReleaseExample(dist=ALL, fixed=ALL, other={"notes.zip": b"meeting notes"}),
}


@dataclass(frozen=True, kw_only=True)
class DependencyExample:
    """Names of files on an index, before and after; ``asked`` is what is looked at."""

    index: Sequence[str]
    fixed: Sequence[str]
    asked: str = "demo"


FT14, DEFAULT14 = f"demo-1.0-cp314-cp314t-{LINUX}.whl", f"demo-1.0-cp314-cp314-{LINUX}.whl"
DEPENDENCIES: dict[str, DependencyExample] = {
    "FTM101": DependencyExample(index=[f"demo-1.0-cp314-abi3t-{LINUX}.whl"], fixed=[FT14]),
    "FTM102": DependencyExample(
        index=[DEFAULT14.replace("1.0", "2.0"), FT14],
        fixed=[DEFAULT14.replace("1.0", "2.0"), FT14.replace("1.0", "2.0")],
    ),
    "FTM103": DependencyExample(index=["demo-1.0.tar.gz", DEFAULT14], fixed=["demo-1.0.tar.gz", DEFAULT14, FT14]),
    "FTM104": DependencyExample(index=[DEFAULT14], fixed=[DEFAULT14, FT14]),
    "FTM105": DependencyExample(index=["demo-1.0-cp314-none-manylinux_2_17_x86_64.whl"], fixed=[FT14]),
    "FTM106": DependencyExample(index=[FT14], fixed=[FT14], asked="demo demo-next"),  # nobody answers for this one
}
