import released


def test_answer():
    assert released.answer() == 42
