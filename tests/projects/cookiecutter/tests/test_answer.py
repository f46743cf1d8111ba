import python_boilerplate


def test_answer():
    assert python_boilerplate.answer() == 42
