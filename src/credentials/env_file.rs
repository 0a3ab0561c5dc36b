//! Twilio's credentials from `repos.env`.
