//! `relay.toml`: read, checked, and refused with line, column and what to write instead.
