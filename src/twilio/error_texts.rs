//! Twilio's titles of its errors.
//!
//! Sources: Twilio, "Error and warning dictionary", and the copy of it in nyaruka/courier
//! (handlers/twiml/errors.json).

/// Twilio's title of an error; `None` if the relay does not know it.
pub fn title(code: u32) -> Option<&'static str> {
    Some(match code {
        14107 => "Message rate limit exceeded",
        20003 => "Authenticate",
        20004 => "Method not allowed",
        20429 => "Too Many Requests",
        20500 => "Internal Server Error",
        20503 => "Service Unavailable",
        21211 => "Invalid 'To' Phone Number",
        21212 => "Invalid From Number (caller ID)",
        21220 => "Invalid call state",
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
        10001 => "Account is not active",
        10002 => "Trial accounts do not support the feature you tried to use",
        11100 => "Invalid URL format",
        11200 => "HTTP retrieval failure",
        11201 => "TCP connection timed out",
        11202 => "TCP connection refused",
        11203 => "HTTP communication total time out triggered",
        11205 => "HTTP connection failure",
        11206 => "HTTP protocol violation",
        11210 => "HTTP bad host name",
        11215 => "HTTP too many redirects",
        11220 => "SSL/TLS Handshake Error",
        11235 => "Certificate Invalid - Domain Mismatch",
        11236 => "Certificate Invalid - Certificate Expired",
        11237 => "Certificate Invalid - Could not find path to certificate",
        11251 => "Fatal protocol violation",
        11751 => "Media Message - Media exceeds messaging provider size limit",
        12300 => "Invalid Content-Type",
        12301 => "Invalid Upload Content-Type",
        12400 => "Internal Failure",
        20005 => "Account not active",
        20006 => "Access Denied",
        20008 => "Test Credentials",
        20010 => "Action disabled for account",
        20403 => "403 Forbidden",
        20404 => "Not Found",
        20504 => "Gateway Timeout",
        21201 => "No 'To' number specified",
        21205 => "Invalid URL",
        21208 => "Invalid Timeout",
        21210 => "'From' phone number not verified",
        21213 => "'From' phone number is required",
        21217 => "Phone number does not appear to be valid",
        21219 => "'To' phone number not verified",
        21265 => "'To' number cannot be a Short Code",
        21267 => "Trial account sender",
        21268 => "'To' number is a premium number",
        21601 => "Phone number is not a valid SMS-capable inbound phone number",
        21605 => "Maximum body length",
        21607 => "The 'from' phone number must be the sandbox phone number for trial accounts.",
        21609 => "Invalid 'StatusCallback'",
        21616 => "The 'From' number matches multiple numbers for your account",
        21618 => "The message body cannot be sent",
        21620 => "Invalid media URL(s)",
        21621 => "The 'From' number has not been enabled for MMS",
        21622 => "MMS has not been enabled for your account",
        21624 => "Invalid validity period value",
        21626 => "Invalid 'StatusCallbackEvent'",
        21627 => "Max Price must be a valid float",
        21635 => "'To' number cannot be a Landline",
        21654 => "ContentSid Required",
        21655 => "The ContentSid is Invalid",
        21656 => "The ContentVariables Parameter is invalid",
        21658 => "Parameter exceeds the character limit",
        21659 => "'From' is not a Twilio phone number or short code country mismatch",
        21660 => "Mismatch between the 'From' number and the account",
        21661 => "'From' number is not SMS-capable",
        21702 => "The Messaging Service is not available to send new messages",
        21704 => "The Messaging Service contains no phone numbers",
        21705 => "The Messaging Service is invalid",
        21709 => "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service",
        21712 => "Phone Number or Short Code is associated with another Messaging Service.",
        21715 => "Phone Number Does Not Have Correct Messaging Service Capabilities",
        21729 => "Campaign suspended",
        21730 => "System under maintenance",
        30012 => "TTL is too small",
        30013 => "TTL is too big",
        30014 => "'To' attributes are Invalid",
        30016 => "'To' and 'From' channel types are incompatible",
        30018 => "Destination carrier requires sender ID pre-registration",
        30020 => "Internal Failure with Message Scheduling",
        30021 => "Internal Failure with messaging service orchestrator",
        30024 => "Numeric Sender ID Not Provisioned on Carrier",
        30027 => "US A2P 10DLC - T-Mobile Daily Message Limit Reached",
        30033 => "US A2P 10DLC - Campaign Suspended",
        30035 => "US A2P 10DLC - Number in Several Campaigns",
        30037 => "Outbound Messaging Disabled",
        30038 => "OTP Message Body Filtered",
        30039 => "Filtered to Prevent Message Loops",
        30450 => "Message delivery blocked",
        30453 => "Message couldn't be delivered",
        63001 => {
            "Channel could not authenticate the request. Please see Channel specific error message for more information"
        }
        63002 => "Channel could not find the From address",
        63003 => "Channel could not find To address",
        63005 => {
            "Channel did not accept given content. Please see Channel specific error message for more information"
        }
        63006 => {
            "Could not format given content for the channel. Please see Channel specific error message for more information"
        }
        63007 => "Twilio could not find a Channel with the specified From address",
        63008 => {
            "Could not execute the request because the channel module has been misconfigured. Please check the Channel configuration in Twilio"
        }
        63009 => {
            "Channel provider returned an internal service error (HTTP 5xx). Please see Channel specific error message for more information"
        }
        63010 => "Twilio's platform encountered an internal error processing this message",
        63011 => "Invalid Request: Twilio encountered an error while processing your request",
        63012 => "Channel provider returned an internal service error",
        63013 => "Channel policy violation",
        63014 => "Channel message blocked by user action",
        63015 => {
            "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox"
        }
        63016 => {
            "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please use a Message Template."
        }
        63017 => "Rate limit exceeded",
        63018 => "Rate limit exceeded for Channel",
        63019 => "Media failed to download",
        63020 => "Twilio encountered a Business Manager account error",
        63021 => "Channel invalid content error",
        63024 => "Invalid message recipient",
        63026 => "Channel sender content flagged as spam",
        63031 => "Channels message cannot have same From and To",
        63032 => "We cannot send this message to this user because of a WhatsApp limitation.",
        63033 => "Recipient blocked to receive message",
        63034 => "Media exceeds size limit",
        63035 => {
            "This operation is blocked because the RBM agent has not launched and the recipient has not been invited and accepted the invitation to become a tester."
        }
        63036 => "The specified phone number cannot be reached by RBM at this time.",
        63037 => "Channel Media Upload Error",
        10003 => "Incoming call rejected due to inactive account",
        10004 => "Call concurrency limit exceeded",
        11243 => "HTTP retry policy is invalid",
        11750 => "TwiML response body too large",
        12100 => "Document parse failure",
        12101 => "Invalid Twilio Markup XML version",
        12102 => "The root element must be Response",
        12200 => "Schema validation warning",
        13201 => "Dial: Cannot Dial out from a Dial Call Segment",
        13212 => "Dial: Invalid timeout value",
        13214 => "Dial: Invalid callerId value",
        13216 => "Invalid timeLimit value",
        13223 => "Dial: Invalid phone number format",
        13224 => "Dial: Twilio does not support calling this number or the number is invalid",
        13225 => "Dial: Call blocked by Twilio block list",
        13226 => "Dial: Invalid country code",
        13227 | 21215 => "Geo Permission configuration is not permitting call",
        13256 => "Invalid recordingStatusCallback URL",
        13257 => "Invalid transcribeCallback URL",
        13312 => "Gather: Invalid method value",
        13313 => "Gather: Invalid timeout value",
        13314 => "Gather: Invalid numDigits value",
        13610 => "Record: Invalid method value",
        13611 => "Record: Invalid timeout value",
        13612 => "Record: Invalid maxLength value",
        13613 => "Record: Invalid finishOnKey value",
        13614 => "Record: Invalid transcribe value",
        13615 => "Record: maxLength too high for transcription",
        13616 => "Record: playBeep must be true or false",
        13617 => "Record: Recording length is out of range for transcription",
        13618 => "Record: Recording not available for transcription",
        13619 => "Record: Transcription feature not available for this type of recording.",
        13620 => "Record: Transcription not available for this recording",
        15003 => "Call Progress: Warning Response to Callback URL",
        21216 => "API: Call blocked by Twilio blocklist",
        32017 => "PSTN: Carrier blocked call due to calling number (caller ID)",
        32021 => "SHAKEN/STIR call verification failed",
        32203 => "SIP: Call blocked by Twilio",
        32224 => "Forwarded Call blocked by Twilio",
        13310 | 13311 => "Gather: Invalid finishOnKey value",
        11204 | 11207..=11209 | 11211..=11214 | 11216..=11219 => "HTTP retrieval failure",
        30440..=30449 | 30451 | 30455..=30499 | 30501..=30530 => "Toll-free verification rejected",
        _ => return None,
    })
}

/// The same, with something to say of every code.
pub fn text(code: u32) -> &'static str {
    title(code).unwrap_or("See Twilio's error dictionary")
}
