from setuptools import Extension, setup

setup(packages=["flat"], ext_modules=[Extension("flat._answer", ["flat/_answer.c"])])
