//! What is surprising in a schedule: gaps, overlaps, nights on which clocks change.
