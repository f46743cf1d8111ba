"""Compile the extension with setuptools, and say that the wheel is for one interpreter."""

import subprocess
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILE = """
from setuptools import Extension, setup
setup(
    name="hatch-hook",
    packages=[],
    ext_modules=[Extension("hatch_hook._answer", ["src/hatch_hook/_answer.c"])],
    package_dir={"": "src"},
    script_args=["build_ext", "--inplace", "--force"],
)
"""


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        subprocess.run([sys.executable, "-c", COMPILE], cwd=self.root, check=True)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"] += ["src/hatch_hook/*.so", "src/hatch_hook/*.pyd"]
