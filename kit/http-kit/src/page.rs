//! Lists by pages: `?cursor=&limit=` in, `{"items": [...], "next_cursor": ...}` out.

use domain::Kind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Problem;

/// The query of a paged list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageQuery {
    /// Where the last page ended; opaque to clients.
    pub cursor: Option<String>,
    /// How many items at most; 1 to 100.
    pub limit: Option<u32>,
}

/// Where a page ends: the id of its last item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

const DEFAULT_LIMIT: u32 = 20;
const MOST: u32 = 100;

impl PageQuery {
    /// The parsed cursor, and the limit within its bounds.
    pub fn parse(&self) -> Result<(Option<Cursor>, u32), Problem> {
        let cursor = self.cursor.as_deref().filter(|text| !text.is_empty()).map(parse_cursor).transpose()?;
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Kind::Invalid, "LIMIT_INVALID", format!("limit is 1 to {MOST}")));
        }
        Ok((cursor, limit))
    }
}

fn parse_cursor(text: &str) -> Result<Cursor, Problem> {
    let refused = |_| Problem::new(Kind::Invalid, "CURSOR_INVALID", "that cursor did not come from this list");
    Uuid::try_parse(text).map(Cursor).map_err(refused)
}

/// One page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts a page of `limit` items out of a query that fetched one more than that.
    pub fn cut<R>(mut rows: Vec<R>, limit: u32, id: impl Fn(&R) -> Uuid, show: impl FnMut(R) -> T) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|row| id(row).simple().to_string());
        Self { items: rows.into_iter().map(show).collect(), next_cursor }
    }
}
