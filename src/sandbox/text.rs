/// What a phone writes.
#[derive(Clone, Default)]
pub struct Text {
    pub(super) body: String,
    pub(super) media: Vec<String>,
    pub(super) extra_fields: Vec<(String, String)>,
    pub(super) copies: u32,
}

impl Text {
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            copies: 1,
            ..Self::default()
        }
    }

    /// Attachments, as URLs. Their type is guessed from the ending.
    pub fn media(self, media: Vec<String>) -> Self {
        Self { media, ..self }
    }

    /// A field of the webhook: another value for one that Twilio sends, or one that it does not
    /// know yet.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_fields.push((name.into(), value.into()));
        self
    }

    /// Twilio makes the webhook this often, each time the same.
    pub fn copies(self, copies: u32) -> Self {
        Self { copies, ..self }
    }
}

/// The type of an attachment, by the ending of its URL.
pub(super) fn content_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "gif" => "image/gif",
        "mp4" => "video/mp4",
        "3gp" => "video/3gpp",
        "mp3" => "audio/mpeg",
        "amr" => "audio/amr",
        "pdf" => "application/pdf",
        "vcf" => "text/vcard",
        _ => "image/jpeg",
    }
}
