from setuptools import setup

setup(cffi_modules=["build_histogram.py:builder"])
