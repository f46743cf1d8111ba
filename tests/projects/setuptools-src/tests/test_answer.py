import setuptools_src


def test_answer():
    assert setuptools_src.answer() == 42
