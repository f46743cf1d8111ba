from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "histogram._histogram",
            ["src/_histogram.c"],
            define_macros=[("Py_LIMITED_API", "0x030A0000")],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
