# SPDX-License-Identifier: Apache-2.0
"""The demonstration mine: layout, ventilation, points and files (see scripts/make-demo-site)."""
