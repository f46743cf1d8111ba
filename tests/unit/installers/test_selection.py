"""What both installers do alike: ranks, verdicts, outcomes, loading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import ftwheel.core.installers.rejections as r
from ftwheel.core.index.page import File, PageFault, PageProblem, Yanked
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.outcomes import Outcome, outcome
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import is_older, loads, newest_version, refusal
from ftwheel.core.installers.simulations import Simulation, SimulationCell
from ftwheel.core.tags.environments import Loading, parse_environment
from support.pages import Case, page, project

LINUX = "manylinux_2_28_x86_64"
BOTH = pytest.mark.parametrize("rules", ["pip", "uv"])


@BOTH
def test_the_best_tag_of_the_newest_version_is_taken(rules: str) -> None:
    case = Case(
        project(
            "foo-1.0-cp314-cp314-manylinux_2_17_x86_64.whl",
            "foo-2.0-cp314-abi3-manylinux_2_28_x86_64.whl",
            "foo-2.0-cp314-cp314-manylinux_2_17_x86_64.whl",
            "foo-2.0-1-cp314-cp314-manylinux_2_17_x86_64.whl",
            "foo-2.0-py3-none-any.whl",
            "foo-2.0.tar.gz",
            "foo-2.0-cp313-cp313-manylinux_2_28_x86_64.whl",
            "foo-2.0-cp314-cp314t-manylinux_2_28_x86_64.whl",
            "foo-2.0-cp314-cp314-manylinux_2_34_x86_64.whl",
            "foo-2.0-cp314-pypy-win32.whl",
            "foo-2.0-pp311-pypy311_pp73-win32.whl",
            "bar-2.0.tar.gz",
            "foo-one.tar.gz",
            "foo-2.0.exe",
        ),
        rules=rules,
    )
    assert case.best is not None
    assert (case.best.kind, case.best.version, case.best.tag) == (
        "wheel",
        "2.0",
        "cp314-cp314-manylinux_2_17_x86_64",
    )
    assert [candidate.file.filename for candidate in case.selection.applicable] == [
        "foo-2.0-1-cp314-cp314-manylinux_2_17_x86_64.whl",
        "foo-2.0-cp314-cp314-manylinux_2_17_x86_64.whl",
        "foo-2.0-cp314-abi3-manylinux_2_28_x86_64.whl",
        "foo-2.0-py3-none-any.whl",
        "foo-2.0.tar.gz",
        "foo-1.0-cp314-cp314-manylinux_2_17_x86_64.whl",
    ]
    assert case.selection.evaluations == tuple(case.selection.evaluations)
    assert len({case.selection, case.selection}) == 1
    assert [one.file.filename for one in case.selection.evaluations[6:]] == [
        "foo-2.0-cp314-cp314t-manylinux_2_28_x86_64.whl",
        "foo-2.0-cp314-cp314-manylinux_2_34_x86_64.whl",
        "foo-2.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        "foo-2.0-cp314-pypy-win32.whl",
        "foo-2.0-pp311-pypy311_pp73-win32.whl",
        "foo-one.tar.gz",
        "foo-2.0.exe",
        "bar-2.0.tar.gz",
    ]
    assert case.reason("foo-2.0-cp314-cp314t-manylinux_2_28_x86_64.whl") == r.FreeThreadedAbi(abis=("cp314t",))
    assert case.reason("foo-2.0-cp314-cp314-manylinux_2_34_x86_64.whl") == r.TagMismatch(
        axis="platform", tags=("manylinux_2_34_x86_64",)
    )
    assert case.reason("foo-2.0-cp314-pypy-win32.whl") == r.TagMismatch(axis="abi", tags=("pypy",))
    assert case.reason("foo-2.0-cp313-cp313-manylinux_2_28_x86_64.whl") == r.TagMismatch(axis="abi", tags=("cp313",))
    assert case.reason("foo-2.0-pp311-pypy311_pp73-win32.whl") == r.TagMismatch(axis="python", tags=("pp311",))


@BOTH
def test_no_tag_has_the_abi_of_a_version_and_any_platform(rules: str) -> None:
    assert Case(project("foo-1.0-cp314-cp314-any.whl"), rules=rules).best is None


@BOTH
def test_the_other_build_is_told_apart_on_pypy_too(rules: str) -> None:
    case = Case(project(f"foo-1.0-cp314-cp314-{LINUX}.whl"), env=f"pp311-{LINUX}", rules=rules)
    assert case.reason(f"foo-1.0-cp314-cp314-{LINUX}.whl") == r.TagMismatch(axis="python", tags=("cp314",))


@BOTH
def test_a_silent_downgrade_is_an_outcome(rules: str) -> None:
    found = project("foo-2.0-cp314-cp314-win_amd64.whl", "foo-1.0-cp314-cp314t-win_amd64.whl")
    case = Case(found, env="cp314t-win_amd64", rules=rules)
    assert case.taken == "foo-1.0-cp314-cp314t-win_amd64.whl"
    newest = newest_version(found, parse_requirement("foo"), installer(rules))
    assert newest == "2.0"
    assert outcome(case.best, parse_environment("cp314t-win_amd64"), newest) is Outcome.OLDER_VERSION


def wheel(filename: str, tag: str) -> Candidate:
    tags = "-".join(filename.removesuffix(".whl").split("-")[-3:])
    return Candidate(file=File(filename=filename, url=""), kind="wheel", version="1.0", tag=tag, tags=tags)


@pytest.mark.parametrize(
    ("tag", "env", "word"),
    [
        ("cp314-cp314t-win32", "cp314t-win32", Outcome.FREE_THREADED),
        ("cp314-cp314-win32", "cp314-win32", Outcome.VERSION_SPECIFIC),
        ("cp313-cp313-win32", "cp313t-win32", Outcome.VERSION_SPECIFIC),
        ("cp314-abi3-win32", "cp314-win32", Outcome.STABLE_ABI),
        ("cp315-abi3t-win32", "cp315t-win32", Outcome.STABLE_ABI),
        ("py3-none-any", "cp315t-win32", Outcome.PURE),
    ],
)
def test_outcomes(tag: str, env: str, word: Outcome) -> None:
    assert outcome(wheel(f"foo-1.0-{tag}.whl", tag), parse_environment(env), "1.0.0") is word


def test_outcomes_without_a_wheel() -> None:
    environment = parse_environment("cp314-win32")
    sdist = Candidate(file=File(filename="foo-1.0.tar.gz", url=""), kind="sdist", version="1.0")
    assert outcome(sdist, environment, "1.0") is Outcome.SDIST
    assert outcome(sdist, environment, None) is Outcome.SDIST
    assert outcome(sdist, environment, "1.1") is Outcome.OLDER_VERSION
    assert outcome(None, environment, "1.1") is Outcome.NOTHING
    assert loads(sdist, environment) is Loading.YES
    assert not is_older("one", "2")


@pytest.mark.parametrize(
    ("filename", "tag", "env", "answer"),
    [
        ("foo-1.0-cp314-abi3t-win32.whl", "cp314-abi3t-win32", "cp314t-win32", Loading.NO),
        ("foo-1.0-cp313-none-win32.whl", "cp313-none-win32", "cp313t-win32", Loading.CANNOT_TELL),
        ("foo-1.0-cp314-abi3t.cp314t-win32.whl", "cp314-cp314t-win32", "cp314t-win32", Loading.YES),
        ("foo-1.0-cp313.cp314-none.cp314t-win32.whl", "cp314-none-win32", "cp314t-win32", Loading.YES),
        ("foo-1.0-cp313-cp313-win32.whl", "cp313-cp313-win32", "cp313t-win32", Loading.NO),
    ],
)
def test_the_most_hopeful_tag_decides_about_loading(filename: str, tag: str, env: str, answer: Loading) -> None:
    assert loads(wheel(filename, tag), parse_environment(env)) is answer


def test_the_newest_version_is_one_people_would_get() -> None:
    found = project(
        File(filename="foo-3.0.tar.gz", url="https://example.org/foo-3.0.tar.gz", yanked=Yanked()),
        "foo-2.0rc1.tar.gz",
        File(
            filename="foo-1.5.tar.gz",
            url="https://example.org/foo-1.5.tar.gz",
            upload_time=datetime(2025, 1, 1, tzinfo=UTC),
        ),
        "foo-1.0.tar.gz",
        "foo-0.5-x.whl",
    )
    pip = installer("pip")
    cutoff = InstallerOptions(name="uv", uploaded_prior_to=datetime(2024, 1, 1, tzinfo=UTC))

    def newest(requirement: str, rules: InstallerOptions = pip) -> str | None:
        return newest_version(found, parse_requirement(requirement), rules)

    assert newest("foo") == "1.5"
    assert newest("foo", InstallerOptions(name="pip", allow_prereleases=True)) == "2.0rc1"
    assert newest("foo>=2.0rc0") == "2.0rc1"
    assert newest("foo", cutoff) == "1.0"
    assert newest("foo>2.5") == "3.0"
    assert newest("foo>4") is None
    assert newest("foo<1") is None


@BOTH
def test_a_page_an_installer_cannot_read_ends_it(rules: str) -> None:
    fault = {"pip": PageFault.URL_SYNTAX, "uv": PageFault.SIZE}[rules]
    sources = [page("foo-1.0.tar.gz", problems=(PageProblem(fault=fault, text="odd"),))]
    case = Case(sources, rules=rules)
    assert (case.taken, case.selection.refusal) == ("nothing", "odd")
    other = Case(sources, rules="uv" if rules == "pip" else "pip")
    assert (other.taken, other.selection.refusal) == ("foo-1.0.tar.gz", "")
    question = (project("foo-1.0.tar.gz"), parse_requirement("foo"), parse_environment("cp314-win32"), installer(rules))
    assert refusal(*question) == ""


def test_a_matrix_is_asked_by_environment_and_installer() -> None:
    environment, pip, uv = parse_environment("cp314-win32"), installer("pip"), installer("uv")
    cell = SimulationCell(environment=environment, installer=pip, best=None, outcome=Outcome.NOTHING)
    matrix = Simulation(
        requirement=parse_requirement("foo"),
        environments=(environment,),
        installers=(pip,),
        newest=(None,),
        cells=(cell,),
    )
    assert matrix.at(environment, pip) is cell
    with pytest.raises(KeyError):
        matrix.at(environment, uv)


TIME = datetime(2025, 1, 1, tzinfo=UTC)
REASONS: list[tuple[r.Reason, str]] = [
    (r.HashMismatch(), "digests"),
    (r.YankedFile(reason="why"), "yanked: why"),
    (r.YankedFile(reason=""), "yanked"),
    (r.Prerelease(), "pre-release"),
    (r.UploadedTooLate(upload_time=TIME, cutoff=TIME), "2025-01-01"),
    (r.UploadTimeMissing(), "when"),
    (r.FormatDisallowed(format="wheel"), "wheels"),
    (r.FormatDisallowed(format="sdist"), "source distributions"),
    (r.RequiresPython(specifier=">=3.15"), "Python >=3.15"),
    (r.MetadataMismatch(name="bar", version="2"), "bar 2"),
    (r.VersionRejected(because="x.whl"), "x.whl"),
    (r.InvalidRequiresPython(specifier="x"), "'x'"),
    (r.FreeThreadedAbi(abis=("cp314",)), "cp314"),
    (r.TagMismatch(axis="platform", tags=("win32",)), "platform win32"),
    (r.TagMismatch(axis="abi", tags=("abi3",)), "abi abi3"),
    (r.TagMismatch(axis="python", tags=("cp2", "cp3")), "python cp2, cp3"),
    (r.Variant(label="cuda"), "cuda"),
    (r.VersionMismatch(specifier=">2"), "not >2"),
    (r.NotConsulted(), "earlier index"),
    (r.DuplicateUrl(), "twice"),
    (r.InvalidFilename(problem="no name"), "no name"),
    (r.UnsupportedFormat(extension=".exe"), ".exe"),
    (r.UnsupportedFormat(extension=""), "not supported"),
    (r.OtherProject(name="bar"), "bar"),
]


def test_reasons_are_in_the_order_of_closeness_and_have_words() -> None:
    assert [r.closeness(reason) for reason, _ in REASONS] == sorted(r.closeness(reason) for reason, _ in REASONS)
    for reason, words in REASONS:
        assert words in r.describe(reason)


def test_a_name_that_only_the_address_has() -> None:
    """pip takes the name from the address; what the page calls the file may be no name of a wheel at all."""
    odd = File(filename="download", url="https://files.example.org/foo-1.0-cp314-abi3t-win_amd64.whl")
    case = Case([page(odd)], env="cp314t-win_amd64")
    assert case.best is not None
    assert case.best.tags == "cp314-abi3t-win_amd64"
    assert loads(case.best, parse_environment("cp314t-win_amd64")) is Loading.NO


def test_reasons_are_compared_by_what_they_say() -> None:
    one, other = r.YankedFile(reason="x"), r.InvalidFilename(problem="x")
    assert one == r.YankedFile(reason="x")
    assert one != other
    assert len({one, other, r.YankedFile(reason="x"), r.YankedFile(reason="y")}) == 3
    assert repr(one) == "YankedFile(reason='x')"
