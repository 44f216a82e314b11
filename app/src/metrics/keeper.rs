//! What the keeper counts. It has no port of its own: it leaves files, which
//! the page of the web process ends with.

use std::io;
use std::path::Path;

/// More than the keeper has to say.
const LARGEST: u64 = 256 * 1024;
/// How OpenMetrics tells that a page is whole.
const END: &str = "# EOF\n";

/// The texts of its files; nothing when there is no keeper.
pub(super) async fn read(dir: &Path) -> String {
    match texts(dir).await {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            tracing::warn!("cannot read {}: {error}", dir.display());
            String::new()
        }
    }
}

async fn texts(dir: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    let mut entries = tokio::fs::read_dir(dir).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|end| end == "prom");
        if is_ours && entry.metadata().await?.len() <= LARGEST {
            files.push(path);
        }
    }
    files.sort();
    let mut all = String::new();
    for file in files {
        all.push_str(whole(&tokio::fs::read_to_string(file).await?));
    }
    Ok(all)
}

/// A text without its end; nothing of one that has none.
fn whole(text: &str) -> &str {
    text.strip_suffix(END).unwrap_or_default()
}

/// A page that ends with what the keeper counts.
pub(super) fn with(page: String, counts: &str) -> String {
    if counts.is_empty() {
        return page;
    }
    format!("{}{counts}{END}", whole(&page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_one_end() {
        assert_eq!(with("a 1\n# EOF\n".to_owned(), ""), "a 1\n# EOF\n");
        assert_eq!(
            with("a 1\n# EOF\n".to_owned(), "b 2\n"),
            "a 1\nb 2\n# EOF\n"
        );
        // Half a file is no file.
        assert_eq!(whole("b 2\nc"), "");
    }
}
