from setuptools import Extension, setup

setup(ext_modules=[Extension("histogram._histogram", ["src/_histogram.c"])])
