//! The names that variables of a `repos.env` may have.

/// Capital letters, digits and underscores, no digit first: what every loader takes for a name.
pub fn is_key(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| is_part(c) && !c.is_ascii_digit()) && text.chars().all(is_part)
}

/// Names by which the shell, the dynamic linker or a language's runtime is controlled: whoever can
/// write the file must not thereby change what programs do. And the names that Bash itself sets,
/// which read differently there than in the file (GNU Bash manual, "Bash Variables").
pub fn is_reserved(key: &str) -> bool {
    const NAMES: &str = "\
        CDPATH DIRSTACK ENV EPOCHREALTIME EPOCHSECONDS EUID EXECIGNORE FUNCNAME GLOBIGNORE GODEBUG \
        GOFLAGS GROUPS HISTCMD HOME IFS LINENO NODE_OPTIONS OLDPWD OPTIND PATH PERL5OPT PIPESTATUS \
        POSIXLY_CORRECT PPID PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PWD PYTHONHOME PYTHONPATH \
        PYTHONSTARTUP PYTHON_DOTENV_DISABLED RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID _";
    const PREFIXES: [&str; 5] = ["BASH", "COMP_", "DOTENV_", "DYLD_", "LD_"];
    NAMES.split_whitespace().any(|name| name == key)
        || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_shell_is_reserved_and_one_that_resembles_it_is_not() {
        for key in [
            "_",
            "CDPATH",
            "UID",
            "PATH",
            "LD_PRELOAD",
            "BASH_ENV",
            "PS4",
            "PYTHONPATH",
        ] {
            assert!(is_key(key) && is_reserved(key), "{key}");
        }
        for key in [
            "__",
            "PATHS",
            "MY_PATH",
            "TWILIO_ACCOUNT_SID",
            "LDAP_URL",
            "AWS_REGION",
        ] {
            assert!(is_key(key) && !is_reserved(key), "{key}");
        }
        for text in ["", "1A", "a", "A-B", "A.B", "A B", "É", "A=1", "A\n"] {
            assert!(!is_key(text), "{text:?}");
        }
    }
}
