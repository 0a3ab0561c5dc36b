//! A fake Twilio over HTTP, for a first look, for tests, and for programs in any language.
