"""Findings about an upload: what is refused, why it stopped, and what is one finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.release.upload_plan import upload_order
from ftwheel.core.tags.cpython import oldest_machine
from ftwheel.core.tags.machines import machines
from ftwheel.core.wheel.contents import WheelContents, parse_metadata
from ftwheel.core.wheel.extension_module import BuiltFor
from ftwheel.core.wheel.reports import CheckReport, WheelReport
from ftwheel.rules.release.uploads import broken, closed, refused, stopped, unknown_project
from ftwheel.rules.wheel.archive import UnreadableWheel
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.pairs import EmptyWheel
from ftwheel.rules.wheel.selection import RuleSelection
from support.facts import code, contents, extension

PYPI, ANY = IndexRules.PYPI, IndexRules.ANY
DAY = date(2026, 11, 28)


def checked(*wheels: WheelContents, together: Sequence[Finding] = ()) -> CheckReport:
    """What check finds in wheels."""
    judge = RuleSelection()
    reports = [
        WheelReport(
            path=wheel.filename,
            contents=wheel,
            findings=judge.judge(WheelFacts(wheel=wheel, stable_symbols=dict)),
        )
        for wheel in wheels
    ]
    return CheckReport(wheels=tuple(reports), together=tuple(together))


def said(
    *files: WheelContents | SdistContents, index_rules: IndexRules = PYPI, limit: int = 0
) -> list[tuple[str, str]]:
    sdists = [file for file in files if isinstance(file, SdistContents)]
    report = checked(*(file for file in files if isinstance(file, WheelContents)))
    found = refused(report, sdists, index_rules=index_rules, limit=limit)
    return [(finding.severity.word, finding.message) for finding in found]


def sdist(text: str | None = "Metadata-Version: 2.4\nName: pkg\nVersion: 1.0\n", **more: object) -> SdistContents:
    metadata = parse_metadata(text) if text is not None else None
    given = {"filename": "pkg-1.0.tar.gz", "size": 10, "top": "pkg-1.0", "members": frozenset[str](), "flaws": ()}
    return SdistContents(metadata=metadata, **{**given, **more})  # type: ignore[arg-type]


def test_one_reason_is_one_finding() -> None:
    wheels = [contents(f"pkg-1.0-cp3{minor}-cp3{minor}-linux_x86_64.whl") for minor in (12, 13)]
    assert said(*wheels) == [
        (
            "error",
            "is rejected: has the platform tag linux_x86_64, which PyPI rejects (FTW801); likewise {}".format(
                "pkg-1.0-cp313-cp313-linux_x86_64.whl"
            ),
        )
    ]
    assert said(*wheels, index_rules=ANY) == []


def test_what_is_advice_for_a_wheel_does_not_stop_an_upload() -> None:
    assert said(contents("pkg-1.0-py3-none-any.whl")) == []


def test_a_record_that_lies_is_taken_and_told() -> None:
    """PyPI takes it and sends a mail."""
    wheel = contents("pkg-1.0-py3-none-any.whl", record=[])
    assert said(wheel) == []
    assert {(finding.code, finding.severity) for finding in broken(checked(wheel))} == {("FTV119", Severity.WARNING)}


def test_a_stable_abi_wheel_for_one_version_is_taken_and_told() -> None:
    module = extension("pkg/_ext.abi3.so", built_for=BuiltFor.DEFAULT)
    (finding,) = broken(checked(contents("pkg-1.0-cp313-cp313-linux_x86_64.whl", [module])))
    assert finding.severity is Severity.WARNING
    assert finding.message.endswith("(FTW313)")


def test_a_file_that_is_no_wheel() -> None:
    report = CheckReport(
        wheels=(
            WheelReport(
                path="dist/pkg-1.0-py3-none-any.whl",
                contents=None,
                findings=(UnreadableWheel.finding("pkg-1.0-py3-none-any.whl", "is cut off"),),
            ),
        )
    )
    assert [finding.message for finding in refused(report, (), index_rules=PYPI)] == [
        "is rejected: is cut off (FTW100)"
    ]
    assert list(broken(report)) == []


def test_errors_of_a_check_are_errors_of_a_release() -> None:
    """What another finding of a release tells is left to it; the same of several files is one finding."""
    names = [f"pkg-1.0-cp3{minor}-cp3{minor}-win_amd64.whl" for minor in (12, 13)]
    wheels = [contents(name, native={"pkg/tool": code()}) for name in names]
    (finding,) = broken(checked(*wheels))
    assert (finding.code, finding.severity, finding.subject) == ("FTV119", Severity.ERROR, names[0])
    assert finding.message == f"pkg/tool: is ELF, but win_amd64 requires PE (FTW303); likewise {names[1]}"
    assert list(broken(checked(contents("pkg-1.0-cp314t-cp314t-win_amd64.whl")))) == []  # FTV111
    late = contents(names[1], requires_python=">=3.14")
    assert [finding.message[-8:] for finding in broken(checked(late))] == ["(FTW503)"]
    assert list(broken(checked(late), {names[1]})) == []
    pair = EmptyWheel.finding(names[0], "contains nothing but its metadata")
    assert [finding.subject for finding in broken(checked(together=[pair]))] == [names[0]]


def test_a_size_that_the_index_took_before() -> None:
    large = contents("pkg-1.0-py3-none-any.whl")._replace(size=200 << 20)
    assert said(large) == [("warning", "may be rejected: is 200 MiB large, the limit is 100 MiB (FTW807)")]
    assert said(large, limit=200 << 20) == []
    assert [severity for severity, _ in said(large._replace(size=2 << 30), limit=3 << 30)] == ["error"]


def test_source_distributions() -> None:
    assert said(sdist()) == []
    assert said(sdist(None, top="", flaws=("its members are not all in one folder",))) == [
        ("error", "is rejected: its members are not all in one folder")
    ]
    licence = "Metadata-Version: 2.4\nName: pkg\nVersion: 1.0+local\nLicense-File: LICENSE\nNonsense: 1\n"
    assert said(sdist(licence, filename="pkg-1.0+local.tar.gz")) == [
        ("error", "is rejected: PKG-INFO: the field 'nonsense' is unknown, or repeated or malformed"),
        ("error", "is rejected: PKG-INFO names the license file LICENSE, which is missing"),
        ("error", "is rejected: PKG-INFO: Version 1.0+local has a local part (+local)"),
    ]
    assert len(said(sdist(licence), index_rules=ANY)) == 1


def test_a_release_closes_after_fourteen_days() -> None:
    def messages(files: list[str], first: date | None, rules: IndexRules = PYPI) -> list[str]:
        found = closed(files, first_upload=first, day=DAY, version="1.0", index_rules=rules)
        return [finding.message for finding in found]

    assert messages(["a"], date(2026, 11, 14)) == []
    assert messages(["a"], None) == messages([], date(2026, 1, 1)) == messages(["a"], date(2026, 1, 1), ANY) == []
    (message,) = messages(["a", "b"], date(2026, 11, 13))
    assert message == (
        "is rejected: 1.0 is on the index since 2026-11-13, and PyPI accepts no new files for a release after 14 days;"
        " likewise b"
    )


def test_where_an_upload_stopped() -> None:
    def messages(waiting: list[str], there: set[str], reasons: dict[str, str]) -> list[str]:
        return [finding.message for finding in stopped(waiting, there, reasons.get, subject="pkg 1.0")]

    assert messages(["a"], set(), {}) == messages([], {"a"}, {}) == []
    (known,) = messages(["b", "c"], {"a"}, {"c": "FTV116"})
    assert known.endswith("missing, in the order to upload: b, c; the upload stopped at c (FTV116)")
    (unknown,) = messages(["b"], {"a"}, {})
    assert unknown.startswith("1 of 2 files are on the index")
    assert "it is unknown why" in unknown


def test_an_unknown_project_is_no_first_release() -> None:
    assert unknown_project("pkg").severity is Severity.ERROR


def test_wheels_go_before_the_source_distribution() -> None:
    assert upload_order(["a.tar.gz", "c.whl", "b.whl"]) == ("b.whl", "c.whl", "a.tar.gz")


def test_a_mac_is_as_new_as_its_python_needs() -> None:
    assert oldest_machine(14, "macosx_10_9_x86_64") == "macosx_10_15_x86_64"
    assert oldest_machine(14, "macosx_26_0_arm64") == "macosx_26_0_arm64"
    assert oldest_machine(14, "win_amd64") == "win_amd64"


def test_glibc_below_2_17_counts_on_x86_only() -> None:
    assert machines("manylinux1_aarch64") == machines("manylinux_2_12_s390x") == ()
    assert machines("manylinux_2_17_aarch64") == machines("manylinux2014_aarch64") == ("manylinux_2_17_aarch64",)
    assert machines("manylinux1_i686") == ("manylinux_2_5_i686",)
