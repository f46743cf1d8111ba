from setuptools import Extension, setup

setup(ext_modules=[Extension("old_answer", ["old_answer.c"])])
