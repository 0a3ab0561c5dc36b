#![no_main]
relay_fuzz::fuzz!(relay_fuzz::targets::voice::TARGET);
