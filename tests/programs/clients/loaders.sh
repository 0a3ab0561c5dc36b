# What Bash reads from the files named on standard input. For each file, each variable that begins
# with K as NAME=VALUE and a NUL, and then another NUL.
while IFS= read -r file; do
    source "$file"
    for name in "${!K@}"; do
        printf '%s=%s\0' "$name" "${!name}"
        unset "$name"
    done
    printf '\0'
done
