from Cython.Build import cythonize
from setuptools import setup

setup(ext_modules=cythonize("src/python_boilerplate/_answer.pyx"))
