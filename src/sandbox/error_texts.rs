/// Twilio's title of an error ("Error and Warning Dictionary").
pub(super) fn error_text(code: u32) -> &'static str {
    match code {
        14107 => "Message rate limit exceeded",
        20003 => "Authenticate",
        20004 => "Method not allowed",
        20429 => "Too Many Requests",
        20500 => "Internal Server Error",
        20503 => "Service Unavailable",
        21211 => "Invalid 'To' Phone Number",
        21212 => "Invalid From Number (caller ID)",
        21266 => "'To' and 'From' number cannot be the same",
        21408 => {
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"
        }
        21602 => "Message body is required.",
        21603 => "A 'From' phone number is required.",
        21604 => "A 'To' phone number is required.",
        21606 => {
            "The 'From' phone number provided is not a valid, message-capable Twilio phone number for this destination/account"
        }
        21608 => "The 'To' phone number is unverified",
        21610 => "Attempt to send to unsubscribed recipient",
        21611 => "This 'From' number has exceeded the maximum number of queued messages",
        21612 => {
            "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"
        }
        21614 => "'To' number is not a valid mobile number",
        21617 => "The concatenated message body exceeds the 1600 character limit.",
        21619 => "A text message body or media urls must be specified.",
        21623 => "Number of media files exceeds allowed limit",
        21701 => "The Messaging Service does not exist.",
        21703 => "The Messaging Service contains no phone numbers.",
        30001 => "Queue overflow",
        30002 => "Account suspended",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30008 => "Unknown error",
        30009 => "Missing inbound segment",
        30010 => "Message price exceeds max price",
        30011 => "MMS not supported by the receiving phone number in this region",
        30017 => "Carrier network congestion",
        30019 => "Content size exceeds carrier limit",
        30022 => "US A2P 10DLC - Rate limits exceeded",
        30023 => "US A2P 10DLC - Daily message cap reached",
        30032 => "Toll-free number has not been verified",
        30034 => "US A2P 10DLC - Message from an unregistered number",
        30036 => "Validity period expired",
        30409 => "Cannot cancel this message because it is not in a cancelable state.",
        30410 => "Provider timeout",
        30500 => "Provider error",
        63038 => "Account exceeded the daily messages limit",
        70051 => "Authorization Failed",
        _ => "See Twilio's error dictionary",
    }
}
