# SPDX-License-Identifier: Apache-2.0
"""What images of machines are made of: an archive, Debian's kernels and packages, the built tree.

Two use it: tests/vm/boot for the machines of the tests, and packaging/microvm for those of users.
"""
