# SPDX-FileCopyrightText: 2026-present A. Maintainer <maintainer@example.org>
#
# SPDX-License-Identifier: MIT
