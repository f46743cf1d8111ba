from Cython.Build import cythonize
from setuptools import Extension, setup

setup(ext_modules=cythonize([Extension("histogram._histogram", ["src/_histogram.pyx"])], build_dir="build"))
