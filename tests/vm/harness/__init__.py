# SPDX-License-Identifier: Apache-2.0
"""The parts of tests/vm/boot: a root file system, a kernel, packages, and the machine."""
