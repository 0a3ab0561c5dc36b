//! Twilio's webhooks: a request becomes an inbound text or a status only by way of a signature
//! that was checked.
