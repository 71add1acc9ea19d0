# SPDX-License-Identifier: Apache-2.0
# Sourced by the other scripts, with the current folder at the root of the source: puts the Node.js
# that scripts/deps has fetched first in PATH, when it has.
if [ -x .tools/node_modules/node/bin/node ]; then
    PATH="$PWD/.tools/node_modules/node/bin:$PATH"
    export PATH
fi

# What the UI's bundler asks for: 20.19 or later of 20, or 22.12 and later.
node_fits() {
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    major=${version%%.*}
    rest=${version#*.}
    minor=${rest%%.*}
    case "$major" in
    20) [ "$minor" -ge 19 ] ;;
    22) [ "$minor" -ge 12 ] ;;
    *) [ "$major" -gt 22 ] ;;
    esac
}
