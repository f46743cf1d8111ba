from __future__ import annotations

import pytest

from ftwheel.core.wheel.contents import WheelContents, parse_metadata
from ftwheel.core.wheel.extension_module import BuiltFor
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.pairs import OneWheel, ServedBuilds, compare_pair, pair_up, platform_family, served_builds
from support.facts import contents, extension


def wheel(tags: str, path: str = "", **more: object) -> WheelContents:
    return contents(f"pkg-1.0-{tags}.whl", [extension(path)] if path else [], **more)  # type: ignore[arg-type]


DEFAULT = wheel("cp313-cp313-linux_x86_64", "pkg/_ext.cpython-313-x86_64-linux-gnu.so")
FREE_THREADED = wheel("cp313-cp313t-linux_x86_64", "pkg/_ext.cpython-313t-x86_64-linux-gnu.so")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("cp313-cp313-win32", ServedBuilds.DEFAULT),
        ("cp39-abi3-win32", ServedBuilds.DEFAULT),
        ("cp313-cp313t-win32", ServedBuilds.FREE_THREADED),
        ("cp315-abi3t-win32", ServedBuilds.FREE_THREADED),
        ("cp315-abi3.abi3t-win32", ServedBuilds.BOTH),
        ("cp313-cp313.cp313t-win32", ServedBuilds.BOTH),
        ("py3-none-any", ServedBuilds.BOTH),
        ("pp310-pypy310_pp73-win32", ServedBuilds.NEITHER),
    ],
)
def test_which_builds_a_wheel_serves(tags: str, expected: ServedBuilds) -> None:
    assert served_builds(WheelName.parse(f"pkg-1.0-{tags}.whl")) is expected


@pytest.mark.parametrize(
    ("platform", "family"),
    [
        ("linux_x86_64", ("linux", "x86_64")),
        ("manylinux2014_aarch64", ("linux", "aarch64")),
        ("manylinux_2_28_x86_64", ("linux", "x86_64")),
        ("musllinux_1_2_x86_64", ("musllinux", "x86_64")),
        ("macosx_11_0_arm64", ("macosx", "arm64")),
        ("win_amd64", ("win_amd64", "")),
        ("any", ("any", "")),
    ],
)
def test_platforms_without_versions(platform: str, family: tuple[str, str]) -> None:
    assert platform_family(platform) == family


def names(wheels: tuple[WheelContents, ...]) -> list[str]:
    return [each.filename.removeprefix("pkg-1.0-").removesuffix(".whl") for each in wheels]


def test_the_wheels_of_a_pair_find_each_other() -> None:
    macos = wheel("cp313-cp313t-macosx_11_0_arm64")
    repaired = wheel("cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64")
    pairing = pair_up([FREE_THREADED, repaired, macos, wheel("py3-none-any")])
    assert [names(pair) for pair in pairing.pairs] == [
        ["cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp313-cp313t-linux_x86_64"]
    ]
    assert names(pairing.without_default) == ["cp313-cp313t-macosx_11_0_arm64"]
    assert pairing.without_free_threaded == ()


def test_a_version_on_another_platform_says_what_is_missing() -> None:
    pairing = pair_up(
        [
            DEFAULT,
            FREE_THREADED,
            wheel("cp313-cp313-win_amd64"),
            wheel("cp312-cp312-win_amd64"),
            wheel("cp39-abi3-win_arm64"),
            wheel("pp310-pypy310_pp73-win_amd64"),
        ]
    )
    assert names(pairing.without_free_threaded) == ["cp313-cp313-win_amd64"]


def test_the_stable_abi_is_the_default_of_when_nothing_is_closer() -> None:
    stable = wheel("cp39-abi3-linux_x86_64")
    newer = wheel("cp314-abi3-linux_x86_64")
    odd = wheel("py3-abi3-linux_x86_64")
    older = wheel("cp38-abi3-linux_x86_64")
    assert [names(pair) for pair in pair_up([stable, newer, odd, FREE_THREADED]).pairs] == [
        ["cp39-abi3-linux_x86_64", "cp313-cp313t-linux_x86_64"]
    ]
    assert names(pair_up([older, stable, FREE_THREADED]).pairs[0])[0] == "cp38-abi3-linux_x86_64"
    assert names(pair_up([stable, DEFAULT, FREE_THREADED]).pairs[0])[0] == "cp313-cp313-linux_x86_64"
    assert pair_up([newer, FREE_THREADED]).pairs == ()
    assert pair_up([wheel("cp312-cp312-linux_x86_64"), FREE_THREADED]).pairs == ()


def test_builds_and_versions_do_not_mix() -> None:
    other = DEFAULT._replace(name=WheelName.parse("pkg-1.1-cp313-cp313-linux_x86_64.whl"))
    build = DEFAULT._replace(name=WheelName.parse("pkg-1.0-1-cp313-cp313-linux_x86_64.whl"))
    assert pair_up([other, build, FREE_THREADED]).pairs == ()


def test_a_good_pair_agrees() -> None:
    comparison = compare_pair(DEFAULT, FREE_THREADED)
    assert comparison.agree
    assert comparison.one_wheel is None


def test_every_difference_is_named() -> None:
    left = wheel("cp313-cp313-win32", "pkg/_a.pyd", files={"pkg/l.py": "x", "pkg/both.py": "left"})
    right = wheel("cp313-cp313t-win32", "pkg/_b.pyd", files={"pkg/r.py": "x", "pkg/both.py": "right"})
    comparison = compare_pair(left, right)
    assert not comparison.agree
    assert (comparison.modules_only_in_default, comparison.modules_only_in_free_threaded) == (("pkg._a",), ("pkg._b",))
    assert (comparison.files_only_in_default, comparison.files_only_in_free_threaded) == (("pkg/l.py",), ("pkg/r.py",))
    assert comparison.files_that_differ == ("pkg/both.py",)


def test_metadata_is_compared_by_what_it_says() -> None:
    def compared(*lines: str) -> tuple[str, ...]:
        head = ["Metadata-Version: 2.1", "Name: pkg", "Version: 1.0"]
        one = "\n".join([*head, "Requires-Python: >=3.9, <4", "Requires-Dist: a_b>=1; extra == 'x'", "", "Text."])
        other = "\n".join([*head, *lines, "", "Text.", ""])
        pair = [each._replace(metadata=parse_metadata(text)) for each, text in ((DEFAULT, one), (FREE_THREADED, other))]
        return compare_pair(*pair).files_that_differ

    # another version of the backend spells it in another way
    same = ('Requires-Dist: A-b>=1 ; extra == "x"', "Dynamic: License", "Requires-Python: <4,>=3.9")
    assert compared(*same) == ()
    for odd in ("Requires-Dist: a b", "Requires-Python: three", "Summary: other"):
        assert compared(*same, odd) == ("pkg-1.0.dist-info/METADATA",)
    assert compare_pair(DEFAULT, FREE_THREADED._replace(metadata=None)).files_only_in_default


def test_an_empty_wheel_of_a_pair() -> None:
    empty = FREE_THREADED._replace(members=())
    assert compare_pair(DEFAULT, empty).empty == (FREE_THREADED.filename,)
    assert compare_pair(empty, empty).one_wheel is None


def test_the_same_bytes_cannot_be_right_twice() -> None:
    comparison = compare_pair(wheel("cp313-cp313-win32", "pkg/_e.pyd"), wheel("cp313-cp313t-win32", "pkg/_e.pyd"))
    assert comparison.identical_modules == ("pkg._e",)
    assert not comparison.agree


def test_a_third_interpreters_module_in_both_belongs_to_neither() -> None:
    third = "pkg/_e.cpython-39-darwin.so"
    assert compare_pair(wheel("cp313-cp313-win32", third), wheel("cp313-cp313t-win32", third)).identical_modules == ()


def test_one_file_name_for_both() -> None:
    stable = wheel("cp310-abi3-win32")
    assert compare_pair(stable, stable).same_filename


def test_one_wheel_is_enough_without_native_code() -> None:
    comparison = compare_pair(wheel("cp313-cp313-win32"), wheel("cp313-cp313t-win32"))
    assert (comparison.one_wheel, comparison.agree) == (OneWheel.PURE, True)


def test_one_wheel_is_enough_for_a_library_that_nobody_imports() -> None:
    library = extension("pkg/libx.so", init_names=[])
    both = [contents(f"pkg-1.0-cp313-{abi}-linux_x86_64.whl", [library]) for abi in ("cp313", "cp313t")]
    assert compare_pair(*both).one_wheel is OneWheel.NO_EXTENSION_MODULES


@pytest.mark.parametrize("looked_into", [True, False])
def test_one_wheel_is_enough_for_the_stable_abi_of_both(looked_into: bool) -> None:
    module = extension("pkg/_e.abi3t.so", built_for=BuiltFor.STABLE_ABI_T, init_names=["PyModExport__e"])
    both = [contents(f"pkg-1.0-cp315-{abi}-linux_x86_64.whl", [module]) for abi in ("abi3", "abi3t")]
    if not looked_into:
        both = [each._replace(extensions=()) for each in both]
    comparison = compare_pair(*both)
    assert comparison.one_wheel is OneWheel.STABLE_ABI
    assert comparison.identical_modules == ()


def test_the_suffix_alone_proves_nothing_once_the_code_was_read() -> None:
    module = extension("pkg/_e.abi3t.so", built_for=BuiltFor.FREE_THREADED)
    both = [contents(f"pkg-1.0-cp315-{abi}-linux_x86_64.whl", [module]) for abi in ("abi3", "abi3t")]
    assert compare_pair(*both).one_wheel is None


def test_one_file_of_both_builds_is_meant() -> None:
    both = wheel("cp315-abi3.abi3t-linux_x86_64", "pkg/_ext.abi3t.so")
    comparison = compare_pair(both, both)
    assert comparison.agree
    assert comparison.one_wheel is None  # there is one already
    assert compare_pair(
        wheel("cp313-cp313.cp313t-linux_x86_64"), wheel("cp313-cp313.cp313t-linux_x86_64")
    ).same_filename
