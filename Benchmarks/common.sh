# Sourced by the scripts here: messages on standard error, builds, and the model's folder. Needs bash.

say() { echo "$*" >&2; }

# arguments "$@": sets `out` and `model`, and `pass` to the arguments for the driver
arguments() {
    out=runs/benchmarks model=minilm pass=()
    while [ $# -gt 0 ]; do
        case $1 in
        --out) out=${2:?--out: give a folder}; shift ;;
        --model) model=${2:?--model: give a name or folder}; shift ;;
        *) pass+=("$1") ;;
        esac
        shift
    done
}

# build PRODUCT...: sets `bin`
build() {
    local product
    for product in "$@"; do
        say "building $product"
        swift build -c release --product "$product" >&2
    done
    bin=$(swift build -c release --show-bin-path)
}

# model_folder NAME: prints the model's folder; downloads the model if it is missing
model_folder() {
    if [ -f "$1/config.json" ]; then
        (cd "$1" && pwd)
    else
        "$bin/amalgam" model fetch "$1" --quiet
    fi
}
