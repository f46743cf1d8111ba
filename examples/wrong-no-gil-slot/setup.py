from setuptools import Extension, setup

setup(ext_modules=[Extension("undeclared", ["src/undeclared.c"])])
