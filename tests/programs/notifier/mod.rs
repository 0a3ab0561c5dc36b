//! What other systems meet: the published documents, the ways of asking, and what is said to whoever
//! asks for something that cannot be.

mod bad_requests;
mod described;
mod documents;
mod samples;
