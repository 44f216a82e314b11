//! What mails say, each as HTML and as text. A template is a struct with its
//! facts, already in words, and two files under `templates/mail/`.

pub mod alert;
pub mod credit_note;
pub mod import_finished;
pub mod invitation;
pub mod invoice;
pub mod order_confirmation;
pub mod password_reset;
pub mod test_mail;

/// The style of every mail: one block, so that the preview's policy can name
/// it by its hash.
pub const STYLE: &str = "\
body{margin:0;padding:24px 12px;background:#f4f5f7;color:#1b1f24;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif}\
.sheet{max-width:560px;margin:0 auto;padding:24px;background:#fff;border:1px solid #d8dce2;border-radius:8px}\
h1{margin:0 0 16px;font-size:22px}h2{font-size:17px}\
table{width:100%;border-collapse:collapse;margin:16px 0}\
th,td{padding:8px 6px;border-bottom:1px solid #d8dce2;text-align:left;vertical-align:top}\
.number{text-align:right;white-space:nowrap}\
.quiet,.foot{color:#57606a;font-size:13px}.quiet{overflow-wrap:anywhere}\
.foot{max-width:560px;margin:12px auto;text-align:center}\
.button{display:inline-block;padding:10px 18px;background:#1f4fd8;color:#fff;border-radius:6px;text-decoration:none}\
@media(prefers-color-scheme:dark){body{background:#14171b;color:#e6e8eb}.sheet{background:#1d2127;border-color:#39404a}\
th,td{border-color:#39404a}.quiet,.foot{color:#a3acb8}.button{background:#8fb0ff;color:#10131a}}";

/// A mail's two bodies.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// For those who read text.
    pub text: String,
    /// For those who read HTML.
    pub html: String,
}

/// Gives a template's struct its two files.
macro_rules! bodies {
    ($name:ident, $html:literal, $text:literal) => {
        impl $name {
            /// Both bodies.
            ///
            /// # Errors
            /// When a template cannot be rendered.
            pub fn render(&self) -> Result<$crate::mail::templates::Bodies, askama::Error> {
                #[derive(askama::Template)]
                #[template(path = $html)]
                struct Html<'a> {
                    m: &'a $name,
                }
                #[derive(askama::Template)]
                #[template(path = $text)]
                struct Text<'a> {
                    m: &'a $name,
                }
                use askama::Template as _;
                Ok($crate::mail::templates::Bodies {
                    text: Text { m: self }.render()?,
                    html: Html { m: self }.render()?,
                })
            }
        }
    };
}
use bodies;
