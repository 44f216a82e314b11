//! Links between the documents: each leads to a file that exists and to a
//! heading that is there, and each page of the book is in its summary.
//!
//! mdBook reports neither. Links to other sites are not looked at: whether they
//! answer is no property of the checkout.

mod markdown;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    files::{self, FileError},
    workspace::Workspace,
};

const BOOK: &str = "docs/src";

/// What is wrong, one line each with file and line number.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>, FileError> {
    let book = workspace.path(BOOK);
    let mut pages = pages(&book)?;
    pages.sort();
    let mut broken = Vec::new();
    for page in pages.iter().chain([&workspace.path("README.md")]) {
        let name = page.strip_prefix(workspace.path("")).unwrap_or(page);
        for link in markdown::links(&files::read(page)?) {
            if let Some(problem) = problem(page, &link.target)? {
                broken.push(format!("{}:{}: {problem}", name.display(), link.line));
            }
        }
    }
    broken.extend(unlisted(&book, &pages)?);
    Ok(broken)
}

/// What is wrong with a link on a page, if it leads to the checkout at all.
fn problem(page: &Path, target: &str) -> Result<Option<String>, FileError> {
    if target.contains("://") || target.starts_with("mailto:") {
        return Ok(None);
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = match path {
        "" => page.to_owned(),
        path => page.parent().unwrap_or(Path::new("")).join(path),
    };
    if !file.exists() {
        return Ok(Some(format!("{target} leads to no file")));
    }
    let is_page = file.extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_page {
        return Ok(None);
    }
    let anchors = markdown::anchors(&files::read(&file)?);
    let known = anchors.iter().any(|known| known == anchor);
    Ok((!known).then(|| format!("{target} leads to no heading")))
}

/// Pages that the summary does not name: nobody would find them.
fn unlisted(book: &Path, pages: &[PathBuf]) -> Result<Vec<String>, FileError> {
    let summary = book.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> = markdown::links(&files::read(&summary)?)
        .into_iter()
        .map(|link| book.join(link.target))
        .collect();
    let missing = pages
        .iter()
        .filter(|page| **page != summary && !listed.contains(*page));
    Ok(missing
        .map(|page| format!("{} is not in SUMMARY.md", page.display()))
        .collect())
}

/// All pages below a directory.
fn pages(dir: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(FileError::at("read directory", dir))? {
        let path = entry.map_err(FileError::at("read directory", dir))?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_this_checkout_leads_somewhere() {
        assert_eq!(check(&Workspace::find()).unwrap(), [""; 0]);
    }

    #[test]
    fn each_kind_of_broken_link_is_told_with_its_place() {
        let temp = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = temp.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "README.md",
            "[a](docs/src/a.md#one)\n[web](https://example.org/x#y)\n",
        );
        write("docs/src/SUMMARY.md", "# Summary\n\n- [A](a.md)\n");
        write(
            "docs/src/a.md",
            "# One\n\n[gone](b/none.md)\n[up](../../README.md)\n[two](#two)\n",
        );
        write("docs/src/lost.md", "# Lost\n");
        let broken = check(&Workspace::at(temp.path())).unwrap();
        assert_eq!(broken.len(), 3, "{broken:?}");
        assert!(broken[0].ends_with("a.md:3: b/none.md leads to no file"));
        assert!(broken[1].ends_with("a.md:5: #two leads to no heading"));
        assert!(broken[2].ends_with("lost.md is not in SUMMARY.md"));
    }
}
