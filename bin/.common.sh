# shellcheck shell=sh
# What bin/hufu and bin/test share: a JDK, the tools of a build, the locale. Sourced.

wanted=25

fail() {
    echo "hufu: $*" >&2
    exit 1
}

# Whether a directory is a JDK of the wanted version, by its 'release' file: to start each one would take seconds.
is_jdk() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
    while IFS= read -r line; do
        case $line in
            JAVA_VERSION=*)
                version=${line#JAVA_VERSION=}
                version=${version#\"}
                version=${version%%[!0-9]*}
                [ "${version:-0}" -ge "$wanted" ]
                return
                ;;
        esac
    done < "$1/release"
    return 1
}

# JAVA_HOME becomes the first of these that is a JDK.
first_jdk() {
    for JAVA_HOME; do
        ! is_jdk "$JAVA_HOME" || return 0
    done
    return 1
}

in_usual_places() {
    first_jdk /usr/lib/jvm/* /opt/java/* /opt/jdk* \
        "${HOME:-/nonexistent}"/.sdkman/candidates/java/* "${HOME:-/nonexistent}"/.jdks/* \
        /Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home
}

on_the_path() {
    java=$(command -v java) || return 1
    java=$(readlink -f "$java") || return 1
    first_jdk "${java%/bin/java}"
}

# JAVA_HOME: where HUFU_JAVA_HOME says, else JAVA_HOME, else that of 'java' on the PATH, else one of the usual places.
find_jdk() {
    if [ -n "${HUFU_JAVA_HOME:-}" ]; then
        is_jdk "$HUFU_JAVA_HOME" || fail "HUFU_JAVA_HOME=$HUFU_JAVA_HOME is not a JDK $wanted or later."
        JAVA_HOME=$HUFU_JAVA_HOME
        export JAVA_HOME
        return
    fi
    export JAVA_HOME
    if first_jdk "${JAVA_HOME:-}" || on_the_path || in_usual_places; then
        return
    fi
    fail "no JDK $wanted or later found. Debian, Ubuntu: apt install openjdk-$wanted-jdk;" \
        "Fedora: dnf install java-$wanted-openjdk-devel; macOS: brew install openjdk@$wanted;" \
        "or set HUFU_JAVA_HOME to one."
}

# What a build needs beside the JDK.
check_build_tools() {
    command -v mvn > /dev/null 2>&1 || fail "no Maven found (3.8.7 or later). Debian, Ubuntu: apt install maven;" \
        "Fedora: dnf install maven; macOS: brew install maven."
    command -v "${CC:-cc}" > /dev/null 2>&1 || fail "no C compiler found (${CC:-cc}). Debian, Ubuntu: apt install gcc libc6-dev;" \
        "Fedora: dnf install gcc glibc-devel; macOS: xcode-select --install."
    maven=$(mvn -v 2> /dev/null | sed -n 's/^[^0-9A-Za-z]*\(\[[0-9;]*m\)*Apache Maven \([0-9.]*\).*/\2/p')
    # Word by word, by the dots.
    # shellcheck disable=SC2046
    set -- $(echo "${maven:-3.8.7}" | tr . ' ')
    [ $(($1 * 1000000 + ${2:-0} * 1000 + ${3:-0})) -ge 3008007 ] \
        || fail "Maven $maven is too old: 3.8.7 or later is needed. Put a newer one first on the PATH."
}

# Java takes the encoding of file names and arguments from the locale, and under most others than this one loses letters.
export LC_ALL=C.UTF-8
