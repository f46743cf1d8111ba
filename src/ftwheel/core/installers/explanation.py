"""Shared by all installers' explanations: the judgement on all files, and why a wheel's tags do not match."""

from __future__ import annotations

from dataclasses import dataclass

from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.project_files import ProjectFile
from ftwheel.core.installers.rejections import FreeThreadedAbi, Reason, TagMismatch
from ftwheel.core.tags.environments import Environment
from ftwheel.core.tags.priority import AbiTable, PlatformTable

__all__ = ["Judgement", "tag_reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``ranked`` lists the acceptable files, best first; ``rejected`` lists all others, each with one reason.

    ``refusal`` says why the pages make the installer give up; empty otherwise.
    """

    ranked: list[ProjectFile]
    rejected: list[tuple[ProjectFile, Reason]]
    refusal: str


def tag_reason(reading: ParsedFilename, abis: AbiTable, platforms: PlatformTable, environment: Environment) -> Reason:
    """Return which part of a wheel's tags does not match, given that no combination of them is accepted.

    A wheel for the other build of the same Python gets a reason of its own if its platform matches.
    """
    native, pure = abis.positions[reading.abi]
    platform, is_any = platforms.positions[reading.platform]
    interpreters, wheel_abis = (tuple(part.split(".")) for part in reading.abi.split("-"))
    if native is None and pure is None:
        if (platform is not None or is_any) and _fits_other_build(reading.abi, environment):
            return FreeThreadedAbi(abis=wheel_abis)
        if abis.knows_interpreter(reading.abi):
            return TagMismatch(axis="abi", tags=wheel_abis)
        return TagMismatch(axis="python", tags=interpreters)
    return TagMismatch(axis="platform", tags=tuple(reading.platform.split(".")))


def _fits_other_build(text: str, environment: Environment) -> bool:
    from ftwheel.core.tags.priority import TagFlavour, abi_table  # noqa: PLC0415

    if environment.implementation != "cp":
        return False
    major, minor = environment.minor
    other = f"cp{major}{minor}{'' if environment.free_threaded else 't'}"
    table = abi_table("cp", environment.minor, (other,), not environment.free_threaded, TagFlavour.PIP)
    return table.positions[text][0] is not None
