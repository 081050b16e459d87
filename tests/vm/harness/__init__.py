# SPDX-License-Identifier: Apache-2.0
"""The parts of tests/vm/boot that are of use to nobody else: see tools/image for the rest."""
