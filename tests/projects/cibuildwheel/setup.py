from setuptools import Extension, setup

setup(packages=["released"], package_dir={"": "src"}, ext_modules=[Extension("released._answer", ["src/released/_answer.c"])])
