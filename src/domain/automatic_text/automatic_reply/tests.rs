use super::*;

#[test]
fn what_phones_write_by_themselves_is_recognised() {
    for body in [
        // iPhones
        "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get \
         where I'm going.",
        "I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get \
         where I’m going.",
        "I'm driving with Focus turned on. I'll see your message when I get where I'm going.",
        "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
        "I’m driving with Driving Focus turned on. I’ll see your message when I get where I’m going.",
        "I’m driving with Work turned on. I’ll see your message when I get where I’m going.",
        "I’m driving with “Captain’s hours” turned on. I’ll see your message when I get where I’m \
         going.",
        "I’m driving. I’ll see your message when I get where I’m going.",
        "  I'M DRIVING WITH FOCUS TURNED ON.\nI'LL SEE YOUR MESSAGE WHEN I GET WHERE I'M GOING  ",
        "I?m driving with Focus turned on. I?ll see your message when I get where I?m going.",
        "\u{200e}I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
        "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification \
         through with your original message.)",
        "(I'm not receiving notifications. If this is urgent, reply \"urgent\" to send a notification \
         through with your original message.)",
        "I'm not receiving notifications. If this is urgent reply urgent to send a notification \
         through with your original message.",
        "I’m driving with Focus turned on. I’ll see your message when I get where I’m going.\n\n(I’m \
         not receiving notifications. If this is urgent, reply “urgent” to send a notification \
         through with your original message.)",
        "(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification \
         through with your original message.)\nI’m driving with Focus turned on. I’ll see your \
         message when I get where I’m going.",
        "On the road, call the office. (I’m not receiving notifications. If this is urgent, reply \
         “urgent” to send a notification through with your original message.)",
        // Android Auto, cars, apps
        "I'm driving right now.",
        "I’m driving right now",
        "I'm driving right now. I'll get back to you soon.",
        "I'm driving right now, I'll get back to you later.",
        "Driving, can't text. -Sent from MY ALTIMA",
        "Driving, can’t text - Sent from my CAR",
        "I am currently driving and cannot reply to text. If needed, please call my phone and I can \
         talk via Bluetooth. Thanks! Powered by TRUCE.",
        // Spanish, German
        "Estoy conduciendo con No molestar al conducir activado. Leeré tu mensaje cuando llegue.",
        "Estoy conduciendo con la función No molestar al conducir activada. Veré tu mensaje cuando \
         llegue a mi destino.",
        "Estoy conduciendo con el modo de concentración activado. Veré tu mensaje cuando llegue a mi \
         destino.",
        "Estoy manejando con No molestar al manejar activado. Veré tu mensaje cuando llegue a mi \
         destino.",
        "(No estoy recibiendo notificaciones. Si es urgente, responde “urgente” para enviar una \
         notificación con tu mensaje original.)",
        "Ich fahre gerade und habe „Beim Fahren nicht stören“ aktiviert. Ich sehe deine Nachricht, \
         sobald ich angekommen bin.",
        "Ich fahre gerade mit aktiviertem Fokus. Ich sehe deine Nachricht, sobald ich angekommen bin.",
        "(Ich erhalte keine Mitteilungen. Wenn es dringend ist, antworte mit „dringend“, um eine \
         Mitteilung mit deiner Nachricht zu senden.)",
        // Auto-responders
        "Automatic reply: out until Monday",
        "Auto-Reply: I will be back on Monday",
        "AUTOREPLY: closed",
        "[AUTOMATIC RESPONSE] thank you",
        "(Auto reply) We are closed on Sundays",
        "Out of office: until June 3",
        "Automatic reply\nI am away.",
        "Hello, we are closed. This is an automated message. Do not answer.",
        "This is an automatic reply",
        "Respuesta automática: vuelvo el lunes",
        "Gracias. Este es un mensaje automático.",
        "Automatische Antwort: Ich bin bis Montag nicht da",
        "Abwesenheitsnotiz: zurück am Montag",
        "Réponse automatique : absent",
    ] {
        assert!(is_automatic_reply(body), "{body}");
    }
}

#[test]
fn what_people_write_is_not_taken_for_it() {
    for body in [
        "",
        "I'm driving over now, 10 min",
        "I'm driving over now",
        "I'm driving",
        "I'm driving, call me",
        "I'm driving right now, there in 10",
        "I'm driving right now, gate code is 4471",
        "I'm driving right now but yes it is ready",
        "I'm driving with Ana, there at 5",
        "I'm driving with the lights turned on",
        "I'm driving with Focus turned on",
        "I'm driving with Focus turned on. I'll see your message when I get where I'm going. Or call \
         me: 555-0107",
        "Sorry, I'm driving. Call you in 5",
        "Driving, can't text. Call the office",
        "Driving, there in 10",
        "Are you driving?",
        "Tell them I'm driving over at five",
        "I'll see your message when I get where I'm going",
        "I'm not receiving notifications",
        "I'm not receiving notifications, is the app down?",
        "If this is urgent, reply urgent",
        "urgent",
        // Chosen by a person who declines a call, or typed
        "Can't talk now. What's up?",
        "I'll call you right back.",
        "I'll call you later.",
        "Can't talk now. Call me later?",
        "Sorry, I can't talk right now.",
        "I'm on my way.",
        "Can I call you later?",
        "I'm in a meeting.",
        "On my way",
        "In a meeting, text me",
        // About such replies
        "Auto reply?",
        "Is this an auto reply?",
        "Is this an automated message?",
        "Autoreplying is hard",
        "Your automatic reply came twice",
        "Please turn off the automatic reply: it annoys people",
        "We were out of office paper",
        "I'm out of office until 3",
        "Is the office open?",
        "I thought this was an automated message",
        "¿Dónde estoy conduciendo?",
        "Estoy conduciendo, te llamo en 10",
        "Estoy conduciendo con mi hijo, leo tu mensaje cuando llegue",
        "Estoy manejando. Te llamo luego.",
        "Ich fahre morgen",
        "Ich fahre gerade los, bin in 10 Minuten da",
        "Ich fahre gerade, nicht stören",
        "Ich erhalte keine Mitteilungen mehr von euch",
    ] {
        assert!(!is_automatic_reply(body), "{body}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(body in proptest::prelude::any::<String>()) {
        let _ = is_automatic_reply(&body);
    }
}

#[test]
fn the_known_texts_stand_as_texts_are_compared() {
    for known in [WHOLE, NOT_NOTIFIED, LABELS, SENTENCES].concat() {
        for part in known.split('…') {
            assert_eq!(words(part), part.trim(), "{known}");
        }
    }
}
