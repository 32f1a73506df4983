//! Pages of files that fit a filter, filled as far as there are such files. Both dialects list through this.
//!
//! The store knows no filters: it cannot index what it does not understand. So records are read until the page is
//! full, which a store on one disk can bear.

use std::sync::Arc;

use super::app::{self, App};
use super::refusal::Refusal;
use crate::model::FileObject;
use crate::store::{Page, Position, Store, StoreError};

const READ_AHEAD: usize = 1_000;

/// Where a page begins; a [`Position`] that can go to another thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    Newest,
    After(String),
    Before(String),
}

impl From {
    fn position(&self) -> Position<'_> {
        match self {
            Self::Newest => Position::Newest,
            Self::After(id) => Position::After(id),
            Self::Before(id) => Position::Before(id),
        }
    }
}

/// What the files of a listing must be.
pub(super) type Filter = Box<dyn Fn(&FileObject) -> bool + Send>;

/// Returns the files of one page that fit, are listed by now, and not forgotten yet.
pub(super) async fn listed(
    app: &Arc<App>,
    from: From,
    limit: usize,
    filter: Option<Filter>,
) -> Result<Page, Refusal> {
    let (shared, lags, now) = (Arc::clone(app), app.listings.lags(), app.clock.now());
    app.blocking(move |store| {
        full_page(store, &from, limit, |file| {
            filter.as_ref().is_none_or(|fits| fits(file))
                && !app::is_forgotten(file, now)
                && !(lags && shared.listings.hides(&file.file_id))
        })
    })
    .await
}

/// Returns the files of one page, newest first.
fn page(store: &Store, from: &From, limit: usize) -> Result<Page, StoreError> {
    store.list(from.position(), limit)
}

/// Returns the files of one page that fit; fewer than `limit` only if there are no more.
fn full_page(
    store: &Store,
    from: &From,
    limit: usize,
    fits: impl Fn(&FileObject) -> bool,
) -> Result<Page, StoreError> {
    let mut from = from.clone();
    let backwards = matches!(from, From::Before(_));
    let mut found = Page::default();
    // Most files fit most filters.
    let mut read = limit + 1;
    loop {
        let mut page = page(store, &from, read)?;
        read = READ_AHEAD;
        let end = if backwards { page.files.first() } else { page.files.last() };
        if let Some(end) = end.map(|file| file.file_id.clone()) {
            from = if backwards { From::Before(end) } else { From::After(end) };
        }
        page.files.retain(&fits);
        if backwards {
            found.files.splice(0..0, page.files);
        } else {
            found.files.extend(page.files);
        }
        if found.files.len() > limit || !page.has_more {
            break;
        }
    }
    let surplus = found.files.len().saturating_sub(limit);
    found.has_more = surplus > 0;
    if backwards {
        found.files.drain(..surplus);
    } else {
        found.files.truncate(limit);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NewFile;

    #[test]
    fn fills_pages_with_what_fits_in_both_directions() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        let mut ids = Vec::new();
        for n in 0..1_250 {
            let name = if n % 250 == 0 { "fits" } else { "other" };
            let new = NewFile::new(name, "text/plain", "file_", now);
            let id = store.put(new, &mut &b"x"[..]).unwrap().object.file_id;
            ids.extend((name == "fits").then_some(id));
        }
        ids.reverse();
        let fits = |file: &FileObject| file.filename == "fits";
        let names = |page: &Page| page.files.iter().map(|file| file.file_id.clone()).collect::<Vec<_>>();
        let first = full_page(&store, &From::Newest, 3, fits).unwrap();
        assert_eq!((names(&first), first.has_more), (ids[..3].to_vec(), true));
        let rest = full_page(&store, &From::After(ids[2].clone()), 3, fits).unwrap();
        assert_eq!((names(&rest), rest.has_more), (ids[3..].to_vec(), false));
        let back = full_page(&store, &From::Before(ids[4].clone()), 2, fits).unwrap();
        assert_eq!((names(&back), back.has_more), (ids[2..4].to_vec(), true));
    }
}
