# Sourced by ./test and ./quickstart: output, and the check for Swift. Needs bash.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31;1m' green=$'\e[32;1m' yellow=$'\e[33;1m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' yellow='' plain=''
fi

# span SECONDS: "42 s", "3 min 7 s"
span() {
    if [ "$1" -lt 60 ]; then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}

# stage TEXT...: prints a line with the time of day and the time since the start (bash's SECONDS)
stage() { echo "${bold}== $(date +%H:%M:%S) ($(span "$SECONDS"))  $*${plain}"; }

warn() { echo "${yellow}$*${plain}" >&2; }

# require_swift: exits with 69 (unavailable) unless Swift 6.0 or newer is installed
require_swift() {
    local found major
    if ! command -v swift >/dev/null; then
        found="no 'swift' in PATH"
    else
        found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
        major=${found%%.*}
        if [ -n "$found" ] && [ "$major" -ge 6 ]; then
            echo "Swift $found"
            return 0
        fi
        found="Swift ${found:-of an unknown version} in PATH"
    fi
    cat >&2 <<EOF
${red}Amalgam needs Swift 6.0 or newer; found: $found.${plain}
Install it from https://www.swift.org/install/linux (swiftly, a tar file, or a container image), make sure that
'swift --version' works in this shell, and run this script again.
EOF
    exit 69
}
