//! The relay on AWS: clients that are built once and warmed, and Lambda's events.
